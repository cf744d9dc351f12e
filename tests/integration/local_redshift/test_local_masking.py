"""Masking policies: kept, shown, and enforced by refusal."""

from __future__ import annotations

from contextlib import closing

import pytest

from local_redshift.running import Server
from tests.integration.local_redshift.local_place import Place
from tests.support.redshift import connect, refused, run, unique

ROWS = "SELECT * FROM svv_attached_masking_policy ORDER BY table_name, priority, grantee"
REFUSAL = ("0A000", "local stand-in: reading s.one, to which a masking policy is attached")
# Which tables any statement reads, the grammar's tests say.
READS = (
    "SELECT count(*) FROM s.one",
    "SELECT a FROM {db}.s.one",
    "SELECT 2 FROM (SELECT a FROM s.one) x",
    "CREATE TABLE public.copied AS SELECT a FROM s.one",
    "INSERT INTO public.mine SELECT a FROM s.one",
    "SELECT b FROM public.v",
    "SELECT b FROM public.late",
)
NOTHING = 'SELECT 1 FROM (SELECT * FROM "{db}"."s"."one" WHERE FALSE) x'


@pytest.fixture
def masked(place: Place) -> Place:
    """A policy for the user's role on s.one, which the user may read, also by views."""
    for sql in (
        "GRANT USAGE ON SCHEMA s TO ROLE {role}",
        "GRANT SELECT ON ALL TABLES IN SCHEMA s TO ROLE {role}",
        "CREATE TABLE public.mine (a int)",
        "CREATE VIEW public.v AS SELECT b FROM s.one",
        "CREATE VIEW public.late AS SELECT * FROM public.v WITH NO SCHEMA BINDING",
        "GRANT SELECT ON public.v, public.late TO {user}",
        "GRANT ALL ON public.mine TO {user}",
        "CREATE MASKING POLICY hide WITH (a int) USING (0::int)",
        "ATTACH MASKING POLICY hide ON s.one(a) TO ROLE {role} PRIORITY 10",
    ):
        place.do(sql)
    return place


def test_who_is_concerned_reads_nothing(masked: Place) -> None:
    # Views are looked through: https://docs.aws.amazon.com/redshift/latest/dg/t_ddm-considerations.html
    for sql in READS:
        assert masked.denied(sql) == REFUSAL, sql
    assert masked.do("SELECT a FROM s.one") == [(1,)]
    assert masked.read("SELECT a FROM s.two") == []
    masked.do("DETACH MASKING POLICY hide ON s.one(a) FROM ROLE {role}")
    for sql in READS:
        masked.read(sql)


def test_what_reads_no_column_runs(server: Server, masked: Place) -> None:
    one_row = "SELECT 1 FROM {db}.s.one LIMIT 1"
    with closing(connect(server, user=masked.user)) as elsewhere:
        for sql, rows in ((one_row, [(1,)]), (" UNION ALL ".join([NOTHING] * 300), [])):
            assert masked.read(sql) == run(elsewhere, masked.named(sql)) == rows
        assert refused(elsewhere, masked.named("SELECT a FROM {db}.s.one")) == REFUSAL
    for sql in (f"{NOTHING} UNION ALL SELECT a FROM s.one", NOTHING.replace("FALSE", "a = 'false'")):
        assert masked.denied(sql) == REFUSAL
    # It's still a matter of permission.
    masked.do("REVOKE SELECT ON s.one FROM ROLE {role}")
    assert masked.denied(one_row) == ("42501", "permission denied for relation one")


