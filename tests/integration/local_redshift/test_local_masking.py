"""Masking policies: kept, shown, and enforced by refusal."""

from __future__ import annotations

from typing import Any

import pytest

from local_redshift.running import Server
from tests.integration.local_redshift.local_place import Place
from tests.support.redshift import PASSWORD, connect, refused, run, unique

POLICY = "CREATE MASKING POLICY hide WITH (a int) USING (0::int)"
ROWS = "SELECT * FROM svv_attached_masking_policy ORDER BY table_name, priority, grantee"
# Which tables any statement reads, the grammar's tests say.
READS = (
    "SELECT b FROM s.one",
    "SELECT count(*) FROM s.one",
    "SELECT 1 FROM s.two WHERE EXISTS (SELECT 1 FROM s.one) LIMIT 1",
    "SELECT 2 FROM (SELECT a FROM s.one) x",
    "SELECT a FROM {db}.s.one",
    "CREATE TABLE public.copied AS SELECT a FROM s.one",
    "INSERT INTO public.mine SELECT a FROM s.one",
)


@pytest.fixture
def masked(place: Place) -> Place:
    """A policy for the user's role on s.one, which the user may read."""
    for sql in (
        "GRANT USAGE ON SCHEMA s TO ROLE {role}",
        "GRANT SELECT ON ALL TABLES IN SCHEMA s TO ROLE {role}",
        "CREATE TABLE public.mine (a int)",
        "GRANT ALL ON public.mine TO {user}",
        POLICY,
        "ATTACH MASKING POLICY hide ON s.one(a) TO ROLE {role} PRIORITY 10",
    ):
        place.do(sql)
    return place


def is_refused(error: tuple[str, str]) -> bool:
    return error == ("0A000", "local stand-in: reading s.one, to which a masking policy is attached")


@pytest.mark.parametrize("sql", READS)
def test_who_is_concerned_reads_nothing(masked: Place, sql: str) -> None:
    assert is_refused(masked.denied(sql))
    masked.do("DETACH MASKING POLICY hide ON s.one(a) FROM ROLE {role}")
    masked.read(sql)


def test_what_reads_no_column_runs(server: Server, masked: Place) -> None:
    elsewhere = connect(server, user=masked.user)
    for sql in ("SELECT 1 FROM s.one LIMIT 1", "SELECT 1 FROM {db}.s.one LIMIT 1", "select 1 from s.one"):
        assert len(masked.read(sql)) == 1
    assert masked.read("SELECT * FROM {db}.s.one WHERE FALSE") == []
    each = 'SELECT 1 FROM (SELECT * FROM "{db}"."s"."one" WHERE FALSE) x'
    assert masked.read(" UNION ALL ".join([each] * 9)) == []
    assert is_refused(masked.denied(f"{each} UNION ALL SELECT a FROM s.one"))
    assert is_refused(masked.denied(each.replace("FALSE", "a = 'false'")))
    assert is_refused(masked.denied("SELECT * FROM s.one WHERE FALSE OR a = 1"))
    assert run(elsewhere, masked.named("SELECT 1 FROM {db}.s.one LIMIT 1")) == [(1,)]
    assert is_refused(refused(elsewhere, masked.named("SELECT a FROM {db}.s.one")))
    assert run(elsewhere, masked.named(" UNION ALL ".join([each] * 300))) == []
    elsewhere.close()
    # It's still a matter of permission.
    masked.do("REVOKE SELECT ON s.one FROM ROLE {role}")
    assert masked.denied("SELECT 1 FROM s.one LIMIT 1") == ("42501", "permission denied for relation one")


def test_whom_a_policy_concerns(masked: Place) -> None:
    assert masked.do("SELECT a FROM s.one") == [(1,)]
    assert masked.read("SELECT a FROM s.two") == []
    masked.do("DETACH MASKING POLICY hide ON s.one(a) FROM ROLE {role}")
    assert masked.read("SELECT a FROM s.one") == [(1,)]
    masked.do("ATTACH MASKING POLICY hide ON s.one(a) TO {user}")
    assert is_refused(masked.denied("SELECT a FROM s.one"))
    masked.do("DETACH MASKING POLICY hide ON s.one(a) FROM {user}")
    upper = unique("upper")
    masked.do(f"CREATE ROLE {upper}")
    masked.do(f"ATTACH MASKING POLICY hide ON s.one(a) TO ROLE {upper}")
    assert masked.read("SELECT a FROM s.one") == [(1,)]
    masked.do(f"GRANT ROLE {upper} TO ROLE {{role}}")
    assert is_refused(masked.denied("SELECT a FROM s.one"))
    # Who holds something isn't dropped, as anywhere here.
    assert masked.refused(f"DROP ROLE {upper} FORCE")[0] == "55006"
    masked.do(f"DETACH MASKING POLICY hide ON s.one(a) FROM ROLE {upper}")
    masked.do(f"DROP ROLE {upper} FORCE")
    # PUBLIC is everyone who reads the table: r_ATTACH_MASKING_POLICY
    masked.do("ATTACH MASKING POLICY hide ON s.one(a) TO PUBLIC")
    assert is_refused(masked.denied("SELECT a FROM s.one"))
    assert is_refused(masked.refused("SELECT a FROM s.one"))
    masked.do("INSERT INTO s.one VALUES (3, 4)")
    assert is_refused(masked.refused("INSERT INTO s.one VALUES (3, 4) RETURNING a"))
    assert is_refused(masked.refused("UPDATE s.one SET b = a"))
    assert is_refused(masked.refused("DELETE FROM s.one WHERE a = 3"))
    masked.do("DETACH MASKING POLICY hide ON s.one(a) FROM PUBLIC")
    assert masked.do("SELECT count(*) FROM s.one") == [(2,)]


