"""The link from a task to its page in the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk.types import TaskInstanceKey

DOCS = "https://airflow-provider-datagraph.readthedocs.io/latest"
"""Where the documentation is; nothing else of the package names it."""


class DocsLink(BaseOperatorLink):
    """Opens the page of a task's operator or sensor.

    https://airflow.apache.org/docs/apache-airflow/stable/howto/define-extra-link.html
    """

    name = "Documentation"

    def get_link(self, operator: Any, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002  as Airflow calls it
        """Tell the page's address."""
        return f"{DOCS}/operators/{operator.task_type}/"
