"""What statements know of themselves: what they name, what they take away, and where Redshift takes them."""

from __future__ import annotations

import pytest

from airflow_provider_datagraph.redshift.statements import (
    STATEMENT_BYTES,
    AlterUser,
    ChangeOwner,
    Create,
    DefaultPrivileges,
    Drop,
    Membership,
    Privileges,
    Statement,
    SystemPermission,
    chunks,
    folds,
)
from airflow_provider_datagraph.redshift.values import Identity, Owned, Scope

ROLE, PUBLIC = Identity("role", "r"), Identity("public", "public")
# A statement, the names in it, whether it takes something away, and whether it goes outside a transaction.
KNOWN: list[tuple[Statement, set[str], bool, bool]] = [
    (Create("role", "r"), {"r"}, False, False),
    (Create("user", "u", "md5x"), {"u"}, False, False),
    (Create("database", "d"), {"d"}, False, True),
    (Drop("role", "r"), {"r"}, True, False),
    (Drop("database", "d"), {"d"}, True, True),
    (AlterUser("u", "NOCREATEDB"), {"u"}, False, False),
    (ChangeOwner(Owned("table", "s", "t"), "heir"), {"s", "t", "heir"}, False, False),
    (Membership(ROLE, "above"), {"r", "above"}, False, False),
    (SystemPermission(ROLE, "ACCESS SYSTEM TABLE", taken=True), {"r"}, True, False),
    (Privileges(ROLE, ("SELECT",), Scope.TABLE, [("s", "t")]), {"r", "s", "t"}, False, False),
    (Privileges(PUBLIC, ("USAGE",), Scope.SCHEMA, [("s",)], taken=True, alone=True), {"s"}, True, True),
    (DefaultPrivileges(ROLE, ("SELECT",), ["w"], ["s"], taken=True), {"r", "w", "s"}, True, False),
]


@pytest.mark.parametrize(
    ("statement", "names", "takes_away", "autocommit"), KNOWN, ids=lambda value: type(value).__name__
)
def test_a_statement_knows_what_it_does(
    statement: Statement, names: set[str], takes_away: bool, autocommit: bool
) -> None:
    assert {name for path in statement.paths for name in path} == names
    assert (statement.takes_away, statement.autocommit) == (takes_away, autocommit)
    assert statement.shown == statement.sql.replace("md5x", "<hash>")
    assert "md5x" not in repr(statement)


def test_a_name_with_capitals_would_be_folded() -> None:
    plain = [statement for statement, *_ in KNOWN]
    assert not folds([]) and not folds(plain)
    assert folds([*plain, Privileges(ROLE, ("SELECT",), Scope.TABLE, [("s", "t"), ("s", "Orders")])])


@pytest.mark.parametrize(
    ("kind", "sql", "said"),
    [
        ("role", 'ROLE "n"', "role n"),
        ("user", '"n"', "user n"),
        ("user", '"o""neil"', 'user o"neil'),
        ("group", 'GROUP "n"', "group n"),
        ("public", "PUBLIC", "PUBLIC"),
    ],
)
def test_how_an_identity_is_named(kind: str, sql: str, said: str) -> None:
    identity = Identity(kind, said.partition(" ")[2])
    assert (Membership(identity, "r").sql, str(identity)) == (f'GRANT ROLE "r" TO {sql}', said)


def test_nobody_can_write_to_a_statement() -> None:
    # They are facts of findings, which are compared and told once.
    paths = [("s", "t")]
    statement = Privileges(ROLE, ["SELECT"], Scope.TABLE, paths)
    paths.append(("s", "u"))
    assert statement == Privileges(ROLE, ("SELECT",), Scope.TABLE, (("s", "t"),))
    assert len({statement, Privileges(ROLE, ("SELECT",), Scope.TABLE, (("s", "t"),))}) == 1


def test_a_list_is_cut_where_a_statement_is_full() -> None:
    def parts(*lengths: int) -> list[list[int]]:
        # A name is written with its quotes and a separator.
        return [[len(name) for name in part] for part in chunks(("n" * one for one in lengths), lambda name: (name,))]

    half = STATEMENT_BYTES // 2
    assert parts(half - 4, half - 2, 1) == [[half - 4, half - 2], [1]]
    assert parts(half - 4, half - 1, 1) == [[half - 4], [half - 1, 1]]
    assert parts(2 * STATEMENT_BYTES, 1) == [[2 * STATEMENT_BYTES], [1]]
    assert parts() == []
