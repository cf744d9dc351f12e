"""Preflight as a DAG: it looks, and changes nothing."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import DAG, Param

from airflow_provider_datagraph.example_dags.grant import VARIABLE, form
from airflow_provider_datagraph.example_dags.pins import Clusters, Pins, make_dag
from airflow_provider_datagraph.operators import PreflightOperator

DOC = """### Look at what Segment's Data Graph needs of a Redshift warehouse

Logs in with both connections, looks at the cluster as admin, at what the admin lacks to set everything up and to open
the schemas that you name, and at the network, if the DAG file names an AWS connection. The task's log says in a
sentence each what works and what is missing. It changes nothing. {pins}

Connections, of type redshift: the administrator, and one whose login is the linked user, which needn't exist yet.

{connections}
"""
ABOUT = "Look at what Segment's Data Graph needs of a Redshift warehouse; it changes nothing."


def region_field() -> Param:
    """Make the field of the workspace's region."""
    return Param(
        "us",
        type="string",
        enum=["us", "eu"],
        values_display={"us": "United States", "eu": "European Union"},
        title="Region of the workspace",
        description="Where your Segment workspace is: Segment connects from other addresses in each region.",
    )


def segment_preflight(
    dag_id: str = "segment_preflight",
    *,
    role: str | None = None,
    checkpoint_database: str | None = None,
    region: str | None = None,
    connections: Clusters | None = None,
    variable: str | None = VARIABLE,
    **dag_arguments: Any,
) -> DAG:
    """Make the DAG that looks before anything is set up. What is given leaves its form, and no run can choose it.

    :param dag_id: its id; default ``segment_preflight``.
    :param role: the linked role; default None: the form has it.
    :param checkpoint_database: the checkpoint database; default None: the form has it.
    :param region: of Segment's workspace, ``us`` or ``eu``; default None: the form has it.
    :param connections: as in :func:`.segment_data_graph`. With ``aws_conn_id``, AWS is asked for the cluster and its
        network, too.
    :param variable: an Airflow Variable that the form is filled with, likewise; default ``segment_data_graph``.
    :param dag_arguments: further arguments of ``DAG``, such as ``tags`` and ``default_args``.
    :return: the DAG, for a module's own name: there Airflow finds it.
    :raises ParamValidationError: if the form wouldn't take what is given for a field.
    """
    fields = {name: form()[name] for name in ("schemas", "checkpoint_database", "role")}
    given = {"role": role, "checkpoint_database": checkpoint_database, "region": region}
    pins = Pins({**fields, "region": region_field()}, given, connections, variable)
    doc = DOC.format(pins=pins, connections=pins.about_connections)
    with make_dag(dag_id, pins, ABOUT, doc, dag_arguments) as dag:
        PreflightOperator(
            task_id="preflight",
            doc_md="Looks at everything that the set-up needs, and changes nothing.",
            schemas="{{ (params.schemas or []) | tojson }}",
            role=pins.argument("role", "{{ params.role }}"),
            checkpoint_database=pins.argument("checkpoint_database", "{{ params.checkpoint_database }}"),
            user_conn_id=pins.connection("user_conn_id"),
            region=pins.argument("region", "{{ params.region }}"),
            **pins.admin,
        )
    return dag
