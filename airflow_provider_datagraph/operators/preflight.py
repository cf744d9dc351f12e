"""Before the first run: what works between Airflow, the cluster and Segment, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import Context

from airflow_provider_datagraph.access.preflight.network import ADDRESSES
from airflow_provider_datagraph.access.report import Report, table
from airflow_provider_datagraph.engine.preflight import preflight
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.choosing import Wanted
from airflow_provider_datagraph.form.entries import desired_schemas
from airflow_provider_datagraph.form.names import ENTRIES, parse_wanted
from airflow_provider_datagraph.operators import base
from airflow_provider_datagraph.redshift.names import check_identity, check_new_database, fold
from airflow_provider_datagraph.xcom import LEFT_OUT, Missing, telling_errors

if TYPE_CHECKING:
    from airflow_provider_datagraph.hooks.redshift import DataGraphHook


class PreflightOperator(base.DataGraphOperator):
    """Tell what works and what is missing: logins, the cluster, the admin's rights, the network. It changes nothing.

    :param schemas: what is to be opened, in lower case as stored: ``schema``, ``database.schema`` or
        ``database.schema.table``. Default None: the admin's rights in schemas aren't looked at.
    :param role: the linked role; default ``segment_linked_role``.
    :param checkpoint_database: the checkpoint database; default ``segment_linked_profiles_db``.
    :param user_conn_id: the user connection's id; default ``segment_linked_user``.
    :param region: of Segment's workspace, ``us`` (default) or ``eu``: whence Segment connects.
    :param aws_conn_id: Airflow's connection to AWS, which may describe clusters and security groups' rules.
        Default None: AWS isn't asked.
    :param kwargs: those of :class:`.DataGraphOperator`: ``redshift_conn_id``, ``index``.

    https://segment.com/docs/connections/storage/catalog/redshift/#networking,
    https://docs.aws.amazon.com/redshift/latest/APIReference/API_DescribeClusters.html,
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroupRules.html
    """

    def __init__(
        self,
        *,
        schemas: str | Sequence[str] | Missing | None = LEFT_OUT,
        role: str = base.DEFAULT_ROLE,
        checkpoint_database: str = base.DEFAULT_CHECKPOINT_DATABASE,
        user_conn_id: str = base.DEFAULT_USER,
        region: str = "us",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.schemas = self.kept("schemas", schemas)
        self.role = role
        self.checkpoint_database = checkpoint_database
        self.user_conn_id = user_conn_id
        self.region = region

    @telling_errors
    def execute(self, context: Context) -> dict[str, Any]:
        """Look at everything, and log it as a table.

        :return: the report. A blocking finding is what no other task gets past.
        :raises MisconfigurationError: with every problem of the arguments; a connection's are findings.
        """
        problems = Problems()
        self.take_arguments(context)
        for name in ("redshift_conn_id", "user_conn_id"):
            problems.check(arguments.text, getattr(self, name), name, default="")
        region = problems.check(partial(arguments.choice, choices=ADDRESSES), self.region, "region", default="us")
        aws = self.optional("aws_conn_id", arguments.text, problems)
        role = problems.check(check_identity, self.role, "role", default="")
        checkpoint = problems.check(check_new_database, self.checkpoint_database, "checkpoint_database", default="")
        # What patterns mean is looked up by who grants it.
        parse = partial(parse_wanted, problems=problems, forms=ENTRIES, typed=True)
        named = (self.optional("schemas", parse, problems) or Wanted()).named
        problems.raise_all()
        # What the connection lacks is told with its login.
        own = Problems().check(lambda: str(self.hook().arguments["database"]), default="")
        typed = (tuple(map(fold, path)) for path in named)
        wanted = desired_schemas((own, *path) if len(path) == 1 else path for path in typed)

        def linked(database: str) -> DataGraphHook:
            return self.user_hook(database or base.ANY_DATABASE, self.user_conn_id)

        report = Report.of(preflight(self.hook, linked, role, checkpoint, wanted, region, aws))
        self.log.info("%s", table("What works, and what is missing; this task changes nothing", report, changes=False))
        return report.as_dict()
