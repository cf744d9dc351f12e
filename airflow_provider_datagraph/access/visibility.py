"""Whether the admin sees what a role holds: what is hidden must not be taken for missing.

Who sees what: https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_system-tables.html and each view's page.
"""

from __future__ import annotations

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.plan import Finding
from airflow_provider_datagraph.redshift.catalog.identities import (
    ROLE_GRANTS,
    SYSLOG_ACCESS,
    SYSTEM_PRIVILEGES,
    USER_GRANTS,
    granted_roles,
)
from airflow_provider_datagraph.redshift.catalog.rows import Rows


def sees_role(rows: Rows, role: str, current: CurrentAccess) -> bool:
    """Tell whether the privilege views show a role's rows to the admin.

    They show a regular user what it has access to or owns, and all with ACCESS SYSTEM TABLE; the view of relations asks
    for SYSLOG ACCESS UNRESTRICTED instead.

    :param rows: runs a query; a superuser, and the role's owner, cost none. Permissions come through roles of
        roles, too.
    :param role: the role's name.
    :param current: roles, users and the session.
    :return: whether they do; a role that doesn't exist has no rows to hide.
    """
    user = current.session.user
    if current.session.superuser or role not in current.roles or current.roles[role].owner == user:
        return True
    direct = {str(name) for holder, name in rows(USER_GRANTS) if holder == user}
    between = rows(ROLE_GRANTS) if direct else ()
    own = direct.union(*(granted_roles(name, between) for name in direct))
    if role in own:
        return True
    mine = {("user", user), *(("role", name) for name in own)}
    system = {(str(kind), str(name)) for what, name, kind in rows(SYSTEM_PRIVILEGES) if what == "ACCESS SYSTEM TABLE"}
    syslog = {str(name): str(access).upper() for name, access in rows(SYSLOG_ACCESS)}
    return not system.isdisjoint(mine) and syslog.get(user) == "UNRESTRICTED"


def hidden_role(role: str, current: CurrentAccess, plan_only: bool) -> tuple[Finding, ...]:
    """Tell that nothing can be said about a role, since its privileges are hidden.

    :param role: the role's name.
    :param current: the current access.
    :param plan_only: whether nothing will be changed anyway.
    :return: one finding, or none where they are visible.
    """
    if not current.hidden:
        return ()
    user = current.session.user
    message = (
        f"{user} doesn't see what role {role} holds, so what is lacking can't be told from what is hidden: connect as "
        f"a superuser or as the role's owner ({current.roles[role].owner}), or let a superuser run GRANT ACCESS SYSTEM "
        f"TABLE TO ROLE <a role of {user}> and ALTER USER {user} SYSLOG ACCESS UNRESTRICTED."
    )
    return (Finding("hidden", role, message, blocking=not plan_only),)


def role_missing(role: str, current: CurrentAccess, plan_only: bool) -> tuple[Finding, ...]:
    """Tell that a role doesn't exist; a plan-only run goes on as if it did, since an earlier task creates it.

    :param role: the role's name.
    :param current: the current access.
    :param plan_only: whether nothing will be changed anyway.
    :return: one finding, or none where the role exists.
    """
    if role in current.roles:
        return ()
    message = (
        f"Role {role} doesn't exist yet; the plan goes on as if it did."
        if plan_only
        else f"Role {role} doesn't exist: correct the name, or create it with CreateSegmentRoleOperator first."
    )
    return (Finding("role_missing", role, message, blocking=not plan_only),)


def partial_view(current: CurrentAccess) -> tuple[Finding, ...]:
    """Tell that the admin may not see the whole catalog: what is hidden looks as if it were missing.

    :param current: the current access.
    :return: one finding, or none for a superuser.

    https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_system-tables.html
    """
    if current.session.superuser:
        return ()
    message = (
        f"{current.session.user} isn't a superuser: schemas that it doesn't see count as missing, and what others hold "
        "may go unsaid. ACCESS SYSTEM TABLE and SYSLOG ACCESS UNRESTRICTED together show all."
    )
    return (Finding("partial_view", current.session.user, message),)
