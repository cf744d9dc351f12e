"""The run's conf: Airflow takes any key, so that a mistyped ``plan-only`` would change something."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from airflow.providers.common.compat.sdk import Context

from airflow_provider_datagraph.redshift.names import InvalidInput
from airflow_provider_datagraph.xcom import is_mapped

FROM_AIRFLOW = frozenset({"openlineage"})
"""Keys that Airflow's own operators add: TriggerDagRunOperator tells which run it is part of."""
BESIDE = ("connections",)
"""What a Variable holds beside fields of the form: it makes one of them."""
MOST = 10
"""How many strange keys are told of."""


def read_variable(name: str) -> dict[str, Any]:
    """Read an Airflow Variable that holds values for a form, by field; empty where there is no such Variable.

    https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/variables.html
    """
    from airflow.providers.common.compat.sdk import Variable

    text = Variable.get(name, None)
    try:
        found = {} if text is None else json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"The Variable {name} is no JSON ({error}): correct it, or remove it.") from None
    if not isinstance(found, dict):
        raise InvalidInput(f"The Variable {name} is no JSON object: write fields of the form and their values in it.")
    return found


def variable_problems(task: Any, name: str, found: Mapping[str, Any]) -> Iterator[str]:
    """Tell of each key of a Variable that isn't on the form."""
    known = {*task.declared, *BESIDE}
    for key in (key for key in found if key not in known):
        if key in task.template_fields:
            yield f"The Variable {name} holds {key!r}, which the DAG file sets: leave it out of one of the two."
        else:
            yield f"The Variable {name} holds {key[:40]!r}, which the form hasn't: {_hint(key, known)}"


def conf_problems(task: Any, context: Context) -> Iterator[str]:
    """Tell of each key of the run's conf that the DAG file doesn't declare, or that Airflow doesn't take.

    https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/params.html
    """
    conf: Any = getattr(context.get("dag_run"), "conf", None)
    if not isinstance(conf, Mapping):
        return
    declared = _declared(task, conf)
    strange = [key for key in conf if key not in declared and key not in FROM_AIRFLOW]
    for key in strange[:MOST]:
        if key in task.template_fields:
            yield f"The run's conf holds {key!r}, which the DAG file sets, and a run can't: leave it out."
        else:
            yield (
                f"The run's conf holds {str(key)[:40]!r}, which no param of the DAG is called, so it would do nothing: "
                f"{_hint(key, declared)}"
            )
    if len(strange) > MOST:
        yield f"The run's conf holds {len(strange) - MOST} more keys that no param is called."
    params: Mapping[str, Any] = context.get("params") or {}
    idle = sorted(key for key in declared & conf.keys() & params.keys() if params[key] != conf[key])
    if idle:
        yield (
            f"The run's conf holds {', '.join(idle)}, and Airflow doesn't take it: its setting [core] "
            "dag_run_conf_overrides_params is off. Switch it on, or leave the conf out."
        )


def _declared(task: Any, conf: Mapping[str, Any]) -> set[str]:
    """The DAG file's params, where Airflow 2.11 puts the conf into those of a task that runs, and of a mapped one."""
    if not task.has_dag():
        return set(task.declared)
    params = task.dag.params
    names = set(params) if is_mapped(task) else set(task.declared)
    names |= {name for name in params if params.get_param(name).schema or params.get_param(name).description}
    for holder in (task.dag, *task.dag.tasks):
        values = holder.params.dump() if hasattr(holder.params, "dump") else holder.params
        names |= {name for name, value in values.items() if name not in conf or value != conf[name]}
    return names


def _hint(key: Any, known: Collection[str]) -> str:
    near = get_close_matches(str(key), known, 1)
    return f"did you mean {near[0]}?" if near else f"give one of {', '.join(sorted(known)) or 'none'}."
