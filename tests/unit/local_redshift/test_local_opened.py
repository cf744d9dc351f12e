"""What an open catalog's statements become: Redshift's ways with names, and nothing else of the text."""

from __future__ import annotations

import pytest

from local_redshift.grammar import translate
from local_redshift.plan import Context, Query

OPEN = Context("dev", open_catalog=True)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        # What SELECT calls a column is known in WHERE, but no literal and no other table's column is taken for it.
        (
            "SELECT c.relname AS \"name\", 'name' AS x FROM pg_class c JOIN t ON true "
            "WHERE name = 'name' AND c.name = 1",
            "SELECT c.relname AS \"name\", 'name' AS x FROM pg_opened.pg_class c JOIN t ON true "
            "WHERE (c.relname) = 'name' AND c.name = 1 ",
        ),
        (
            "SELECT a + 1 AS a2, a2 AS a3 FROM pg_class, t",
            "SELECT a + 1  AS a2, (a + 1) AS a3 FROM pg_opened.pg_class, t",
        ),
        ("SELECT relname AS relname FROM pg_class c, t WHERE (relname = 'select')", None),
        ("SELECT 'from' AS a FROM pg_class c, t WHERE 1 AND b IN ('where', 'a')", None),
        ("SELECT CASE 1 WHEN 1THEN 2 END FROM pg_index i, t", "SELECT CASE 1  WHEN 1 THEN 2  END FROM pg_index i, t"),
        (
            "SELECT pg_catalog.pg_class.oid FROM pg_catalog.pg_class, t",
            "SELECT pg_class.oid FROM pg_opened.pg_class, t",
        ),
        ("SELECT 'pg_class' FROM dev.public.t, pg_index", "SELECT 'pg_class' FROM public.t, pg_index"),
    ],
)
def test_names_are_read_as_redshift_does(sql: str, expected: str | None) -> None:
    plan = translate(sql, OPEN)
    assert isinstance(plan, Query)
    wanted = sql.replace("pg_class", "pg_opened.pg_class").replace("WHERE 1 ", "WHERE true ")
    assert plan.sql == (expected or wanted)


def test_what_is_read_is_known() -> None:
    plan = translate("SELECT * FROM s.t JOIN pg_class c ON true", OPEN)
    assert isinstance(plan, Query)
    assert plan.reads == (("s", "t"), ("pg_class",))
