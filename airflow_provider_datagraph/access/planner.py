"""(desired, current) -> Plan: the ordered statements that are missing, each with its reason. Pure.

Identities and databases are planned here, schemas in :mod:`.schema_planner`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from airflow_provider_datagraph.access.names import join_path, literal, quote
from airflow_provider_datagraph.access.privileges import (
    CurrentAccess,
    DesiredUser,
    Finding,
    Grant,
    Plan,
    Scope,
    Step,
)
from airflow_provider_datagraph.access.visibility import hidden_role


def plan_role(role: str, user: DesiredUser, current: CurrentAccess) -> Plan:
    """Plan the linked role, the linked user and the membership.

    An existing role or user is adopted, and its password is never touched.

    :param role: the role's name.
    :param user: the linked user.
    :param current: what :func:`.catalog.read_identities` read, with ``login_works`` where the user exists.
    :return: the plan.

    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_ROLE.html,
    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html,
    https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html
    """
    steps: list[Step] = []
    has_role, has_user = role in current.roles, user.name in current.users
    if not has_role:
        steps.append(Step(f"CREATE ROLE {quote(role)}", (f"create role {role}: it doesn't exist",)))
    if not has_user:
        steps.append(
            Step(
                f"CREATE USER {quote(user.name)} PASSWORD {literal(user.password_hash)}",
                (f"create user {user.name}, its password sent as a hash: it doesn't exist",),
            )
        )
    member = has_role and user.name in current.members
    if not member:
        steps.append(
            Step(
                f"GRANT ROLE {quote(role)} TO {quote(user.name)}",
                (f"grant role {role} to user {user.name}: it isn't a member",),
            )
        )
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


def describe_grants(grants: Iterable[Grant]) -> str:
    """Describe privileges in a phrase.

    :param grants: the privileges.
    :return: such as ``CREATE on database d, USAGE on 3 schemas, SELECT on 12 tables``.
    """
    grants = set(grants)
    places = Counter((grant.scope, grant.privilege) for grant in grants)
    single = {(grant.scope, grant.privilege): grant for grant in grants}
    nouns = {Scope.TABLES: "the tables of schema", Scope.DEFAULT: "later tables of"}
    phrases = []
    for (scope, privilege), count in sorted(places.items()):
        noun = nouns.get(scope, str(scope))
        grant = single[scope, privilege]
        name = _place(grant)
        phrases.append(f"{privilege} on {noun} {name}" if count == 1 else f"{privilege} on {_plural(noun, count)}")
    return ", ".join(phrases)


def _place(grant: Grant) -> str:
    if grant.scope is Scope.DEFAULT:
        return f"{grant.relation} in {join_path(grant.schema) if grant.schema else 'all schemas'}"
    return join_path(*(part for part in (grant.schema, grant.relation, grant.column) if part))


def _plural(noun: str, count: int) -> str:
    if noun == "later tables of":
        return f"later tables, in {count} cases"
    return f"the tables of {count} schemas" if "tables of" in noun else f"{count} {noun}s"


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


def plan_database(database: str, role: str, current: CurrentAccess, plan_only: bool = False) -> Plan:
    """Plan the checkpoint database and the role's CREATE on it.

    :param database: the database's name.
    :param role: the role's name.
    :param current: what :func:`.catalog.read_databases` read.
    :param plan_only: whether a missing role is no obstacle; default False.
    :return: the plan; CREATE DATABASE runs outside a transaction, and before everything else.

    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_DATABASE.html,
    https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html
    """
    hidden = hidden_role(role, current, plan_only)
    findings = [*role_missing(role, current, plan_only), *(hidden or partial_view(current))]
    steps: list[Step] = []
    known = current.databases.get(database)
    if known is None:
        sentence = f"create database {database}: it doesn't exist"
        steps.append(Step(f"CREATE DATABASE {quote(database)}", (sentence,), autocommit=True))
    elif known.kind != "local":
        message = f"Database {database} is {known.kind}, not local, so Segment can't write in it: name another."
        findings.append(Finding("not_local", database, message, blocking=True))
    elif known.owner != current.session.user:
        message = f"Database {database} existed before; its owner is {known.owner}."
        findings.append(Finding("database_owner", database, message))
    granted = Grant(Scope.DATABASE, "CREATE", database) in current.grants
    if not granted:
        steps.append(
            Step(
                f"GRANT CREATE ON DATABASE {quote(database)} TO ROLE {quote(role)}",
                (f"grant CREATE on database {database} to role {role}: not held",),
            )
        )
    return Plan(tuple(steps), (known is not None) + granted, tuple(findings))
