"""Late-binding views, and the function that lists their columns."""

from __future__ import annotations

from contextlib import closing

from tests.integration.local_redshift.local_place import Place
from tests.support.redshift import PASSWORD, connect, refused, run, unique

COLUMNS = "cols(view_schema name, view_name name, col_name name, col_type varchar, col_num int)"
LISTED = f"SELECT * FROM pg_get_late_binding_view_cols() {COLUMNS}"


def names(place: Place) -> list[str]:
    rows = place.do(f"SELECT DISTINCT view_name FROM pg_get_late_binding_view_cols() {COLUMNS} ORDER BY view_name")
    return [row[0] for row in rows]


def test_its_columns_are_listed_in_both_forms(place: Place) -> None:
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
    assert place.do("SELECT pg_get_late_binding_view_cols()")[1] == (
        '(s,event_lbv,eventname,"character varying(200)",2)',
    )
    query = f"SELECT view_schema, col_name FROM pg_get_late_binding_view_cols() {COLUMNS}"
    assert place.do(f"{query} WHERE view_name = 'event_lbv' AND cols.col_num > 3") == [("s", "starttime")]
    assert place.do(f"{query} WHERE view_schema = 'public'") == []
    assert place.refused(f"{query} WHERE schema = 's'")[0] == "42703"
    assert place.refused(f"{query} WHERE other.col_num = 1")[0] == "42P01"


def test_the_mark_goes_with_the_view(place: Place) -> None:
    late, plain = (
        "CREATE {} VIEW s.v AS SELECT a FROM s.one WITH NO SCHEMA BINDING",
        "CREATE {} VIEW s.v AS SELECT a FROM s.one",
    )
    place.do("BEGIN")
    place.do(late.format(""))
    assert names(place) == ["v"]
    place.do("ROLLBACK")
    assert names(place) == []
    place.do(late.format(""))
    place.do("GRANT SELECT ON s.v TO ROLE {role}")
    for sql, expected in ((plain, []), (late, ["v"]), (late, ["v"]), (plain, []), (late, ["v"])):
        place.do(sql.format("OR REPLACE"))
        assert names(place) == expected
    # What was granted stays: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_VIEW.html
    assert place.do("SELECT privilege_type FROM svv_relation_privileges WHERE relation_name = 'v'") == [("SELECT",)]
    place.do("BEGIN")
    place.do(plain.format("OR REPLACE"))
    assert names(place) == []
    place.do("ROLLBACK")
    assert names(place) == ["v"]
    place.do("ALTER TABLE s.v RENAME TO w")
    assert names(place) == ["w"]
    place.do("DROP VIEW s.w")
    assert names(place) == []
    place.do(plain.format(""))
    assert names(place) == []
    place.do("CREATE VIEW public.v AS SELECT a FROM s.one WITH NO SCHEMA BINDING")
    place.do("DROP SCHEMA s CASCADE")
    assert names(place) == []


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
    with closing(connect(place.server, user=place.user)) as elsewhere:
        reads = ("SELECT a FROM open.v", "SELECT 1 FROM open.v LIMIT 1", "SELECT * FROM open.v WHERE FALSE")
        for sql in (*reads, "SELECT 1 FROM open.w", "CREATE TEMP TABLE x AS SELECT a FROM open.v"):
            assert place.denied(sql) == ("42501", "permission denied for schema s"), sql
            assert place.do(sql) is not None
        assert refused(elsewhere, place.named("SELECT 1 FROM {db}.open.v"))[0] == "42501"
    place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
    assert place.read("SELECT a FROM open.v") == [(1,)]
    owner = unique("owner")
    place.do(f"CREATE USER {owner} PASSWORD '{PASSWORD}'")
    place.do(f"GRANT USAGE, CREATE ON SCHEMA open TO {owner}")
    place.do(f"ALTER TABLE open.v OWNER TO {owner}")
    assert place.denied("SELECT a FROM open.v") == ("42501", "permission denied for relation one")
    assert place.denied("SELECT 1 FROM open.v LIMIT 1")[0] == "42501"
    place.do(f"GRANT SELECT ON s.one TO {owner}")
    assert place.read("SELECT a FROM open.v") == [(1,)]
    assert names(place) == ["v"]
    place.do("DROP VIEW open.w")
    place.do("DROP VIEW open.v")
    place.do(f"REVOKE SELECT ON s.one FROM {owner}")
    place.do(f"REVOKE USAGE, CREATE ON SCHEMA open FROM {owner}")
    place.do(f"DROP USER {owner}")