def test_views_are_looked_through(masked: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/t_ddm-considerations.html
    masked.do("CREATE VIEW public.v AS SELECT b FROM s.one")
    masked.do("CREATE VIEW public.w AS SELECT * FROM public.v WITH NO SCHEMA BINDING")
    masked.do("GRANT SELECT ON public.v, public.w TO {user}")
    for sql in ("SELECT b FROM public.v", "SELECT b FROM w", "SELECT count(*) FROM public.w"):
        assert is_refused(masked.denied(sql))
        assert masked.do(sql)
    assert masked.read("SELECT 1 FROM public.w LIMIT 1") == [(1,)]
    masked.read("CREATE VIEW public.x AS SELECT a FROM s.one")
    assert is_refused(masked.denied("SELECT a FROM x"))
    masked.read("DROP VIEW public.x")
    # A policy may be on the view itself.
    masked.do("DETACH MASKING POLICY hide ON s.one(a) FROM ROLE {role}")
    masked.do("ATTACH MASKING POLICY hide ON public.v(b) TO {user}")
    assert masked.read("SELECT b FROM s.one") == [(2,)]
    assert masked.denied("SELECT b FROM w")[0] == "0A000"
    assert masked.do("SELECT table_name, table_type FROM svv_attached_masking_policy") == [("v", "view")]


def test_a_search_path_and_a_prepared_statement_get_no_further(masked: Place) -> None:
    masked.do("DETACH MASKING POLICY hide ON s.one(a) FROM ROLE {role}")
    masked.read("SET search_path TO s")
    cursor = masked.reader.cursor()
    cursor.execute("SELECT a FROM one WHERE a = %s", (1,))
    assert len(cursor.fetchall()) == 1
    masked.do("ATTACH MASKING POLICY hide ON s.one(a) TO {user}")
    assert is_refused(masked.denied("SELECT a FROM one"))
    assert is_refused(masked.denied("WITH one AS (SELECT a FROM one) SELECT a FROM one"))
    with pytest.raises(Exception, match="0A000"):
        cursor.execute("SELECT a FROM one WHERE a = %s", (1,))
    # Refused as any error of a transaction.
    masked.read("BEGIN")
    assert is_refused(masked.denied("SELECT a FROM one"))
    assert masked.denied("SELECT 1")[0] == "25P02"
    masked.read("ROLLBACK")
    history = masked.read("SELECT status FROM sys_query_history WHERE query_text = 'SELECT a FROM one' LIMIT 1")
    assert history == [("failed",)]


def test_an_attachment_is_rolled_back_with_its_transaction(masked: Place) -> None:
    masked.do("BEGIN")
    masked.do("ATTACH MASKING POLICY hide ON s.two(a) TO PUBLIC")
    assert masked.refused("SELECT a FROM s.two")[0] == "0A000"
    masked.do("ROLLBACK")
    assert masked.do("SELECT a FROM s.two") == []
    assert len(masked.do(ROWS)) == 1


def test_the_view_of_attachments(masked: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_ATTACHED_MASKING_POLICY.html
    masked.do("CREATE MASKING POLICY pair WITH (x int, y int) USING ((y, nvl(x, 0)))")
    masked.do("ATTACH MASKING POLICY pair ON s.one(b, a) USING (a, b) TO PUBLIC PRIORITY 5")
    masked.do("ATTACH MASKING POLICY hide ON {db}.s.two(a) TO {user}")
    masked.do("ALTER TABLE s.one RENAME COLUMN a TO c")
    assert masked.do(ROWS) == [
        ("pair", "s", "one", "table", "awsuser", "public", "public", 5, '["c", "b"]', '["b", "c"]', False),
        ("hide", "s", "one", "table", "awsuser", masked.role, "role", 10, '["c"]', '["c"]', False),
        ("hide", "s", "two", "table", "awsuser", masked.user, "user", 0, '["a"]', '["a"]', False),
    ]
    masked.do("GRANT ACCESS SYSTEM TABLE TO ROLE {role}")
    assert masked.read(ROWS) == masked.read("SELECT * FROM svv_masking_policy") == []
    masked.do("DROP TABLE s.one")
    assert [row[2] for row in masked.do(ROWS)] == ["two"]
    masked.do("DROP SCHEMA s CASCADE")
    assert masked.do(ROWS) == []
    # Its grantee can be dropped again, once nothing else is held.
    for sql in ("REVOKE ALL ON public.mine FROM {user}", "DROP USER {user}"):
        masked.do(sql)


def test_the_view_of_policies(server: Server, masked: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_MASKING_POLICY.html
    columns = "policy_database, policy_name, input_columns, policy_expression, policy_modified_by"
    rows = f"SELECT {columns} FROM svv_masking_policy"
    expected = [(masked.database, "hide", '[{"colname" : "a", "type" : "int"}]', "0::int", "awsuser")]
    assert masked.do(rows) == expected
    elsewhere = connect(server)
    assert run(elsewhere, f"{rows} WHERE policy_database = '{masked.database}'") == expected
    elsewhere.close()


def test_what_is_refused(masked: Place) -> None:
    words = "MASKING POLICY hide ON s.one"
    for sql, code in (
        (POLICY, "42710"),
        ("CREATE MASKING POLICY other WITH (a nothing) USING (a)", "42704"),
        ("DROP MASKING POLICY hide", "2BP01"),
        ("DROP MASKING POLICY other", "42704"),
        ("ATTACH MASKING POLICY other ON s.one(a) TO {user}", "42704"),
        ("ATTACH MASKING POLICY hide ON s.none(a) TO {user}", "42P01"),
        (f"ATTACH {words}(z) TO {{user}}", "42703"),
        (f"ATTACH {words}(a) TO nobody_here", "42704"),
        (f"ATTACH {words}(a) TO ROLE nobody_here", "42704"),
        (f"ATTACH {words}(a, b) TO {{user}}", "22023"),
        (f"ATTACH {words}(a) USING (a, b) TO {{user}}", "22023"),
        # One grantee, one policy; one priority, one policy, or the same one in the same way.
        (f"ATTACH {words}(a) TO ROLE {{role}} PRIORITY 20", "42710"),
        (f"ATTACH {words}(a) USING (b) TO {{user}} PRIORITY 10", "42710"),
        (f"DETACH {words}(b) FROM ROLE {{role}}", "42704"),
        (f"DETACH {words}(a) FROM {{user}}", "42704"),
        ("ALTER TABLE s.one DROP COLUMN a", "0A000"),
        ("DROP ROLE {role} FORCE", "55006"),
    ):
        assert masked.refused(sql)[0] == code, sql
    masked.do("CREATE TABLE s.typed (a varchar(10))")
    assert masked.refused("ATTACH MASKING POLICY hide ON s.typed(a) TO {user}")[0] == "42804"
    masked.do("CREATE MASKING POLICY text WITH (a varchar(256)) USING ('x'::varchar)")
    masked.do("ATTACH MASKING POLICY text ON s.typed(a) TO {user}")
    masked.do(f"ATTACH {words}(a) TO {{user}} PRIORITY 10")
    masked.do("ALTER TABLE s.one DROP COLUMN b")
    masked.do("CREATE MASKING POLICY hide IF NOT EXISTS WITH (b text) USING (b)")


def test_only_superusers_manage_them(masked: Place) -> None:
    for sql in (
        "CREATE MASKING POLICY other WITH (a int) USING (a)",
        "CREATE MASKING POLICY hide IF NOT EXISTS WITH (a int) USING (a)",
        "DROP MASKING POLICY hide",
        "DETACH MASKING POLICY hide ON s.one(a) FROM ROLE {role}",
        "ATTACH MASKING POLICY hide ON public.mine(a) TO {user}",
    ):
        assert masked.denied(sql) == ("42501", "permission denied to manage masking policies")


def test_several_statements_in_one_request(server: Server, masked: Place) -> None:
    """The driver sends none: as psql does, through the simple protocol."""
    psycopg = pytest.importorskip("psycopg")
    arguments = {"host": server.host, "port": server.port, "dbname": masked.database, "sslmode": "disable"}
    with psycopg.connect(user=masked.user, password=PASSWORD, autocommit=True, **arguments) as reader:
        for sql in ("SET search_path TO s; SELECT a FROM one", "SELECT 1 FROM public.mine; SELECT b FROM public.mine"):
            assert sent(reader, sql) == "0A000"
        assert sent(reader, "SELECT 1; SELECT 2") == ""
    with psycopg.connect(user=server.user, password=server.password, autocommit=True, **arguments) as admin:
        assert sent(admin, "DETACH MASKING POLICY hide ON s.one(a) FROM PUBLIC; SELECT 1") == "0A000"
        masked.do("DETACH MASKING POLICY hide ON s.one(a) FROM ROLE {role}")
        masked.do("CREATE VIEW s.late AS SELECT a FROM s.two WITH NO SCHEMA BINDING")
        assert sent(admin, "DROP TABLE s.two; SELECT a FROM s.late") == "0A000"


def sent(connection: Any, sql: str) -> str:
    import psycopg

    try:
        connection.execute(sql)
    except psycopg.Error as failure:
        return str(failure.sqlstate)
    return ""
