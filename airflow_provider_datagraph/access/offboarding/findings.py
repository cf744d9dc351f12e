"""What forbids to drop a role, a user or a database, and what is kept, with the reason. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from airflow_provider_datagraph.access.messages import describe_grants, few
from airflow_provider_datagraph.access.offboarding.values import Cluster, Holdings, Leaving
from airflow_provider_datagraph.access.plan import Finding, blocking_finding
from airflow_provider_datagraph.access.schemas.writers import stuck_findings
from airflow_provider_datagraph.redshift.statements import Privileges
from airflow_provider_datagraph.redshift.values import Grant, Identity, OpenSession, Owned, Scope, User

_ON_TABLES = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "DROP"})
# What Segment's setup gives a role.
EXPECTED = {
    Scope.SCHEMA: frozenset({"USAGE", "CREATE", "DROP"}),
    Scope.TABLES: _ON_TABLES,
    Scope.TABLE: _ON_TABLES,
    Scope.COLUMN: _ON_TABLES,
    Scope.DEFAULT: _ON_TABLES,
}
FORCE = "run again with force=True to take that away too"
# r_DROP_DATABASE
UNDROPPABLE = ("dev", "padb_harvest", "template0", "template1")


def who_leaves(leaving: Leaving, cluster: Cluster) -> User | None:
    """Find the user that is dropped.

    :param leaving: who leaves.
    :param cluster: the cluster.
    :return: the user; None where there is none, or it is kept.
    """
    user = cluster.users.get(leaving.user)
    return None if user is None or user.superuser or user.name == cluster.session.user else user


def home(leaving: Leaving, cluster: Cluster) -> str | None:
    """Tell which database is the checkpoint database, the one in which the setup grants CREATE.

    :param leaving: who leaves.
    :param cluster: the cluster.
    :return: the named one, else the only one in which the role holds CREATE.
    """
    if leaving.drop is not None or leaving.home is not None:
        return leaving.drop or leaving.home
    role = Identity("role", leaving.role)
    found = {g.schema for i, g in cluster.on_databases if i == role and g.scope is Scope.DATABASE and _creates(g)}
    return found.pop() if len(found) == 1 else None


def _creates(grant: Grant) -> bool:
    return grant.privilege == "CREATE"


def owned_roles(leaving: Leaving, cluster: Cluster) -> list[Owned]:
    """Name the other roles that the user owns.

    :param leaving: who leaves.
    :param cluster: the cluster.
    :return: the roles.
    """
    owned = (role.name for role in cluster.roles.values() if role.owner == leaving.user)
    return [Owned("role", name) for name in sorted(owned) if name != leaving.role]


def cluster_findings(leaving: Leaving, cluster: Cluster) -> Iterator[Finding]:
    """Find what belongs to no database.

    :param leaving: who leaves.
    :param cluster: the cluster.
    :return: the findings.
    """
    if not cluster.sees_all:
        me = cluster.session.user
        message = (
            f"{me} doesn't see what others hold, so nothing can be said to be gone: connect as a superuser, or let one "
            f"run GRANT ACCESS SYSTEM TABLE TO ROLE <a role of {me}> and ALTER USER {me} SYSLOG ACCESS UNRESTRICTED."
        )
        yield blocking_finding("hidden", me, message)
    if cluster.unseen:
        names, me = few(sorted(cluster.unseen)), cluster.session.user
        message = (
            f"{me} doesn't see what kind of databases {names} are, so it can't look in them: connect as a superuser."
        )
        yield blocking_finding("hidden", names, message)
    yield from _role_findings(leaving, cluster)
    yield from _user_findings(leaving, cluster)
    if leaving.new_owner is not None and leaving.new_owner not in cluster.users:
        message = f"There is no user {leaving.new_owner}, named in new_owner: correct the name, or create it first."
        yield blocking_finding("new_owner_missing", leaving.new_owner, message)
    kept = home(leaving, cluster)
    if leaving.drop is None and kept in cluster.databases:
        message = f"Database {kept} is kept, since checkpoint_database doesn't name it."
        yield Finding("database_kept", str(kept), message)


def _role_findings(leaving: Leaving, cluster: Cluster) -> Iterator[Finding]:
    role = leaving.role
    others = sorted(map(str, cluster.members - {Identity("user", leaving.user)}))
    if others and not leaving.force:
        message = f"Role {role} is also held by {few(others)}, who would lose what it gives: {FORCE}."
        yield blocking_finding("role_members", role, message)
    more = [*(f"role {name}" for name in sorted(cluster.granted_roles)), *sorted(cluster.system)]
    if more and not leaving.force:
        message = f"Role {role} holds what Segment's setup never gives: {few(more)}: {FORCE}."
        yield blocking_finding("role_privileges", role, message)
    for identity, grant in sorted(cluster.on_databases):
        database = cluster.databases.get(grant.schema)
        if database is not None and database.kind != "local":
            revoke = Privileges(identity, (grant.privilege,), Scope.DATABASE, [(grant.schema,)], taken=True)
            message = (
                f"{identity} holds {describe_grants([grant])}, which is {database.kind}: an administrator runs "
                f"{revoke.sql} by hand."
            )
            yield blocking_finding("not_local", grant.schema, message[0].upper() + message[1:])


def _user_findings(leaving: Leaving, cluster: Cluster) -> Iterator[Finding]:
    name, known, user = leaving.user, cluster.users.get(leaving.user), who_leaves(leaving, cluster)
    if known is not None and user is None:
        why = "it is the admin connection's own login" if name == cluster.session.user else "it is a superuser"
        message = f"User {name} is kept with all that it holds, but for role {leaving.role}: {why}."
        yield Finding("user_kept", name, message)
    if user is None:
        return
    if leaving.new_owner == name:
        yield blocking_finding(
            "new_owner_leaves", name, f"new_owner is {name}, the user that leaves: name another user."
        )
    others = sorted(cluster.user_roles - {leaving.role})
    if others and not leaving.force:
        message = f"User {name} also holds {_roles(others)}, so somebody else may need it: {FORCE}."
        yield blocking_finding("user_roles", name, message)
    roles = [one.name for one in owned_roles(leaving, cluster)]
    if roles and leaving.new_owner is None:
        message = f"User {name} owns {_roles(roles)}: name a user in new_owner who gets them."
        yield blocking_finding("owned", name, message)
    logged_in = [one for one in cluster.sessions or () if one.is_of(name) and one.database != leaving.drop]
    if logged_in:
        message = f"User {name} is still logged in: {_said(logged_in)}. What is open goes on until it ends."
        yield Finding("session_open", name, message)


def _roles(names: Sequence[str]) -> str:
    return f"the role{'s' * (len(names) > 1)} {few(names)}"


def _said(sessions: Iterable[OpenSession]) -> str:
    said = [f"process {s.process} of user {s.user} in {s.database}" for s in sorted(sessions)]
    return few(said)


def holdings_findings(leaving: Leaving, cluster: Cluster, holdings: Holdings) -> Iterator[Finding]:
    """Find what a database holds that can't, or mustn't without being told, be taken away.

    :param leaving: who leaves.
    :param cluster: the cluster.
    :param holdings: what they hold in the database.
    :return: the findings, all of them blocking.
    """
    database, user = holdings.session.database, who_leaves(leaving, cluster)
    role = Identity("role", leaving.role)
    if not leaving.force:
        further = {g for i, g in holdings.held if i == role and not _expected(g, home(leaving, cluster))}
        if further:
            message = (
                f"Role {leaving.role} holds in database {database} what Segment's setup never gives: "
                f"{describe_grants(further)}{_home_advice(leaving, cluster, further)}: {FORCE}."
            )
            yield blocking_finding("role_privileges", database, message)
        own = {grant for identity, grant in holdings.held if identity.kind == "user"}
        if own:
            message = (
                f"User {leaving.user} itself, beside the role, holds in database {database} {describe_grants(own)}: "
                f"{FORCE}."
            )
            yield blocking_finding("user_privileges", database, message)
    if holdings.unnamed:
        message = (
            f"In database {database} there are privileges that this doesn't revoke: {few(sorted(holdings.unnamed))}: "
            "revoke them by hand first."
        )
        yield blocking_finding("by_hand", database, message)
    yield from stuck_findings(database, holdings.stuck)
    if user is not None and holdings.owned and leaving.new_owner is None:
        message = (
            f"User {leaving.user} owns in database {database} {_objects(holdings.owned, database)}: name a user in "
            "new_owner who gets them, or drop them first; the checkpoint database can be named in checkpoint_database."
        )
        yield blocking_finding("owned", database, message)


def _home_advice(leaving: Leaving, cluster: Cluster, further: Iterable[Grant]) -> str:
    """Tell how to name the checkpoint database, where CREATE on it can't be told from CREATE on another."""
    found = {g.schema for g in further if g.scope is Scope.DATABASE and _creates(g)}
    if home(leaving, cluster) is not None or not found:
        return ""
    return f" (if {few(sorted(found))} is the checkpoint database, name it as the schema of the user connection)"


