"""What pruning needs to know beside what a role holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from airflow_provider_datagraph.access.offboard_catalog import stuck_writers
from airflow_provider_datagraph.access.privilege_catalog import Rows
from airflow_provider_datagraph.access.privileges import CurrentAccess, DesiredSchema, Scope
from airflow_provider_datagraph.access.targets import find_targets


def read_stuck(rows: Rows, current: CurrentAccess, desired: Sequence[DesiredSchema]) -> CurrentAccess:
    """Read which default privileges can't be pruned: Redshift wants their writer to be able to create.

    :param rows: runs a query; where no default privilege is to be pruned, it costs none.
    :param current: what :func:`.schema_catalog.read_schemas` read for pruning.
    :param desired: the desired schemas.
    :return: the current access with ``stuck``.
    """
    targets, _ = find_targets(desired, current)
    wanted = {grant for target in targets for grant in target.grants}
    named = {target.name for target in targets}
    pruned = (g for g in current.grants - wanted if g.scope is Scope.DEFAULT and g.schema in named)
    return replace(current, stuck=frozenset(stuck_writers(rows, sorted({(g.relation, g.schema) for g in pruned}))))
