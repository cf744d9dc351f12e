"""What an admin who isn't a superuser may do and grant, read only as far as the statements of a plan ask. Pure.

r_GRANT-usage-notes, t_scoped-permissions-considerations, r_roles-system-privileges
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from airflow_provider_datagraph.redshift.catalog import privileges
from airflow_provider_datagraph.redshift.catalog.effective import usable_schemas
from airflow_provider_datagraph.redshift.catalog.identities import memberships, role_grants, roles_of, system_privileges
from airflow_provider_datagraph.redshift.catalog.relations import read_all_relations
from airflow_provider_datagraph.redshift.catalog.rows import Rows, word
from airflow_provider_datagraph.redshift.catalog.schemas import read_databases, read_namespaces
from airflow_provider_datagraph.redshift.statements import Privileges, Statement
from airflow_provider_datagraph.redshift.values import Grant, Identities, Identity, Owned, Scope

OF_DATABASES = frozenset({Scope.DATABASE, Scope.SCHEMAS, Scope.DATABASE_TABLES})


@dataclass(frozen=True, slots=True)
class Rights:
    """What an admin may do and grant, as far as was read.

    :param roles: the roles that it holds itself; ``grantable``: those of them that it holds with admin option.
    :param grants: what it holds itself with grant option: a role can't.
    :param usable: the schemas that it may use, in whatever way.
    :param schemas: all of the connected database's, hidden from nobody; ``tables``: today's tables and views.
    """

    permissions: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    grantable: frozenset[str] = frozenset()
    owned: frozenset[Owned] = frozenset()
    grants: frozenset[Grant] = frozenset()
    usable: frozenset[str] = frozenset()
    schemas: frozenset[str] = frozenset()
    tables: frozenset[tuple[str, str]] = frozenset()


def read_rights(rows: Rows, known: Identities, statements: Iterable[Statement]) -> Rights:
    """Read what the session's user may do, as far as a plan's statements ask for it."""
    user, asked = known.session.user, tuple(statements)
    me, scopes = Identity("user", user), {one.scope for one in asked if isinstance(one, Privileges)}
    rights = Rights()
    if not all(isinstance(one, Privileges) for one in asked):
        rights = _of_cluster(rows, user)
    held, owned = privileges.Held(), set[Owned]()
    if scopes & OF_DATABASES:
        held |= privileges.database_grants(rows, privileges.of(me), grantable=True)
        owned |= {Owned("database", one.name) for one in read_databases(rows, known).values() if one.owner == user}
    if scopes - OF_DATABASES:
        held |= privileges.schema_grants(rows, privileges.of(me), grantable=True)
        namespaces, owner = read_namespaces(rows), known.owner_names()
        rights = replace(rights, schemas=frozenset(name for name, _ in namespaces.values()))
        owned |= {Owned("schema", name) for name, user_id in namespaces.values() if owner(user_id) == user}
    if scopes & {Scope.TABLES, Scope.TABLE}:
        held |= privileges.relation_grants(rows, privileges.of(me), grantable=True)
        found = read_all_relations(rows, owner, namespaces).values()
        owned |= {Owned("table", one.schema, one.name) for one in found if one.owner == user}
        tables = frozenset((one.schema, one.name) for one in found)
        rights = replace(rights, usable=usable_schemas(rows, user), tables=tables)
    return replace(rights, owned=frozenset(owned), grants=held.by(me))


def _of_cluster(rows: Rows, user: str) -> Rights:
    held = memberships(rows)
    own = roles_of(user, [(holder, name) for holder, name, _ in held], role_grants(rows))
    mine = {Identity("role", name) for name in own}
    return Rights(
        frozenset(word(what) for what, holder in system_privileges(rows) if holder in mine),
        frozenset(name for holder, name, _ in held if holder == user),
        frozenset(name for holder, name, admin in held if holder == user and admin),
    )
