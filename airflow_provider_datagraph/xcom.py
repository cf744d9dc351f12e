"""Arguments that another task returned: pulled inside ``execute``, where Airflow renders nothing any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache, wraps
from inspect import signature
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.providers.common.compat.sdk import AirflowSensorTimeout, Context

from airflow_provider_datagraph.exceptions import DataGraphError, MisconfigurationError
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.redshift.names import InvalidInput, join_path, one_line

if TYPE_CHECKING:
    from jinja2 import Environment

    from airflow_provider_datagraph.hooks.redshift import DataGraphHook

__all__ = ["INDEX", "from_xcom", "join_path"]
T = TypeVar("T")
NO_TEMPLATES = ("index", "deferrable", "timeout")
"""Arguments that aren't rendered: data to map over, and how Airflow runs a sensor."""


class Placeholder(Enum):
    """What stands for something else in a path. An enumeration: its member stays itself when an operator is copied."""

    INDEX = auto()


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
    has named ``{{ … }}`` would run as a template, with the rights of the task. This is resolved inside ``execute``.
    It takes the place of an argument that is a template field, or of entries of a list in one. It adds no dependency:
    set the other task upstream yourself.

    :param task_id: the task that returned the value. It isn't mapped: which of many values belongs to whom can't be
        told once one of them is missing. In a list, a mapped task stands for all that its instances returned.
    :param path: keys and positions that lead to the value. ``INDEX`` is the ``index`` of the task that takes it: map
        over numbers with ``expand(index=...)``, and each instance takes a value of its own. Default: all of it.
    :return: what to give as the argument.

    https://airflow.apache.org/docs/apache-airflow/stable/authoring-and-scheduling/dynamic-task-mapping.html
    """
    return FromXCom(task_id, path)


def is_listed(value: Any) -> bool:
    """Tell whether a value is a list, also one that Airflow reads piece by piece, as of what a mapped task returned."""
    return isinstance(value, Sequence) and not isinstance(value, str)


class Missing(Enum):
    """What stands for an argument that the author of a DAG doesn't give."""

    LEFT_OUT = "left out"


LEFT_OUT = Missing.LEFT_OUT


def is_mapped(task: Any) -> bool:
    """Tell whether a task is an instance of a mapped operator, which its DAG has in its place."""
    return bool(task.has_dag()) and not isinstance(task.dag.task_dict.get(task.task_id, task), type(task))


def telling_errors(method: Callable[..., T]) -> Callable[..., T]:
    """Let a task's method log its errors as a line each, above the traceback that Airflow logs.

    Input that can't be used becomes an error that Airflow doesn't retry.
    """

    @wraps(method)
    def told(self: Any, *args: Any, **kwargs: Any) -> T:
        try:
            try:
                return method(self, *args, **kwargs)
            except DataGraphError:
                raise
            except InvalidInput as error:
                raise MisconfigurationError(*error.problems) from None
        except (DataGraphError, AirflowSensorTimeout) as error:
            if not getattr(error, "told", False):
                error.told = True  # type: ignore[union-attr]  # a method that calls another one tells once
                self.log.error("%s", error.line if isinstance(error, DataGraphError) else one_line(str(error)))
            raise

    return told


