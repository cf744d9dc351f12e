"""The linked user's password: the one place that changes it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from airflow_provider_datagraph.access.messages import said
from airflow_provider_datagraph.access.plan import blocking
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.access.role import RoleAccess, plan_rotation
from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.operators.base import DEFAULT_USER, ConvergingOperator, Mode
from airflow_provider_datagraph.operators.role import with_user
from airflow_provider_datagraph.redshift.catalog.identities import read_identities
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.values import Session

if TYPE_CHECKING:
    from airflow_provider_datagraph.hooks.redshift import DataGraphHook


def _place(hook: DataGraphHook) -> str:
    return f"{hook.arguments['host']}:{hook.arguments['port']}"


class RotateSegmentPasswordOperator(ConvergingOperator):
    """Give the linked user the password of its connection, where Redshift refuses that one.

    **Segment is locked out from then on, until its settings have the new password.** A password that logs in is never
    touched, nor where anything else keeps the user from logging in: TLS, the network, a connection limit. That the new
    one logs in is tried, and else the task fails.

    :param user_conn_id: the user connection's id, with the new password; default ``segment_linked_user``.
    :param password_hash: ``md5`` (default) or ``sha256``: how the password is hashed before it is sent.
    :param kwargs: those of :class:`.ConvergingOperator`, such as ``plan_only`` and ``fail_on_drift``.

    https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_USER.html
    """

    def __init__(self, *, user_conn_id: str = DEFAULT_USER, password_hash: str = "md5", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.user_conn_id = user_conn_id
        self.password_hash = password_hash

    def converge(self, problems: Problems, mode: Mode) -> tuple[str, Report]:
        hook, user_hook, user = with_user(self, self.user_conn_id, self.password_hash, problems)
        problems.raise_all()
        there, here = _place(user_hook), _place(hook)
        if there != here:
            problems.add(
                f"The user connection {self.user_conn_id} leads to {there}, and the admin connection to {here}: the "
                "password would be changed at one place, and tried at another. Take host and port out of it."
            )
        problems.raise_all()

        works = cache(user_hook.login_works)

        def read(rows: Rows, session: Session) -> RoleAccess:
            known = read_identities(rows, session)
            tried = works() if user.name in known.users else None
            return RoleAccess(known.session, known.roles, known.users, login_works=tried)

        def prove(_: Rows, current: RoleAccess) -> RoleAccess:
            if not user_hook.login_works():
                raise MisconfigurationError(str(said(blocking("login_fails", user.name, case="rotated"))))
            return replace(current, login_works=True)

        report = self.engine(hook).converge(
            read,
            lambda current: plan_rotation(user, current),
            plan_only=mode.plan_only,
            reread=prove,
            compares=False,
            judge=mode.judge,
        )
        return f"Password of user {user.name}", report
