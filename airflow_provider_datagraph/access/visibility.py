"""Whether the admin sees what a role holds: what is hidden must not be taken for missing.

Who sees what: https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_system-tables.html and each view's page.
"""

from __future__ import annotations

from airflow_provider_datagraph.access.privilege_catalog import ROLE_GRANTS, USER_GRANTS, Rows, granted_roles
from airflow_provider_datagraph.access.privileges import CurrentAccess, Finding

# r_SVV_SYSTEM_PRIVILEGES
SYSTEM_PRIVILEGES = "SELECT system_privilege, identity_name, identity_type FROM svv_system_privileges"
# r_SVV_USER_INFO: a regular user sees its own row
SYSLOG_ACCESS = "SELECT user_name, syslog_access FROM svv_user_info"


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
