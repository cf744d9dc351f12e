"""Step 1 of Segment's guide: the role, the user, and the membership. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from airflow_provider_datagraph.access.current import CurrentAccess, read_identity_list
from airflow_provider_datagraph.access.desired import DesiredUser
from airflow_provider_datagraph.access.messages import describe_grants
from airflow_provider_datagraph.access.plan import Change, Finding, Plan, Reason, Step
from airflow_provider_datagraph.access.visibility import partial_view
from airflow_provider_datagraph.redshift.catalog.identities import ROLE_GRANTS, USER_GRANTS, granted_roles
from airflow_provider_datagraph.redshift.catalog.privileges import (
    column_grants,
    database_grants,
    relation_grants,
    schema_grants,
)
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.names import quote
from airflow_provider_datagraph.redshift.statements import Create, Membership
from airflow_provider_datagraph.redshift.values import Grant, Identity, Session


def read_identities(rows: Rows, session: Session, role: str, user: str) -> CurrentAccess:
    """Read what the cluster knows of a role and a user.

    :param rows: runs a query.
    :param session: the session.
    :param role: the role's name.
    :param user: the user's name.
    :return: roles, users, memberships, and both identities' privileges: on every database of the cluster,
        on schemas and relations of the connected one.
    """
    current = read_identity_list(rows, session)
    held = [(str(holder), str(name)) for holder, name in rows(USER_GRANTS)]
    between = rows(ROLE_GRANTS)
    role_grants: set[Grant] = set()
    user_grants: set[Grant] = set()
    for read in (database_grants, schema_grants, relation_grants, column_grants):
        if role in current.roles:
            role_grants |= read(rows, "role", role)
        if user in current.users:
            user_grants |= read(rows, "user", user)
    return replace(
        current,
        members=frozenset(holder for holder, name in held if name == role),
        role_members=frozenset(str(holder) for holder, name in between if name == role),
        granted_roles=granted_roles(role, between),
        user_roles=frozenset(name for holder, name in held if holder == user),
        grants=frozenset(role_grants),
        user_grants=frozenset(user_grants),
    )


def plan_role(role: str, user: DesiredUser, current: CurrentAccess) -> Plan:
    """Plan the linked role, the linked user and the membership.

    An existing role or user is adopted, and its password is never touched.

    :param role: the role's name.
    :param user: the linked user.
    :param current: what :func:`read_identities` read, with ``login_works`` where the user exists.
    :return: the plan.

    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_ROLE.html,
    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html,
    https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html
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
    findings = [*_identity_refusals(role, user, current), *_adopted(role, user, current), *partial_view(current)]
    return Plan(tuple(steps), has_role + has_user + member, tuple(findings))


def _identity_refusals(role: str, user: DesiredUser, current: CurrentAccess) -> Iterable[Finding]:
    known = current.users.get(user.name)
    if role in current.users:
        message = f"There is a user named {role}, and a role can't share a user's name: choose another role name."
        yield Finding("name_taken", role, message, blocking=True)
    if user.name in current.roles or user.name == role:
        message = f"User {user.name} would share the name of a role: give the user connection another login."
        yield Finding("name_taken", user.name, message, blocking=True)
    if user.name == current.session.user:
        message = (
            f"{user.name} is the admin connection's own login: Segment needs a user of its own, so give the user "
            "connection another login."
        )
        yield Finding("user_is_admin", user.name, message, blocking=True)
    elif known is not None and known.superuser:
        message = (
            f"User {user.name} is a superuser (CREATEUSER), which reads and changes everything: give the user "
            f"connection another login, or run ALTER USER {quote(user.name)} NOCREATEUSER first."
        )
        yield Finding("user_is_superuser", user.name, message, blocking=True)
    elif known is not None and current.login_works is False:
        message = (
            f"User {user.name} exists, and the user connection's password doesn't log in. Nothing was changed, "
            "since Segment may be using the present one: correct the connection's password, or rotate the user's "
            "password on purpose and then give it to Segment and to the connection."
        )
        yield Finding("login_fails", user.name, message, blocking=True)
    if known is None and user.password_problems:
        message = (
            f"The user connection's password doesn't fit Redshift's policy: it must "
            f"{', '.join(user.password_problems)}. Choose another."
        )
        yield Finding("password_policy", user.name, message, blocking=True)


def _adopted(role: str, user: DesiredUser, current: CurrentAccess) -> Iterable[Finding]:
    known_role, known_user = current.roles.get(role), current.users.get(user.name)
    others = sorted(current.members - {user.name}) + [f"role {name}" for name in sorted(current.role_members)]
    if known_role is not None and known_role.owner != current.session.user:
        message = f"Role {role} existed before; its owner is {known_role.owner}."
        yield Finding("role_owner", role, message)
    if known_role is not None and others:
        message = f"Role {role} is also held by {', '.join(others)}: what it may read, they may read."
        yield Finding("role_members", role, message)
    if current.granted_roles:
        message = f"Role {role} also has what the roles {', '.join(sorted(current.granted_roles))} may do."
        yield Finding("role_roles", role, message)
    if current.grants:
        message = (
            f"Role {role} already holds {describe_grants(current.grants)} (as seen from {current.session.database})."
        )
        yield Finding("role_privileges", role, message)
    if known_user is not None and known_user.createdb:
        yield Finding("user_createdb", user.name, f"User {user.name} may create databases (CREATEDB).")
    more_roles = sorted(current.user_roles - {role})
    if more_roles:
        message = f"User {user.name} also holds the roles {', '.join(more_roles)}: it can do what they allow."
        yield Finding("user_roles", user.name, message)
    if current.user_grants:
        message = (
            f"User {user.name} itself holds {describe_grants(current.user_grants)} "
            f"(as seen from {current.session.database}), beside what the role gives."
        )
        yield Finding("user_privileges", user.name, message)
