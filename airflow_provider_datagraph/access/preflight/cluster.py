"""What the catalog tells of a cluster before anything is set up. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_datagraph.access.database import DatabaseAccess
from airflow_provider_datagraph.access.plan import Fact, Finding, finding, note
from airflow_provider_datagraph.access.role import partial_view
from airflow_provider_datagraph.redshift.catalog.identities import catalog_hides
from airflow_provider_datagraph.redshift.catalog.privileges import Who, database_grants, schema_grants
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.catalog.schemas import local_databases
from airflow_provider_datagraph.redshift.names import join_path
from airflow_provider_datagraph.redshift.values import PUBLIC, Grant, Identities, Scope, Session


def hidden_from(known: Identities, rows: Rows) -> Iterator[Finding]:
    """Tell that PG_CLASS hides tables from the admin; a superuser costs no query. t_metadata_security"""
    if not known.session.superuser and catalog_hides(rows, known.session.user):
        yield finding("hidden", known.session.user, case="tables")


def look(rows: Rows, known: DatabaseAccess, user: str) -> list[Finding]:
    """Look at the cluster as the admin; the linked user's name is empty where it isn't known."""
    everybody, database = Who(kinds=("public",)), known.session.database
    found = [*partial_view(known), *hidden_from(known, rows)]
    if user and user not in known.users:
        found.append(note("user_missing", user, case="yet"))
    held = database_grants(rows, everybody).by(PUBLIC)
    local = local_databases(known.databases)
    if lacking := [name for name in local if Grant(Scope.DATABASE, "TEMPORARY", database=name) not in held]:
        found.append(note("temp_revoked", database, databases=tuple(lacking)))
    if Grant(Scope.SCHEMA, "CREATE", "public") in schema_grants(rows, everybody).by(PUBLIC):
        found.append(note("public_creates", join_path(database, "public")))
    return found


def names_compared(session: Session) -> Finding:
    """Tell whether a session reaches names with capitals."""
    case: dict[str, Fact] = {"case": "kept"} if session.case_sensitive else {"case": "folded"}
    return note("capitals", session.user, **case)