class TakesFromXCom:
    """What operators and sensors share: their arguments may come from another task, and are rendered once."""

    index: int | None = None
    template_fields: Any = ()
    aws_conn_id: Any = None
    _final = False
    _left_out: frozenset[str] = frozenset()
    _given: frozenset[str] = frozenset()
    _warned: set[str] | None = None
    _sessions: dict[Any, DataGraphHook] | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Make each argument of a class of this package a template field; others say by themselves what theirs are."""
        super().__init_subclass__(**kwargs)
        ours = cls.__module__.startswith(f"{__name__.partition('.')[0]}.")
        if ours and "__init__" in vars(cls) and "template_fields" not in vars(cls):
            own = signature(vars(cls)["__init__"]).parameters.values()
            names = [one.name for one in own if one.kind is one.KEYWORD_ONLY and one.name not in NO_TEMPLATES]
            cls.template_fields = (*names, *cls.template_fields)

    def kept(self, name: str, value: T | Missing) -> T | None:
        """Note whether an argument is ``LEFT_OUT``. None says that, too, unless it came from another task."""
        if isinstance(value, Missing):
            self._left_out |= {name}
            return None
        return value

    @property
    def aws_id(self) -> Any:
        """The AWS connection's id, or None where it is left out; given and come to nothing it is blank, and refused."""
        return "" if self.aws_conn_id is None and "aws_conn_id" in self._given else self.aws_conn_id

    def hook(self, database: str | None = None, user_conn_id: str | None = None) -> DataGraphHook:
        """Make a hook, by default for the connection's own database, as admin. It imports the driver."""
        from airflow_provider_datagraph.hooks.redshift import DataGraphHook, application_name

        task: Any = self
        given = {"aws_conn_id": self.aws_id, "application_name": application_name(task.dag_id, task.task_id)}
        hook = DataGraphHook(task.redshift_conn_id, database=database, user_conn_id=user_conn_id, **given)
        hook.warned = self._warned
        if self._sessions is not None:
            hook.sessions = self._sessions
        return hook

    def never_render_again(self) -> None:
        """Say that the arguments are final: what they hold now may be data."""
        self._final = True

    def render_template_fields(self, context: Context, jinja_env: Environment | None = None) -> None:
        """Render the arguments, unless they are final: 2.11's ``dags test`` resumes with those of the first run."""
        if not self._final:
            self._given |= {name for name in self.template_fields if getattr(self, name, None) is not None}
            super().render_template_fields(context, jinja_env)  # type: ignore[misc]  # the operator's, beside this one

    def render_template(
        self, content: Any, context: Context, jinja_env: Environment | None = None, seen_oids: set[int] | None = None
    ) -> Any:
        """Render a value. Jinja compiles each text, so one without the beginning of a template is left as it is."""
        if isinstance(content, str) and jinja_env is not None and not _may_be_template(content, jinja_env):
            return content
        return super().render_template(content, context, jinja_env, seen_oids)  # type: ignore[misc]  # as above

    def take_arguments(self, context: Context) -> None:
        """Put what other tasks returned in the place of each :class:`FromXCom`, at the beginning of ``execute``.

        In a list, None stands for a task that returned nothing. A whole argument that would be None, a blank text or an
        empty mapping is refused: what isn't there mustn't be taken for "all". So is an ``index`` that is no number.
        """
        self.never_render_again()
        if is_mapped(self):
            # None in it may be what another task returned.
            self._given |= {name for name in self.template_fields if name not in self._left_out}
        problems, pull = Problems(), cache(lambda **which: context["ti"].xcom_pull(**which))
        for name, given in list(vars(self).items()):
            if name not in self.template_fields:
                if isinstance(given, FromXCom):
                    problems.add(f"{name} is {given!r}: it isn't a template field, so it can't come from another task.")
            elif isinstance(given, Mapping) and any(isinstance(value, FromXCom) for value in given.values()):
                problems.add(
                    f"{name} holds from_xcom inside a mapping, where it isn't resolved: use it for the whole argument, "
                    "or for entries of a list."
                )
            elif isinstance(given, FromXCom):
                setattr(self, name, problems.check(_argument, given, name, self.index, pull, default=None))
            elif isinstance(given, list | tuple) and any(isinstance(entry, FromXCom) for entry in given):
                entries = [problems.check(_entry, entry, name, self.index, pull, default=None) for entry in given]
                setattr(self, name, entries)
        problems.raise_all()

    def optional(self, name: str, parse: Callable[[Any, str], T], problems: Problems) -> T | None:
        """Parse an argument that may be left out: then None. What was given and came to nothing is refused."""
        value = getattr(self, name)
        if value is None and name not in self._given:
            return None
        if value is None or (isinstance(value, str) and not value.strip()):
            problems.add(
                f"{name} is {value!r}: it is given, and came to nothing. Correct what it is made from, or leave the "
                "argument out."
            )
            return None
        return problems.check(parse, value, name, default=None)


def _may_be_template(text: str, jinja_env: Environment) -> bool:
    """Tell whether Jinja would do anything with a text; a DAG may have other marks."""
    starts = (jinja_env.variable_start_string, jinja_env.block_start_string, jinja_env.comment_start_string)
    return any(map(text.__contains__, starts)) or bool(jinja_env.line_statement_prefix or jinja_env.line_comment_prefix)


def _argument(given: FromXCom, name: str, index: Any, pull: Callable[..., Any]) -> Any:
    value = _value(given, name, index, pull)
    if value is None or value == {} or (isinstance(value, str) and not value.strip()):
        raise InvalidInput(
            f"{name} is {given!r}, and task {given.task_id} has returned nothing there, or an empty value: let that "
            "task run before this one, or correct the path. A mapped task's values can't be taken one by one."
        )
    return value


def _entry(given: Any, name: str, index: Any, pull: Callable[..., Any]) -> Any:
    if not isinstance(given, FromXCom):
        return given
    value = _value(given, name, index, pull)
    if value is None and not given.path:
        # All that a mapped task's instances returned, perhaps as a sequence that reads Airflow's database later.
        value = pull(task_ids=given.task_id)
    return list(value) if is_listed(value) else value


def _value(given: FromXCom, name: str, index: Any, pull: Callable[..., Any]) -> Any:
    if INDEX in given.path and (isinstance(index, bool) or not isinstance(index, int)):
        raise InvalidInput(
            f"index is {index!r}, and {name} needs it ({given!r}): give a whole number, or map over whole numbers with "
            "expand(index=...)."
        )
    value = pull(task_ids=given.task_id, map_indexes=-1)
    for part in given.path:
        key = index if part is INDEX else part
        if isinstance(key, str):
            value = value.get(key) if isinstance(value, Mapping) else None
        else:
            value = value[key] if is_listed(value) and 0 <= key < len(value) else None
    return value
