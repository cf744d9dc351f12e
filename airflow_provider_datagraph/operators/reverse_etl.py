"""An existing Reverse ETL schema: the last section of Segment's guide, corrected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.database import read_databases
from airflow_provider_datagraph.access.desired import DesiredSchema
from airflow_provider_datagraph.access.messages import describe_grants
from airflow_provider_datagraph.access.plan import Finding, Plan, Reason
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.access.revocations import From, revokes
from airflow_provider_datagraph.access.schemas.plan import plan_schemas
from airflow_provider_datagraph.access.schemas.prune import pruned
from airflow_provider_datagraph.access.schemas.read import read_privileges, read_schemas
from airflow_provider_datagraph.access.schemas.targets import Target
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.operators.base import (
    DEFAULT_ROLE,
    ConvergingOperator,
    Mode,
    one_schema,
    optional_database,
)
from airflow_provider_datagraph.redshift.catalog.privileges import schema_grants
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.names import check_identity, join_path, quote, resolve
from airflow_provider_datagraph.redshift.values import Grant, Identity, Scope, Session

REVERSE_ETL_SCHEMA = "__segment_reverse_etl"
DROP_CHOICES = ("tables", "all", "none")
ON_TABLES = ("SELECT", "INSERT", "UPDATE", "DELETE")


def nothing_to_do(code: str, path: str, what: str) -> Finding:
    """Say why there is nothing to grant.

    :param code: the finding's code.
    :param path: what is missing.
    :param what: the same as a phrase.
    :return: the finding.
    """
    return Finding(code, path, f"{what} doesn't exist, so there is nothing to do: Segment creates the schema itself.")


def desired_schema(schema: str, drop: str) -> DesiredSchema:
    """Say what the role needs in the Reverse ETL schema, reaching tables that its owner creates later too.

    :param schema: the schema's name.
    :param drop: ``tables``, ``all`` or ``none``: where DROP is granted.
    :return: the desired access.
    """
    on_schema = ("USAGE", "CREATE", *(("DROP",) if drop == "all" else ()))
    on_tables = (*ON_TABLES, *(() if drop == "none" else ("DROP",)))
    return DesiredSchema(schema, schema_privileges=on_schema, table_privileges=on_tables)


def shared_with(schema: str, role: str, current: CurrentAccess) -> Iterator[Finding]:
    """Tell who else works in the schema, and what stays closed to them.

    :param schema: the schema as stored.
    :param role: the linked role.
    :param current: the current access, with what the owner holds on schemas in ``user_grants``.
    :return: a finding for the owner, one for what stays closed to it, one for other roles.

    https://docs.aws.amazon.com/redshift/latest/dg/t_scoped-permissions.html
    """
    path, owner = join_path(current.session.database, schema), current.schemas[schema].owner
    yield Finding("reverse_etl_owner", path, f"Schema {path} belongs to {owner}, which goes on working in it.")
    others = sorted(name for name, grants in current.by_role.items() if any(g.schema == schema for g in grants))
    if others:
        message = f"Schema {path} is also used by the roles {', '.join(others)}."
        yield Finding("reverse_etl_roles", path, message)
    known = current.users.get(owner)
    opened = {Grant(Scope.TABLES, privilege, schema) for privilege in ON_TABLES} <= current.user_grants
    if known is not None and not known.superuser and not opened:
        message = (
            f"Tables that the linked user creates in {path} are its own, and closed to {owner}. To open them, an "
            f"administrator runs in database {current.session.database}: GRANT {', '.join(ON_TABLES)} "
            f"FOR TABLES IN SCHEMA {quote(schema)} TO {quote(owner)}"
        )
        yield Finding("reverse_etl_closed", path, message)


def kept(desired: DesiredSchema, schema: str, role: str, current: CurrentAccess) -> Iterator[Finding]:
    """Tell what the role holds beyond what is asked for, as after a change of ``drop``: nothing is taken away here.

    :param desired: what the role needs.
    :param schema: the schema as stored.
    :param role: the linked role.
    :param current: the current access.
    :return: one finding, or none.

    https://docs.aws.amazon.com/redshift/latest/dg/r_REVOKE.html
    """
    wanted = Target(desired, schema).grants
    held = {g for g in current.grants if g.schema == schema and g.scope in (Scope.SCHEMA, Scope.TABLES)}
    if more := held - wanted:
        origin = From(Identity("role", role), current.session.database, Reason.NOT_DESIRED)
        found = revokes(pruned({schema: wanted}, frozenset(held)), origin)
        statements = "; ".join(step.statement.sql for step in found)
        message = (
            f"Role {role} also holds {describe_grants(more)}: it is kept, since this takes nothing away. To take it "
            f"away, an administrator runs in database {current.session.database}: {statements}"
        )
        yield Finding("reverse_etl_kept", join_path(current.session.database, schema), message)


class GrantReverseEtlOperator(ConvergingOperator):
    """Let the role work in a Reverse ETL schema that another user of Segment's owns.

    The guide qualifies the schema with a database, and reaches today's tables only; this connects to the
    database, and grants a scoped permission that reaches later tables too.

    :param database: the database that holds the schema; None or an empty text: there is none, nothing is done.
    :param schema: the schema's name; default ``__segment_reverse_etl``. Where it doesn't exist, nothing is done.
    :param drop: where DROP is granted: on ``tables`` (default), on ``all``, the schema itself too, as in the guide,
        or on ``none``.
    :param role: the role's name; default ``segment_linked_role``. It has to exist.
    :param redshift_conn_id: the admin connection's id; default ``redshift_default``.
    :param plan_only: whether to show the plan and change nothing; default False.

    https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html
    """

    template_fields: Sequence[str] = ("database", "schema", "drop", "role", *ConvergingOperator.template_fields)

    def __init__(
        self,
        *,
        database: str | None,
        schema: str = REVERSE_ETL_SCHEMA,
        drop: str = "tables",
        role: str = DEFAULT_ROLE,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.database = database
        self.schema = schema
        self.drop = drop
        self.role = role

    def converge(self, problems: Problems, mode: Mode) -> tuple[str, Report]:
        """See the base."""
        database = problems.check(optional_database, self.database, "database", default=None)
        schema = problems.check(one_schema, self.schema, database, default="")
        drop = problems.check(arguments.choice, self.drop, "drop", DROP_CHOICES, default="tables")
        role = problems.check(check_identity, self.role, "role", default="")
        # Without a database nothing is connected to.
        hook = self.usable_hook(problems, database) if self.database else self.hook()
        problems.raise_all()
        if database is None:
            return "No database with a Reverse ETL schema is named, so there is nothing to do", Report()
        title = f"Reverse ETL schema {schema} of database {database}"
        if mode.lenient and self._database_missing(database, role):
            return title, Report(findings=(nothing_to_do("database_missing", database, f"Database {database}"),))
        desired = [desired_schema(schema, drop)]

        def make_plan(current: CurrentAccess) -> Plan:
            stored = resolve(schema, current.schemas, current.session.case_sensitive)
            if stored is None:
                path = join_path(database, schema)
                return Plan(findings=(nothing_to_do("schema_missing", path, f"Schema {path}"),))
            plan = plan_schemas(desired, role, current, plan_only=mode.lenient)
            more = (*kept(desired[0], stored, role, current), *shared_with(stored, role, current))
            return replace(plan, findings=(*plan.findings, *more))

        def read(rows: Rows, session: Session) -> CurrentAccess:
            current = read_schemas(rows, session, role, desired, thorough=mode.plan_only)
            stored = resolve(schema, current.schemas, current.session.case_sensitive)
            if stored is None:
                return current
            return replace(current, user_grants=frozenset(schema_grants(rows, "user", current.schemas[stored].owner)))

        report = self.engine(hook).converge(
            read,
            make_plan,
            plan_only=mode.plan_only,
            reread=lambda rows, current: read_privileges(rows, current, role, desired),
            names=[schema],
        )
        return title, report

    def _database_missing(self, database: str, role: str) -> bool:
        """Tell whether an earlier task of a plan-only run would have created the database."""
        current = self.engine(self.hook()).read(lambda rows, session: read_databases(rows, session, role))
        known = current.databases
        # As a login compares: one that is stored as typed, with capitals, is there too.
        return database not in known and resolve(database, known, current.session.case_sensitive) is None
