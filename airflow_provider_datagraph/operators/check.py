"""The check before everything else: the whole form against the whole warehouse, every problem at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.database import plan_database, read_databases
from airflow_provider_datagraph.access.plan import Finding, Plan
from airflow_provider_datagraph.access.profiles_sync import REQUIRED_TABLES
from airflow_provider_datagraph.access.report import Report, table
from airflow_provider_datagraph.access.role import plan_role, read_identities
from airflow_provider_datagraph.access.schemas.read import read_all_schemas
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.entries import Opening, Warehouse, parse_entry, relations_needed, resolve_entries
from airflow_provider_datagraph.operators.base import (
    DEFAULT_CHECKPOINT_DATABASE,
    DEFAULT_ROLE,
    DEFAULT_USER,
    DataGraphOperator,
    optional_database,
    refusing_bad_input,
)
from airflow_provider_datagraph.operators.conf import conf_problems
from airflow_provider_datagraph.operators.role import desired_user, serverless_findings
from airflow_provider_datagraph.redshift.catalog.relations import read_relations
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.names import check_identity, check_new_database, join_path, resolve
from airflow_provider_datagraph.redshift.values import Session
from airflow_provider_datagraph.xcom import LEFT_OUT, Missing

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_datagraph.hooks.redshift import DataGraphHook


@dataclass(frozen=True)
class _Form:
    """The parsed form."""

    entries: tuple[tuple[str, ...], ...]
    profiles_sync: tuple[str, ...] | None
    checkpoint_database: str
    role: str
    reverse_etl_database: str | None


class CheckWarehouseOperator(DataGraphOperator):
    """Read the form, look at every database as admin, and report every problem at once. It changes nothing.

    :param schemas: what to open: ``schema``, ``database.schema`` or ``database.schema.table``.
    :param profiles_sync: ``database.schema`` of Profiles Sync; the schema may still be missing. Default None.
    :param checkpoint_database: the checkpoint database; it may still be missing.
    :param role: the linked role; it may still be missing.
    :param reverse_etl_database: the database with an existing Reverse ETL schema; default None.
    :param user_conn_id: the user connection's id; default ``segment_linked_user``.
    :param redshift_conn_id: the admin connection's id; default ``redshift_default``.
    """

    template_fields: Sequence[str] = (
        "schemas",
        "profiles_sync",
        "checkpoint_database",
        "role",
        "reverse_etl_database",
        "user_conn_id",
        *DataGraphOperator.template_fields,
    )

    def __init__(
        self,
        *,
        schemas: str | Sequence[str],
        profiles_sync: str | Missing | None = LEFT_OUT,
        checkpoint_database: str = DEFAULT_CHECKPOINT_DATABASE,
        role: str = DEFAULT_ROLE,
        reverse_etl_database: str | None = None,
        user_conn_id: str = DEFAULT_USER,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.schemas = schemas
        self.profiles_sync = self.kept("profiles_sync", profiles_sync)
        self.checkpoint_database = checkpoint_database
        self.role = role
        self.reverse_etl_database = reverse_etl_database
        self.user_conn_id = user_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Check everything.

        :param context: Airflow's context.
        :return: the report, and beside it: ``grants``, a dict for each database (``database``, ``schema``, and
            ``tables``, which is True where every schema is opened whole); ``profiles_sync`` (``database``, ``schema``)
            or None; ``validate`` (``schemas``, ``tables``).
        :raises MisconfigurationError: with every problem of every database.
        """
        problems = Problems()
        problems.add(*conf_problems(self, context))
        with refusing_bad_input():
            self.take_arguments(context)
            form = self._parse(problems)
            hook = self.hook()
            warehouse = problems.check(self._look, hook, form, problems, default=None)
            openings, findings, profiles = self._resolve(form, warehouse, problems)
            problems.raise_all()
        report = Report(findings=(*findings, *serverless_findings(hook)))
        self.log.info("%s", table("The form fits the warehouse; this task changes nothing", report, changes=False))
        return {**report.as_dict(), **_tasks(openings, profiles)}

    def _parse(self, problems: Problems) -> _Form:
        given = self.optional("profiles_sync", arguments.text, problems)
        if given:
            listed = self.optional("schemas", lambda v, name: arguments.usable_names(v, name, problems), problems) or ()
        else:
            # Where there is neither, that is told below.
            listed = arguments.usable_names(self.schemas, "schemas", problems)
        parsed = [problems.check(parse_entry, text, default=None) for text in listed]
        profiles = problems.check(parse_entry, given, default=None) if given else None
        if profiles is not None and len(profiles) != 2:
            problems.add(f"profiles_sync is {given!r}: write database.schema, as Segment shows it.")
            profiles = None
        if not listed and not given and not problems.sentences:
            problems.add("Neither schemas nor profiles_sync is given: name what Segment is to read.")
        return _Form(
            tuple(parts for parts in parsed if parts),
            profiles,
            problems.check(check_new_database, self.checkpoint_database, default=""),
            problems.check(check_identity, self.role, "role", default=""),
            problems.check(optional_database, self.reverse_etl_database, "reverse_etl_database", default=None),
        )

    def _look(self, hook: DataGraphHook, form: _Form, problems: Problems) -> Warehouse:
        """Read the cluster in one transaction, and find now what would block the plans of the next tasks."""
        user_hook = self.user_hook("dev", self.user_conn_id)
        user = problems.check(desired_user, user_hook, "md5", default=None)
        seen: dict[str, Any] = {}

        def read(rows: Rows, session: Session) -> CurrentAccess:
            databases = read_databases(rows, session, form.role)
            bare = Warehouse(session, read_all_schemas(rows, databases))
            needed = relations_needed(form.entries, bare)
            relations = {
                (database, schema): names
                for database, schemas in needed.items()
                for schema, names in read_relations(rows, database, schemas).items()
            }
            seen["warehouse"] = Warehouse(session, bare.schemas, relations)
            seen["databases"] = databases
            if user is not None:
                seen["identities"] = read_identities(rows, session, form.role, user.name)
            return databases

        self.engine(hook).read(read)
        problems.add(*_database_problems(form, seen["databases"]))
        if form.checkpoint_database and form.role:
            problems.add(
                *_blocking(plan_database(form.checkpoint_database, form.role, seen["databases"], plan_only=True))
            )
        if user is not None and form.role:
            identities: CurrentAccess = seen["identities"]
            if user.name in identities.users:
                identities = replace(identities, login_works=user_hook.login_works())
            problems.add(*_blocking(plan_role(form.role, user, identities)))
        warehouse: Warehouse = seen["warehouse"]
        return warehouse

    def _resolve(
        self, form: _Form, warehouse: Warehouse | None, problems: Problems
    ) -> tuple[list[Opening], list[Finding], tuple[str, str] | None]:
        """Resolve the form; where the warehouse couldn't be read, there is nothing to hold it against."""
        if warehouse is None:
            return [], [], None
        openings, findings = resolve_entries(form.entries, warehouse, problems)
        return openings, findings, self._profiles_sync(form, warehouse, openings, problems)

    @staticmethod
    def _profiles_sync(
        form: _Form, warehouse: Warehouse, openings: Sequence[Opening], problems: Problems
    ) -> tuple[str, str] | None:
        if form.profiles_sync is None:
            return None
        name, schema = form.profiles_sync
        sensitive = warehouse.session.case_sensitive
        database = resolve(name, warehouse.schemas, sensitive)
        if database is None:
            problems.add(f"profiles_sync: there is no database {name}: correct the name, as Segment shows it.")
            return None
        stored = resolve(schema, warehouse.schemas[database], sensitive)
        if any(o.database == database and stored in o.schemas for o in openings):
            problems.add(
                f"{join_path(database, schema)} is in profiles_sync and in schemas: leave it in profiles_sync."
            )
        return database, stored or schema


