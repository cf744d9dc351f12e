"""What a worker may be told to change in the package before it runs a DAG."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from airflow_provider_datagraph.operators.check import CheckWarehouseOperator
from tests.security.hostile import TEMPLATES, copied
from tests.support.redshift import quoted
from tests.unit.test_public_names import TASKS


@contextmanager
def copying_arguments() -> Iterator[None]:
    """Every operator and sensor keeps copies of its arguments: Airflow knows what it mapped by the very object."""

    def copying(init: Callable[..., None]) -> Callable[..., None]:
        # What Airflow has noted at the function goes with it.
        @functools.wraps(init)
        def make(self: Any, **arguments: Any) -> None:
            init(self, **{name: copied(value) for name, value in arguments.items()})

        return make

    with ExitStack() as stack:
        for kind in TASKS:
            stack.enter_context(mock.patch.object(kind, "__init__", copying(kind.__init__)))
        yield


@contextmanager
def tampered_check() -> Iterator[None]:
    """Somebody changes what `check` returned before the next task takes it."""
    execute = CheckWarehouseOperator.execute

    def tampering(self: Any, context: Any) -> dict[str, Any]:
        found = execute(self, context)
        opening, database = found["grants"], found["profiles_sync"]["database"]
        opening |= {"prune": True, "redshift_conn_id": "segment_linked_user", "tries": 0, "plan_only": False}
        opening["tables"] = [f"{opening['schema'][0]}.{quoted(template)}" for template in TEMPLATES.values()]
        for template in TEMPLATES.values():
            opening["schema"].append(quoted(database, template))
            found["validate"]["tables"].append(quoted(database, template, template))
        found["validate"]["schemas"].append(TEMPLATES["admin"])
        found["profiles_sync"]["schema"] = quoted(TEMPLATES["admin"])
        return found

    with mock.patch.object(CheckWarehouseOperator, "execute", tampering):
        yield
