"""What only the connected database reads, and the sort keys that are remembered for it.

https://docs.aws.amazon.com/redshift/latest/dg/cross-database_limitation.html
"""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.integration.local_redshift.local_place import Place
from tests.support.redshift import connect, refused, run

EVERY_COLUMN = "SELECT 1 FROM (SELECT * FROM {db}.s.%s WHERE FALSE) x"
READS = ("SELECT * FROM {db}.s.%s", "SELECT 1 FROM {db}.s.%s LIMIT 1", EVERY_COLUMN)


def test_column_privileges_and_interleaved_keys_are_for_the_connected_database(place: Place) -> None:
    place.do("CREATE TABLE s.woven (a int, b int) INTERLEAVED SORTKEY (a, b)")
    place.do("CREATE VIEW s.v AS SELECT a FROM s.one")
    with closing(connect(place.server)) as elsewhere:
        for name in ("one", "v"):
            assert run(elsewhere, place.named(READS[0] % name))
        # Whoever it's granted to.
        place.do("GRANT SELECT (a) ON s.one TO ROLE {role}")
        for name in ("one", "v", "woven"):
            woven = name == "woven"
            text = f'Cross-database queries are not supported on relation "s.{"woven" if woven else "one"}", which has '
            text += "an interleaved sort key" if woven else "column-level privileges"
            for sql in READS:
                assert refused(elsewhere, place.named(sql % name)) == ("0A000", text)
            assert place.do(READS[0] % name) is not None
        several = place.named(f"{EVERY_COLUMN % 'two'} UNION ALL {EVERY_COLUMN % 'one'}")
        assert refused(elsewhere, several)[0] == "0A000"
        place.do("REVOKE SELECT (a) ON s.one FROM ROLE {role}")
        assert run(elsewhere, several) == []


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CREATE TABLE s.t (a int, b int, c int) INTERLEAVED SORTKEY (c, a, b)", [2, -3, -1]),
        ("CREATE TABLE s.t (a int, b int) COMPOUND SORTKEY (b, a)", [2, 1]),
        ("CREATE TABLE s.t (a int, b int) SORTKEY AUTO", [0, 0]),
        ("CREATE TABLE s.t (a int NOT NULL, b int distkey sortkey)", [0, 1]),
        ('CREATE TABLE s.t ("a" int SORTKEY, b int)', [1, 0]),
        ("CREATE TABLE s.t INTERLEAVED SORTKEY (a) AS SELECT a, b AS found FROM s.one", [-1, 0]),
        ("CREATE TABLE IF NOT EXISTS s.one (a int, b int) INTERLEAVED SORTKEY (a)", None),
        ("CREATE TABLE s.t (LIKE s.one)", [0, 0]),
    ],
)
def test_sort_keys_are_remembered(place: Place, sql: str, expected: list[int] | None) -> None:
    place.do(sql)
    name = "t" if expected else "one"
    shown = f"SELECT sortkey FROM svv_redshift_columns WHERE database_name = '{{db}}' AND table_name = '{name}'"
    assert [row[0] for row in place.do(f"{shown} ORDER BY ordinal_position")] == (expected or [0, 0])


def test_what_is_not_remembered_is_refused(place: Place) -> None:
    place.do("CREATE TABLE s.woven (a int, b int) INTERLEAVED SORTKEY (a, b)")
    assert place.refused("CREATE TABLE s.t (LIKE s.woven)")[0] == "0A000"
    assert place.refused("CREATE TABLE s.t (a int) SORTKEY (b)")[0] == "42703"
    with pytest.raises(Exception, match="0A000"):
        place.admin.cursor().execute("CREATE TABLE s.t SORTKEY (a) AS SELECT a FROM s.one WHERE a = %s", (1,))
