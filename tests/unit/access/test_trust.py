"""Whose role, database and schema are adopted, and whose stop everything."""

from __future__ import annotations

import pytest

from airflow_provider_datagraph.access import trust
from airflow_provider_datagraph.access.plan import Finding, blocking, note
from airflow_provider_datagraph.redshift.values import Identities, Session, User
from tests.unit.access.planning import told

KNOWN = Identities(
    Session("admin", "dev", superuser=False),
    users={name: User(name, 1, superuser=name == "boss") for name in ("admin", "boss", "eve", "Old", "XXXX")},
)


@pytest.mark.parametrize(
    ("owner", "trusted"),
    [("admin", True), ("boss", True), ("eve", False), ("Old", True), ("old", False), ("nobody", False), ("", False)],
)
def test_the_admin_a_superuser_and_who_is_named(owner: str, trusted: bool) -> None:
    assert trust.is_trusted(owner, KNOWN, ("Old", "nobody", "")) is trusted


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
