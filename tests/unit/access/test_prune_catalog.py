"""Which default privileges can't be pruned, since their writer can't create any more."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.desired import DesiredSchema, FutureTables
from airflow_provider_datagraph.access.schemas.prune import read_stuck
from airflow_provider_datagraph.redshift.values import Grant, Schema, Scope, Session
from tests.unit.access.catalog_rows import Answers

CURRENT = CurrentAccess(
    Session("admin", "dev"),
    schemas={name: Schema(name, "admin") for name in ("crm", "ads", "web")},
    grants=frozenset(
        {
            Grant(Scope.DEFAULT, "SELECT", "crm", "etl"),
            Grant(Scope.DEFAULT, "SELECT", "ads", "etl"),
            Grant(Scope.DEFAULT, "SELECT", "web", "etl"),
            Grant(Scope.DEFAULT, "SELECT", "", "etl"),
            Grant(Scope.TABLES, "SELECT", "crm"),
        }
    ),
)
ASKED = "SELECT has_schema_privilege('etl', 'ads', 'create'), has_schema_privilege('etl', 'crm', 'create')"


@pytest.mark.parametrize(
    ("answer", "stuck"), [([True, False], {("etl", "crm")}), ([False, True], {("etl", "ads")}), ([True, True], set())]
)
def test_writers_whose_privileges_are_pruned_are_asked_about(answer: list[bool], stuck: set[Any]) -> None:
    desired = [DesiredSchema("crm"), DesiredSchema("ADS", ("t",))]
    assert read_stuck(Answers({ASKED: [answer]}), CURRENT, desired).stuck == stuck


def test_where_they_stay_nothing_is_asked() -> None:
    rows = Answers({})
    later = FutureTables.DEFAULT_PRIVILEGES
    assert read_stuck(rows, CURRENT, [DesiredSchema("crm", future=later, writers=("etl",))]).stuck == frozenset()
    assert read_stuck(rows, CURRENT, [DesiredSchema("nowhere")]).stuck == frozenset()
    assert rows.asked == []
