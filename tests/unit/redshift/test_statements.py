"""What statements know of themselves: what they name, and where Redshift takes them."""

from __future__ import annotations

import re

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
    use_of_external,
    use_of_shared,
)
from airflow_provider_datagraph.redshift.values import Identity, Owned, Scope

ROLE, PUBLIC = Identity("role", 'r"1'), Identity("public", "public")
HEIR, LATER = 'h"1', 'ALTER DEFAULT PRIVILEGES FOR USER "w""1", "x" IN SCHEMA "s""1", "s2"'
# A statement, its text, and whether it goes outside a transaction.
KNOWN: list[tuple[Statement, str, bool]] = [
    (Create("role", 'r"1'), 'CREATE ROLE "r""1"', False),
    (Create("user", 'u"1', "md5'x"), "CREATE USER \"u\"\"1\" PASSWORD 'md5''x'", False),
    (Create("database", 'd"1'), 'CREATE DATABASE "d""1"', True),
    (Drop("role", 'r"1'), 'DROP ROLE "r""1"', False),
    (Drop("database", "d"), 'DROP DATABASE "d"', True),
    (AlterUser('u"1', "NOCREATEDB"), 'ALTER USER "u""1" NOCREATEDB', False),
    (ChangeOwner(Owned("table", "s", 't"'), HEIR), 'ALTER TABLE "s"."t""" OWNER TO "h""1"', False),
    (Membership(ROLE, 'a"1'), 'GRANT ROLE "a""1" TO ROLE "r""1"', False),
    (SystemPermission(ROLE, "CREATE USER", taken=True), 'REVOKE CREATE USER FROM ROLE "r""1"', False),
    (
        Privileges(ROLE, ("SELECT",), Scope.TABLE, [('s"1', 't".1')]),
        'GRANT SELECT ON TABLE "s""1"."t"".1" TO ROLE "r""1"',
        False,
    ),
    (
        Privileges(PUBLIC, ("USAGE", "CREATE"), Scope.SCHEMA, [('s"1',), ("s.2",)], taken=True, alone=True),
        'REVOKE USAGE, CREATE ON SCHEMA "s""1", "s.2" FROM PUBLIC',
        True,
    ),
    (
        DefaultPrivileges(ROLE, ("SELECT",), ['w"1', "x"], ['s"1', "s2"], taken=True),
        f'{LATER} REVOKE SELECT ON TABLES FROM ROLE "r""1"',
        False,
    ),
]


@pytest.mark.parametrize(("statement", "sql", "autocommit"), KNOWN, ids=lambda one: type(one).__name__)
def test_a_statement_knows_what_it_does(statement: Statement, sql: str, autocommit: bool) -> None:
    assert statement.sql == sql
    named = {name.replace('""', '"') for name in re.findall(r'"((?:[^"]|"")+)"', sql)}
    assert {name for path in statement.paths for name in path} == named
    assert statement.autocommit == autocommit
    assert statement.shown == sql.replace("md5''x", "<hash>")
    assert "md5'x" not in repr(statement)


def test_what_is_elsewhere_is_used_outside_a_transaction() -> None:
    shared = (*use_of_shared(PUBLIC, "d", "s", taken=True), use_of_shared(PUBLIC, "d", "s", "tu")[2])
    assert [(one.sql, one.autocommit) for one in (use_of_external(PUBLIC, "s"), *shared)] == [
        ('GRANT USAGE ON SCHEMA "s" TO PUBLIC', True),
        ('REVOKE USAGE ON DATABASE "d" FROM PUBLIC', True),
        ('REVOKE USAGE ON SCHEMA "d"."s" FROM PUBLIC', False),
        ('REVOKE SELECT ON ALL TABLES IN SCHEMA "d"."s" FROM PUBLIC', False),
        ('GRANT SELECT ON TABLE "d"."s"."t", "d"."s"."u" TO PUBLIC', False),
    ]


def test_a_name_with_capitals_would_be_folded() -> None:
    plain = [statement for statement, *_ in KNOWN]
    assert not folds([]) and not folds(plain)
    assert folds([*plain, Privileges(ROLE, ("SELECT",), Scope.TABLE, [("s", "t"), ("s", "Orders")])])


@pytest.mark.parametrize(
    ("kind", "sql", "said"),
    [
        ("role", 'ROLE "n"', "role n"),
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
    def parts(*lengths: int, letter: str = "n") -> list[list[int]]:
        # A name is written with its quotes and a separator.
        found = chunks((letter * one for one in lengths), lambda name: (name,))
        return [[len(name) for name in part] for part in found]

    half = STATEMENT_BYTES // 2
    assert parts(*[half - 4, half - 2] * 2, 1) == [[half - 4, half - 2], [half - 4, half - 2], [1]]
    assert parts(half - 4, half - 1, 1) == [[half - 4], [half - 1, 1]]
    # Bytes count: two for each letter.
    assert parts((half - 4) // 2, (half - 2) // 2, 1, letter="é") == [[half // 2 - 2, half // 2 - 1], [1]]
    assert parts(half // 2, half // 2, letter="é") == [[half // 2], [half // 2]]
    assert parts(2 * STATEMENT_BYTES, 1) == [[2 * STATEMENT_BYTES], [1]]
    assert parts() == []
