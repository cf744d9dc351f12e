"""Whose role, database and schema are adopted, and whose stop everything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_datagraph.access import trust
from airflow_provider_datagraph.access.plan import Finding, blocking, note
from airflow_provider_datagraph.redshift.statements import ChangeOwner
from airflow_provider_datagraph.redshift.values import Identities, Owned, Role, Session, User
from tests.unit.access.planning import told

KNOWN = Identities(
    Session("admin", "dev", superuser=False),
    roles={"r": Role("r", "eve")},
    users={name: User(name, 1, superuser=name == "boss") for name in ("admin", "boss", "eve", "Old", "XXXX")},
)


@pytest.mark.parametrize(
    ("owner", "trusted"),
    [("admin", True), ("boss", True), ("eve", False), ("Old", True), ("old", False), ("nobody", False), ("", False)],
)
def test_the_admin_a_superuser_and_who_is_named(owner: str, trusted: bool) -> None:
    assert trust.is_trusted(owner, KNOWN, ("Old", "nobody", "")) is trusted


def owned(kind: str, owner: str, case: str | None = None) -> Finding:
    statement = ChangeOwner(Owned(kind, "r"), "admin")
    return blocking(
        "untrusted_owner", "r", kind=kind, owner=owner, statement=statement, **({"case": case} if case else {})
    )


@pytest.mark.parametrize("kind", ["role", "database"])
def test_somebody_elses_stops_it_with_the_statement(kind: str) -> None:
    one = Owned(kind, "r")
    assert told(trust.untrusted(one, "eve", KNOWN, ("Old",))) == (owned(kind, "eve"),)
    for gone in ("user id 7", "nobody", ""):
        assert told(trust.untrusted(one, gone, KNOWN, (gone,))) == (owned(kind, gone, "gone"),)
    assert trust.untrusted(one, "eve", KNOWN, ("eve",)) == trust.untrusted(one, "boss", KNOWN, ()) == ()
    sql = owned(kind, "eve").facts
    assert dict(sql)["statement"].sql == f'ALTER {kind.upper()} "r" OWNER TO "admin"'  # type: ignore[union-attr]  # it is a statement


def test_a_role_that_is_missing_belongs_to_nobody() -> None:
    assert trust.untrusted_role("r", KNOWN, ()) == (owned("role", "eve"),)
    assert trust.untrusted_role("r", KNOWN, ("eve",)) == trust.untrusted_role("missing", KNOWN, ()) == ()


@pytest.mark.parametrize(
    ("owner", "named", "trusted", "found"),
    [
        ("eve", None, (), blocking("untrusted_owner", "dev.s", case="schema", owner="eve")),
        ("eve", "Old", ("eve",), blocking("untrusted_owner", "dev.s", case="another", owner="eve", named="Old")),
        ("boss", "eve", (), blocking("untrusted_owner", "dev.s", case="another", owner="boss", named="eve")),
        ("user id 7", "user id 7", (), blocking("untrusted_owner", "dev.s", case="schema", owner="user id 7")),
        ("", None, ("eve",), blocking("untrusted_owner", "dev.s", case="schema", owner="")),
        ("eve", "eve", (), note("reverse_etl_owner", "dev.s", owner="eve")),
        ("eve", None, ("eve",), note("reverse_etl_owner", "dev.s", owner="eve")),
        ("XXXX", None, (), blocking("untrusted_owner", "dev.s", case="schema", owner="XXXX")),
        ("boss", None, (), note("reverse_etl_owner", "dev.s", owner="boss")),
        ("admin", None, (), note("reverse_etl_owner", "dev.s", owner="admin")),
    ],
)
def test_an_existing_reverse_etl_schema_has_an_owner_that_is_named(
    owner: str, named: str | None, trusted: tuple[str, ...], found: Finding
) -> None:
    assert told(trust.schema_owner("dev.s", owner, named, KNOWN, trusted)) == (found,)


def test_a_superuser_stays_trusted_whoever_reads() -> None:
    known = replace(KNOWN, session=Session("boss", "dev"))
    assert trust.is_trusted("admin", known, ()) is False
    assert trust.is_trusted("boss", known, ()) is True
