"""What the role holds in a Reverse ETL schema beyond what is asked for."""

from __future__ import annotations

import pytest

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.operators.reverse_etl import desired_schema, kept
from airflow_provider_datagraph.redshift.values import Grant, Schema, Scope, Session

DROP = Grant(Scope.TABLES, "DROP", "retl")
# Another schema's, and a single table's.
OTHERS = {
    Grant(Scope.SCHEMA, "USAGE", "crm"),
    Grant(Scope.TABLES, "DROP", "crm"),
    Grant(Scope.TABLE, "DROP", "retl", "t"),
}
SAID = (
    "Role r also holds DROP on the tables of schema retl: it is kept, since this takes nothing away. To take "
    'it away, an administrator runs in database dev: REVOKE DROP FOR TABLES IN SCHEMA "retl" FROM ROLE "r"'
)


@pytest.mark.parametrize(
    ("drop", "extra", "told"), [("none", {DROP}, [SAID]), ("tables", {DROP}, []), ("none", set(), [])]
)
def test_what_is_kept_is_told_with_the_way_to_take_it_away(drop: str, extra: set[Grant], told: list[str]) -> None:
    desired = desired_schema("retl", drop)
    current = CurrentAccess(
        Session("admin", "dev"), grants=frozenset(extra | OTHERS), schemas={"retl": Schema("retl", "owner")}
    )
    found = list(kept(desired, "retl", "r", current))
    assert [(one.code, one.object, one.message) for one in found] == [("reverse_etl_kept", "dev.retl", m) for m in told]
