"""Every argument of every operator and sensor is a template field."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_datagraph import operators, sensors

PACKAGE = "airflow_provider_datagraph."
# How Airflow runs a sensor, not what it looks for; Airflow's own aren't rendered either.
AIRFLOWS = {"timeout", "poke_interval", "deferrable"}
# A number to map over: what Airflow takes from XCom for it must not be rendered.
DATA = {"index"}


def public() -> list[type[BaseOperator]]:
    """The operators and sensors of the package, its bases left out."""
    found = set()
    for package in (operators, sensors):
        for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            if info.name.endswith(".base"):
                continue
            members = vars(importlib.import_module(info.name)).values()
            found |= {m for m in members if inspect.isclass(m) and m.__module__ == info.name}
    return sorted((m for m in found if issubclass(m, BaseOperator)), key=lambda m: m.__name__)


def arguments(kind: type[Any]) -> set[str]:
    """The arguments that this package gave a class and its bases."""
    ours = [c for c in kind.__mro__ if c.__module__.startswith(PACKAGE) and "__init__" in vars(c)]
    parameters = [inspect.signature(inspect.unwrap(vars(c)["__init__"])).parameters.values() for c in ours]
    return {p.name for one in parameters for p in one if p.kind is p.KEYWORD_ONLY} - AIRFLOWS - DATA


def test_these_are_all() -> None:
    assert [kind.__name__ for kind in public()] == [
        "AuditAccessOperator",
        "CheckWarehouseOperator",
        "CreateCheckpointDatabaseOperator",
        "CreateSegmentRoleOperator",
        "DropSegmentRoleOperator",
        "GrantReverseEtlOperator",
        "GrantSchemaOperator",
        "OpenWarehouseOperator",
        "PreflightOperator",
        "ProfilesSyncTablesSensor",
        "RevokeSchemaOperator",
        "RotateSegmentPasswordOperator",
        "SegmentSummaryOperator",
        "ValidateAccessSensor",
    ]


@pytest.mark.parametrize("kind", public())
def test_every_argument_is_a_template_field(kind: type[BaseOperator]) -> None:
    assert set(kind.template_fields) == arguments(kind)
    assert len(kind.template_fields) == len(set(kind.template_fields))


@pytest.mark.parametrize("kind", public())
def test_every_argument_is_documented(kind: type[BaseOperator]) -> None:
    text = " ".join(c.__doc__ or "" for c in kind.__mro__ if c.__module__.startswith(PACKAGE))
    assert [name for name in sorted(arguments(kind)) if f":param {name}:" not in text] == []


class Own(operators.CreateSegmentRoleOperator):
    """What a user makes of ours; its own argument is no template field unless it says so."""

    def __init__(self, *, mine: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mine = mine


class Listed(Own):
    template_fields = (*Own.template_fields, "mine")


def test_a_users_class_says_itself_what_is_one() -> None:
    assert Own.template_fields == operators.CreateSegmentRoleOperator.template_fields
    assert Listed.template_fields == (*Own.template_fields, "mine")
