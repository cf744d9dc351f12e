"""Permissions on schemas, tables and columns; scoped and default ones."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from tests.integration.local_redshift.local_place import Place
from tests.support.redshift import PASSWORD, connect, refused, unique

SCHEMA_ROWS = (
    "SELECT namespace_name, privilege_type, privilege_scope FROM svv_schema_privileges "
    "WHERE identity_type = 'role' AND identity_name = '{role}' ORDER BY privilege_type"
)
TABLE_ROWS = (
    "SELECT relation_name, privilege_type FROM svv_relation_privileges "
    "WHERE identity_name = '{role}' ORDER BY relation_name, privilege_type"
)


def test_usage_and_select_are_both_needed(place: Place) -> None:
    assert place.denied("SELECT a FROM s.one") == ("42501", "permission denied for schema s")
    place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
    assert place.denied("SELECT a FROM s.one") == ("42501", "permission denied for relation one")
    place.do("GRANT SELECT ON TABLE s.one, s.two TO ROLE {role}")
    assert place.read("SELECT a FROM s.one") == [(1,)]
    assert place.do(TABLE_ROWS) == [("one", "SELECT"), ("two", "SELECT")]
    # An owner's own rights are in no view; ALL reads back as ten rows.
    assert len(place.do("SELECT * FROM svv_relation_privileges")) == 2
    place.do("GRANT ALL ON TABLE s.one TO ROLE {role}")
    all_words = "ALTER DELETE DROP INSERT REFERENCES RULE SELECT TRIGGER TRUNCATE UPDATE".split()
    assert place.do(TABLE_ROWS) == [*(("one", word) for word in all_words), ("two", "SELECT")]
    place.do("REVOKE ALL ON TABLE s.two FROM ROLE {role}")
    place.do("REVOKE USAGE ON SCHEMA s FROM ROLE {role}")
    # Also for a statement that the driver has prepared before.
    assert place.denied("SELECT a FROM s.one") == ("42501", "permission denied for schema s")
    place.do("REVOKE USAGE ON SCHEMA s FROM ROLE {role}")


def test_scoped_permission_covers_today_and_tomorrow(place: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/t_scoped-permissions.html
    place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
    place.do("GRANT SELECT FOR TABLES IN SCHEMA s TO ROLE {role}")
    place.do("CREATE TABLE s.later AS SELECT 7 AS a")
    place.do("CREATE VIEW s.seen AS SELECT a FROM s.one")
    assert place.read("SELECT a FROM s.one") == [(1,)]
    assert place.read("SELECT a FROM s.later") == [(7,)]
    assert place.read("SELECT a FROM s.seen") == [(1,)]
    assert place.do(SCHEMA_ROWS) == [("s", "SELECT", "TABLES"), ("s", "USAGE", "SCHEMA")]
    assert place.do(TABLE_ROWS) == []
    # It and the object-level one work independently of each other.
    place.do("GRANT SELECT ON ALL TABLES IN SCHEMA s TO ROLE {role}")
    place.do("REVOKE SELECT ON ALL TABLES IN SCHEMA s FROM ROLE {role}")
    assert place.read("SELECT a FROM s.one") == [(1,)]
    place.do("GRANT SELECT ON s.one TO ROLE {role}")
    place.do("REVOKE SELECT FOR TABLES IN SCHEMA s FROM ROLE {role}")
    assert place.read("SELECT a FROM s.one") == [(1,)]
    assert place.denied("SELECT a FROM s.later") == ("42501", "permission denied for relation later")
    assert place.do(SCHEMA_ROWS) == [("s", "USAGE", "SCHEMA")]


def test_scoped_permission_of_the_database(place: Place) -> None:
    place.do("GRANT USAGE FOR SCHEMAS IN DATABASE {db} TO ROLE {role}")
    place.do("GRANT SELECT FOR TABLES IN DATABASE {db} TO ROLE {role}")
    place.do("CREATE SCHEMA later")
    place.do("CREATE TABLE later.t (a int)")
    assert place.read("SELECT a FROM later.t") == []
    rows = place.do(
        "SELECT privilege_type, privilege_scope FROM svv_database_privileges "
        "WHERE database_name = '{db}' AND identity_name = '{role}' ORDER BY 1"
    )
    assert rows == [("SELECT", "TABLES"), ("USAGE", "SCHEMAS")]
    # Revoking in one schema doesn't take what the database gives.
    place.do("GRANT SELECT FOR TABLES IN SCHEMA later TO ROLE {role}")
    place.do("REVOKE SELECT FOR TABLES IN SCHEMA later FROM ROLE {role}")
    assert place.read("SELECT a FROM later.t") == []
    place.do("REVOKE USAGE FOR SCHEMAS IN DATABASE {db} FROM ROLE {role}")
    assert place.denied("SELECT a FROM later.t") == ("42501", "permission denied for schema later")


def test_scoped_permissions_are_a_superusers_to_give_and_hold_a_role(place: Place) -> None:
    place.do("CREATE SCHEMA empty")
    place.do("GRANT USAGE ON SCHEMA empty TO {user} WITH GRANT OPTION")
    assert place.denied("GRANT SELECT FOR TABLES IN SCHEMA empty TO ROLE {role}")[0] == "42501"
    place.do("GRANT SELECT FOR TABLES IN SCHEMA empty TO {user} WITH GRANT OPTION")
    place.read("GRANT SELECT FOR TABLES IN SCHEMA empty TO ROLE {role}")
    assert place.do(SCHEMA_ROWS) == [("empty", "SELECT", "TABLES")]
    assert place.refused("GRANT SELECT FOR TABLES IN SCHEMA nowhere TO ROLE {role}")[0] == "3F000"
    assert place.refused("DROP ROLE {role} FORCE")[0] == "55006"
    place.do("DROP SCHEMA empty")
    place.do("DROP ROLE {role} FORCE")


def test_drop_and_alter_on_a_table_are_enforced(place: Place) -> None:
    place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
    assert place.denied("DROP TABLE s.one") == ("42501", "must be owner of relation one")
    assert place.denied("ALTER TABLE s.one ADD COLUMN c int")[0] == "42501"
    place.do("GRANT ALTER ON s.one TO ROLE {role}")
    place.read("ALTER TABLE s.one ADD COLUMN c int")
    # It gives no more than that.
    assert place.denied("SELECT a FROM s.one") == ("42501", "permission denied for relation one")
    assert place.denied("ALTER TABLE s.one OWNER TO {user}")[0] == "42501"
    place.do("GRANT DROP ON TABLE s.one TO ROLE {role}")
    assert place.do(TABLE_ROWS) == [("one", "ALTER"), ("one", "DROP")]
    place.read("DROP TABLE s.one")
    assert place.denied("DROP TABLE s.two")[0] == "42501"
    place.do("GRANT INSERT, DROP FOR TABLES IN SCHEMA s TO ROLE {role}")
    place.read("INSERT INTO s.two VALUES (5)")
    place.read("DROP TABLE s.two")
    assert place.do(TABLE_ROWS) == []


def test_drop_and_alter_on_a_schema_are_enforced(place: Place) -> None:
    place.do("CREATE SCHEMA mine")
    for sql in ("DROP SCHEMA mine", "ALTER SCHEMA mine RENAME TO ours", "GRANT DROP ON SCHEMA mine TO {user}"):
        assert place.denied(sql)[0] == "42501"
    place.do("GRANT ALTER, DROP ON SCHEMA mine TO ROLE {role}")
    assert place.do(SCHEMA_ROWS) == [("mine", "ALTER", "SCHEMA"), ("mine", "DROP", "SCHEMA")]
    asked = "SELECT has_schema_privilege('mine', 'drop'), has_schema_privilege('s', 'drop')"
    assert place.read(asked) == [(True, False)]
    place.read("ALTER SCHEMA mine RENAME TO ours")
    place.read("DROP SCHEMA ours")
    assert place.do(SCHEMA_ROWS) == []


def test_columns_and_tables(place: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT-usage-notes.html
    place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
    place.do("GRANT SELECT (a), UPDATE (b) ON s.one TO ROLE {role}")
    assert place.read("SELECT a FROM s.one") == [(1,)]
    assert place.denied("SELECT b FROM s.one") == ("42501", "permission denied for relation one")
    rows = "SELECT column_name, privilege_type FROM svv_column_privileges WHERE identity_name = '{role}' ORDER BY 1"
    assert place.do(rows) == [("a", "SELECT"), ("b", "UPDATE")]
    assert place.refused("GRANT SELECT ON s.one TO ROLE {role}")[0] == "0LP01"
    assert place.refused("GRANT SELECT ON ALL TABLES IN SCHEMA s TO ROLE {role}")[0] == "0LP01"
    place.do("GRANT INSERT ON s.one TO ROLE {role}")
    place.do("REVOKE SELECT ON s.one FROM ROLE {role}")
    assert place.do(rows) == [("b", "UPDATE")]
    place.do("GRANT SELECT ON s.one TO ROLE {role}")
    place.do("GRANT SELECT (a) ON s.one TO ROLE {role}")
    assert place.do(rows) == [("b", "UPDATE")]
    assert place.refused("REVOKE SELECT (a) ON s.one FROM ROLE {role}")[0] == "0LP01"


def test_default_privileges_need_create(place: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DEFAULT_PRIVILEGES.html
    owner = unique("maker")
    place.do(f"CREATE USER {owner} PASSWORD '{PASSWORD}'")
    change = f"ALTER DEFAULT PRIVILEGES FOR USER {owner} IN SCHEMA s GRANT SELECT, DROP ON TABLES TO ROLE {{role}}"
    assert place.refused(change) == ("42501", "permission denied for schema s")
    place.do(f"GRANT CREATE, USAGE ON SCHEMA s TO {owner}")
    place.do(change)
    rows = place.do(
        "SELECT schema_name, object_type, owner_name, privilege_type, grantee_name, grantee_type "
        "FROM svv_default_privileges ORDER BY privilege_type"
    )
    assert rows == [("s", "RELATION", owner, word, place.role, "role") for word in ("DROP", "SELECT")]
    place.do("REVOKE CREATE ON SCHEMA s FROM " + owner)
    assert place.refused(change.replace("GRANT", "REVOKE").replace(" TO ", " FROM "))[0] == "42501"
    assert place.refused(f"DROP USER {owner}")[0] == "55006"


def test_who_holds_the_grant_option_grants(place: Place) -> None:
    place.do("GRANT USAGE ON SCHEMA s TO {user}")
    place.do("GRANT SELECT ON s.one TO {user} WITH GRANT OPTION")
    place.read("GRANT SELECT ON s.one TO ROLE {role}")
    rows = place.do("SHOW GRANTS ON TABLE s.one")
    assert [(row[3], row[5], row[7], row[10]) for row in rows] == [
        ("SELECT", place.role, False, place.user),
        ("SELECT", place.user, True, "awsuser"),
    ]
    assert place.denied("GRANT INSERT ON s.two TO ROLE {role}") == ("42501", "permission denied for relation two")


def test_public_creates_in_public_and_uses_temp_until_revoked(place: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_Schemas_and_tables.html and r_SVV_DATABASE_PRIVILEGES
    of_database = "SELECT privilege_type, identity_name FROM svv_database_privileges WHERE database_name = '{db}' "
    assert place.do(of_database + "AND identity_type = 'public'") == [("TEMP", "public")]
    of_schema = "SELECT privilege_type FROM svv_schema_privileges WHERE namespace_name = 'public' ORDER BY 1"
    assert place.do(of_schema) == [("CREATE",), ("USAGE",)]
    place.read("CREATE TABLE public.mine (a int)")
    place.read("CREATE TEMP TABLE passing (a int)")
    place.do("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    place.do("REVOKE TEMP ON DATABASE {db} FROM PUBLIC")
    assert place.denied("CREATE TABLE public.other (a int)") == ("42501", "permission denied for schema public")
    assert place.denied("CREATE TEMP TABLE another (a int)")[0] == "42501"
    assert place.denied("CREATE SCHEMA other") == ("42501", f"permission denied for database {place.database}")
    place.do("GRANT CREATE ON DATABASE {db} TO ROLE {role}")
    place.read("CREATE SCHEMA other")


def test_two_that_make_the_same_default_privileges_meet_the_catalogs_unique_index(place: Place) -> None:
    make = place.named("ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO ROLE {role}")
    place.do("BEGIN")
    place.do(make)
    with closing(connect(place.server, place.database)) as other, ThreadPoolExecutor(1) as pool:
        refusal = pool.submit(refused, other, make)
        # It has to wait for the other transaction's end by then.
        time.sleep(1)
        place.do("COMMIT")
        assert refusal.result(10) == ("23505", "duplicate key violates unique constraint pg_defacl_name_index")