def _blocking(plan: Plan) -> list[str]:
    return [finding.message for finding in plan.blocking]


def _database_problems(form: _Form, current: CurrentAccess) -> list[str]:
    wanted = form.reverse_etl_database
    if wanted is None or wanted == form.checkpoint_database:
        return []
    if resolve(wanted, current.databases, current.session.case_sensitive) is None:
        return [f"reverse_etl_database: there is no database {wanted}: correct the name, or leave it empty."]
    return []


def _tasks(openings: Sequence[Opening], profiles: tuple[str, str] | None) -> dict[str, Any]:
    """Shape the arguments of the tasks that follow; names are written so that they are read back as they are."""
    grants = [
        {
            "database": opening.database,
            "schema": [join_path(schema) for schema in opening.schemas],
            "tables": {schema: [join_path(table) for table in tables] for schema, tables in opening.tables.items()}
            or arguments.ALL_TABLES,
        }
        for opening in openings
    ]
    whole = [join_path(o.database, s) for o in openings for s in o.schemas if s not in o.tables]
    listed = [join_path(o.database, s, t) for o in openings for s, tables in o.tables.items() for t in tables]
    if profiles is not None:
        listed += [join_path(*profiles, name) for name in REQUIRED_TABLES]
    return {
        "grants": grants,
        "profiles_sync": None if profiles is None else {"database": profiles[0], "schema": join_path(profiles[1])},
        "validate": {"schemas": whole, "tables": listed},
    }
