"""The value types can't be changed once they are made, and take no stray attribute."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.desired import DesiredSchema, DesiredUser, FutureTables
from airflow_provider_datagraph.access.plan import Change, Finding, Plan, Reason, Step
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.form.entries import Opening, Warehouse
from airflow_provider_datagraph.redshift.statements import Create
from airflow_provider_datagraph.redshift.values import Database, Grant, Role, Schema, Scope, Session, User

SMALL = [
    Grant(Scope.TABLE, "SELECT", "crm", "accounts"),
    Role("r", "admin"),
    User("u", 1),
    Database("d", "admin"),
    Schema("s", "admin"),
    Session("admin", "dev"),
    DesiredUser("u", "md5"),
    DesiredSchema("s"),
    Finding("code", "object", "Message."),
    Change("drop", "user", ("u",), Reason.LEAVES),
    Step(Create("role", "r"), ()),
    Opening("d", ("s",), {}),
    Warehouse(Session("admin", "dev"), {}),
]


@pytest.mark.parametrize("value", [*SMALL, CurrentAccess(Session("admin", "dev")), Plan(), Report()])
def test_values_are_frozen(value: Any) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(value, fields(value)[0].name, "changed")


@pytest.mark.parametrize("value", SMALL)
def test_small_values_have_slots(value: Any) -> None:
    assert not hasattr(value, "__dict__")


def test_defaults() -> None:
    assert User("u", 1) == User("u", 1, superuser=False, createdb=False)
    assert Database("d", "o") == Database("d", "o", "local")
    assert Schema("s", "o") == Schema("s", "o", "local")
    assert Session("u", "d") == Session("u", "d", superuser=True, case_sensitive=False)
    assert Grant(Scope.SCHEMA, "USAGE", "s") == Grant(Scope.SCHEMA, "USAGE", "s", "", "")
    assert DesiredUser("u", "h") == DesiredUser("u", "h", ())
    assert DesiredSchema("s") == DesiredSchema("s", None, ("USAGE",), ("SELECT",), FutureTables.SCOPED)
    assert Finding("c", "o", "m") == Finding("c", "o", "m", blocking=False)
    current = CurrentAccess(Session("u", "d"))
    mappings = (current.roles, current.users, current.databases, current.schemas, current.relations)
    assert mappings == ({}, {}, {}, {}, {})
    held = (current.grants, current.members, current.role_members, current.user_roles, current.user_grants)
    assert held == (frozenset(),) * 5
    assert current.login_works is None


@pytest.mark.parametrize("name", ["roles", "users", "databases", "schemas", "relations"])
def test_default_mappings_cant_be_filled(name: str) -> None:
    with pytest.raises(TypeError):
        getattr(CurrentAccess(Session("u", "d")), name)["x"] = 1


def test_grants_sort_by_scope_and_place() -> None:
    grants = [
        Grant(Scope.COLUMN, "SELECT", "s", "t", "c"),
        Grant(Scope.DATABASE, "CREATE", "d"),
        Grant(Scope.SCHEMA, "USAGE", "s"),
        Grant(Scope.TABLE, "INSERT", "s", "t"),
        Grant(Scope.TABLE, "SELECT", "a", "z"),
        Grant(Scope.TABLE, "SELECT", "s", "t"),
    ]
    assert sorted(reversed(grants)) == grants


def test_words() -> None:
    assert [str(scope) for scope in Scope] == [
        "database",
        "schemas in database",
        "tables in database",
        "schema",
        "tables in schema",
        "table",
        "column",
        "default",
    ]
    assert [str(future) for future in FutureTables] == ["scoped", "default_privileges", "none"]


def test_secrets_dont_show() -> None:
    assert repr(DesiredUser("u", "md5secret")) == "DesiredUser(name='u', password_problems=())"
    step = Step(Create("user", "u", "md5secret"), ())
    assert repr(step) == "Step(statement=Create(kind='user', name='u'), changes=())"