def test_a_regular_user_gets_what_usage_and_select_cover(place: Place) -> None:
    place.do("CREATE VIEW s.v AS SELECT a FROM s.one WITH NO SCHEMA BINDING")
    place.do("CREATE VIEW public.w AS SELECT a FROM s.one WITH NO SCHEMA BINDING")
    place.do("GRANT SELECT ON s.v TO ROLE {role}")
    place.do("GRANT SELECT ON public.w TO PUBLIC")
    assert [row[1] for row in place.read(LISTED)] == ["w"]
    place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
    assert [row[1] for row in place.read(LISTED)] == ["v", "w"]


def test_who_may_create_one(place: Place) -> None:
    sql = "CREATE VIEW public.mine AS SELECT a FROM s.one WITH NO SCHEMA BINDING"
    assert place.denied(sql)[0] == "42501"
    place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
    place.read(sql)
    # It's the owner who may not select.
    assert place.denied("SELECT a FROM public.mine") == ("42501", "permission denied for relation one")
    place.read("DROP VIEW public.mine")
    place.do("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    assert place.denied(sql)[0] == "42501"


def test_what_is_refused(place: Place) -> None:
    place.do("SET search_path TO s")
    words = "All the relation names inside should be qualified when creating VIEW WITH NO SCHEMA BINDING."
    assert place.refused("CREATE VIEW s.v AS SELECT a FROM one WITH NO SCHEMA BINDING") == ("42601", words)
    assert place.refused("CREATE VIEW s.v AS SELECT a FROM nowhere.one WITH NO SCHEMA BINDING")[0] == "42P01"
    for sql in (
        "SELECT a FROM s.one WITH NO SCHEMA BINDING",
        "CREATE TABLE s.v AS SELECT a FROM s.one WITH NO SCHEMA BINDING",
    ):
        assert place.refused(sql)[0] == "42601"
    place.do("CREATE VIEW s.v AS SELECT a FROM s.one WITH NO SCHEMA BINDING")
    assert place.refused("GRANT SELECT (a) ON s.v TO ROLE {role}")[0] == "0A000"
    # Stricter than a cluster, where nothing depends on the table.
    assert place.refused("ALTER TABLE s.one DROP COLUMN a")[0] == "2BP01"
    assert place.refused("CREATE VIEW s.w AS SELECT a FROM s.later WITH NO SCHEMA BINDING")[0] == "42P01"


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
    for leave, come in (
        ("DROP TABLE s.one", "CREATE TABLE s.one AS SELECT 5 AS a"),
        ("ALTER TABLE s.two RENAME TO before", "ALTER TABLE s.before RENAME TO two"),
        ("DROP SCHEMA s CASCADE", "CREATE SCHEMA s"),
    ):
        place.do(leave)
        missing = "s.two" if "two" in leave else "s.one"
        for sql in reads:
            assert place.denied(sql) == ("42P01", f'relation "{missing}" does not exist')
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


def test_show_tables_tells_it_from_another_view(place: Place) -> None:
    place.do("CREATE VIEW s.late AS SELECT a FROM s.one WITH NO SCHEMA BINDING")
    place.do("CREATE VIEW s.plain AS SELECT a FROM s.one")
    rows = {row[2]: (row[3], row[10]) for row in run(place.admin, "SHOW TABLES FROM SCHEMA s")}
    assert rows["late"] == ("VIEW", "LATE BINDING VIEW")
    assert rows["plain"] == ("VIEW", "REGULAR VIEW")
    assert rows["one"] == ("TABLE", "REGULAR TABLE")
