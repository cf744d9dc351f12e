"""Reads what the linked user can reach, in one database of the cluster after the other. It imports no driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from airflow_provider_datagraph.access.reach import read as reach
from airflow_provider_datagraph.access.reach.matrix import Reached, reached
from airflow_provider_datagraph.engine.converge import Converger
from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.hooks.faults import database_gone
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.names import SYSTEM_DATABASES
from airflow_provider_datagraph.redshift.values import Session


def read_reach(
    admin: Callable[[str | None], Converger], linked: Callable[[str], Converger], user: str, closed: dict[str, str]
) -> tuple[reach.IdentityReach, Iterator[Reached]]:
    """Read who the linked user is, and, as it is asked for, what it reaches in each local database.

    An admin who is no superuser looks as the linked user, who sees its own privileges.

    :param closed: collects the databases that can't be connected to, with the reason.
    """
    own = admin(None)

    def begin(rows: Rows, at: Session) -> tuple[reach.IdentityReach, reach.DatabaseReach | None]:
        known = reach.read_identity_reach(rows, at, user)
        here = reach.read_database_reach(rows, at, known) if known.ways and known.session.superuser else None
        return known, here

    known, first = own.read(begin)
    sees: Callable[[str], Converger] = admin
    if known.ways and not known.session.superuser:
        sees, alone = linked, known
        known = sees(own.database).read(lambda rows, _: reach.read_memberships(rows, alone), compares=False)
    every = known.databases.keys() - SYSTEM_DATABASES if known.ways else ()
    local = sorted(name for name in every if known.databases[name].kind == "local")

    def look(name: str) -> Iterator[Reached]:
        if first is not None and first.name == name:
            return reached(known, first)
        try:
            here = sees(name).read(lambda rows, at: reach.read_database_reach(rows, at, known), compares=False)
        except MisconfigurationError as error:
            if not database_gone(error):
                closed[name] = " ".join(error.problems)
            return iter(())
        return reached(known, here)

    return known, (one for name in local for one in look(name))
