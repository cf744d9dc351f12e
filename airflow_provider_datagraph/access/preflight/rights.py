"""What an admin who isn't a superuser lacks for a plan, each with the statement that gives exactly that. Pure.

Who may grant what: r_GRANT-usage-notes; scoped permissions take a superuser or the grant option, and ownership isn't
enough: t_scoped-permissions-considerations; system permissions are given to roles only: r_roles-system-privileges.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count

from airflow_provider_datagraph.access.plan import Fact, Finding, Plan, Step, blocking
from airflow_provider_datagraph.redshift import statements
from airflow_provider_datagraph.redshift.catalog import privileges
from airflow_provider_datagraph.redshift.catalog.effective import usable_schemas
from airflow_provider_datagraph.redshift.catalog.identities import memberships, role_grants, roles_of, system_privileges
from airflow_provider_datagraph.redshift.catalog.relations import read_all_relations
from airflow_provider_datagraph.redshift.catalog.rows import Rows, word
from airflow_provider_datagraph.redshift.catalog.schemas import read_databases, read_namespaces
from airflow_provider_datagraph.redshift.statements import Path, Privileges, Statement
from airflow_provider_datagraph.redshift.values import Grant, Identities, Identity, Owned, Scope

OF_DATABASES = frozenset({Scope.DATABASE, Scope.SCHEMAS, Scope.DATABASE_TABLES})
KINDS = {Scope.DATABASE: "database", Scope.SCHEMA: "schema", Scope.TABLE: "table"}
"""Whose owner may grant on it: no scoped permission, which is on nothing that has one."""
LATER = "ALTER DEFAULT PRIVILEGES"


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


def read_rights(rows: Rows, known: Identities, planned: Iterable[Statement]) -> Rights:
    """Read what the session's user may do, as far as a plan's statements ask for it."""
    user, asked = known.session.user, tuple(planned)
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


def judged(rows: Rows, known: Identities, plan: Plan) -> Plan:
    """Add what the session's user would be refused to a plan. A superuser, and a plan without steps, cost no query."""
    if known.session.superuser or known.session.user not in known.users or not plan.steps:
        return plan
    rights = read_rights(rows, known, (step.statement for step in plan.steps))
    return replace(plan, findings=(*plan.findings, *lacking(plan.steps, known, rights)))


def lacking(steps: Sequence[Step], known: Identities, rights: Rights) -> list[Finding]:
    """Find what the session's user would be refused, each with the statements that give it, and nothing more."""
    return list(_Lacking(known, rights).of(steps))


def rights_role(known: Identities, rights: Rights) -> str:
    """Name the role for the admin's system permissions: one of its own, or a name that nobody has."""
    stem = re.sub("[^a-z0-9_]", "_", known.session.user.lower()) + "_rights"
    taken = {*known.roles, *known.users} - rights.roles
    return next(one for one in chain([stem], (f"{stem}{n}" for n in count(2))) if one not in taken)


