"""What forbids to drop a role, a user or a database, and what is kept. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from airflow_provider_datagraph.access.offboarding.values import Cluster, Holdings, Leaving
from airflow_provider_datagraph.access.plan import Fact, Finding, blocking, finding, note
from airflow_provider_datagraph.access.schemas.targets import stuck_findings
from airflow_provider_datagraph.access.trust import is_trusted
from airflow_provider_datagraph.redshift.statements import AlterUser, Privileges, use_of_shared
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


def who_leaves(leaving: Leaving, cluster: Cluster) -> User | None:
    """Find the user that is dropped; None: there is none, or it is kept."""
    user = cluster.users.get(leaving.user)
    return None if user is None or user.superuser or user.name == cluster.session.user else user


def home(leaving: Leaving, cluster: Cluster) -> str | None:
    """Name the checkpoint database, in which the setup grants CREATE: the one that is named, or else the only one."""
    if known := leaving.drop or leaving.home or leaving.named:
        return known
    found = created_in(leaving, cluster)
    return next(iter(found)) if len(found) == 1 else None


def created_in(leaving: Leaving, cluster: Cluster) -> frozenset[str]:
    """Name the databases in which the role holds CREATE, as it does in the checkpoint database."""
    role = Identity("role", leaving.role)
    return frozenset(grant.database for one, grant in cluster.on_databases if one == role and _creates(grant))


def _creates(grant: Grant) -> bool:
    return grant.scope is Scope.DATABASE and grant.privilege == "CREATE"


def owned_roles(leaving: Leaving, cluster: Cluster) -> list[Owned]:
    """Name the other roles that the user owns."""
    owned = (role.name for role in cluster.roles.values() if role.owner == leaving.user)
    return [Owned("role", name) for name in sorted(owned) if name != leaving.role]


def cluster_findings(leaving: Leaving, cluster: Cluster) -> Iterator[Finding]:
    """Find what belongs to no database."""
    me = cluster.session.user
    if not cluster.sees_all:
        yield blocking("hidden", me, case="privileges")
    if not cluster.sees_catalog:
        yield blocking("hidden", me, case="owned")
    if cluster.unseen:
        yield blocking("hidden", me, case="databases", databases=tuple(sorted(cluster.unseen)))
    yield from _role_findings(leaving, cluster)
    yield from _user_findings(leaving, cluster)
    if leaving.new_owner is not None and leaving.new_owner not in cluster.users:
        yield blocking("new_owner_missing", leaving.new_owner)
    elif leaving.heirs is not None and not is_trusted(leaving.new_owner or me, cluster, leaving.heirs):
        yield blocking("new_owner_untrusted", str(leaving.new_owner), user=leaving.user)
    kept = home(leaving, cluster)
    if leaving.drop is None and kept in cluster.databases:
        yield note("database_kept", str(kept))


def _role_findings(leaving: Leaving, cluster: Cluster) -> Iterator[Finding]:
    role = leaving.role
    if role in cluster.roles and cluster.sees_all and Identity("user", leaving.user) not in cluster.members:
        yield blocking("role_unrelated", role, user=leaving.user)
    others = tuple(sorted(map(str, cluster.members - {Identity("user", leaving.user)})))
    if others and not leaving.force:
        yield blocking("role_members", role, case="leaving", members=others)
    more = (*(f"role {name}" for name in sorted(cluster.granted_roles)), *sorted(cluster.system))
    if more and not leaving.force:
        yield blocking("role_privileges", role, case="permissions", permissions=more)
    for identity, grant in on_shared(leaving, cluster):
        if is_use(grant):
            _, usage, read = use_of_shared(identity, grant.database, "<schema>", taken=True)
            yield note(
                "not_local", grant.database, case="inside", holder=str(identity), statements=(read.sql, usage.sql)
            )
        else:
            revoke = Privileges(identity, (grant.privilege,), grant.scope, [grant.path], taken=True)
            kind = cluster.databases[grant.database].kind
            facts: dict[str, Fact] = {"kind": kind, "grants": frozenset({grant}), "statement": revoke}
            yield blocking("not_local", grant.database, case="held", holder=str(identity), **facts)


def on_shared(leaving: Leaving, cluster: Cluster) -> list[tuple[Identity, Grant]]:
    """Name what who leaves holds on databases that aren't local."""
    stays = who_leaves(leaving, cluster) is None
    others = {name for name, one in cluster.databases.items() if one.kind != "local"}
    held = sorted((one, grant) for one, grant in cluster.on_databases if grant.database in others)
    return [(one, grant) for one, grant in held if one.kind == "role" or not stays]


def is_use(grant: Grant) -> bool:
    """Tell whether it is what an administrator is told to grant on a datashare's database."""
    return grant.scope is Scope.DATABASE and grant.privilege == "USAGE"


