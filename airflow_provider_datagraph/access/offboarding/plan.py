"""Plans that take a role and a user away: first in each database, then the database, then the identities. Pure.

What forbids it is in :mod:`.offboard_findings`; the caller looks at all databases before it changes the first.
Grammar: https://docs.aws.amazon.com/redshift/latest/dg/r_REVOKE.html,
https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html (also for views),
https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_SCHEMA.html,
https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DATABASE.html,
https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_ROLE.html,
https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_DATABASE.html,
https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_USER.html,
https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_ROLE.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from airflow_provider_datagraph.access.offboarding.findings import (
    checkpoint_findings,
    cluster_findings,
    holdings_findings,
    owned_roles,
    who_leaves,
)
from airflow_provider_datagraph.access.offboarding.values import Cluster, Holdings, Leaving
from airflow_provider_datagraph.access.plan import Plan, Step
from airflow_provider_datagraph.access.revocations import revoke_all
from airflow_provider_datagraph.redshift.names import SYSTEM_DATABASES, quote
from airflow_provider_datagraph.redshift.values import Grant, Identity, Owned


def local_databases(cluster: Cluster) -> list[str]:
    """Name the databases to look in.

    :param cluster: the cluster.
    :return: the local ones, those of Redshift itself left out.
    """
    own = {name for name in cluster.databases if name.lower() not in SYSTEM_DATABASES}
    return sorted(name for name in own if cluster.databases[name].kind == "local")


def plan_holdings(leaving: Leaving, cluster: Cluster, holdings: Holdings) -> Plan:
    """Plan one database, all of it in one transaction.

    :param leaving: who leaves.
    :param cluster: what the cluster knows of them.
    :param holdings: what they hold in the connected database.
    :return: the plan: default privileges first, while their writers can still create; ownership last.
    """
    database, user = holdings.session.database, who_leaves(leaving, cluster)
    role_goes, user_goes = f"role {leaving.role} is dropped", f"user {leaving.user} is dropped"
    steps: list[Step] = []
    for grants, why in ((holdings.held, ""), (holdings.made, f"user {leaving.user}, who creates them, is dropped")):
        for identity, held in _by_identity(grants):
            reason = why or (role_goes if identity.kind == "role" else user_goes)
            steps += revoke_all(identity, held, database, reason, holdings.external)
    if user is not None and leaving.new_owner is not None:
        steps += _give(holdings.owned, database, leaving.new_owner, user_goes)
    # A writer's default privileges can be changed only while it may create, so all of them come first.
    steps.sort(key=lambda step: not step.sql.startswith("ALTER DEFAULT"))
    return Plan(tuple(steps), int(not steps), tuple(holdings_findings(leaving, cluster, holdings)))


def _by_identity(held: Iterable[tuple[Identity, Grant]]) -> Iterator[tuple[Identity, list[Grant]]]:
    found: dict[Identity, list[Grant]] = {}
    for identity, grant in held:
        found.setdefault(identity, []).append(grant)
    yield from sorted(found.items())


def _give(owned: Collection[Owned], database: str, new_owner: str, why: str) -> Iterator[Step]:
    for one in sorted(owned, reverse=True):
        sentence = f"give {one.said(database)} to user {new_owner}: {why}"
        yield Step(f"ALTER {one.sql} OWNER TO {quote(new_owner)}", (sentence,))


def plan_checkpoint(leaving: Leaving, cluster: Cluster, holdings: Holdings | None) -> Plan:
    """Plan to drop the checkpoint database.

    :param leaving: who leaves, with ``drop``.
    :param cluster: what the cluster knows.
    :param holdings: what is in that database; None where there is no such database.
    :return: the plan; DROP DATABASE runs outside a transaction.
    """
    database = str(leaving.drop)
    if holdings is None:
        return Plan(in_place=1)
    tables = sum(one.kind == "table" for one in holdings.owned) + sum(o.kind == "table" for o, _ in holdings.others)
    sentence = f"drop database {database} with {tables} tables and views in it: it was named to be dropped"
    findings = checkpoint_findings(leaving, cluster, holdings)
    step = Step(f"DROP DATABASE {quote(database)}", (sentence,), autocommit=True)
    return Plan((step,), findings=tuple(findings))


def plan_identities(leaving: Leaving, cluster: Cluster) -> Plan:
    """Plan to drop the user, then the role, in one transaction.

    The membership goes with the user. Redshift refuses to drop who still holds something in the connected
    database, and looks in no other: that is what the plans before this one are for.

    :param leaving: who leaves.
    :param cluster: what the cluster knows of them.
    :return: the plan.
    """
    role, user = quote(leaving.role), who_leaves(leaving, cluster)
    has_role = leaving.role in cluster.roles
    goes, steps = f"role {leaving.role} is dropped", list[Step]()
    for permission in sorted(cluster.system):
        steps.append(
            Step(f"REVOKE {permission} FROM ROLE {role}", (f"revoke {permission} from role {leaving.role}: {goes}",))
        )
    for member in sorted(cluster.members):
        # A user that is dropped takes its memberships along.
        if user is None or member != Identity("user", user.name):
            sentence = f"revoke role {leaving.role} from {member}: {goes}"
            steps.append(Step(f"REVOKE ROLE {role} FROM {member.sql}", (sentence,)))
    for granted in sorted(cluster.granted_roles):
        sentence = f"revoke role {granted} from role {leaving.role}: {goes}"
        steps.append(Step(f"REVOKE ROLE {quote(granted)} FROM ROLE {role}", (sentence,)))
    if user is not None:
        if leaving.new_owner is not None:
            steps += _give(owned_roles(leaving, cluster), "", leaving.new_owner, f"user {user.name} is dropped")
        others = sorted(cluster.user_roles - {leaving.role})
        roles = f", with its membership of {', '.join(others)}" if others else ""
        steps.append(Step(f"DROP USER {quote(user.name)}", (f"drop user {user.name}{roles}: it leaves",)))
    if has_role:
        steps.append(Step(f"DROP ROLE {role}", (f"drop role {leaving.role}: it leaves",)))
    in_place = int(not has_role) + int(leaving.user not in cluster.users)
    return Plan(tuple(steps), in_place, tuple(cluster_findings(leaving, cluster)))