def _expected(grant: Grant, checkpoint: str | None) -> bool:
    if grant.scope is Scope.DATABASE:
        return grant.schema == checkpoint and grant.privilege in ("CREATE", "TEMPORARY")
    return grant.privilege in EXPECTED.get(grant.scope, ())


def _objects(owned: Iterable[Owned], database: str) -> str:
    return few([one.said(database) for one in sorted(owned)])


def checkpoint_findings(leaving: Leaving, cluster: Cluster, holdings: Holdings) -> Iterator[Finding]:
    """Find what forbids to drop the checkpoint database.

    :param leaving: who leaves.
    :param cluster: the cluster.
    :param holdings: what is in the database.
    :return: the findings, all of them blocking.
    """
    database = str(leaving.drop)
    if cluster.databases[database].kind != "local":
        message = f"Database {database} is {cluster.databases[database].kind}, not local: an administrator drops it."
        yield blocking_finding("not_local", database, message)
    if database == cluster.session.database or database in UNDROPPABLE:
        why = "the admin connection's own" if database not in UNDROPPABLE else "one that Redshift keeps"
        message = f"Database {database} is {why}, so it can't be dropped: leave checkpoint_database empty"
        yield blocking_finding("undroppable", database, message + ", or give the admin connection another database.")
    # Schema public is everybody's and there from the beginning.
    names = {user.user_id: user.name for user in cluster.users.values()}
    foreign = [(o, names.get(i, f"user id {i}")) for o, i in sorted(holdings.others) if _counts(o)]
    if foreign and not leaving.force:
        said = few([f"{one.said(database)} of {owner}" for one, owner in foreign])
        message = f"Database {database} holds what isn't user {leaving.user}'s: {said}: {FORCE}."
        yield blocking_finding("foreign_objects", database, message)
    yield from session_findings(database, cluster)


def session_findings(database: str, cluster: Cluster) -> Iterator[Finding]:
    """Name the sessions that keep a database from being dropped.

    :param database: the database.
    :param cluster: the cluster.
    :return: one blocking finding, or none.
    """
    sessions = [one for one in cluster.sessions or () if one.is_in(database)]
    if sessions:
        message = (
            f"Database {database} can't be dropped while somebody is connected to it: {_said(sessions)}. Let them end, "
            "or an administrator runs SELECT PG_TERMINATE_BACKEND(<process>)."
        )
        yield blocking_finding("session_open", database, message)


def _counts(one: Owned) -> bool:
    return one.kind == "table" or (one.kind == "schema" and one.name != "public")
