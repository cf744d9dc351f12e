"""What only the connected database reads, and the sort keys that are remembered for it.

https://docs.aws.amazon.com/redshift/latest/dg/cross-database_limitation.html
"""

from __future__ import annotations

from contextlib import closing

from tests.integration.local_redshift.local_place import Place
from tests.support.redshift import connect, refused, run

EVERY_COLUMN = "SELECT 1 FROM (SELECT * FROM {db}.s.%s WHERE FALSE) x"
READS = ("SELECT * FROM {db}.s.%s", "SELECT 1 FROM {db}.s.%s LIMIT 1", EVERY_COLUMN)


def test_column_privileges_and_interleaved_keys_are_for_the_connected_database(place: Place) -> None:
    place.do("CREATE TABLE s.woven (a int, b int) INTERLEAVED SORTKEY (a, b)")
    place.do("CREATE VIEW s.v AS SELECT a FROM s.one")
    columns, key = ("one", "column-level privileges"), ("woven", "an interleaved sort key")
    with closing(connect(place.server)) as elsewhere:
        for name in ("one", "v"):
            assert run(elsewhere, place.named(READS[0] % name))
        # Whoever it's granted to.
        place.do("GRANT SELECT (a) ON s.one TO ROLE {role}")
        for name, (table, why) in (("one", columns), ("v", columns), ("woven", key)):
            text = f'Cross-database queries are not supported on relation "s.{table}", which has {why}'
            for sql in READS:
                assert refused(elsewhere, place.named(sql % name)) == ("0A000", text)
            assert place.do(READS[0] % name) is not None
        several = place.named(f"{EVERY_COLUMN % 'two'} UNION ALL {EVERY_COLUMN % 'one'}")
        assert refused(elsewhere, several)[0] == "0A000"
        place.do("REVOKE SELECT (a) ON s.one FROM ROLE {role}")
        assert run(elsewhere, several) == []


def test_sort_keys_are_remembered(place: Place) -> None:
    for sql, expected in (
        ("(a int, b int, c int) INTERLEAVED SORTKEY (c, a, b)", [2, -3, -1]),
        ("(a int, b int) COMPOUND SORTKEY (b, a)", [2, 1]),
        ("(a int, b int) SORTKEY AUTO", [0, 0]),
        ("(a int NOT NULL, b int distkey sortkey)", [0, 1]),
        ('("a" int SORTKEY, b int)', [1, 0]),
        ("INTERLEAVED SORTKEY (a) AS SELECT a, b AS found FROM s.one", [-1, 0]),
        ("(LIKE s.one)", [0, 0]),
    ):
        place.do(f"CREATE TABLE s.t {sql}")
        place.do("CREATE TABLE IF NOT EXISTS s.t (a int, b int) INTERLEAVED SORTKEY (b)")
        shown = "SELECT sortkey FROM svv_redshift_columns WHERE database_name = '{db}' AND table_name = 't'"
        assert [row[0] for row in place.do(f"{shown} ORDER BY ordinal_position")] == expected, sql
        place.do("DROP TABLE s.t")
    # What isn't remembered is refused.
    place.do("CREATE TABLE s.woven (a int, b int) INTERLEAVED SORTKEY (a, b)")
    assert place.refused("CREATE TABLE s.t (LIKE s.woven)")[0] == "0A000"
    assert place.refused("CREATE TABLE s.t (a int) SORTKEY (b)")[0] == "42703"
