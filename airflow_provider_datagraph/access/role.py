"""Step 1 of Segment's guide: the role, the user, and the membership; and what any plan says of its role. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from airflow_provider_datagraph.access.plan import Change, Finding, Plan, Reason, Step, blocking, finding, note
from airflow_provider_datagraph.access.trust import is_trusted, untrusted_role
from airflow_provider_datagraph.redshift.catalog import identities, privileges
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.statements import AlterUser, Create, Membership
from airflow_provider_datagraph.redshift.values import Grant, Identities, Identity, Role, Session, User


@dataclass(frozen=True, slots=True)
class DesiredUser:
    """The linked user, and what its clear password lacks. The hash is a secret of its own: it never shows in a repr."""

    name: str
    password_hash: str = field(repr=False)
    password_problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class RoleAccess(Identities):
    """What the cluster knows of a role and a user.

    :param members: users that hold the role; ``role_members``: roles that hold it.
    :param inherited_roles: the roles whose privileges the role has, through any number of others.
    :param grants: what the role holds on databases, and on what is in the connected one; ``user_grants``: the user.
    :param login_works: whether the user connection logs in; None where nobody tried.
    """

    members: frozenset[str] = frozenset()
    role_members: frozenset[str] = frozenset()
    inherited_roles: frozenset[str] = frozenset()
    user_roles: frozenset[str] = frozenset()
    grants: frozenset[Grant] = frozenset()
    user_grants: frozenset[Grant] = frozenset()
    login_works: bool | None = None


def read_role(rows: Rows, session: Session, role: str, user: str, *, privileged: bool = True) -> RoleAccess:
    """Read what the cluster knows of a role and a user, but for whether the login works; nothing of what isn't there.

    :param privileged: whether to read also what they hold, which is only reported.
    """
    known = identities.read_identities(rows, session)
    holders = [Identity("role", role)] * (role in known.roles) + [Identity("user", user)] * (user in known.users)
    held = identities.user_grants(rows) if holders else []
    between = identities.role_grants(rows) if role in known.roles else []
    found = privileges.Held()
    if holders and privileged:
        who = privileges.of(*holders)
        found = privileges.database_grants(rows, who) | privileges.schema_grants(rows, who)
        found |= privileges.relation_grants(rows, who) | privileges.column_grants(rows, who)
    return RoleAccess(
        known.session,
        known.roles,
        known.users,
        members=frozenset(holder for holder, name in held if name == role),
        role_members=frozenset(holder for holder, name in between if name == role),
        inherited_roles=identities.inherited_roles(role, between),
        user_roles=frozenset(name for holder, name in held if holder == user),
        grants=found.by(Identity("role", role)),
        user_grants=found.by(Identity("user", user)),
    )


def reread_role(rows: Rows, current: RoleAccess, role: str, user: str) -> RoleAccess:
    """Read again what a plan may have changed: that the user holds the role tells that both are there."""
    members = current.members | {holder for holder, name in identities.user_grants(rows) if name == role}
    roles, users = {role: Role(role, current.session.user)}, {user: User(user, 0)}
    return replace(current, roles={**roles, **current.roles}, users={**users, **current.users}, members=members)


def plan_role(
    role: str,
    user: DesiredUser,
    current: RoleAccess,
    *,
    trusted: Collection[str] = (),
    others: Collection[str] = (),
    audit: bool = False,
) -> Plan:
    """Plan the linked role, the linked user and the membership. What exists is adopted, and no password is touched.

    :param trusted: users whose role is adopted, beside the admin's and a superuser's.
    :param others: users and roles that may hold the role, too; ``audit``: whether any other member is drift.
    """
    steps: list[Step] = []
    has_role, has_user = role in current.roles, user.name in current.users
    holder = Identity("user", user.name)
    if not has_role:
        steps.append(Step(Create("role", role), (Change("create", "role", (role,), Reason.MISSING),)))
    if not has_user:
        create = Create("user", user.name, user.password_hash)
        steps.append(Step(create, (Change("create", "user", (user.name,), Reason.MISSING),)))
    member = has_role and user.name in current.members
    if not member:
        change = Change("grant", "role", (role,), Reason.NO_MEMBER, identity=holder)
        steps.append(Step(Membership(holder, role), (change,)))
    findings = [
        *_identity_refusals(role, user, current),
        *untrusted_role(role, current, trusted),
        *_members(role, current, {user.name, *others}, audit=audit),
        *_adopted(role, user, current, trusted),
        *partial_view(current),
    ]
    return Plan(tuple(steps), has_role + has_user + member, tuple(findings))


def plan_rotation(user: DesiredUser, current: RoleAccess) -> Plan:
    """Plan another password for the linked user where its own is refused; one that works is never touched."""
    name, known = user.name, current.users.get(user.name)
    if known is None:
        return Plan(findings=(blocking("user_missing", name, case="rotation"),))
    if unfit := _unfit(name, current):
        return Plan(findings=unfit)
    if current.login_works:
        return Plan(in_place=1)
    alter = AlterUser(name, "PASSWORD", user.password_hash)
    step = Step(alter, (Change("set", "password", (name,), Reason.LOGIN_FAILS),))
    findings = [finding("segment_locked_out", name)]
    if user.password_problems:
        findings.append(blocking("password_policy", name, lacks=user.password_problems))
    return Plan((step,), findings=tuple(findings))


def _unfit(name: str, current: RoleAccess) -> tuple[Finding, ...]:
    """Tell that nobody is to be the linked user who may do more."""
    known = current.users.get(name)
    if name == current.session.user:
        return (blocking("user_is_admin", name),)
    if known is not None and known.superuser:
        return (blocking("user_is_superuser", name, statement=AlterUser(name, "NOCREATEUSER")),)
    return ()


def _identity_refusals(role: str, user: DesiredUser, current: RoleAccess) -> Iterator[Finding]:
    name, known = user.name, current.users.get(user.name)
    if role in current.users:
        yield blocking("name_taken", role, case="role")
    if name in current.roles or name == role:
        yield blocking("name_taken", name, case="user")
    if unfit := _unfit(name, current):
        yield from unfit
    elif known is not None and current.login_works is False:
        yield blocking("login_fails", name)
    if known is None and user.password_problems:
        yield blocking("password_policy", name, lacks=user.password_problems)


def _members(role: str, current: RoleAccess, named: Collection[str], *, audit: bool) -> Iterator[Finding]:
    members = [*sorted(current.members.difference(named))]
    members += [f"role {name}" for name in sorted(current.role_members.difference(named))]
    if role in current.roles and members:
        make = blocking if audit else finding
        yield make("role_members", role, members=tuple(members))


def _adopted(role: str, user: DesiredUser, current: RoleAccess, trusted: Collection[str]) -> Iterator[Finding]:
    known_role, known_user = current.roles.get(role), current.users.get(user.name)
    database = current.session.database
    owner = known_role.owner if known_role else current.session.user
    if owner != current.session.user and is_trusted(owner, current, trusted):
        yield note("role_owner", role, owner=owner)
    if current.inherited_roles:
        yield finding("role_roles", role, roles=tuple(sorted(current.inherited_roles)))
    if current.grants:
        yield note("role_privileges", role, grants=current.grants, database=database)
    if known_user is not None and known_user.createdb:
        yield finding("user_createdb", user.name, statement=AlterUser(user.name, "NOCREATEDB"))
    if more_roles := sorted(current.user_roles - {role}):
        yield finding("user_roles", user.name, roles=tuple(more_roles))
    if current.user_grants:
        yield finding("user_privileges", user.name, grants=current.user_grants, database=database)


def hidden_role(role: str, known: Identities, hidden: bool, plan_only: bool = False) -> tuple[Finding, ...]:
    """Tell that nothing can be said about a role, since its privileges are hidden: one finding, or none."""
    if not hidden:
        return ()
    make = finding if plan_only else blocking
    return (make("hidden", role, case="role", user=known.session.user, owner=known.roles[role].owner),)


def role_missing(role: str, known: Identities, plan_only: bool) -> tuple[Finding, ...]:
    """Tell that a role doesn't exist; a plan-only run goes on as if it did, since an earlier task creates it."""
    if role in known.roles:
        return ()
    return (finding("role_missing", role, case="planned") if plan_only else blocking("role_missing", role),)


def partial_view(known: Identities) -> tuple[Finding, ...]:
    """Tell that the admin may not see the whole catalog (cm_chap_system-tables): what is hidden looks missing."""
    return () if known.session.superuser else (note("partial_view", known.session.user),)
