"""Late-binding views, and the function that lists their columns."""

from __future__ import annotations

from contextlib import closing

from tests.integration.local_redshift.local_place import Place
from tests.support.redshift import PASSWORD, connect, refused, unique

COLUMNS = "cols(view_schema name, view_name name, col_name name, col_type varchar, col_num int)"
LISTED = f"SELECT * FROM pg_get_late_binding_view_cols() {COLUMNS}"


def names(place: Place) -> list[str]:
    rows = place.do(f"SELECT DISTINCT view_name FROM pg_get_late_binding_view_cols() {COLUMNS} ORDER BY view_name")
    return [row[0] for row in rows]


def test_its_columns_are_listed(place: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/PG_GET_LATE_BINDING_VIEW_COLS.html
    place.do("CREATE TABLE s.event (eventid int, eventname varchar(200), price decimal(8,2), starttime timestamp)")
    place.do("CREATE VIEW s.event_lbv AS SELECT * FROM s.event WITH NO SCHEMA BINDING")
    place.do("CREATE VIEW s.event_vw AS SELECT * FROM s.event")
    assert place.do(LISTED) == [
        ("s", "event_lbv", "eventid", "integer", 1),
        ("s", "event_lbv", "eventname", "character varying(200)", 2),
        ("s", "event_lbv", "price", "numeric(8,2)", 3),
        ("s", "event_lbv", "starttime", "timestamp without time zone", 4),
    ]
    query = f"SELECT view_schema, col_name FROM pg_get_late_binding_view_cols() {COLUMNS}"
    assert place.do(f"{query} WHERE view_name = 'event_lbv' AND cols.col_num > 3") == [("s", "starttime")]
    assert place.refused(f"{query} WHERE schema = 's'")[0] == "42703"
    assert place.refused(f"{query} WHERE other.col_num = 1")[0] == "42P01"
    # A regular user gets what USAGE and SELECT cover.
    place.do("CREATE VIEW public.w AS SELECT a FROM s.one WITH NO SCHEMA BINDING")
    place.do("GRANT SELECT ON public.w, s.event_lbv TO PUBLIC")
    assert {row[1] for row in place.read(LISTED)} == {"w"}
    place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
    assert {row[1] for row in place.read(LISTED)} == {"w", "event_lbv"}
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_TABLES.html
    subtypes = {row[2]: row[10] for row in place.do("SHOW TABLES FROM SCHEMA s LIKE 'event%'")}
    assert subtypes == {"event": "REGULAR TABLE", "event_lbv": "LATE BINDING VIEW", "event_vw": "REGULAR VIEW"}


def test_the_mark_goes_with_the_view(place: Place) -> None:
    plain = "CREATE OR REPLACE VIEW s.v AS SELECT a FROM s.one"
    late = f"{plain} WITH NO SCHEMA BINDING"
    for sql, expected in (
        ("BEGIN", []),
        (late, ["v"]),
        ("ROLLBACK", []),
        (late, ["v"]),
        ("GRANT SELECT ON s.v TO ROLE {role}", ["v"]),
        (plain, []),
        (late, ["v"]),
        ("BEGIN", ["v"]),
        (plain, []),
        ("ROLLBACK", ["v"]),
        ("ALTER TABLE s.v RENAME TO w", ["w"]),
        ("DROP VIEW s.w", []),
        (plain, []),
    ):
        if sql == "DROP VIEW s.w":
            # What was granted stays: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_VIEW.html
            granted = "SELECT privilege_type FROM svv_relation_privileges WHERE relation_name = 'w'"
            assert place.do(granted) == [("SELECT",)]
        place.do(sql)
        assert names(place) == expected, sql


def test_reading_one_takes_the_owners_select_and_the_readers(place: Place) -> None:
    place.do("CREATE SCHEMA open")
    place.do("CREATE VIEW open.v AS SELECT a FROM s.one WITH NO SCHEMA BINDING")
    assert place.denied("SELECT a FROM open.v") == ("42501", "permission denied for schema open")
    place.do("GRANT USAGE ON SCHEMA open TO ROLE {role}")
    assert place.denied("SELECT a FROM open.v") == ("42501", "permission denied for relation v")
    place.do("GRANT SELECT ON open.v TO ROLE {role}")
    # https://github.com/aws-samples/amazon-redshift-dynamic-data-masking/issues/2
    place.do("CREATE VIEW open.w AS SELECT 1 FROM open.v")
    place.do("GRANT SELECT ON open.w TO ROLE {role}")
    reads = ("SELECT a FROM open.v", "SELECT 1 FROM open.v LIMIT 1", "SELECT * FROM open.v WHERE FALSE")
    for sql in (*reads, "SELECT 1 FROM open.w", "CREATE TEMP TABLE x AS SELECT a FROM open.v"):
        assert place.denied(sql) == ("42501", "permission denied for schema s"), sql
        assert place.do(sql) is not None
    with closing(connect(place.server, user=place.user)) as elsewhere:
        assert refused(elsewhere, place.named("SELECT 1 FROM {db}.open.v"))[0] == "42501"
    place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
    assert place.read("SELECT a FROM open.v") == [(1,)]
    owner = unique("owner")
    place.do(f"CREATE USER {owner} PASSWORD '{PASSWORD}'")
    place.do(f"GRANT USAGE, CREATE ON SCHEMA open TO {owner}")
    place.do(f"ALTER TABLE open.v OWNER TO {owner}")
    for sql in reads[:2]:
        assert place.denied(sql) == ("42501", "permission denied for relation one")
    place.do(f"GRANT SELECT ON s.one TO {owner}")
    assert place.read("SELECT a FROM open.v") == [(1,)]


def test_who_may_create_one_and_of_what(place: Place) -> None:
    sql = "CREATE VIEW public.mine AS SELECT a FROM s.one WITH NO SCHEMA BINDING"
    assert place.denied(sql)[0] == "42501"
    place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
    place.read(sql)
    place.read("DROP VIEW public.mine")
    place.do("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    assert place.denied(sql)[0] == "42501"
    place.do(sql)
    place.do("SET search_path TO s")
    words = "All the relation names inside should be qualified when creating VIEW WITH NO SCHEMA BINDING."
    assert place.refused("CREATE VIEW s.v AS SELECT a FROM one WITH NO SCHEMA BINDING") == ("42601", words)
    for sql, code in (
        ("CREATE VIEW s.v AS SELECT a FROM nowhere.one WITH NO SCHEMA BINDING", "42P01"),
        ("SELECT a FROM s.one WITH NO SCHEMA BINDING", "42601"),
        ("CREATE TABLE s.v AS SELECT a FROM s.one WITH NO SCHEMA BINDING", "42601"),
        ("GRANT SELECT (a) ON public.mine TO ROLE {role}", "0A000"),
        # Stricter than a cluster, where nothing depends on the table.
        ("ALTER TABLE s.one DROP COLUMN a", "2BP01"),
    ):
        assert place.refused(sql)[0] == code, sql


def test_one_outlives_what_it_names_and_binds_anew(place: Place) -> None:
    place.do("CREATE VIEW public.v (x, y) AS SELECT o.a, t.a FROM s.one o, {db}.s.two t WITH NO SCHEMA BINDING")
    place.do("CREATE VIEW public.w AS SELECT x FROM public.v WITH NO SCHEMA BINDING")
    place.do("CREATE VIEW public.plain AS SELECT x FROM public.w")
    place.do("GRANT SELECT ON public.w, public.plain TO ROLE {role}")
    place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
    every_column = "SELECT 1 FROM (SELECT * FROM public.w WHERE FALSE) x"
    reads = ("SELECT * FROM w", "SELECT 1 FROM public.plain LIMIT 1", every_column)
    assert place.denied("DROP TABLE s.two") == ("42501", "must be owner of relation two")
    place.do("INSERT INTO s.two VALUES (7)")
    assert place.do("SELECT * FROM v") == [(1, 7)]
    for leave, come, missing in (
        ("DROP TABLE s.one", "CREATE TABLE s.one AS SELECT 5 AS a", "one"),
        ("ALTER TABLE s.two RENAME TO before", "ALTER TABLE s.before RENAME TO two", "two"),
        ("DROP SCHEMA s CASCADE", "CREATE SCHEMA s", "one"),
    ):
        place.do(leave)
        for sql in reads:
            assert place.denied(sql) == ("42P01", f'relation "s.{missing}" does not exist')
        assert names(place) == ["w"]
        place.do(come)
        if "SCHEMA" not in come:
            assert [place.read(sql) for sql in reads] == [[(5,)], [(1,)], []]
    place.do("CREATE TABLE s.one (a int)")
    place.do("CREATE TABLE s.two (a int)")
    # Another table of that name is another one for everybody.
    assert place.denied("SELECT * FROM w") == ("42501", "permission denied for schema s")
    place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
    assert place.read("SELECT * FROM w") == place.do("SELECT * FROM v") == []
    place.do("DROP VIEW public.plain")
    place.do("DROP VIEW public.v")
    assert place.denied("SELECT * FROM w") == ("42P01", 'relation "public.v" does not exist')
