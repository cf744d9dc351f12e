"""What the catalog told, for one role, from one database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from airflow_provider_datagraph.redshift.catalog.identities import ROLES, USERS
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.values import Database, Grant, Role, Schema, Session, User


@dataclass(frozen=True)
class CurrentAccess:
    """What the catalog told, for one role, from one database. What wasn't asked for is empty.

    :param relations: stored names of tables and views, by schema; ``views``: those that are views, with their owners
        (empty where the catalog names none); ``late_views``: those that are late-binding; ``table_owners``: who owns
        today's tables.
    :param grants: what the role itself holds.
    :param inherited: what the roles that are granted to it hold.
    :param granted_roles: those roles; ``by_role``: what other roles hold on the named schemas.
    :param others: what PUBLIC, groups and the role's members hold, by a phrase that names them.
    :param secured: tables with row-level security, by schema; ``masked``: those with masked columns.
    :param creators: users that may create in a schema, as (user, schema); ``stuck``: writers of default privileges
        that prune would take away, and who can't create there any more.
    :param hidden: whether the admin can't see the role's privileges at all.
    :param members: users that hold the role; ``role_members``: roles that hold it.
    :param user_roles: roles that the linked user holds; ``user_grants``: its direct privileges.
    :param login_works: whether the user connection logs in; None where nobody tried.
    """

    session: Session
    roles: Mapping[str, Role] = field(default_factory=lambda: MappingProxyType({}))
    users: Mapping[str, User] = field(default_factory=lambda: MappingProxyType({}))
    databases: Mapping[str, Database] = field(default_factory=lambda: MappingProxyType({}))
    schemas: Mapping[str, Schema] = field(default_factory=lambda: MappingProxyType({}))
    relations: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    views: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    late_views: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    table_owners: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    grants: frozenset[Grant] = frozenset()
    inherited: frozenset[Grant] = frozenset()
    granted_roles: frozenset[str] = frozenset()
    by_role: Mapping[str, frozenset[Grant]] = field(default_factory=lambda: MappingProxyType({}))
    others: Mapping[str, frozenset[Grant]] = field(default_factory=lambda: MappingProxyType({}))
    secured: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    masked: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    creators: frozenset[tuple[str, str]] = frozenset()
    stuck: frozenset[tuple[str, str]] = frozenset()
    hidden: bool = False
    members: frozenset[str] = frozenset()
    role_members: frozenset[str] = frozenset()
    user_roles: frozenset[str] = frozenset()
    user_grants: frozenset[Grant] = frozenset()
    login_works: bool | None = None


def read_identity_list(rows: Rows, session: Session) -> CurrentAccess:
    users = {str(n): User(str(n), int(i), bool(s), bool(c)) for n, i, s, c in rows(USERS)}
    roles = {str(name): Role(str(name), str(owner)) for name, owner in rows(ROLES)}
    me = users.get(session.user)
    session = replace(session, superuser=me is not None and me.superuser)
    return CurrentAccess(session, roles=roles, users=users)


def owners_by_id(current: CurrentAccess) -> dict[int, str]:
    return {user.user_id: user.name for user in current.users.values()}
