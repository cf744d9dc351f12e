"""The way back: close schemas to the role, or take role, user and checkpoint database away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_provider_datagraph.access.offboarding.values import Leaving
from airflow_provider_datagraph.access.plan import Finding, Plan
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.access.schemas.closing import plan_closing, read_closing
from airflow_provider_datagraph.access.schemas.values import SchemaAccess
from airflow_provider_datagraph.engine.offboarding import Offboarding
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.choosing import Limits, Wanted, choose
from airflow_provider_datagraph.form.names import optional_database, schemas_title
from airflow_provider_datagraph.operators import base
from airflow_provider_datagraph.redshift.names import check_identifier, check_identity, refuse_template
from airflow_provider_datagraph.xcom import LEFT_OUT, Missing

if TYPE_CHECKING:
    from airflow_provider_datagraph.hooks.redshift import DataGraphHook


class RevokeSchemaOperator(base.OfSchemas, base.ConvergingOperator):
    """Close schemas to the role: everything that it holds on them and in them is revoked, a transaction a database.

    What the role or its members reach in another way (PUBLIC, a group, another role, a permission on the whole
    database) is kept, and is a finding.

    :param schema: a schema, or a list of them (also as JSON text, or one a line): ``schema`` or ``database.schema``, or
        patterns as in :class:`.GrantSchemaOperator`, which close schemas of any owner and kind but Reverse ETL's own.
    :param database: the database of all of them; default the admin connection's, for those that name none.
    :param role: the role's name; default ``segment_linked_role``. It has to exist.
    :param kwargs: those of :class:`.ConvergingOperator`, such as ``redshift_conn_id`` and ``plan_only``.

    https://docs.aws.amazon.com/redshift/latest/dg/r_REVOKE.html
    """

    def __init__(
        self,
        *,
        schema: str | Sequence[str],
        database: str | Missing | None = LEFT_OUT,
        role: str = base.DEFAULT_ROLE,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.schema = schema
        self.database = self.kept("database", database)
        self.role = role

    def converge(self, problems: Problems, mode: base.Mode) -> tuple[str, Report]:
        role = problems.check(check_identity, self.role, "role", default="")
        wanted, hooks = self.wanted(problems)
        problems.raise_all()

        def one(hook: DataGraphHook, mine: Wanted) -> Report:
            def chosen(known: SchemaAccess) -> tuple[list[str], list[Finding]]:
                found, told = choose(mine, known.session.database, known.schemas, known, Limits(trusted=None))
                return [*(path[1] for path in mine.named), *found], told

            def plan(known: SchemaAccess) -> Plan:
                schemas, told = chosen(known)
                made = plan_closing(schemas, role, known)
                return replace(made, findings=(*made.findings, *told))

            return self.engine(hook).converge(
                lambda rows, session: read_closing(rows, session, role, lambda known: chosen(known)[0]),
                plan,
                plan_only=mode.plan_only,
                judge=mode.judge,
            )

        return f"Closed: {schemas_title(wanted)}", self.in_each(wanted, hooks, one)


class DropSegmentRoleOperator(base.ConvergingOperator):
    """Take the linked role and user away, with all that they hold in every database of the cluster.

    Every database is looked at before the first is changed, and one problem in any of them stops all. Each is then
    changed in a transaction of its own; the checkpoint database follows if it is named, then user and role.

    :param role: the role's name; default ``segment_linked_role``.
    :param user_conn_id: the user connection's id, whose login is the user to drop; default ``segment_linked_user``.
    :param checkpoint_database: the checkpoint database, to drop it with all that is in it; default None: it is kept.
        It has to be Segment's: the role holds CREATE in it, or the user connection names it as its database.
    :param confirm_database: the checkpoint database's name again, where something in it belongs to others: that is
        dropped too. Default None: it stops the task.
    :param new_owner: the user that gets what the linked user owns; default None: what it owns stops the task.
    :param trusted_owners: the users that ``new_owner`` may name, beside the admin and superusers, where it comes from
        people; default: any.
    :param keep_role: whether the role stays, with all that it holds and its other members, and only the user leaves:
        another one has taken its place. Default False.
    :param force: whether to take away also what Segment's setup never gave: further privileges, other members of the
        role, other roles of the user. Default False: they stop the task.
    :param kwargs: those of :class:`.ConvergingOperator`, such as ``redshift_conn_id`` and ``plan_only``.

    https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_USER.html,
    https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_ROLE.html,
    https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_DATABASE.html
    """

    checks_conf = True

    def __init__(
        self,
        *,
        role: str = base.DEFAULT_ROLE,
        user_conn_id: str = base.DEFAULT_USER,
        checkpoint_database: str | None = None,
        confirm_database: str | None = None,
        new_owner: str | None = None,
        trusted_owners: str | Sequence[str] | Missing | None = LEFT_OUT,
        keep_role: bool | str = False,
        force: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.role = role
        self.user_conn_id = user_conn_id
        self.checkpoint_database = checkpoint_database
        self.confirm_database = confirm_database
        self.new_owner = new_owner
        self.trusted_owners = self.kept("trusted_owners", trusted_owners)
        self.keep_role = keep_role
        self.force = force

    def converge(self, problems: Problems, mode: base.Mode) -> tuple[str, Report]:
        leaving = self._leaving(problems)
        report = Offboarding(lambda database: self.engine(self.hook(database)), leaving).run(plan_only=mode.plan_only)
        who = f"User {leaving.user} leaves" if leaving.stays else f"Role {leaving.role} and user {leaving.user} leave"
        return who, report

    def _leaving(self, problems: Problems) -> Leaving:
        hook = self.hook()
        role = problems.check(check_identity, self.role, "role", default="")
        drop = problems.check(optional_database, self.checkpoint_database, "checkpoint_database", default=None)
        confirmed = problems.check(optional_database, self.confirm_database, "confirm_database", default=None)
        if confirmed not in (None, drop):
            problems.add(
                f"confirm_database is {confirmed!r}, and checkpoint_database {drop or ''!r}: repeat its name, or leave "
                "confirm_database empty."
            )
        new_owner = problems.check(arguments.optional_text, self.new_owner, "new_owner", default=None)
        if new_owner is not None:
            problems.check(check_identifier, new_owner, "new_owner", default="")
            problems.check(refuse_template, new_owner, "user", default="")
        heirs = self.optional("trusted_owners", arguments.names, problems)
        force = problems.check(arguments.boolean, self.force, "force", default=False)
        keep = problems.check(arguments.boolean, self.keep_role, "keep_role", default=False)
        if keep and drop is not None:
            problems.add("keep_role is true, and checkpoint_database is given: the database goes with the role only.")
        database = problems.check(lambda: str(hook.arguments["database"]), default="")
        user_hook = self.user_hook(database or base.ANY_DATABASE, self.user_conn_id)
        user = problems.check(lambda: user_hook.login, default="")
        problems.raise_all()
        named = user_hook.user_connection.schema or None
        gone, stays = ("", role) if keep else (role, "")
        return Leaving(gone, user, drop, named, None, new_owner, heirs, confirmed, force, stays)
