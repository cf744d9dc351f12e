"""The check before everything else: the whole form against the whole warehouse, every problem at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_provider_datagraph.access.database import read_database_access
from airflow_provider_datagraph.access.messages import said
from airflow_provider_datagraph.access.plan import Finding, Level, Plan, finding
from airflow_provider_datagraph.access.preflight.cluster import hidden_from, lacking_in, plan_ahead
from airflow_provider_datagraph.access.report import Report, table
from airflow_provider_datagraph.access.reverse_etl import SCHEMA, desired_schema
from airflow_provider_datagraph.access.role import RoleAccess, plan_role, read_role
from airflow_provider_datagraph.access.schemas.values import DesiredSchema, FutureTables
from airflow_provider_datagraph.access.trust import schema_owner
from airflow_provider_datagraph.engine.preflight import cross
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.choosing import Limits, Path, Place, Wanted
from airflow_provider_datagraph.form.entries import Resolver, Warehouse, as_tasks, desired_schemas, read_warehouse
from airflow_provider_datagraph.form.names import ENTRIES, one_place, optional_database, parse_wanted
from airflow_provider_datagraph.form.patterns import Pattern, patterns
from airflow_provider_datagraph.operators import base
from airflow_provider_datagraph.operators.conf import conf_problems, read_variable, variable_problems
from airflow_provider_datagraph.operators.role import desired_user
from airflow_provider_datagraph.redshift.catalog.privileges import of, schema_grants
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.names import check_identity, check_new_database, join_path, one_line
from airflow_provider_datagraph.redshift.values import Identity, Session
from airflow_provider_datagraph.xcom import LEFT_OUT, Missing, telling_errors

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_datagraph.hooks.redshift import DataGraphHook


@dataclass(frozen=True)
class _Form:
    wanted: Wanted
    profiles_sync: Place | None
    checkpoint_database: str
    role: str
    reverse_etl_database: str | None
    reverse_etl_owner: str | None
    trusted: tuple[str, ...]
    allow: tuple[Pattern, ...] | None
    future: FutureTables
    plan_only: bool

    def for_tasks(self) -> dict[str, Any]:
        """What the tasks that follow take from here, so that all take the same."""
        return {
            "role": self.role,
            "checkpoint_database": self.checkpoint_database,
            "reverse_etl_owner": self.reverse_etl_owner or "",
            "future_tables": self.future.value,
            "plan_only": self.plan_only,
            "wait": not self.plan_only,
        }


class CheckWarehouseOperator(base.DataGraphOperator):
    """Read the form, look at every database as admin, and report every problem at once. It changes nothing.

    :param schemas: what to open: ``schema``, ``database.schema``, ``database.schema.table``, or patterns of schemas as
        in :class:`.GrantSchemaOperator`, which open nothing either that ``allow`` leaves out. A schema of which tables
        are named is opened by these alone.
    :param profiles_sync: ``database.schema`` of Profiles Sync; the schema may still be missing. Default None.
    :param checkpoint_database: the checkpoint database; it may still be missing.
    :param role: the linked role; it may still be missing.
    :param reverse_etl_database: the database with an existing Reverse ETL schema; default None: the checkpoint
        database, where it has one that isn't the linked user's own.
    :param reverse_etl_owner: the user that owns that schema; default None.
    :param trusted_owners: users whose existing role, database or Reverse ETL schema is adopted, beside the admin's and
        a superuser's; default none.
    :param allow: patterns of the only schemas that the form may name: ``database.schema`` or ``schema``, where ``*``
        stands for any characters. The checkpoint database's Reverse ETL schema is always one. Default None: all.
    :param future_tables: what the tasks that follow are given, as in :class:`.GrantSchemaOperator`, and held against
        what the admin may grant; default ``scoped``.
    :param plan_only: likewise, whether they change nothing; default False.
    :param variable: an Airflow Variable, a JSON object with values for arguments that are params of the DAG under the
        same names; they are taken where the run's conf holds none. Default None: there is none.
    :param user_conn_id: the user connection's id; default ``segment_linked_user``.
    :param kwargs: those of :class:`.DataGraphOperator`: ``redshift_conn_id``, ``index``.
    """

    def __init__(
        self,
        *,
        schemas: str | Sequence[str],
        profiles_sync: str | None = None,
        checkpoint_database: str = base.DEFAULT_CHECKPOINT_DATABASE,
        role: str = base.DEFAULT_ROLE,
        reverse_etl_database: str | None = None,
        reverse_etl_owner: str | None = None,
        trusted_owners: str | Sequence[str] | Missing | None = LEFT_OUT,
        allow: str | Sequence[str] | Missing | None = LEFT_OUT,
        future_tables: str = "scoped",
        plan_only: bool | str = False,
        variable: str | Missing | None = LEFT_OUT,
        user_conn_id: str = base.DEFAULT_USER,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.schemas = schemas
        self.profiles_sync = profiles_sync
        self.checkpoint_database = checkpoint_database
        self.role = role
        self.reverse_etl_database = reverse_etl_database
        self.reverse_etl_owner = reverse_etl_owner
        self.trusted_owners = self.kept("trusted_owners", trusted_owners)
        self.allow = self.kept("allow", allow)
        self.future_tables = future_tables
        self.plan_only = plan_only
        self.variable = self.kept("variable", variable)
        self.user_conn_id = user_conn_id

    @telling_errors
    def execute(self, context: Context) -> dict[str, Any]:
        """Check everything.

        :return: the report, and beside it: ``grants`` (``schema``, and ``tables``, which is True where every
            schema is opened whole) or None; ``profiles_sync`` (``database``, ``schema``) or None;
            ``reverse_etl_database``, its name or None; ``validate`` (``schemas``, ``tables``) or None; ``asked``, all
            of it as patterns of an audit; ``form``, what the other tasks take of it.
        :raises MisconfigurationError: with every problem of every database.
        """
        problems = Problems()
        problems.add(*conf_problems(self, context))
        self.take_arguments(context)
        self._take_variable(context, problems)
        form = self._parse(problems)
        hook = self.hook()
        warehouse, hidden = problems.check(self._look, hook, form, problems, default=(None, ()))
        opened, findings, profiles, reverse_etl = self._resolve(form, warehouse, problems)
        if warehouse is not None and form.role and not warehouse.session.superuser:
            places = [place for place in (profiles, reverse_etl and (reverse_etl, SCHEMA)) if place]
            there = [one for one in places if one[0] in warehouse.known.databases]
            self._foresee(form, opened, there, problems)
        problems.raise_all()
        findings += hidden
        if hook.is_serverless:
            findings.append(finding("serverless", str(hook.admin_connection.host)))
        report = Report.of(findings)
        self.log.info("%s", table("The form fits the warehouse; this task changes nothing", report, changes=False))
        for_tasks = as_tasks(opened, profiles, reverse_etl, named=bool(form.wanted.named))
        self.log.info("%s", understood(for_tasks["asked"], form.for_tasks()))
        return {**report.as_dict(), **for_tasks, "form": form.for_tasks()}

    def _take_variable(self, context: Context, problems: Problems) -> None:
        """Take from the Variable what the run's conf doesn't hold. It is read here, so that all tasks take the same."""
        name = self.optional("variable", arguments.text, problems)
        if name is None:
            return
        conf: Any = getattr(context.get("dag_run"), "conf", None) or {}
        found: dict[str, Any] = problems.check(read_variable, name, default={})
        for key, value in found.items():
            if key in self.declared and key in self.template_fields and key not in conf:
                setattr(self, key, value)
        problems.add(*variable_problems(self, name, found))

    def _parse(self, problems: Problems) -> _Form:
        given = problems.check(arguments.optional_text, self.profiles_sync, "profiles_sync", default=None)

        def parse(value: Any, name: str) -> Wanted:
            return parse_wanted(value, name, problems, ENTRIES, typed=True)

        # Where there is neither, that is told below.
        wanted = (self.optional("schemas", parse, problems) if given else parse(self.schemas, "schemas")) or Wanted()
        if not (given or wanted.databases or wanted.excluded or problems.sentences):
            problems.add("Neither schemas nor profiles_sync is given: name what Segment is to read.")
        profiles = partial(one_place, database="", name="profiles_sync", forms=("database.schema",), typed=True)
        return _Form(
            wanted,
            problems.check(profiles, given, default=None) if given else None,
            problems.check(check_new_database, self.checkpoint_database, "checkpoint_database", default=""),
            problems.check(check_identity, self.role, "role", default=""),
            problems.check(optional_database, self.reverse_etl_database, "reverse_etl_database", default=None),
            problems.check(arguments.optional_text, self.reverse_etl_owner, "reverse_etl_owner", default=None),
            self.optional("trusted_owners", arguments.names, problems) or (),
            self.optional("allow", patterns, problems),
            problems.check(base.future_tables, self.future_tables, "future_tables", default=FutureTables.NONE),
            problems.check(arguments.boolean, self.plan_only, "plan_only", default=True),
        )

    def _look(self, hook: DataGraphHook, form: _Form, problems: Problems) -> tuple[Warehouse, tuple[Finding, ...]]:
        """Read the cluster, and find now what would block the plans of the next tasks."""
        user_hook = self.user_hook(base.ANY_DATABASE, self.user_conn_id)
        user = problems.check(desired_user, user_hook, "md5", default=None)

        def read(rows: Rows, session: Session) -> tuple[Warehouse, RoleAccess | None, Plan, tuple[Finding, ...]]:
            known = read_database_access(rows, session, form.role)
            warehouse = read_warehouse(rows, known, form.wanted.named)
            identities = read_role(rows, session, form.role, user.name, privileged=False) if user else None
            if any(one.kind != "local" for one in warehouse.schemas.get(known.session.database, {}).values()):
                role = Identity("role", form.role)
                held = known.grants | schema_grants(rows, of(role)).by(role)
                warehouse = replace(warehouse, known=replace(known, grants=held))
            plan = Plan()
            if form.checkpoint_database and form.role:
                names = (form.checkpoint_database, form.role)
                plan = plan_ahead(rows, known, identities, user, names, form.trusted)
            told = [*hidden_from(known, rows), *cross(rows, known)]
            return warehouse, identities, plan, tuple(one for one in told if one.level is not Level.NOTE)

        warehouse, identities, plan, hidden = self.engine(hook).read(read)
        problems.add(*_blocking(plan.findings))
        if user is not None and identities is not None and form.role:
            if user.name in identities.users:
                identities = replace(identities, login_works=user_hook.login_works())
            problems.add(*_blocking(plan_role(form.role, user, identities, trusted=form.trusted).findings))
        return warehouse, hidden

    def _foresee(self, form: _Form, opened: Iterable[Path], others: Iterable[Place], problems: Problems) -> None:
        """Find what an admin who is no superuser may not open: each grant task would be refused that."""
        wanted = desired_schemas(opened, form.future)
        writers = (form.reverse_etl_owner,) if form.reverse_etl_owner else None
        for database, name in others:
            shared = desired_schema(name, "tables", form.future, writers)
            wanted.setdefault(database, []).append(
                shared if name == SCHEMA else DesiredSchema(name, future=form.future)
            )
        for database, desired in wanted.items():

            def read(rows: Rows, session: Session, desired: Sequence[DesiredSchema] = desired) -> list[Finding]:
                return lacking_in(rows, session, form.role, desired)

            found = problems.check(self.engine(self.hook(database)).read, read, default=())
            problems.add(*_blocking(found))

    def _resolve(
        self, form: _Form, warehouse: Warehouse | None, problems: Problems
    ) -> tuple[list[Path], list[Finding], Place | None, str | None]:
        """Resolve the form; where the warehouse couldn't be read, there is nothing to hold it against."""
        if warehouse is None:
            return [], [], None, None
        resolver, profiles = Resolver(warehouse, problems, form.allow), None
        opened, findings = resolver.entries(form.wanted.named, form.role)
        if form.profiles_sync is not None:
            profiles = resolver.profiles_sync(*form.profiles_sync, opened)
        limits = Limits(form.trusted, form.checkpoint_database, form.allow)
        opened, about = resolver.patterns(form.wanted, opened, profiles, limits)
        findings += about
        reverse_etl, whose = self._reverse_etl(form, resolver)
        problems.add(*_blocking(whose))
        return opened, [*findings, *whose], profiles, reverse_etl

    def _reverse_etl(self, form: _Form, resolver: Resolver) -> tuple[str | None, list[Finding]]:
        """Find the Reverse ETL schema to share, and whose it is; the checkpoint database's needs no name."""
        checkpoint, named = form.checkpoint_database, form.reverse_etl_database
        # What the user connection lacks is told already.
        user = Problems().check(lambda: self.user_hook(base.ANY_DATABASE, self.user_conn_id).login, default="")
        each = resolver.warehouse.schemas.items()
        owners = {database: schemas[SCHEMA].owner for database, schemas in each if SCHEMA in schemas}
        foreign = checkpoint in owners and owners[checkpoint] != user
        found = checkpoint if foreign else None
        if named is not None:
            found = resolver.reverse_etl(named, checkpoint)
        if found is None or owners.get(found) == user:
            return None, []
        elsewhere = foreign and found != checkpoint
        told = [finding("reverse_etl_elsewhere", checkpoint, owner=owners[checkpoint])] if elsewhere else []
        if found in owners:
            path = join_path(found, SCHEMA)
            told += schema_owner(path, owners[found], form.reverse_etl_owner, resolver.warehouse.known, form.trusted)
        return found, told


def _blocking(findings: Iterable[Finding]) -> list[str]:
    return [str(said(finding)) for finding in findings if finding.blocking]


def understood(asked: Sequence[str], form: Mapping[str, Any]) -> str:
    """Tell what a form came to, for the log."""
    lines = ["What the form comes to:", *(f"  open {one}" for one in asked)]
    return "\n".join(map(one_line, [*lines, *(f"  {name}: {value}" for name, value in form.items() if value != "")]))
