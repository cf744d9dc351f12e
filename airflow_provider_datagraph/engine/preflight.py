"""Preflight: try both logins, look at the cluster as admin, and ask AWS for its network. It changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from airflow_provider_datagraph.access.database import DatabaseAccess, read_database_access
from airflow_provider_datagraph.access.plan import Fact, Finding, Level, blocking, finding, note
from airflow_provider_datagraph.access.preflight.cluster import lacking_in, look, plan_ahead
from airflow_provider_datagraph.access.preflight.network import ADDRESSES, network
from airflow_provider_datagraph.access.role import DesiredUser, read_role
from airflow_provider_datagraph.access.schemas.values import DesiredSchema
from airflow_provider_datagraph.access.validation import UNSUPPORTED
from airflow_provider_datagraph.engine.converge import Converger, Read
from airflow_provider_datagraph.exceptions import DataGraphError, MisconfigurationError, PassingFaultError
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.hooks.connections import cluster_of
from airflow_provider_datagraph.hooks.faults import details, old_patch, silent
from airflow_provider_datagraph.hooks.networking import read_network
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.catalog.schemas import local_databases
from airflow_provider_datagraph.redshift.names import one_line
from airflow_provider_datagraph.redshift.statements import written
from airflow_provider_datagraph.redshift.values import Session

if TYPE_CHECKING:
    from airflow_provider_datagraph.hooks.redshift import DataGraphHook

SECONDS = 3
"""How long a login is waited for. What has to queue, or to be compiled, comes after it."""


def preflight(
    admin: Callable[[str | None], DataGraphHook],
    linked: Callable[[str], DataGraphHook],
    role: str,
    checkpoint_database: str,
    schemas: Mapping[str, Sequence[DesiredSchema]],
    region: str,
    aws_conn_id: str | None,
) -> Iterator[Finding]:
    """Look at everything.

    :param admin: makes a hook as the admin, for a database or, if that is None, its connection's; ``linked``: as the
        linked user, for a database or, if that is empty, any.
    :param schemas: what is to be opened, by database: the admin's rights are held against it.
    :param region: that of Segment's workspace, a key of :data:`.ADDRESSES`.
    :param aws_conn_id: Airflow's connection to AWS; None: AWS isn't asked.
    """
    # What a connection lacks is told with its login.
    database = Problems().check(lambda: str(admin(None).arguments["database"]), default="")
    user = Problems().check(lambda: linked(database).login, default="")
    found = _log_in(admin(None))
    if found[0].level is Level.NOTE:
        found += _cluster(admin(None), user, role, checkpoint_database)
        for name, desired in schemas.items():
            found += _opened(admin(name), partial(lacking_in, role=role, desired=desired))
    if not any(one.code == "user_missing" for one in found):
        tried = _log_in(linked(database))
        if tried[0].level is Level.NOTE:
            tried.append(Converger(linked(database)).read(_capitals))
        found += tried
    yield from found
    if aws_conn_id is not None and database:
        yield from _network(admin(None), region, aws_conn_id)


def _log_in(hook: DataGraphHook) -> list[Finding]:
    """Try a login: a note where it works, else what is wrong."""
    conn_id = one_line(hook.admin_conn_id if hook.user_conn_id is None else hook.user_conn_id)
    try:
        hook.limit = SECONDS
        hook.get_conn().close()
    except PassingFaultError as error:
        if silent(error.__cause__):
            return [finding("no_answer", conn_id, seconds=SECONDS)]
        return [finding("not_connected", conn_id, reason=str(error))]
    except DataGraphError as error:
        return [blocking("not_connected", conn_id, reason=problem) for problem in error.problems]
    place = f"{hook.arguments['host']}:{hook.arguments['port']}"
    about: dict[str, Fact] = {"place": place, "login": hook.login}
    if hook.user_conn_id is None:
        return [note("admin_logs_in", conn_id, **about)]
    return [note("user_logs_in", conn_id, **about)]


def _capitals(_: Rows, session: Session) -> Finding:
    """Tell whether a session reaches names with capitals."""
    return note("capitals", session.user, case="kept" if session.case_sensitive else "folded")


def _opened(hook: DataGraphHook, lacking: Read[list[Finding]]) -> list[Finding]:
    """Hold what is to be opened in a database against it, and against the admin's rights."""
    try:
        return Converger(hook).read(lacking)
    except DataGraphError as error:
        return [blocking("not_connected", one_line(hook.admin_conn_id), reason=str(error))]


def _cluster(hook: DataGraphHook, user: str, role: str, checkpoint_database: str) -> list[Finding]:
    """Look at the cluster as the admin; the last query may be refused."""
    told = [finding("serverless", str(hook.admin_connection.host))] if hook.is_serverless else []

    def read(rows: Rows, session: Session) -> list[Finding]:
        known = read_database_access(rows, session, role)
        found = look(rows, known, user)
        if not known.session.superuser and user:
            identities = read_role(rows, session, role, user)
            plan = plan_ahead(rows, known, identities, DesiredUser(user, ""), (checkpoint_database, role))
            found += [one for one in plan.findings if one.code == "admin_lacks"]
        return [*found, *cross(rows, known)]

    try:
        return told + Converger(hook).read(read)
    except MisconfigurationError as error:
        if not old_patch(error.__cause__):
            raise
        return [*told, blocking("old_patch", str(hook.arguments["database"]))]


def cross(rows: Rows, known: DatabaseAccess) -> Iterator[Finding]:
    """Name a table of another database: where there are no cross-database queries, it needn't exist to be refused.

    What is refused ends the transaction. https://docs.aws.amazon.com/redshift/latest/dg/cross-database-overview.html
    """
    others = (name for name in local_databases(known.databases) if name != known.session.database)
    if (database := next(others, None)) is None:
        return
    try:
        rows(f"SELECT * FROM {written((database, 'public', 'datagraph_preflight'))} WHERE FALSE")
    except Exception as error:
        state, text = details(error.__cause__ or error)
        if state == UNSUPPORTED:
            yield finding("cross_database_refused", database, reason=text, state=state)
            return
        # Not there, or not for the admin: it was looked for.
        if not state.startswith(("42", "3")):
            raise
    yield note("crosses_databases", database)


def _network(hook: DataGraphHook, region: str, aws_conn_id: str) -> Iterator[Finding]:
    cluster, aws_region = cluster_of(hook.admin_connection)
    # Behind a name of one's own it may be called so, too; AWS tells.
    cluster = cluster or str(hook.arguments["host"]).partition(".")[0]
    if hook.is_serverless:
        return
    try:
        known, rules = read_network(aws_conn_id, cluster, aws_region)
    except OSError as error:
        yield finding("cluster_unread", aws_conn_id, reason=str(error))
    else:
        yield from network(known, rules, int(hook.arguments["port"]), ADDRESSES[region], aws_region)
