"""The run's conf: Airflow takes any key, so that a mistyped ``plan-only`` would change something."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

FROM_AIRFLOW = frozenset({"openlineage"})
"""Keys that Airflow's own operators add: TriggerDagRunOperator tells which run it is part of.

https://airflow.apache.org/docs/apache-airflow-providers-openlineage/stable/macros.html
"""
MOST = 10
"""How many strange keys are told of."""


def conf_problems(context: Context, declared: Collection[str]) -> Iterator[str]:
    """Tell of each key of the run's conf that the DAG file doesn't declare.

    :param context: Airflow's context.
    :param declared: the params that it declares. ``dag.test`` adds the conf to the DAG's own, so they are no measure.
    :return: a sentence each, with the param that was probably meant.

    https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/params.html
    """
    conf: Any = getattr(context.get("dag_run"), "conf", None)
    known_keys = {*declared, *FROM_AIRFLOW}
    strange = [key for key in conf if key not in known_keys] if isinstance(conf, Mapping) else []
    for key in strange[:MOST]:
        shown = repr(str(key)[:40])
        near = get_close_matches(str(key), declared, 1)
        known = f"did you mean {near[0]}?" if near else f"give one of {', '.join(sorted(declared)) or 'none'}."
        yield f"The run's conf holds {shown}, which no param of the DAG is called, so it would do nothing: {known}"
    if len(strange) > MOST:
        yield f"The run's conf holds {len(strange) - MOST} more keys that no param is called."
