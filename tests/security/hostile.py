"""Names that would do something if anything rendered them, and copies of values."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from tests.unit.test_public_names import TASKS

MARK = "rendered"
"""The key of the XCom that a template leaves which ran."""

TEMPLATES = {
    "expression": f"{{{{ ti.xcom_push('{MARK}', 1) }}}}",
    "statement": f"{{% set x = ti.xcom_push('{MARK}', 1) %}}x",
    "comment": "a{# gone #}b",
    "in quotes": f"""it's "{{{{ ti.xcom_push('{MARK}', 1) }}}}".x""",
    # Rendered once, it is a template.
    "nested": f"{{{{ '{{' }}}}{{ ti.xcom_push('{MARK}', 1) }}}}",
    "admin": "{{ task.hook().run('alter user eve createuser') }}",
    "secret": "{{ conn.redshift_default.password | reverse }}",
    "another schema": "{{ 'pay' ~ 'roll' }}",
}

# Neither is a template; what is made of both may be.
HALVES = (f"{{{{ ti.xcom_push('{MARK}',", "'half') }}")


def copied(value: Any) -> Any:
    """An equal value that is another object, as deep as lists, dictionaries and texts go."""
    if isinstance(value, str):
        return "".join(list(value))
    if isinstance(value, list | tuple):
        return type(value)(copied(entry) for entry in value)
    if isinstance(value, dict):
        return {copied(key): copied(entry) for key, entry in value.items()}
    return value


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