class _Lacking:
    """Goes through a plan; what it has created by then is the admin's."""

    def __init__(self, known: Identities, rights: Rights) -> None:
        self.known, self.rights, self.user = known, rights, known.session.user
        self.owned = set(rights.owned)
        self.tables: dict[str, list[Path]] = {}
        for path in sorted(rights.tables):
            self.tables.setdefault(path[0], []).append(path)
        # Schemas whose USAGE the admin is given by what was found already.
        self.opened: set[str] = set()

    def _lacks(self, case: str = "", **facts: Fact) -> Finding:
        database = self.known.session.database
        return blocking("admin_lacks", self.user, database=database, **facts, **({"case": case} if case else {}))

    def of(self, steps: Sequence[Step]) -> Iterator[Finding]:
        writers, permissions = set[str](), dict.fromkeys(filter(None, (_permission(one.statement) for one in steps)))
        dropped = {step.statement.name for step in steps if isinstance(step.statement, statements.Drop)}
        for step in steps:
            match step.statement:
                case statements.Create(kind, name):
                    self.owned.add(Owned(kind, name))
                    if kind == "database" and not self.known.users[self.user].createdb:
                        yield self._lacks("createdb", statement=statements.AlterUser(self.user, "CREATEDB"))
                case statements.Membership(role=role) | statements.Drop("role", role) if not self._manages(role):
                    # A member of what is dropped would stand in its way.
                    give = statements.Membership(Identity("user", self.user), role, option=True)
                    own = statements.ChangeOwner(Owned("role", role), self.user)
                    yield self._lacks("membership", role=role, statement=own if role in dropped else give)
                case statements.DefaultPrivileges(writers=names):
                    writers |= {name for name in names if name != self.user}
                case Privileges() as statement:
                    yield from self._privileges(statement, step)
        if needed := tuple(one for one in permissions if one not in self.rights.permissions):
            yield self._lacks("permission", permissions=needed, statements=self._permit(needed))
        if writers and LATER not in self.rights.permissions:
            yield self._lacks("writers", writers=tuple(sorted(writers)), statements=self._permit((LATER,)))

    def _manages(self, role: str) -> bool:
        """Tell whether the admin may grant, revoke and drop a role. r_DROP_ROLE"""
        found = self.known.roles.get(role)
        own = Owned("role", role) in self.owned or (found is not None and found.owner == self.user)
        return own or role in self.rights.grantable

    def _permit(self, permissions: Sequence[str]) -> tuple[str, ...]:
        """Write what gives system permissions by a role that is the admin's alone: another's members got them too."""
        name = rights_role(self.known, self.rights)
        role, made = Identity("role", name), list[Statement]()
        if name not in self.known.roles:
            made += [statements.Create("role", name), statements.Membership(Identity("user", self.user), name)]
        return tuple(one.sql for one in (*made, statements.SystemPermission(role, ", ".join(permissions))))

    def _privileges(self, statement: Privileges, step: Step) -> Iterator[Finding]:
        # A plan-only run goes on without a schema, and says so.
        there = statement.scope in OF_DATABASES
        scope, paths = statement.scope, [path for path in statement.objects if there or path[0] in self.rights.schemas]
        if statement.todays:
            scope, paths = Scope.TABLE, self._todays(paths)
        words = tuple(statement.privileges)
        if words == statements.ALL:
            words = tuple(sorted({word for change in step.changes for word in change.privileges} - statements.UNNAMED))
        verb = "revoke" if statement.taken else "grant"
        refused: dict[tuple[str, ...], list[Path]] = {}
        for path in paths:
            missing = tuple(word for word in words if not self._may(scope, word, path))
            if missing:
                refused.setdefault(missing, []).append(path)
        if scope is Scope.TABLE:
            yield from self._use({schema for schema, *_ in paths})
        for missing, where in refused.items():
            for chunk in statements.chunks(where, lambda path: path):
                give = Privileges(Identity("user", self.user), missing, scope, chunk, option=True)
                grants = frozenset(_grant(scope, word, path) for word in missing for path in chunk)
                if scope is Scope.SCHEMA and "USAGE" in missing:
                    self.opened |= {name for (name,) in chunk}
                less = scope is Scope.TABLES and not statement.taken and self._may_todays(words, chunk)
                yield self._lacks("todays" if less else "", verb=verb, grants=grants, statement=give)

    def _todays(self, schemas: Sequence[Path]) -> list[Path]:
        return [path for (name,) in schemas for path in self.tables.get(name, ())]

    def _may(self, scope: Scope, word: str, path: Path) -> bool:
        kind = KINDS.get(scope)
        if kind is not None and Owned(kind, *path) in self.owned:
            return True
        return _grant(scope, word, path) in self.rights.grants

    def _may_todays(self, words: Sequence[str], schemas: Sequence[Path]) -> bool:
        tables = self._todays(schemas)
        return bool(tables) and all(self._may(Scope.TABLE, word, path) for word in words for path in tables)

    def _use(self, schemas: set[str]) -> Iterator[Finding]:
        """Naming a table takes USAGE on its schema."""
        closed = sorted(schemas - self.rights.usable - self.opened)
        if closed:
            self.opened |= {*closed}
            give = Privileges(Identity("user", self.user), ("USAGE",), Scope.SCHEMA, [(name,) for name in closed])
            yield self._lacks("use", schemas=tuple(closed), statement=give)


def _permission(statement: Statement) -> str:
    """Name the system permission that a statement takes; empty: none. A role is dropped by who manages it."""
    match statement:
        case statements.Create("role"):
            return "CREATE ROLE"
        case statements.Create("user"):
            return "CREATE USER"
        case statements.Drop("user"):
            return "DROP USER"
        case statements.AlterUser():
            return "ALTER USER"
    return ""


def _grant(scope: Scope, word: str, path: Path) -> Grant:
    return Grant(scope, word, database=path[0]) if scope in OF_DATABASES else Grant(scope, word, *path)
