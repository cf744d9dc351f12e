"""What a DAG file sets, so that no run can, and what its form is filled with."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from airflow.providers.common.compat.sdk import DAG, Param, ParamValidationError, literal

from airflow_provider_datagraph.operators.base import DEFAULT_ADMIN, DEFAULT_USER
from airflow_provider_datagraph.operators.conf import read_variable
from airflow_provider_datagraph.redshift.names import SHOWN, one_line

GUIDE = "https://segment.com/docs/unify/data-graph/setup-guides/redshift-setup/"
OWNER = "segment"
CLUSTER = "cluster"
CONNECTIONS = "connections"
log = logging.getLogger(__name__)


class Connections(NamedTuple):
    """The connections of a DAG, under the names that operators have for them.

    :param redshift_conn_id: the admin connection's id; default ``redshift_default``.
    :param user_conn_id: the user connection's id; default ``segment_linked_user``.
    :param aws_conn_id: the AWS connection that asks for temporary passwords, where the admin connection's extra says
        ``iam``; default None: the one that this extra names, else ``aws_default``. Of several clusters, all or none
        have one.
    """

    redshift_conn_id: str = DEFAULT_ADMIN
    user_conn_id: str = DEFAULT_USER
    aws_conn_id: str | None = None


Clusters = Connections | Sequence[Connections]


def constant(value: Any) -> Any:
    """Make what Airflow gives a task as it is, without rendering it.

    :param value: an argument of the task.
    """
    return literal(value)


class Pins:
    """A form, without what the DAG file pins.

    :param form: all fields.
    :param pinned: values by field; None leaves it on the form.
    :param clusters: the connections, or several to choose from: then the form has a field for it. None: those that
        ``connections`` of the Variable lists, else the default ones.
    :param variable: the Airflow Variable, a JSON object, that holds values for fields; None: there is none. Here they
        are what the form opens with: what a run takes is read when it runs.
    :raises ParamValidationError: if the form wouldn't take a value that is pinned.
    """

    def __init__(
        self,
        form: Mapping[str, Param],
        pinned: Mapping[str, Any],
        clusters: Clusters | None = None,
        variable: str | None = None,
    ) -> None:
        remembered = _remembered(variable)
        self.pinned = {name: value for name, value in pinned.items() if value is not None}
        for name, value in self.pinned.items():
            form[name].resolve(value)
        if clusters is None:
            clusters = [Connections(**one) for one in remembered.get(CONNECTIONS) or [{}]]
        self.clusters = [clusters] if isinstance(clusters, Connections) else list(clusters)
        if len({one.aws_conn_id is None for one in self.clusters}) > 1:
            raise ValueError("Some of the connections have an aws_conn_id, and some haven't: name it for all, or none.")
        self.form = {name: param for name, param in form.items() if name not in self.pinned}
        if len(self.clusters) > 1:
            ids = [one.redshift_conn_id for one in self.clusters]
            about = "The admin connection of the cluster."
            field = Param(ids[0], type="string", enum=ids, title="Cluster", description=about)
            self.form = {CLUSTER: field, **self.form}
        for name, value in remembered.items():
            # What doesn't fit is refused where it counts, in a run: the DAG stays to be seen.
            with suppress(ParamValidationError):
                if name in self.form:
                    self.form[name].resolve(value)
                    self.form[name].value = value

    def argument(self, name: str, template: str) -> Any:
        """What a task is given for a field.

        :param template: what renders to the field's value, where it is on the form.
        :return: the template, or the pinned value, which Airflow doesn't render.
        """
        return constant(self.pinned[name]) if name in self.pinned else template

    @property
    def admin(self) -> dict[str, Any]:
        """What every task is given of the connections."""
        names = ["redshift_conn_id", *(["aws_conn_id"] if self.clusters[0].aws_conn_id else [])]
        return {name: self.connection(name) for name in names}

    def connection(self, name: str) -> Any:
        """What a task is given for one of the names of :class:`Connections`."""
        ids = {one.redshift_conn_id: getattr(one, name) for one in self.clusters}
        if len(self.clusters) == 1:
            return constant(getattr(self.clusters[0], name))
        return f"{{{{ {json.dumps(ids)}[params.{CLUSTER}] }}}}"

    @property
    def about_connections(self) -> str:
        """List the connections, in Markdown."""
        return "\n".join(f"- `{one.redshift_conn_id}`, `{one.user_conn_id}`" for one in self.clusters)

    def __str__(self) -> str:
        """Say what is pinned, in Markdown."""
        listed = ", ".join(f"{name} `{value}`" for name, value in self.pinned.items())
        return f"The DAG file sets: {listed}." if listed else ""


def _remembered(variable: str | None) -> dict[str, Any]:
    if not variable:
        return {}
    try:
        found = read_variable(variable)
        Pins({}, {}, [Connections(**one) for one in found.get(CONNECTIONS) or [{}]])
        return found
    # Whatever a secrets backend raises: the DAG must be seen all the same.
    except Exception as error:
        log.warning("The form opens without the values of Variable %s: %s", variable, one_line(str(error)[:SHOWN]))
        return {}


def make_dag(dag_id: str, pins: Pins, about: str, doc: str, dag_arguments: Mapping[str, Any]) -> DAG:
    """Make a DAG without tasks, whose form is what isn't pinned.

    :param about: its description, a line.
    :param doc: its documentation, unless the arguments hold another.
    :param dag_arguments: further arguments of ``DAG``.
    """
    given: dict[str, Any] = {
        "schedule": None,
        "catchup": False,
        "max_active_runs": 1,
        "description": about,
        "doc_md": doc,
        "tags": ["segment", "redshift"],
        **dag_arguments,
    }
    given["default_args"] = {"retries": 2, "owner": OWNER, **given.get("default_args", {})}
    # Airflow shows an owner's link where the DAG has this owner alone, and nobody else set one.
    given.setdefault("owner_links", {OWNER: GUIDE})
    return DAG(dag_id=dag_id, params=pins.form, **given)
