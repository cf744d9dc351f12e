"""Reads what the linked user can reach, in one database of the cluster after the other. It imports no driver."""

from __future__ import annotations

from collections.abc import Callable

from airflow_provider_datagraph.access.reach.matrix import (
    IdentityReach,
    Reached,
    read_identity_reach,
    read_memberships,
    read_reached,
)
from airflow_provider_datagraph.engine.converge import Converger
from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.hooks.faults import database_gone
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.catalog.schemas import local_databases
from airflow_provider_datagraph.redshift.values import Session


def read_reach(
    admin: Callable[[str | None], Converger], linked: Callable[[str], Converger], user: str
) -> tuple[IdentityReach, list[Reached], dict[str, str]]:
    """Read who the linked user is, and what it reaches in each local database.

    An admin who is no superuser looks as the linked user, who sees its own privileges.

    :return: also the databases that can't be connected to, with the reason.
    """
    own = admin(None)
    sees: Callable[[str], Converger] = admin

    def begin(rows: Rows, at: Session) -> tuple[IdentityReach, list[Reached] | None]:
        known = read_identity_reach(rows, at, user)
        here = read_reached(rows, at.database, known) if known.ways and known.session.superuser else None
        return known, here

    known, first = own.read(begin)
    if known.ways and not known.session.superuser:
        sees, alone = linked, known
        known = sees(own.database).read(lambda rows, _: read_memberships(rows, alone), compares=False)

    found, closed = list[Reached](), dict[str, str]()
    for name in local_databases(known.databases) if known.ways else ():
        if first is not None and name == known.session.database:
            found += first
            continue
        try:
            found += sees(name).read(lambda rows, at: read_reached(rows, at.database, known), compares=False)
        except MisconfigurationError as error:
            if not database_gone(error):
                closed[name] = " ".join(error.problems)
    return known, found, closed
