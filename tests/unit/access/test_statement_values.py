"""What statements know of themselves: what they name, what they take away, and where Redshift takes them."""

from __future__ import annotations

import pytest

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.desired import DesiredUser
from airflow_provider_datagraph.access.role import plan_role
from airflow_provider_datagraph.redshift.statements import (
    ChangeOwner,
    Create,
    DefaultPrivileges,
    Drop,
    Membership,
    Privileges,
    Statement,
    SystemPermission,
    folds,
)
from airflow_provider_datagraph.redshift.values import Identity, Owned, Scope, Session

ROLE, PUBLIC = Identity("role", "r"), Identity("public", "public")
# A statement, the names in it, whether it takes something away, and whether it goes outside a transaction.
KNOWN: list[tuple[Statement, set[str], bool, bool]] = [
    (Create("role", "r"), {"r"}, False, False),
    (Create("user", "u", "md5x"), {"u"}, False, False),
    (Create("database", "d"), {"d"}, False, True),
    (Drop("role", "r"), {"r"}, True, False),
    (Drop("database", "d"), {"d"}, True, True),
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


def test_what_is_created_is_of_a_kind_that_others_know() -> None:
    plan = plan_role("r", DesiredUser("u", "md5x"), CurrentAccess(Session("admin", "dev")))
    assert [step.statement for step in plan.steps] == [
        Create("role", "r"),
        Create("user", "u", "md5x"),
        Membership(Identity("user", "u"), "r"),
    ]
