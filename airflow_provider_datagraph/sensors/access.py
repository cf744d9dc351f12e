"""The proof of access: Segment's guide, step 4."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from airflow_provider_datagraph.access.validation import BATCH, MAX_AGE
from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.names import SCHEMAS, TABLES, database_name, read_paths
from airflow_provider_datagraph.form.patterns import patterns
from airflow_provider_datagraph.operators.base import DEFAULT_ROLE, DEFAULT_USER
from airflow_provider_datagraph.redshift.names import check_identity
from airflow_provider_datagraph.sensors.assets import ACCESS_GRANTED
from airflow_provider_datagraph.sensors.base import DataGraphSensor
from airflow_provider_datagraph.xcom import LEFT_OUT, Missing

NOTHING_TO_READ = "Neither schemas nor tables is given: name what the linked user has to read."


class ValidateAccessSensor(DataGraphSensor):
    """Wait until the linked user reads every table, connected to the checkpoint database as Segment is.

    It names every column and fetches no row (``SELECT * FROM "database"."schema"."table" WHERE FALSE``, many in a
    statement), computes no view, and looks at what Segment has to write in the checkpoint database. A lacking privilege
    fails at once. When all is read, it adds an event for each schema to the asset alias ``segment-access-granted``.

    :param user_conn_id: the user connection's id; default ``segment_linked_user``.
    :param checkpoint_database: the database to connect to; default the user connection's own.
    :param schemas: schemas whose tables are all read, ``schema`` (of the admin connection's database) or
        ``database.schema``; the admin lists their tables, since those that the user can't read are hidden from it.
        Patterns mean what they mean in :class:`.GrantSchemaOperator`.
    :param tables: single tables, ``schema.table`` or ``database.schema.table``.
    :param role: the linked role, for the statements that it proposes; default ``segment_linked_role``.
    :param trusted_owners: whose schemas patterns mean, beside the admin's and superusers'; default none.
    :param wait_for_grants: whether to wait for a privilege that is lacking, too; default False.
    :param broken_views: ``report`` (default), or ``fail`` where a view that fails by itself is no success.
    :param least_privilege: whether to fail, too, where the linked user can do more than it needs: as a superuser, by
        CREATEDB or a system permission, by writing to what it reads, by CREATE there, without being a member of the
        role, or by reading what is ``forbidden``. Default False: these are findings.
    :param forbidden: patterns of schemas that must not be readable, ``schema`` or ``database.schema``, in any local
        database; default none.
    :param probe_checkpoint: whether to create a schema and a table in the checkpoint database, write, read and take
        them back in one transaction; default False: privileges alone are looked at.
    :param batch_size: how many tables are read in one statement; default 200.
    :param max_proof_age: how old a part of the proof may be when it is told, in seconds; default 900.
    :param timeout: how long to wait, in seconds; default 600.
    :raises MisconfigurationError: while the DAG is parsed, where neither ``schemas`` nor ``tables`` is given.
    :param kwargs: those of :class:`.DataGraphSensor`: ``redshift_conn_id``, ``wait``, ``deferrable``, and Airflow's.

    https://docs.aws.amazon.com/redshift/latest/dg/cross-database_usage.html
    """

    probe = "access"
    alias = ACCESS_GRANTED

    def __init__(
        self,
        *,
        user_conn_id: str = DEFAULT_USER,
        checkpoint_database: str | Missing | None = LEFT_OUT,
        schemas: str | Sequence[str] | Missing | None = LEFT_OUT,
        tables: str | Sequence[str] | Missing | None = LEFT_OUT,
        role: str = DEFAULT_ROLE,
        trusted_owners: str | Sequence[str] | Missing | None = LEFT_OUT,
        wait_for_grants: bool | str = False,
        broken_views: str = "report",
        least_privilege: bool | str = False,
        forbidden: str | Sequence[str] | Missing | None = LEFT_OUT,
        probe_checkpoint: bool | str = False,
        batch_size: int | str = BATCH,
        max_proof_age: float | str = MAX_AGE,
        timeout: float = 600.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(timeout=timeout, **kwargs)
        if schemas is LEFT_OUT and tables is LEFT_OUT:
            raise MisconfigurationError(NOTHING_TO_READ)
        self.user_conn_id = user_conn_id
        self.checkpoint_database = self.kept("checkpoint_database", checkpoint_database)
        self.schemas = self.kept("schemas", schemas)
        self.tables = self.kept("tables", tables)
        self.role = role
        self.trusted_owners = self.kept("trusted_owners", trusted_owners)
        self.wait_for_grants = wait_for_grants
        self.broken_views = broken_views
        self.least_privilege = least_privilege
        self.forbidden = self.kept("forbidden", forbidden)
        self.probe_checkpoint = probe_checkpoint
        self.batch_size = batch_size
        self.max_proof_age = max_proof_age

    def schemas_of(self, returned: dict[str, Any]) -> Iterable[str]:
        schemas: dict[str, int] = returned["proof"]["schemas"]
        return schemas

    def probe_arguments(self, problems: Problems) -> dict[str, Any]:
        schemas = self.optional("schemas", partial(read_paths, forms=SCHEMAS), problems) or []
        tables = self.optional("tables", partial(read_paths, forms=TABLES), problems) or []
        if not (schemas or tables or problems.sentences):
            problems.add(NOTHING_TO_READ)
        waits = problems.check(arguments.boolean, self.wait, "wait", default=True)
        flags = {
            name: problems.check(arguments.boolean, getattr(self, name), name, default=False)
            for name in ("wait_for_grants", "least_privilege", "probe_checkpoint")
        }
        return {
            "user_conn_id": problems.check(arguments.text, self.user_conn_id, "user_conn_id", default=None),
            "checkpoint_database": self.optional("checkpoint_database", database_name, problems),
            "schemas": schemas,
            "tables": tables,
            "role": problems.check(check_identity, self.role, "role", default=""),
            "trusted_owners": list(self.optional("trusted_owners", arguments.names, problems) or ()),
            "forbidden": [one.text for one in self.optional("forbidden", patterns, problems) or ()],
            "broken_views": problems.check(
                arguments.choice, self.broken_views, "broken_views", ("report", "fail"), default=""
            ),
            **flags,
            # Without waiting, the run may only plan what is lacking.
            "wait_for_grants": flags["wait_for_grants"] or not waits,
            "batch_size": problems.check(arguments.whole_number, self.batch_size, "batch_size", 1, default=1),
            "max_proof_age": problems.check(arguments.number, self.max_proof_age, "max_proof_age", default=0.0),
        }
