"""Catalog views, SHOW, databases and names."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from redshift_connector import error as errors

from local_redshift.grammar import views
from local_redshift.running import Server
from tests.integration.local_redshift.local_place import Place
from tests.support.redshift import PASSWORD, connect, refused, run

# Columns and their order: https://docs.aws.amazon.com/redshift/latest/dg/<page>.html
COLUMNS = {
    "svv_roles": "role_id role_name role_owner external_id",  # r_SVV_ROLES
    "svv_user_grants": "user_id user_name role_id role_name admin_option",  # r_SVV_USER_GRANTS
    "svv_role_grants": "role_id role_name granted_role_id granted_role_name",  # r_SVV_ROLE_GRANTS
    # r_SVV_DATABASE_PRIVILEGES
    "svv_database_privileges": "database_name privilege_type identity_id identity_name identity_type admin_option "
    "privilege_scope",
    # r_SVV_SCHEMA_PRIVILEGES
    "svv_schema_privileges": "namespace_name privilege_type identity_id identity_name identity_type admin_option "
    "privilege_scope",
    # r_SVV_RELATION_PRIVILEGES
    "svv_relation_privileges": "namespace_name relation_name privilege_type identity_id identity_name identity_type "
    "admin_option",
    # r_SVV_COLUMN_PRIVILEGES
    "svv_column_privileges": "namespace_name relation_name column_name privilege_type identity_id identity_name "
    "identity_type",
    # r_SVV_DEFAULT_PRIVILEGES
    "svv_default_privileges": "schema_name object_type owner_id owner_name owner_type privilege_type grantee_id "
    "grantee_name grantee_type admin_option",
    # r_SVV_REDSHIFT_DATABASES
    "svv_redshift_databases": "database_name database_owner database_type database_acl database_options "
    "database_isolation_level",
    # r_SVV_REDSHIFT_SCHEMAS
    "svv_redshift_schemas": "database_name schema_name schema_owner schema_type schema_acl schema_option",
    # r_SVV_ALL_SCHEMAS
    "svv_all_schemas": "database_name schema_name schema_owner schema_type schema_acl source_database schema_option",
    # r_SVV_REDSHIFT_TABLES
    "svv_redshift_tables": "database_name schema_name table_name table_type table_acl remarks table_owner",
    "svv_all_tables": "database_name schema_name table_name table_acl table_type remarks",  # r_SVV_ALL_TABLES
    # r_SVV_ALL_COLUMNS
    "svv_all_columns": "database_name schema_name table_name column_name ordinal_position column_default is_nullable "
    "data_type character_maximum_length numeric_precision numeric_scale remarks",
    # r_SVV_SYSTEM_PRIVILEGES
    "svv_system_privileges": "system_privilege identity_id identity_name identity_type",
    # r_SVV_REDSHIFT_COLUMNS
    "svv_redshift_columns": "database_name schema_name table_name column_name ordinal_position data_type "
    "column_default is_nullable encoding distkey sortkey column_acl remarks",
    # r_SVV_USER_INFO
    "svv_user_info": "user_name user_id createdb superuser catalog_update connection_limit syslog_access "
    "last_ddl_timestamp session_timeout external_user_id",
    # r_PG_USER
    "pg_user": "usename usesysid usecreatedb usesuper usecatupd passwd valuntil useconfig",
}


@pytest.mark.parametrize("view", COLUMNS)
def test_views_have_the_documented_columns(admin: Any, view: str) -> None:
    cursor = admin.cursor()
    cursor.execute(f"SELECT * FROM {view}")
    assert [column[0] for column in cursor.description] == COLUMNS[view].split()


def test_the_grammar_names_what_the_server_has(admin: Any) -> None:
    for view, columns in views.COLUMNS.items():
        cursor = admin.cursor()
        cursor.execute(f"SELECT {', '.join(columns)} FROM {view} LIMIT 1")
        cursor.execute(f"SELECT * FROM {view} LIMIT 1")
        assert tuple(column[0] for column in cursor.description) == columns, view


def test_leader_node_functions(place: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_functions_leader_node_only.html
    names = place.read("SELECT nspname FROM pg_namespace WHERE has_schema_privilege(nspname, 'usage') ORDER BY nspname")
    assert ("public",) in names and ("s",) not in names
    place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
    assert place.read("SELECT has_schema_privilege('{user}', 's', 'usage')") == [(True,)]
    refusal = "Specified types or functions (one per INFO message) not supported on Redshift tables."
    for sql in (
        "SELECT a FROM s.one WHERE has_table_privilege('s.one', 'select')",
        "SELECT schema_name FROM svv_all_schemas WHERE has_schema_privilege(schema_name, 'usage')",
    ):
        assert place.refused(sql) == ("0A000", refusal)


def test_privileges_are_asked_for_what_the_pg_tables_list(place: Place) -> None:
    listed = "SELECT oid, relname FROM pg_class WHERE relkind IN ('r','v','m') AND has_table_privilege({}oid, '{}')"
    place.do("GRANT SELECT, DROP ON s.one TO ROLE {role}")
    place.do("GRANT SELECT (a) ON s.two TO ROLE {role}")
    for privilege in ("select", "drop"):
        held = place.do(listed.format("'{user}', ", privilege) + " AND relname IN ('one', 'two')")
        assert [name for _, name in held] == ["one"]
        assert place.read(listed.format("", privilege) + " AND relname IN ('one', 'two')") == held
    assert place.do(f"SELECT has_table_privilege('{{user}}', {held[0][0]}, 'insert')") == [(False,)]
    assert place.do("SELECT has_table_privilege('{user}', 's.one', 'drop')") == [(True,)]
    asked = "SELECT nspname, has_schema_privilege('{user}', nspname, 'usage'), "
    asked += "has_schema_privilege('{user}', nspname, 'create') FROM pg_namespace WHERE nspname IN ('s', 'public')"
    assert sorted(place.read(asked)) == [("public", True, True), ("s", False, False)]
    assert place.do("SELECT has_database_privilege('{user}', '{db}', 'create')") == [(False,)]
    columns = "SELECT attrelid, attname FROM pg_attribute WHERE attnum > 0 AND attisdropped = false"
    place.do("ALTER TABLE s.one DROP COLUMN b")
    assert place.read(f"{columns} AND attrelid IN ({held[0][0]}, 1)") == [(held[0][0], "a")]


def test_what_views_depend_on(place: Place) -> None:
    place.do("CREATE VIEW s.seen AS SELECT a FROM s.one")
    place.do("CREATE VIEW s.late AS SELECT a FROM s.one WITH NO SCHEMA BINDING")
    place.do("CREATE MATERIALIZED VIEW s.kept AS SELECT a FROM s.one")
    ids = {name: number for number, name in place.do("SELECT oid, relname FROM pg_class")}
    rows = place.do(
        "SELECT DISTINCT objid, refobjid, deptype FROM pg_depend WHERE refclassid = 1259 AND classid <> 1247"
    )
    rules = {on: number for number, on, kind in rows if kind == "i"}

    def read(view: str) -> set[int]:
        return {on for number, on, kind in rows if number == rules[ids[view]] and kind == "n"} - {ids[view]}

    assert read("seen") == {ids["one"]}
    # https://github.com/awslabs/amazon-redshift-utils/issues/499
    assert read("late") == read("kept") == set()
    assert len(place.read("SELECT objid FROM pg_depend WHERE deptype = 'i' LIMIT 1")) == 1
    assert place.denied("DELETE FROM pg_depend")[0] == "0A000"


def test_what_public_holds(place: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_DATABASE_PRIVILEGES.html shows TEMP
    rows = "SELECT privilege_type, identity_name FROM svv_database_privileges WHERE database_name = '{db}'"
    assert place.do(rows + " AND identity_type = 'public'") == [("TEMP", "public")]
    rows = "SELECT privilege_type FROM svv_schema_privileges WHERE namespace_name = 'public' ORDER BY privilege_type"
    assert place.do(rows) == [("CREATE",), ("USAGE",)]
    place.do("REVOKE TEMP ON DATABASE {db} FROM PUBLIC")
    assert place.denied("CREATE TEMP TABLE mine (a int)")[0] == "42501"


@pytest.mark.parametrize("odd", ["a=b", "/ a", "a,b", "a~b", 'a"b', "a\\b", "a b", "'", "{", "=u*/x", "group g"])
def test_an_acl_holds_any_name(server: Server, place: Place, odd: str) -> None:
    # A user's name can't have a slash, a group's can.
    name, group = odd.replace("/", "") + place.user, f"{odd}{place.user}_group"
    quoted, members = ('"' + text.replace('"', '""') + '"' for text in (name, group))
    place.do(f"CREATE USER {quoted} PASSWORD '{PASSWORD}'")
    place.do(f"CREATE GROUP {members}")
    place.do(f"GRANT USAGE ON SCHEMA s TO {quoted} WITH GRANT OPTION")
    with closing(connect(server, place.database, name)) as holder:
        run(holder, f"GRANT USAGE ON SCHEMA s TO {place.user}")
    place.do(f"GRANT USAGE ON SCHEMA s TO GROUP {members}")
    shown = "awsuser=UC/awsuser", f"{quoted}=U*/awsuser", f"{place.user}=U/{quoted}", f"group {members}=U/awsuser"
    for query in (
        "SELECT schema_acl FROM svv_all_schemas WHERE schema_name = 's'",
        "SELECT nspacl FROM pg_namespace WHERE nspname = 's'",
    ):
        [(acl,)] = place.do(query)
        assert len(acl) == len("~".join(shown))
        assert [item for item in shown if item not in acl] == []


def test_an_acl_leaves_plain_names_plain(place: Place) -> None:
    group = f"{place.user}_group"
    place.do(f"CREATE GROUP {group}")
    place.do(f"GRANT SELECT ON s.one TO {place.user}, GROUP {group}, PUBLIC")
    shown = f"awsuser=arwdDxtm/awsuser~{place.user}=r/awsuser~group {group}=r/awsuser~=r/awsuser"
    assert place.do("SELECT table_acl FROM svv_all_tables WHERE table_name = 'one'") == [(shown,)]


def test_internal_names_show_nowhere(place: Place) -> None:
    place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
    place.do("GRANT SELECT, DROP FOR TABLES IN SCHEMA s TO ROLE {role}")
    place.do("GRANT DROP ON SCHEMA s TO {user}")
    views = [*COLUMNS, "pg_group", "pg_database", "pg_namespace", "pg_class", "pg_depend"]
    text = " ".join(str(place.do(f"SELECT * FROM {view}")) for view in views)
    text += str(place.do("SHOW DATABASES")) + str(place.do("SHOW GRANTS FOR ROLE {role}"))
    for internal in ("role:", "scope:", "group:", "pg_rs", "template1", "template0", "postgres", "pg_monitor"):
        assert internal not in text


def test_databases_are_the_clusters(place: Place) -> None:
    names = [row[0] for row in place.do("SELECT database_name FROM svv_redshift_databases")]
    assert "dev" in names and place.database in names
    assert place.do("SELECT datname FROM pg_database WHERE datname = '{db}'") == [(place.database,)]
    assert place.refused("CREATE DATABASE {db}") == ("42P04", f'database "{place.database}" already exists')
    place.do("BEGIN")
    assert place.refused("CREATE DATABASE other")[0] == "25001"
    place.do("ROLLBACK")
    assert place.denied("CREATE DATABASE other")[0] == "42501"


def test_tables_of_all_databases_as_the_user_sees_them(place: Place) -> None:
    query = (
        f"SELECT schema_name, table_name, table_type FROM svv_redshift_tables WHERE database_name = '{place.database}'"
    )
    everywhere = connect(place.server)
    assert run(everywhere, query + " ORDER BY table_name") == [("s", "one", "TABLE"), ("s", "two", "TABLE")]
    place.do("CREATE VIEW s.seen AS SELECT a FROM s.one")
    assert ("s", "seen", "VIEW") in run(everywhere, query)
    as_user = connect(place.server, user=place.user)
    assert run(as_user, query) == []
    place.do("GRANT SELECT ON s.one TO ROLE {role}")
    assert run(as_user, query) == []
    place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
    assert run(as_user, query) == [("s", "one", "TABLE")]
    schemas = f"SELECT schema_name FROM svv_all_schemas WHERE database_name = '{place.database}' AND schema_name = 's'"
    assert run(as_user, schemas) == [("s",)]
    as_user.close()
    everywhere.close()


def test_own_uncommitted_objects_are_seen(place: Place) -> None:
    place.do("BEGIN")
    place.do("CREATE SCHEMA fresh")
    query = "SELECT schema_name FROM svv_all_schemas WHERE database_name = '{db}' AND schema_name = 'fresh'"
    assert place.do(query) == [("fresh",)]
    place.do("ROLLBACK")
    assert place.do(query) == []


def test_predicates_that_every_node_can_run(place: Place) -> None:
    query = (
        "SELECT u.usename AS n FROM pg_catalog.pg_user u WHERE (lower(usename) = '{user}' OR usename LIKE 'zz%') "
        "AND NOT usesuper = true AND usesysid IS NOT NULL AND usename IN ('{user}', 'b') ORDER BY usename LIMIT 2"
    )
    assert place.do(query) == [(place.user,)]


def test_show_statements(place: Place) -> None:
    assert ("s",) in [row[1:2] for row in place.do("SHOW SCHEMAS FROM DATABASE {db}")]
    everywhere = connect(place.server)
    assert [row[2] for row in run(everywhere, f"SHOW TABLES FROM SCHEMA {place.database}.s LIKE 'o%'")] == ["one"]
    columns = run(everywhere, f"SHOW COLUMNS FROM TABLE {place.database}.s.one LIMIT 1")
    assert columns[0][3:5] == ("a", 1)
    assert refused(everywhere, "SHOW SCHEMAS FROM DATABASE nowhere") == ("3D000", 'database "nowhere" does not exist')
    assert refused(everywhere, f"SHOW TABLES FROM SCHEMA {place.database}.nowhere")[0] == "3F000"
    everywhere.close()
    place.do("GRANT SELECT ON s.one TO ROLE {role}")
    assert place.do("SHOW GRANTS ON TABLE {db}.s.one FOR ROLE {role}")[0][:4] == ("s", "one", "TABLE", "SELECT")
    assert place.do("SHOW GRANTS ON SCHEMA s") == []
    assert place.read("SHOW GRANTS FOR ROLE {role}")[0][4] == "SELECT"


def test_case_of_identifiers(place: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_enable_case_sensitive_identifier.html
    assert place.do("SHOW enable_case_sensitive_identifier") == [("off",)]
    place.do('CREATE TABLE s."MiXed" ("A" int)')
    assert place.do("SELECT a FROM s.mixed") == []
    place.do("SET enable_case_sensitive_identifier TO true")
    assert place.do("SHOW enable_case_sensitive_identifier") == [("on",)]
    assert place.refused('SELECT 1 FROM s."MiXed"')[0] == "42P01"
    place.do('CREATE SCHEMA "Kept"')
    assert place.do("SELECT nspname FROM pg_namespace WHERE nspname = 'Kept'") == [("Kept",)]
    place.do("RESET enable_case_sensitive_identifier")
    assert place.refused('DROP SCHEMA "Kept"')[0] == "3F000"


def test_three_part_reads_as_the_user(place: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/cross-database-overview.html
    probe = f'SELECT 1 FROM "{place.database}"."s"."one" LIMIT 1'
    elsewhere = connect(place.server, user=place.user)
    assert refused(elsewhere, probe) == ("42501", "permission denied for schema s")
    place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
    assert refused(elsewhere, probe) == ("42501", "permission denied for relation one")
    place.do("GRANT SELECT FOR TABLES IN SCHEMA s TO ROLE {role}")
    assert run(elsewhere, probe) == [(1,)]
    assert place.read(probe) == [(1,)]
    assert refused(elsewhere, "SELECT 1 FROM nowhere.s.one") == ("3D000", 'database "nowhere" does not exist')
    assert refused(elsewhere, f"SELECT 1 FROM {place.database}.s.gone")[0] == "42P01"
    assert refused(elsewhere, f"INSERT INTO {place.database}.s.one VALUES (1, 1)")[0] == "0A000"
    elsewhere.autocommit = False
    assert refused(elsewhere, f"SELECT 1 FROM {place.database}.s.gone")[0] == "42P01"
    assert refused(elsewhere, probe)[0] == "25P02"
    elsewhere.rollback()
    assert run(elsewhere, probe) == [(1,)]
    elsewhere.close()


@pytest.mark.parametrize("database", ["template1", "postgres", "nowhere"])
def test_internal_and_missing_databases(server: Server, database: str) -> None:
    with pytest.raises(errors.ProgrammingError) as failure:
        connect(server, database)
    assert failure.value.args[0]["C"] == "3D000"


def test_search_path_does_not_open_what_is_hidden(place: Place) -> None:
    assert place.refused("SET search_path TO 'pg_rs'")[0] == "3F000"
    assert place.refused("SET search_path TO public, information_schema")[0] == "0A000"
    place.do('SET search_path TO "S", public')
    assert place.do("SELECT a FROM one") == [(1,)]


def test_a_rollback_takes_the_case_setting_back(place: Place) -> None:
    place.do("BEGIN")
    place.do("SET enable_case_sensitive_identifier TO true")
    place.do("ROLLBACK")
    assert place.do("SHOW enable_case_sensitive_identifier") == [("off",)]


def test_regular_users_cannot_widen_what_they_see(place: Place) -> None:
    assert place.denied("ALTER USER {user} SYSLOG ACCESS UNRESTRICTED")[0] == "42501"
    assert place.denied("ALTER USER {user} CREATEUSER")[0] == "42501"
    assert place.denied("CREATE ROLE another")[0] == "42501"
    assert place.denied("ALTER USER awsuser PASSWORD 'Abcd1234x'")[0] == "42501"