def test_whom_a_policy_concerns(masked: Place) -> None:
    masked.do("DETACH MASKING POLICY hide ON s.one(a) FROM ROLE {role}")
    upper = unique("upper")
    masked.do(f"CREATE ROLE {upper}")
    masked.do(f"ATTACH MASKING POLICY hide ON s.one(a) TO ROLE {upper}")
    assert masked.read("SELECT a FROM s.one") == [(1,)]
    masked.do(f"GRANT ROLE {upper} TO ROLE {{role}}")
    assert masked.denied("SELECT a FROM s.one") == REFUSAL
    # Who holds something isn't dropped, as anywhere here.
    assert masked.refused(f"DROP ROLE {upper} FORCE")[0] == "55006"
    masked.do(f"DETACH MASKING POLICY hide ON s.one(a) FROM ROLE {upper}")
    masked.do(f"DROP ROLE {upper} FORCE")
    # PUBLIC is everyone who reads the table: r_ATTACH_MASKING_POLICY
    masked.do("ATTACH MASKING POLICY hide ON s.one(a) TO PUBLIC")
    masked.do("INSERT INTO s.one VALUES (3, 4)")
    for sql in ("SELECT a FROM s.one", "UPDATE s.one SET b = a", "INSERT INTO s.one VALUES (3, 4) RETURNING a"):
        assert masked.refused(sql) == REFUSAL


def test_a_prepared_statement_and_a_search_path_get_no_further(masked: Place) -> None:
    masked.do("DETACH MASKING POLICY hide ON s.one(a) FROM ROLE {role}")
    masked.read("SET search_path TO s")
    assert masked.read("SELECT a FROM one") == [(1,)]
    masked.do("ATTACH MASKING POLICY hide ON s.one(a) TO {user}")
    assert masked.denied("SELECT a FROM one") == REFUSAL
    assert masked.denied("WITH one AS (SELECT a FROM one) SELECT a FROM one") == REFUSAL
    history = masked.read("SELECT status FROM sys_query_history WHERE query_text LIKE 'SELECT a %' ORDER BY query_id")
    assert history == [("success",), ("failed",)]


def test_attachments_are_shown_until_they_are_gone(masked: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_ATTACHED_MASKING_POLICY.html
    masked.do("CREATE MASKING POLICY pair WITH (x int, y int) USING ((y, nvl(x, 0)))")
    masked.do("ATTACH MASKING POLICY pair ON s.one(b, a) USING (a, b) TO PUBLIC PRIORITY 5")
    masked.do("ATTACH MASKING POLICY hide ON {db}.s.two(a) TO {user}")
    masked.do("BEGIN")
    masked.do("ATTACH MASKING POLICY hide ON public.v(b) TO PUBLIC")
    masked.do("ROLLBACK")
    masked.do("ALTER TABLE s.one RENAME COLUMN a TO c")
    assert masked.do(ROWS) == [
        ("pair", "s", "one", "table", "awsuser", "public", "public", 5, '["c", "b"]', '["b", "c"]', False),
        ("hide", "s", "one", "table", "awsuser", masked.role, "role", 10, '["c"]', '["c"]', False),
        ("hide", "s", "two", "table", "awsuser", masked.user, "user", 0, '["a"]', '["a"]', False),
    ]
    masked.do("GRANT ACCESS SYSTEM TABLE TO ROLE {role}")
    assert masked.read(ROWS) == []
    masked.do("DROP SCHEMA s CASCADE")
    assert masked.do(ROWS) == []
    # Its grantee can be dropped again, once nothing else is held.
    for sql in ("REVOKE ALL ON public.mine FROM {user}", "DROP USER {user}"):
        masked.do(sql)


def test_what_is_refused(masked: Place) -> None:
    words = "MASKING POLICY hide ON s.one"
    for sql, code in (
        ("CREATE MASKING POLICY hide WITH (a int) USING (a)", "42710"),
        ("DROP MASKING POLICY hide", "2BP01"),
        ("DROP MASKING POLICY other", "42704"),
        ("ATTACH MASKING POLICY hide ON s.none(a) TO {user}", "42P01"),
        (f"ATTACH {words}(z) TO {{user}}", "42703"),
        (f"ATTACH {words}(a) TO nobody_here", "42704"),
        (f"DETACH {words}(b) FROM ROLE {{role}}", "42704"),
    ):
        assert masked.refused(sql)[0] == code, sql
        # Only superusers manage them.
        assert masked.denied(sql)[0] in ("42501", "42P01"), sql
