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


def test_views_have_the_documented_columns(admin: Any) -> None:
    for view, columns in views.COLUMNS.items():
        cursor = admin.cursor()
        cursor.execute(f"SELECT * FROM {view} LIMIT 1")
        assert tuple(column[0] for column in cursor.description) == columns, view
        cursor.execute(f"SELECT {', '.join(columns)} FROM {view} LIMIT 1")


def test_privileges_are_asked_for_what_the_pg_tables_list(place: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_functions_leader_node_only.html
    listed = "SELECT oid, relname FROM pg_class WHERE relname IN ('one', 'two') AND has_table_privilege({}oid, '{}')"
    place.do("GRANT SELECT, DROP ON s.one TO ROLE {role}")
    place.do("GRANT SELECT (a) ON s.two TO ROLE {role}")
    for privilege in ("select", "drop"):
        held = place.do(listed.format("'{user}', ", privilege))
        assert [name for _, name in held] == ["one"]
        assert place.read(listed.format("", privilege)) == held
    assert place.do(f"SELECT has_table_privilege('{{user}}', {held[0][0]}, 'insert')") == [(False,)]
    assert place.do("SELECT has_table_privilege('{user}', 's.one', 'drop')") == [(True,)]
    asked = "SELECT nspname, has_schema_privilege(nspname, 'usage'), has_schema_privilege('{user}', nspname, 'create') "
    asked += "FROM pg_namespace WHERE nspname IN ('s', 'public') ORDER BY nspname"
    assert place.read(asked) == [("public", True, True), ("s", False, False)]
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


@pytest.mark.parametrize("odd", ["a=b", "/ a", "a,b", "a~b", 'a"b', "a\\b", "a b", "'", "{", "=u*/x", "group g"])
def test_an_acl_holds_any_name(server: Server, place: Place, odd: str) -> None:
    # A user's name can't have a slash, a group's can.
    name, group = odd.replace("/", "") + place.user, f"{odd}{place.user}_group"
    quoted, members = ('"' + text.replace('"', '""') + '"' for text in (name, group))
    place.do(f"CREATE USER {quoted} PASSWORD '{PASSWORD}'")
    place.do(f"CREATE GROUP {members}")
    place.do(f"CREATE GROUP {place.user}_plain")
    place.do(f"GRANT USAGE ON SCHEMA s TO {quoted} WITH GRANT OPTION")
    with closing(connect(server, place.database, name)) as holder:
        run(holder, f"GRANT USAGE ON SCHEMA s TO {place.user}")
    place.do(f"GRANT USAGE ON SCHEMA s TO GROUP {members}, GROUP {place.user}_plain, PUBLIC")
    shown = ["awsuser=UC/awsuser", f"{quoted}=U*/awsuser", f"{place.user}=U/{quoted}", "=U/awsuser"]
    shown += [f"group {name}=U/awsuser" for name in (members, f"{place.user}_plain")]
    [(acl,)] = place.do("SELECT schema_acl FROM svv_all_schemas WHERE schema_name = 's'")
    assert [(acl,)] == place.do("SELECT nspacl FROM pg_namespace WHERE nspname = 's'")
    assert len(acl) == len("~".join(shown))
    assert [item for item in shown if item not in acl] == []


def test_internal_names_show_nowhere(place: Place) -> None:
    place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
    place.do("GRANT SELECT, DROP FOR TABLES IN SCHEMA s TO ROLE {role}")
    place.do("GRANT DROP ON SCHEMA s TO {user}")
    # What other tests' sessions have sent may name anything.
    text = " ".join(str(place.do(f"SELECT * FROM {view}")) for view in views.COLUMNS if view != "sys_query_history")
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
    for database in ("template1", "postgres", "nowhere"):
        with pytest.raises(errors.ProgrammingError, match="3D000"):
            connect(place.server, database)


def test_tables_of_all_databases_as_the_user_sees_them(place: Place) -> None:
    tables = f"SELECT table_name FROM svv_redshift_tables WHERE database_name = '{place.database}' ORDER BY table_name"
    schemas = f"SELECT schema_name FROM svv_all_schemas WHERE database_name = '{place.database}' AND schema_name = 's'"
    with closing(connect(place.server)) as everywhere, closing(connect(place.server, user=place.user)) as as_user:
        assert run(everywhere, tables) == [("one",), ("two",)]
        place.do("CREATE VIEW s.seen AS SELECT a FROM s.one")
        assert run(everywhere, tables) == [("one",), ("seen",), ("two",)]
        place.do("GRANT SELECT ON s.one TO ROLE {role}")
        assert run(as_user, tables) == run(as_user, schemas) == []
        place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
        assert (run(as_user, tables), run(as_user, schemas)) == ([("one",)], [("s",)])
        # What isn't committed is seen by its session alone.
        schemas = schemas.replace("'s'", "'fresh'")
        place.do("BEGIN")
        place.do("CREATE SCHEMA fresh")
        assert (place.do(schemas), run(everywhere, schemas)) == ([("fresh",)], [])
        place.do("ROLLBACK")


def test_show_statements(place: Place) -> None:
    assert ("s",) in [row[1:2] for row in place.do("SHOW SCHEMAS FROM DATABASE {db}")]
    with closing(connect(place.server)) as everywhere:
        named = place.database
        assert [row[2] for row in run(everywhere, f"SHOW TABLES FROM SCHEMA {named}.s LIKE 'o%'")] == ["one"]
        assert run(everywhere, f"SHOW COLUMNS FROM TABLE {named}.s.one LIMIT 1")[0][3:5] == ("a", 1)
        missing = ("3D000", 'database "nowhere" does not exist')
        assert refused(everywhere, "SHOW SCHEMAS FROM DATABASE nowhere") == missing
        assert refused(everywhere, f"SHOW TABLES FROM SCHEMA {named}.nowhere")[0] == "3F000"
    place.do("GRANT SELECT ON s.one TO ROLE {role}")
    assert place.do("SHOW GRANTS ON TABLE {db}.s.one FOR ROLE {role}")[0][:4] == ("s", "one", "TABLE", "SELECT")
    assert place.do("SHOW GRANTS ON SCHEMA s") == []
    assert place.read("SHOW GRANTS FOR ROLE {role}")[0][4] == "SELECT"


def test_case_of_identifiers(place: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_enable_case_sensitive_identifier.html
    assert place.do("SHOW enable_case_sensitive_identifier") == [("off",)]
    place.do('CREATE TABLE s."MiXed" ("A" int)')
    place.do('SET search_path TO "S", public')
    assert place.do("SELECT a FROM mixed") == []
    place.do("SET enable_case_sensitive_identifier TO true")
    assert place.do("SHOW enable_case_sensitive_identifier") == [("on",)]
    assert place.refused('SELECT 1 FROM s."MiXed"')[0] == "42P01"
    place.do('CREATE SCHEMA "Kept"')
    assert place.do("SELECT nspname FROM pg_namespace WHERE nspname = 'Kept'") == [("Kept",)]
    place.do("RESET enable_case_sensitive_identifier")
    assert place.refused('DROP SCHEMA "Kept"')[0] == "3F000"
    for sql in ("BEGIN", "SET enable_case_sensitive_identifier TO true", "ROLLBACK"):
        place.do(sql)
    assert place.do("SHOW enable_case_sensitive_identifier") == [("off",)]


def test_three_part_reads_as_the_user(place: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/cross-database-overview.html
    probe = f'SELECT 1 FROM "{place.database}"."s"."one" LIMIT 1'
    with closing(connect(place.server, user=place.user)) as elsewhere:
        assert refused(elsewhere, probe) == ("42501", "permission denied for schema s")
        place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
        assert refused(elsewhere, probe) == ("42501", "permission denied for relation one")
        place.do("GRANT SELECT FOR TABLES IN SCHEMA s TO ROLE {role}")
        assert run(elsewhere, probe) == place.read(probe) == [(1,)]
        assert refused(elsewhere, "SELECT 1 FROM nowhere.s.one") == ("3D000", 'database "nowhere" does not exist')
        assert refused(elsewhere, f"INSERT INTO {place.database}.s.one VALUES (1, 1)")[0] == "0A000"
        elsewhere.autocommit = False
        assert refused(elsewhere, f"SELECT 1 FROM {place.database}.s.gone")[0] == "42P01"
        assert refused(elsewhere, probe)[0] == "25P02"
        elsewhere.rollback()
        assert run(elsewhere, probe) == [(1,)]
