"""What a DAG file sets, so that no run can: it leaves the form, and reaches the tasks as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from airflow.providers.common.compat.sdk import DAG, Param, literal

from airflow_provider_datagraph.operators.base import DEFAULT_ADMIN, DEFAULT_USER


class Connections(NamedTuple):
    """The connections of a DAG, under the names that operators have for them.

    :param redshift_conn_id: the admin connection's id; default ``redshift_default``.
    :param user_conn_id: the user connection's id; default ``segment_linked_user``.
    :param aws_conn_id: the AWS connection that asks for temporary passwords, where the admin connection's extra says
        ``iam``; default None: the one that this extra names, else ``aws_default``.
    """

    redshift_conn_id: str = DEFAULT_ADMIN
    user_conn_id: str = DEFAULT_USER
    aws_conn_id: str | None = None

    @property
    def admin(self) -> dict[str, Any]:
        """What every task is given."""
        given = {"redshift_conn_id": self.redshift_conn_id, "aws_conn_id": self.aws_conn_id}
        return {name: constant(value) for name, value in given.items() if value is not None}


CONNECTIONS = Connections()


def constant(value: Any) -> Any:
    """Make what Airflow gives a task as it is, without rendering it.

    :param value: an argument of the task.
    """
    return literal(value)


class Pins:
    """The part of a form that a DAG file fills in.

    :param form: all fields.
    :param pinned: values by field; None leaves it on the form.
    :raises ParamValidationError: if the form wouldn't take a value.
    """

    def __init__(self, form: Mapping[str, Param], pinned: Mapping[str, Any]) -> None:
        self.pinned = {name: value for name, value in pinned.items() if value is not None}
        for name, value in self.pinned.items():
            form[name].resolve(value)
        self.form = {name: param for name, param in form.items() if name not in self.pinned}

    def argument(self, name: str, template: str) -> Any:
        """What a task is given for a field.

        :param template: what renders to the field's value, where it is on the form.
        :return: the template, or the pinned value, which Airflow doesn't render.
        """
        return constant(self.pinned[name]) if name in self.pinned else template

    def __str__(self) -> str:
        """Say what is pinned, in Markdown."""
        listed = ", ".join(f"{name} `{value}`" for name, value in self.pinned.items())
        return f"The DAG file sets: {listed}." if listed else ""


def make_dag(dag_id: str, pins: Pins, doc: str, dag_arguments: Mapping[str, Any]) -> DAG:
    """Make a DAG without tasks, whose form is what isn't pinned.

    :param doc: its documentation, unless the arguments hold another.
    :param dag_arguments: further arguments of ``DAG``.
    """
    given: dict[str, Any] = {
        "schedule": None,
        "catchup": False,
        "max_active_runs": 1,
        "doc_md": doc,
        "tags": ["segment", "redshift"],
        **dag_arguments,
    }
    given["default_args"] = {"retries": 2, **given.get("default_args", {})}
    return DAG(dag_id=dag_id, params=pins.form, **given)
