"""The value types can't be changed once they are made, and take no stray attribute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest

from airflow_provider_datagraph import access, form, redshift
from airflow_provider_datagraph.access.database import DatabaseAccess
from airflow_provider_datagraph.access.messages import FindingRow
from airflow_provider_datagraph.access.offboarding.values import Cluster, Holdings
from airflow_provider_datagraph.access.plan import Plan, Step
from airflow_provider_datagraph.access.reach.matrix import IdentityReach
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.access.role import DesiredUser, RoleAccess
from airflow_provider_datagraph.access.schemas.values import Context, SchemaAccess, Tables
from airflow_provider_datagraph.access.validation import ReadRights, Seen
from airflow_provider_datagraph.redshift.statements import Create, Statement
from airflow_provider_datagraph.redshift.values import (
    Database,
    Grant,
    Identities,
    Identity,
    OpenSession,
    Owned,
    Role,
    Schema,
    Scope,
    Session,
    User,
)

SESSION, R = Session("admin", "dev"), Identity("role", "r")
READ = [
    Identities(SESSION, {"r": Role("r", "admin")}, {"u": User("u", 1)}),
    RoleAccess(SESSION),
    DatabaseAccess(SESSION, databases={"d": Database("d", "admin")}),
    SchemaAccess(SESSION, schemas={"s": Schema("s", "admin")}),
    Cluster(SESSION, databases={"d": Database("d", "admin")}),
    IdentityReach(SESSION, user="u", ways={R: "role r"}, databases={"d": Database("d", "admin")}),
    Tables({"s": frozenset()}, views={"s": {"v": "u"}}, owners={"s": frozenset({"u"})}),
    Context(others={R: frozenset()}, secured={"s": frozenset()}, masked={"s": frozenset()}, late_views={}),
]
"""What is read, with its mappings."""
LARGE = {*map(type, READ), Holdings, ReadRights, Seen, Plan, Report}
"""There are few of each."""


def values() -> list[type]:
    names = [one.name for room in (access, form, redshift) for one in walk_packages(room.__path__, f"{room.__name__}.")]
    listed = [one for name in names for one in vars(import_module(name)).values() if isinstance(one, type)]
    return [one for one in dict.fromkeys(listed) if is_dataclass(one) and one.__module__ in names]


@pytest.mark.parametrize("value", values())
def test_values_are_frozen_and_the_small_ones_have_slots(value: Any) -> None:
    assert value.__dataclass_params__.frozen
    assert value.__dictoffset__ == 0 or value in LARGE or issubclass(value, Statement)


def mappings(value: Any) -> list[Any]:
    found = [one for one in value.values() if isinstance(one, Mapping)]
    return found + [deeper for one in found for deeper in mappings(one)]


@pytest.mark.parametrize("value", READ, ids=lambda value: type(value).__name__)
def test_mappings_cant_be_written_to(value: Any) -> None:
    held = mappings(vars(value))
    # Every field that is one, given or by default.
    assert len(held) >= sum("Mapping" in str(one.type) and "None" not in str(one.type) for one in fields(value)) > 0
    for mapping in held:
        with pytest.raises(TypeError):
            mapping["x"] = 1
        assert not hasattr(mapping, "update")


def test_who_made_a_value_can_no_longer_change_it() -> None:
    names: dict[str, frozenset[str]] = {"s": frozenset({"t"})}
    views = {"s": {"v": "u"}}
    tables = Tables(names, views)
    names["more"] = frozenset()
    views["s"]["more"] = "u"
    assert tables == Tables({"s": frozenset({"t"})}, {"s": {"v": "u"}})


def test_not_read_is_not_none() -> None:
    access, context = SchemaAccess(SESSION), Context()
    assert (access.tables, access.creators, access.stuck, access.context) == (None, None, None, None)
    assert (context.members, context.late_views) == (None, None)
    assert (RoleAccess(SESSION).login_works, Cluster(SESSION).sessions, Holdings(SESSION).others) == (None, None, None)


@pytest.mark.parametrize(("user_id", "name"), [(100, "admin"), ("100", "admin"), (7, "user id 7"), (None, "nobody")])
def test_an_owner_may_be_gone_or_none(user_id: Any, name: str) -> None:
    assert Identities(SESSION, users={"admin": User("admin", 100)}).owner_names()(user_id) == name


def test_grants_sort_by_scope_and_place() -> None:
    grants = [
        Grant(Scope.COLUMN, "SELECT", "s", "t", "c"),
        Grant(Scope.DATABASE, "CREATE", database="d"),
        Grant(Scope.DEFAULT, "SELECT", "s", writer="a"),
        Grant(Scope.DEFAULT, "SELECT", "s", writer="b"),
        Grant(Scope.SCHEMA, "USAGE", "s"),
        Grant(Scope.TABLE, "INSERT", "s", "t"),
        Grant(Scope.TABLE, "SELECT", "a", "z"),
        Grant(Scope.TABLE, "SELECT", "s", "t"),
    ]
    assert sorted(reversed(grants)) == grants


def test_places_are_named() -> None:
    writer = Grant(Scope.DEFAULT, "SELECT", writer="w")
    grants = [Grant(Scope.DATABASE, "CREATE", database="d"), Grant(Scope.COLUMN, "SELECT", "s", "t", "c"), writer]
    assert [one.path for one in (*grants, replace(writer, schema="s"))] == [("d",), ("s", "t", "c"), (), ("s",)]
    assert [one.whole for one in grants] == [grants[0], Grant(Scope.TABLE, "SELECT", "s", "t"), writer]
    owned = [Owned("role", "a.b"), Owned("database", "a.b"), Owned("schema", "s.1"), Owned("table", "s", "t")]
    assert [one.said("d") for one in owned] == ["role a.b", "database a.b", 'schema d."s.1"', "table d.s.t"]


def test_a_name_that_is_cut_off_may_be_the_one() -> None:
    long = "d" * 60
    assert OpenSession(1, "u", long[:50]).is_in(long)
    assert not OpenSession(1, "u", "dddd").is_in(long)
    # The view counts bytes.
    assert OpenSession(1, "u", "ä" * 25).is_in("ä" * 40)
    assert OpenSession(1, "u", "dev").is_of("u") and not OpenSession(1, "u", "dev").is_of("uu")


def test_a_finding_as_people_read_it_is_one_text() -> None:
    assert [str(FindingRow("c", "o", "A.", remedy)) for remedy in ("Do it.", "")] == ["A. Do it.", "A."]


def test_secrets_dont_show() -> None:
    assert repr(DesiredUser("u", "md5secret")) == "DesiredUser(name='u', password_problems=())"
    step = Step(Create("user", "u", "md5secret"), ())
    assert repr(step) == "Step(statement=Create(kind='user', name='u'), changes=())"
