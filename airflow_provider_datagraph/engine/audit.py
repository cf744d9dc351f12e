"""Reads what the linked user can reach, in one database of the cluster after the other. It imports no driver."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from airflow_provider_datagraph.access.reach.read import (
    DatabaseReach,
    IdentityReach,
    read_database_reach,
    read_identity_reach,
    read_memberships,
)
from airflow_provider_datagraph.engine.converge import Converger
from airflow_provider_datagraph.form.arguments import Problems


def read_reach(
    admin: Callable[[str | None], Converger], linked: Callable[[str], Converger], user: str, *, compares: bool
) -> tuple[IdentityReach, list[DatabaseReach]]:
    """Read who the linked user is, and what is there and held in each local database.

    :param admin: makes the engine for a database, as admin; None: the admin connection's own.
    :param linked: makes it as the linked user, who sees its own privileges: for an admin who is no superuser.
    :param compares: whether names are compared that Redshift might fold.
    :return: nothing of databases where the user doesn't exist.
    :raises MisconfigurationError: with everything that keeps a database from being read.
    """
    own = admin(None)
    known = own.read(lambda rows, at: read_identity_reach(rows, at, user), compares=compares, together=False)
    if not known.ways:
        return known, []
    sees: Callable[[str], Converger] = admin
    if not known.session.superuser:
        sees, alone = linked, known
        known = linked(own.database).read(lambda rows, _: read_memberships(rows, alone), compares=False, together=False)
    problems, found = Problems(), []
    for name in sorted(name for name, one in known.databases.items() if one.kind == "local"):
        look = partial(sees(name).read, compares=False, together=False)
        # It may not be among those that one may connect to.
        found.append(
            problems.check(look, lambda rows, at: read_database_reach(rows, at, known), default=DatabaseReach(name, {}))
        )
    problems.raise_all()
    return known, found
