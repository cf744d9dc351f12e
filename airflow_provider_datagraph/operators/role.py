"""The linked role and user: Segment's guide, step 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.desired import DesiredUser
from airflow_provider_datagraph.access.plan import Finding
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.access.role import plan_role, read_identities
from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.operators.base import DEFAULT_ROLE, DEFAULT_USER, ConvergingOperator, Mode
from airflow_provider_datagraph.redshift.catalog.identities import USER_GRANTS
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.names import check_identity
from airflow_provider_datagraph.redshift.passwords import HASHES, hashed, policy_problems
from airflow_provider_datagraph.redshift.values import Session

if TYPE_CHECKING:
    from airflow_provider_datagraph.hooks.redshift import DataGraphHook


def desired_user(hook: DataGraphHook, password_hash: str) -> DesiredUser:
    """Take the linked user from its connection.

    :param hook: a hook on the user connection.
    :param password_hash: ``md5`` or ``sha256``.
    :return: the user with the hash of its password, and what the password lacks.
    :raises MisconfigurationError: if the connection is missing, of another type, or incomplete.
    """
    login, password = hook.login, str(hook.arguments["password"])
    return DesiredUser(login, hashed(password, login, password_hash), tuple(policy_problems(password)))


def serverless_findings(hook: DataGraphHook) -> tuple[Finding, ...]:
    """Tell where Segment can't work at all.

    :param hook: the admin's hook.
    :return: a finding for Redshift Serverless, or nothing.

    https://segment.com/docs/connections/storage/catalog/redshift/
    """
    if not hook.is_serverless:
        return ()
    message = "Segment doesn't support Redshift Serverless: the access is made, and Segment may not connect."
    return (Finding("serverless", str(hook.admin_connection.host), message),)


def read_memberships(rows: Rows, session: Session, role: str) -> CurrentAccess:
    """Read who holds a role, as far as the login sees it.

    :param rows: runs a query.
    :param session: the session.
    :param role: the role's name.
    :return: the members.

    https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_USER_GRANTS.html
    """
    return CurrentAccess(session, members=frozenset(str(u) for u, name in rows(USER_GRANTS) if name == role))


class CreateSegmentRoleOperator(ConvergingOperator):
    """Create the linked role and user, and make the user a member of the role.

    What exists is adopted and reported. An existing user's password is never touched: if the user connection
    doesn't log in, the task fails before any change.

    :param role: the role's name; default ``segment_linked_role``.
    :param user_conn_id: the user connection's id: the only place of the password; default ``segment_linked_user``.
    :param password_hash: ``md5`` (default) or ``sha256``: how the password is hashed before it is sent.
    :param redshift_conn_id: the admin connection's id; default ``redshift_default``.
    :param plan_only: whether to show the plan and change nothing; default False.

    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_ROLE.html,
    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html
    """

    template_fields: Sequence[str] = ("role", "user_conn_id", "password_hash", *ConvergingOperator.template_fields)

    def __init__(
        self,
        *,
        role: str = DEFAULT_ROLE,
        user_conn_id: str = DEFAULT_USER,
        password_hash: str = "md5",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.role = role
        self.user_conn_id = user_conn_id
        self.password_hash = password_hash

    def converge(self, problems: Problems, mode: Mode) -> tuple[str, Report]:
        """See the base."""
        role = problems.check(check_identity, self.role, "role", default="")
        kind = problems.check(arguments.choice, self.password_hash, "password_hash", HASHES, default="md5")
        hook = self.hook()
        database = problems.check(lambda: str(hook.arguments["database"]), default="")
        user_hook = self.user_hook(database or "dev", self.user_conn_id)
        user = problems.check(desired_user, user_hook, kind, default=DesiredUser("", ""))
        problems.raise_all()

        def read(rows: Rows, session: Session) -> CurrentAccess:
            current = read_identities(rows, session, role, user.name)
            if user.name not in current.users:
                return current
            current = replace(current, login_works=user_hook.login_works())
            if current.login_works and not current.session.superuser and user.name not in current.members:
                # Redshift shows memberships to superusers and to their holder.
                seen = self.engine(user_hook).read(
                    lambda own, user_session: read_memberships(own, user_session, role), names=[]
                )
                return replace(current, members=current.members | seen.members)
            return current

        report = self.engine(hook).converge(
            read, lambda current: plan_role(role, user, current), plan_only=mode.plan_only, names=[]
        )
        report = replace(report, findings=(*report.findings, *serverless_findings(hook)))
        return f"Role {role} and user {user.name}", report
