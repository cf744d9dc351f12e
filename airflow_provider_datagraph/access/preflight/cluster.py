"""What the catalog tells of a cluster before anything is set up. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_datagraph.access.plan import Fact, Finding, finding, note
from airflow_provider_datagraph.access.role import partial_view
from airflow_provider_datagraph.redshift.catalog.databases import read_databases
from airflow_provider_datagraph.redshift.catalog.identities import catalog_hides, read_identities
from airflow_provider_datagraph.redshift.catalog.privileges import Who, database_grants, schema_grants
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.names import SYSTEM_DATABASES, join_path
from airflow_provider_datagraph.redshift.values import PUBLIC, Grant, Identities, Scope, Session


def hidden_from(known: Identities, rows: Rows) -> Iterator[Finding]:
    """Tell that PG_CLASS hides tables from the admin. t_metadata_security

    :param rows: runs a query as the admin; a superuser costs none.
    """
    if not known.session.superuser and catalog_hides(rows, known.session.user):
        yield finding("hidden", known.session.user, case="tables")


def look(rows: Rows, session: Session, user: str) -> tuple[list[Finding], list[str]]:
    """Look at the cluster as the admin.

    :param user: the linked user's name; empty where it isn't known.
    :return: the findings, and the names of the local databases.
    """
    known, everybody = read_identities(rows, session), Who(kinds=("public",))
    found = [*partial_view(known), *hidden_from(known, rows)]
    if user and user not in known.users:
        found.append(note("user_missing", user, case="yet"))
    databases = read_databases(rows, known)
    local = sorted(name for name in databases.keys() - SYSTEM_DATABASES if databases[name].kind == "local")
    held = database_grants(rows, everybody).by(PUBLIC)
    if lacking := [name for name in local if Grant(Scope.DATABASE, "TEMPORARY", database=name) not in held]:
        found.append(note("temp_revoked", session.database, databases=tuple(lacking)))
    if Grant(Scope.SCHEMA, "CREATE", "public") in schema_grants(rows, everybody).by(PUBLIC):
        found.append(note("public_creates", join_path(session.database, "public")))
    return found, local


def names_compared(session: Session) -> Finding:
    """Tell whether a session reaches names with capitals."""
    case: dict[str, Fact] = {"case": "kept"} if session.case_sensitive else {"case": "folded"}
    return note("capitals", session.user, **case)
