"""Users, roles, who holds which role, and who sees what others hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from airflow_provider_datagraph.redshift.catalog.rows import Rows, word
from airflow_provider_datagraph.redshift.values import NOBODY, Identities, Identity, Role, Session, User

Pairs = list[tuple[str, str]]
# r_PG_USER: every user is visible to everyone, unlike in SVV_USER_INFO
USERS = "SELECT usename, usesysid, usesuper, usecreatedb FROM pg_user"
# PG_GROUP, as in PostgreSQL 8.0's manual: c_intro_catalog_views. Members are an array of their ids.
GROUPS = "SELECT groname, grolist FROM pg_group"
# r_SVV_ROLES
ROLES = "SELECT role_name, role_owner FROM svv_roles"
# r_SVV_SYSTEM_PRIVILEGES
SYSTEM_PRIVILEGES = "SELECT system_privilege, identity_name, identity_type FROM svv_system_privileges"
# r_SVV_USER_INFO: a regular user sees its own row
SYSLOG_ACCESS = "SELECT user_name, syslog_access FROM svv_user_info"
# r_SVV_USER_GRANTS: a regular user sees its own rows
USER_GRANTS = "SELECT user_name, role_name FROM svv_user_grants"
# The same view, for whether a role may be granted on: never to a role, r_GRANT
ADMIN_OPTIONS = "SELECT user_name, role_name, admin_option FROM svv_user_grants"
# t_metadata_security
METADATA_SECURITY = "SHOW metadata_security"
SEE_CATALOG = frozenset({"sys:operator", "sys:secadmin", "sys:dba"})
"""Roles of Redshift's own whose members see all of the catalog in spite of it."""
# r_SVV_ROLE_GRANTS: role_name is the grantee
ROLE_GRANTS = "SELECT role_name, granted_role_name FROM svv_role_grants"


def read_users(rows: Rows) -> dict[str, User]:
    """Read all users, by name."""
    return {str(n): User(str(n), int(i), bool(s), bool(c)) for n, i, s, c in rows(USERS)}


def groups_of(rows: Rows, user_id: int) -> frozenset[str]:
    """Name the groups that a user is in; drivers give an array as a list, or as its text."""
    found = ((str(name), re.findall("[0-9]+", str(members))) for name, members in rows(GROUPS))
    return frozenset(name for name, members in found if str(user_id) in members)


def read_identities(rows: Rows, session: Session) -> Identities:
    """Read who there is in the cluster, and whether the session's user is a superuser."""
    users = read_users(rows)
    roles = {str(name): Role(str(name), str(owner or NOBODY)) for name, owner in rows(ROLES)}
    me = users.get(session.user)
    return Identities(replace(session, superuser=me is not None and me.superuser), roles, users)


def user_grants(rows: Rows) -> Pairs:
    """Read which user holds which role."""
    return [(str(holder), str(name)) for holder, name in rows(USER_GRANTS)]


def memberships(rows: Rows) -> list[tuple[str, str, bool]]:
    """Read which user holds which role, and whether with admin option."""
    return [(str(holder), str(name), bool(option)) for holder, name, option in rows(ADMIN_OPTIONS)]


def role_grants(rows: Rows) -> Pairs:
    """Read which role holds which other role."""
    return [(str(holder), str(name)) for holder, name in rows(ROLE_GRANTS)]


def system_privileges(rows: Rows) -> list[tuple[str, Identity]]:
    """Read who holds which system permission."""
    return [(str(what), Identity(str(kind), str(name))) for what, name, kind in rows(SYSTEM_PRIVILEGES)]


def inherited_roles(role: str, pairs: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Name the roles whose privileges a role has, through any number of others."""
    granted: dict[str, set[str]] = {}
    for holder, name in pairs:
        granted.setdefault(holder, set()).add(name)
    found: set[str] = set()
    waiting = [role]
    while waiting:
        new = granted.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return frozenset(found)


def roles_of(user: str, held: Iterable[tuple[str, str]], between: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Name the roles that a user has, itself and through others."""
    direct, pairs = {name for holder, name in held if holder == user}, list(between)
    return frozenset(direct.union(*(inherited_roles(name, pairs) for name in direct)))


def sees_all(rows: Rows, user: str, own: Iterable[str], system: Iterable[tuple[str, Identity]]) -> bool:
    """Tell whether the views of privileges show a regular user everybody's.

    They ask for ACCESS SYSTEM TABLE, the one of relations for SYSLOG ACCESS UNRESTRICTED:
    https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_system-tables.html and each view's page.
    """
    mine = {Identity("user", user), *(Identity("role", name) for name in own)}
    access = any(what == "ACCESS SYSTEM TABLE" and holder in mine for what, holder in system)
    return access and any(name == user and str(a).upper() == "UNRESTRICTED" for name, a in rows(SYSLOG_ACCESS))


def catalog_hides(rows: Rows, user: str) -> bool:
    """Tell whether PG_NAMESPACE and PG_CLASS hide from a user who asks what it holds nothing on. t_metadata_security"""
    users = read_users(rows)
    if (user in users and users[user].superuser) or word(rows(METADATA_SECURITY)[0][0]) in ("OFF", "FALSE", "F"):
        return False
    own = roles_of(user, user_grants(rows), role_grants(rows))
    mine = {Identity("user", user), *(Identity("role", name) for name in own)}
    exempt = any(what == "ACCESS CATALOG" and holder in mine for what, holder in system_privileges(rows))
    return not exempt and own.isdisjoint(SEE_CATALOG)


def sees_role(rows: Rows, role: str, known: Identities) -> bool:
    """Tell whether the views of privileges show a role's rows to the session's user; one that doesn't exist hides none.

    They show a regular user what it has access to or owns, and all as :func:`sees_all` tells.
    """
    user = known.session.user
    if known.session.superuser or role not in known.roles or known.roles[role].owner == user:
        return True
    held = user_grants(rows)
    own = roles_of(user, held, role_grants(rows) if any(holder == user for holder, _ in held) else ())
    return role in own or sees_all(rows, user, own, system_privileges(rows))
