"""Arguments that another task returned: pulled inside ``execute``, where Airflow renders nothing any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from airflow_provider_datagraph.access.arguments import Problems
from airflow_provider_datagraph.access.names import InvalidInput

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator, Context


class Placeholder(Enum):
    """What stands for something else in a path. An enumeration: its member stays itself when an operator is copied."""

    INDEX = "INDEX"


INDEX = Placeholder.INDEX
"""In a path of :func:`from_xcom`: the ``index`` of the task that takes the value."""


@dataclass(frozen=True, repr=False)
class FromXCom:
    """See :func:`from_xcom`. It is no XComArg and no template field of its own, so Airflow leaves it as it is."""

    task_id: str
    path: tuple[str | int | Placeholder, ...]

    def __repr__(self) -> str:
        parts = (part.name if isinstance(part, Placeholder) else repr(part) for part in (self.task_id, *self.path))
        return f"from_xcom({', '.join(parts)})"


def from_xcom(task_id: str, *path: str | int | Placeholder) -> Any:
    """Say that an argument is what another task of the run returned. That is data: no name in it is ever rendered.

    Airflow renders template fields, and what ``expand`` and ``expand_kwargs`` put into them: a schema that somebody
    has called ``{{ … }}`` would run as a template, with the rights of the task. This is resolved inside ``execute``.
    It takes the place of a whole argument, or of entries of a list. Put that task before the one that takes the value:
    this draws no edge into the graph.

    :param task_id: the task that returned the value.
    :param path: keys and positions that lead to the value. ``INDEX`` is the ``index`` of the task that takes it: map
        over numbers with ``expand(index=...)``, and each instance takes a value of its own. Default: all of it.
    :return: what to give as the argument.

    https://airflow.apache.org/docs/apache-airflow/stable/authoring-and-scheduling/dynamic-task-mapping.html
    """
    return FromXCom(task_id, path)


def take_arguments(task: BaseOperator, index: int | None, context: Context) -> None:
    """Put what other tasks returned in the place of each :class:`FromXCom` among a task's arguments.

    In a list, None stands for a task that was skipped. An argument that would be None as a whole is refused: what
    isn't there mustn't be taken for "all".

    :param task: the operator or sensor, in its ``execute``.
    :param index: its ``index``.
    :param context: Airflow's context.
    :raises InvalidInput: for each argument that there is no value for, and for an ``index`` that is no number.
    """
    problems, returned = Problems(), _Returned(context)
    for name in task.template_fields:
        given = getattr(task, name)
        if isinstance(given, FromXCom):
            setattr(task, name, problems.check(_argument, given, name, index, returned, default=None))
        elif isinstance(given, list | tuple) and any(isinstance(entry, FromXCom) for entry in given):
            entries = [problems.check(_entry, entry, name, index, returned, default=None) for entry in given]
            setattr(task, name, entries)
    problems.raise_all()


class _Returned:
    """What other tasks returned, each asked for once."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.known: dict[str, Any] = {}

    def by(self, task_id: str) -> Any:
        if task_id not in self.known:
            found = self.context["ti"].xcom_pull(task_ids=task_id)
            # What a mapped task returned may be a sequence that reads Airflow's database piece by piece.
            lazy = isinstance(found, Sequence) and not isinstance(found, str | list | tuple)
            self.known[task_id] = list(found) if lazy else found
        return self.known[task_id]


def _argument(given: FromXCom, name: str, index: Any, returned: _Returned) -> Any:
    value = _entry(given, name, index, returned)
    if value is None:
        raise InvalidInput(
            f"{name} is {given!r}, and task {given.task_id} has returned no such value: let that task run before this "
            "one, or correct the path."
        )
    return value


def _entry(given: Any, name: str, index: Any, returned: _Returned) -> Any:
    if not isinstance(given, FromXCom):
        return given
    if INDEX in given.path and (isinstance(index, bool) or not isinstance(index, int)):
        raise InvalidInput(
            f"index is {index!r}, and {name} needs it ({given!r}): give a whole number, or map over whole numbers with "
            "expand(index=...)."
        )
    value = returned.by(given.task_id)
    for part in given.path:
        value = _item(value, index if part is INDEX else part)
    return value


def _item(holder: Any, key: Any) -> Any:
    if isinstance(key, str):
        return holder.get(key) if isinstance(holder, Mapping) else None
    listed = isinstance(holder, Sequence) and not isinstance(holder, str)
    return holder[key] if listed and 0 <= key < len(holder) else None
