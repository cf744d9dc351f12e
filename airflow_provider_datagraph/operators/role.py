"""The linked role and user: Segment's guide, step 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from airflow_provider_datagraph.access.plan import Plan, finding
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.access.role import DesiredUser, RoleAccess, plan_role, read_role, reread_role
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.hooks.iam import mask
from airflow_provider_datagraph.operators import base
from airflow_provider_datagraph.operators.base import DEFAULT_ROLE, DEFAULT_USER, AdoptingOperator, Mode
from airflow_provider_datagraph.redshift.catalog.identities import user_grants
from airflow_provider_datagraph.redshift.names import check_identity
from airflow_provider_datagraph.redshift.passwords import HASHES, policy_problems
from airflow_provider_datagraph.xcom import LEFT_OUT, Missing

if TYPE_CHECKING:
    from airflow_provider_datagraph.hooks.redshift import DataGraphHook


def desired_user(hook: DataGraphHook, password_hash: str) -> DesiredUser:
    """Take the linked user from its connection, with what its password lacks. Task logs mask the hash from here on."""
    login, password = hook.login, str(hook.arguments["password"])
    made = HASHES[password_hash](password, login)
    mask(made)
    return DesiredUser(login, made, tuple(policy_problems(password)))


def with_user(
    operator: base.ConvergingOperator, user_conn_id: str, password_hash: str, problems: Problems
) -> tuple[DataGraphHook, DataGraphHook, DesiredUser]:
    """Make the hooks as the admin and as the linked user, whom an operator is about; and say who that is."""
    kind = problems.check(arguments.choice, password_hash, "password_hash", HASHES, default="md5")
    hook = operator.hook()
    database = problems.check(lambda: str(hook.arguments["database"]), default="")
    user_hook = operator.user_hook(database or base.ANY_DATABASE, user_conn_id)
    return hook, user_hook, problems.check(desired_user, user_hook, kind, default=DesiredUser("", ""))


class CreateSegmentRoleOperator(AdoptingOperator):
    """Create the linked role and user, and make the user a member of the role.

    What exists is adopted and reported. An existing user's password is never touched: if the user connection
    doesn't log in, the task fails before any change.

    :param role: the role's name; default ``segment_linked_role``.
    :param user_conn_id: the user connection's id: the only place of the password; default ``segment_linked_user``.
    :param password_hash: ``md5`` (default) or ``sha256``: how the password is hashed before it is sent.
    :param other_members: users and roles that may hold the role too; default none: any other is a finding, and with
        ``fail_on_drift`` a failure.
    :param kwargs: those of :class:`.AdoptingOperator`, such as ``redshift_conn_id``, ``plan_only``, ``trusted_owners``.

    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_ROLE.html,
    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html
    """

    def __init__(
        self,
        *,
        role: str = DEFAULT_ROLE,
        user_conn_id: str = DEFAULT_USER,
        password_hash: str = "md5",
        other_members: str | Sequence[str] | Missing | None = LEFT_OUT,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.role = role
        self.user_conn_id = user_conn_id
        self.password_hash = password_hash
        self.other_members = self.kept("other_members", other_members)

    def converge(self, problems: Problems, mode: Mode) -> tuple[str, Report]:
        role = problems.check(check_identity, self.role, "role", default="")
        hook, user_hook, user = with_user(self, self.user_conn_id, self.password_hash, problems)
        others = self.optional("other_members", arguments.names, problems) or ()
        trusted = self.trusted(problems)
        problems.raise_all()

        works = cache(user_hook.login_works)

        def tried(current: RoleAccess) -> RoleAccess:
            if user.name not in current.users:
                return current
            current = replace(current, login_works=works())
            if current.login_works and not current.session.superuser and user.name not in current.members:
                # Redshift shows memberships to superusers and to their holder.
                own = self.engine(user_hook).read(lambda see, _: user_grants(see), compares=False)
                return replace(current, members=current.members | {holder for holder, name in own if name == role})
            return current

        def make_plan(current: RoleAccess) -> Plan:
            plan = plan_role(role, user, current, trusted=trusted, others=others, audit=mode.audit)
            more = [finding("serverless", str(hook.admin_connection.host))] if hook.is_serverless else []
            return replace(plan, findings=(*plan.findings, *more))

        report = self.engine(hook).converge(
            lambda rows, session: tried(read_role(rows, session, role, user.name)),
            make_plan,
            plan_only=mode.plan_only,
            look=lambda rows, session: tried(read_role(rows, session, role, user.name, privileged=False)),
            reread=lambda rows, current: tried(reread_role(rows, current, role, user.name)),
            compares=False,
            judge=mode.judge,
        )
        return f"Role {role} and user {user.name}", report
