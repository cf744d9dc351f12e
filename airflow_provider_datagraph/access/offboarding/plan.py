"""Plans that take a role and a user away: first in each database, then the database, then the identities. Pure.

What forbids it is in :mod:`.findings`; the caller looks at all databases before it changes the first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from airflow_provider_datagraph.access.offboarding import findings
from airflow_provider_datagraph.access.offboarding.values import Cluster, Holdings, Leaving
from airflow_provider_datagraph.access.plan import Change, Plan, Reason, Step
from airflow_provider_datagraph.access.schemas.revoke import From, everything, revokes
from airflow_provider_datagraph.redshift import statements
from airflow_provider_datagraph.redshift.catalog.privileges import Held
from airflow_provider_datagraph.redshift.values import Identity, Owned


def plan_holdings(leaving: Leaving, cluster: Cluster, holdings: Holdings) -> Plan:
    """Plan one database: default privileges first, while their writers can still create; ownership last."""
    database, user = holdings.session.database, findings.who_leaves(leaving, cluster)
    found: list[Step] = []
    for grants, made in ((holdings.held, False), (holdings.made, True)):
        for identity, held in Held(grants).by_holder().items():
            origin = _origin(leaving, identity, database, made=made)
            found += revokes(everything(held), origin, holdings.external)
    if user is not None and leaving.new_owner is not None:
        found += _give(holdings.owned, database, leaving)
    # A writer's default privileges can be changed only while it may create, so all of them come first.
    found.sort(key=lambda step: not isinstance(step.statement, statements.DefaultPrivileges))
    return Plan(tuple(found), int(not found), tuple(findings.holdings_findings(leaving, cluster, holdings)))


def _origin(leaving: Leaving, identity: Identity, database: str, *, made: bool = False) -> From:
    if made:
        return From(identity, database, Reason.WRITER_LEAVES, leaving.user)
    if identity.kind == "role":
        return From(identity, database, Reason.ROLE_LEAVES, leaving.role)
    return From(identity, database, Reason.USER_LEAVES, leaving.user)


def _give(owned: Collection[Owned], database: str, leaving: Leaving) -> Iterator[Step]:
    heir = Identity("user", str(leaving.new_owner))
    for one in sorted(owned, reverse=True):
        path = one.path if one.kind in ("database", "role") else (database, *one.path)
        change = Change("give", one.kind, path, Reason.USER_LEAVES, identity=heir, of=leaving.user)
        yield Step(statements.ChangeOwner(one, heir.name), (change,))


def plan_checkpoint(leaving: Leaving, cluster: Cluster, holdings: Holdings | None) -> Plan:
    """Plan to drop the checkpoint database, outside a transaction; ``holdings`` is None where there is no such one."""
    database = str(leaving.drop)
    if holdings is None:
        return Plan(in_place=1)
    inside = [*holdings.owned, *(one for one, _ in holdings.others or ())]
    tables = sum(one.kind == "table" for one in inside)
    change = Change("drop", "database", (database,), Reason.NAMED, count=tables)
    step = Step(statements.Drop("database", database), (change,))
    return Plan((step,), findings=tuple(findings.checkpoint_findings(leaving, cluster, holdings)))


def _from_shared(leaving: Leaving, cluster: Cluster) -> Iterator[Step]:
    for identity, grant in findings.on_shared(leaving, cluster):
        if findings.is_use(grant):
            (taken,) = everything([grant])
            change = _origin(leaving, identity, grant.database).change(taken)
            yield Step(statements.use_of_shared(identity, grant.database, "", taken=True)[0], (change,))


def plan_identities(leaving: Leaving, cluster: Cluster) -> Plan:
    """Plan to drop the user, and with it its membership, then the role, in one transaction.

    Redshift refuses to drop who still holds something in the connected database, and looks in no other.
    """
    user, holder = findings.who_leaves(leaving, cluster), Identity("role", leaving.role)
    has_role = leaving.role in cluster.roles
    found = list(_from_shared(leaving, cluster))

    def lost(kind: str, name: str, identity: Identity, statement: statements.Statement) -> None:
        change = Change("revoke", kind, (name,), Reason.ROLE_LEAVES, identity=identity, of=leaving.role)
        found.append(Step(statement, (change,)))

    for permission in sorted(cluster.system):
        lost("permission", permission, holder, statements.SystemPermission(holder, permission, taken=True))
    for member in sorted(cluster.members):
        # A user that is dropped takes its memberships along.
        if user is None or member != Identity("user", user.name):
            lost("role", leaving.role, member, statements.Membership(member, leaving.role, taken=True))
    for granted in sorted(cluster.granted_roles):
        lost("role", granted, holder, statements.Membership(holder, granted, taken=True))
    if user is not None:
        if leaving.new_owner is not None:
            found += _give(findings.owned_roles(leaving, cluster), "", leaving)
        others = tuple(sorted(cluster.user_roles - {leaving.role}))
        change = Change("drop", "user", (user.name,), Reason.LEAVES, names=others)
        found.append(Step(statements.Drop("user", user.name), (change,)))
    if has_role:
        change = Change("drop", "role", (leaving.role,), Reason.LEAVES)
        found.append(Step(statements.Drop("role", leaving.role), (change,)))
    in_place = int(not has_role and not leaving.stays) + int(leaving.user not in cluster.users)
    return Plan(tuple(found), in_place, tuple(findings.cluster_findings(leaving, cluster)))
