"""Runs the statements of a plan."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from airflow_provider_datagraph.access.plan import Step
from airflow_provider_datagraph.hooks.faults import vanished, vanished_error
from airflow_provider_datagraph.redshift.names import fold

if TYPE_CHECKING:
    from redshift_connector.core import Connection

# r_enable_case_sensitive_identifier
EXACT_NAMES = "SET enable_case_sensitive_identifier TO true"
_NAME = re.compile(r'"((?:[^"]|"")*)"')


def run_steps(connection: Connection, steps: Iterable[Step], database: str) -> None:
    """Run statements one after the other.

    :param connection: the connection, in a transaction or in autocommit.
    :param steps: the statements. They name what is there as the catalog holds it, so where a name has capitals,
        Redshift is told not to fold it.
    :param database: the connected database.
    :raises VanishedError: if something that a statement names isn't there any more.

    https://docs.aws.amazon.com/redshift/latest/dg/r_enable_case_sensitive_identifier.html
    """
    listed, cursor = list(steps), connection.cursor()
    if any(fold(name) != name for step in listed for name in _NAME.findall(step.sql)):
        cursor.execute(EXACT_NAMES)
    for step in listed:
        try:
            cursor.execute(step.sql)
        except Exception as error:
            if not vanished(error):
                raise
            raise vanished_error(error, database) from error