def _user_findings(leaving: Leaving, cluster: Cluster) -> Iterator[Finding]:
    name, user = leaving.user, who_leaves(leaving, cluster)
    if user is None:
        if name == cluster.session.user and leaving.stays:
            yield blocking("user_is_admin", name)
        elif name in cluster.users and leaving.stays:
            yield blocking("user_is_superuser", name, statement=AlterUser(name, "NOCREATEUSER"))
        elif name in cluster.users:
            why = "admin" if name == cluster.session.user else "superuser"
            yield note("user_kept", name, case=why, role=leaving.role)
        return
    if leaving.new_owner == name:
        yield blocking("new_owner_leaves", name)
    others = tuple(sorted(cluster.user_roles - {leaving.role, leaving.stays}))
    if others and not leaving.force:
        yield blocking("user_roles", name, case="leaving", roles=others)
    if (roles := owned_roles(leaving, cluster)) and leaving.new_owner is None:
        yield blocking("owned", name, case="roles", roles=tuple(one.name for one in roles))
    logged_in = [one for one in cluster.sessions or () if one.is_of(name) and one.database != leaving.drop]
    if logged_in:
        yield finding("session_open", name, sessions=_said(logged_in))


def _said(sessions: Iterable[OpenSession]) -> tuple[str, ...]:
    return tuple(f"process {s.process} of user {s.user} in {s.database}" for s in sorted(sessions))


def holdings_findings(leaving: Leaving, cluster: Cluster, holdings: Holdings) -> Iterator[Finding]:
    """Find what a database holds that can't, or mustn't without being told, be taken away: all of it is blocking."""
    database, user = holdings.session.database, who_leaves(leaving, cluster)
    role, checkpoint = Identity("role", leaving.role), home(leaving, cluster)
    further = frozenset(g for i, g in holdings.held if i == role and not _expected(g, checkpoint))
    if further and not leaving.force:
        # CREATE on the checkpoint database can't be told from CREATE on another.
        unsure = checkpoint is None and any(map(_creates, further))
        facts: dict[str, Fact] = {"case": "unsure"} if unsure else {"case": "further"}
        yield blocking("role_privileges", database, role=leaving.role, grants=further, **facts)
    # An administrator is told to grant USAGE on external schemas, to the user where Redshift refuses the role.
    told = {Grant(Scope.SCHEMA, "USAGE", name) for name in holdings.external}
    own = frozenset(grant for identity, grant in holdings.held if identity.kind == "user") - told
    if own and not leaving.force:
        yield blocking("user_privileges", database, case="leaving", user=leaving.user, grants=own)
    if holdings.unhandled:
        yield blocking("by_hand", database, privileges=tuple(sorted(holdings.unhandled)))
    yield from stuck_findings(database, holdings.stuck)
    if user is not None and holdings.owned and leaving.new_owner is None:
        owned = tuple(one.said(database) for one in sorted(holdings.owned))
        yield blocking("owned", database, user=leaving.user, owned=owned)


def _expected(grant: Grant, checkpoint: str | None) -> bool:
    if grant.scope is Scope.DATABASE:
        return grant.database == checkpoint and grant.privilege in ("CREATE", "TEMPORARY")
    return grant.privilege in EXPECTED.get(grant.scope, ())


def checkpoint_findings(leaving: Leaving, cluster: Cluster, holdings: Holdings) -> Iterator[Finding]:
    """Find what forbids to drop the checkpoint database: all of it is blocking."""
    database = str(leaving.drop)
    if cluster.databases[database].kind != "local":
        yield blocking("not_local", database, case="drop", kind=cluster.databases[database].kind)
    # The others that r_DROP_DATABASE keeps can't be named at all: check_database refuses SYSTEM_DATABASES (names.py).
    if database == "dev":
        yield blocking("undroppable", database, case="system")
    elif database == cluster.session.database:
        yield blocking("undroppable", database)
    elif cluster.databases[database].kind == "local":
        yield from _evidence(database, leaving, cluster)
    # Schema public is everybody's and there from the beginning.
    owner = cluster.owner_names()
    foreign = [(one, owner(user_id)) for one, user_id in sorted(holdings.others or ()) if _counts(one)]
    if foreign and leaving.confirmed != database:
        said = tuple(f"{one.said(database)} of {name}" for one, name in foreign)
        yield blocking("foreign_objects", database, user=leaving.user, objects=said)
    yield from session_findings(database, cluster)


def _evidence(database: str, leaving: Leaving, cluster: Cluster) -> Iterator[Finding]:
    """Tell a checkpoint database from a database whose name somebody typed."""
    others = created_in(leaving, cluster) | ({leaving.named} & cluster.databases.keys())
    known: dict[str, Fact] = {"role": leaving.role, "databases": tuple(sorted(map(str, others - {database})))}
    if database not in others:
        case: dict[str, Fact] = {"case": "another"} if others else {"case": "unrelated"}
        yield blocking("undroppable", database, **case, **known)
    elif others - {database}:
        yield finding("checkpoint_elsewhere", database, **known)


def session_findings(database: str, cluster: Cluster) -> Iterator[Finding]:
    """Name the sessions that keep a database from being dropped: one blocking finding, or none."""
    sessions = [one for one in cluster.sessions or () if one.is_in(database)]
    if sessions:
        yield blocking("session_open", database, case="database", sessions=_said(sessions))


def _counts(one: Owned) -> bool:
    return one.kind == "table" or (one.kind == "schema" and one.name != "public")
