"""Users, roles, and who holds which role.

Each page is ``https://docs.aws.amazon.com/redshift/latest/dg/<page>.html``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

# r_PG_USER: every user is visible to everyone, unlike in SVV_USER_INFO
USERS = "SELECT usename, usesysid, usesuper, usecreatedb FROM pg_user"
# r_SVV_ROLES
ROLES = "SELECT role_name, role_owner FROM svv_roles"
# r_SVV_SYSTEM_PRIVILEGES
SYSTEM_PRIVILEGES = "SELECT system_privilege, identity_name, identity_type FROM svv_system_privileges"
# r_SVV_USER_INFO: a regular user sees its own row
SYSLOG_ACCESS = "SELECT user_name, syslog_access FROM svv_user_info"
# r_SVV_USER_GRANTS: a regular user sees its own rows
USER_GRANTS = "SELECT user_name, role_name FROM svv_user_grants"
# r_SVV_ROLE_GRANTS: role_name is the grantee
ROLE_GRANTS = "SELECT role_name, granted_role_name FROM svv_role_grants"


def granted_roles(role: str, pairs: Iterable[Sequence[Any]]) -> frozenset[str]:
    """Name the roles whose privileges a role has, through any number of others.

    :param role: the role's name.
    :param pairs: which role holds which.
    :return: their names.
    """
    granted: dict[str, set[str]] = {}
    for holder, name in pairs:
        granted.setdefault(str(holder), set()).add(str(name))
    found: set[str] = set()
    waiting = [role]
    while waiting:
        new = granted.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return frozenset(found)
