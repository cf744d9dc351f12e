"""Rows of the catalog views that PostgreSQL can't fill alone, written as a common table expression."""

from __future__ import annotations

from local_redshift.backend import BackendError, Pool
from local_redshift.errors import Refused
from local_redshift.history import History
from local_redshift.plan import Collected, Remembered
from local_redshift.relay import Relay
from local_redshift.text import OWNER, literal


async def collected(plan: Collected | Remembered, relay: Relay, history: History, rows: bool) -> str:
    """The expression; without `rows` it has the right columns, and none of the rows to be collected."""
    if isinstance(plan, Remembered):
        return f"{plan.view} AS ({_remembered(plan, history if rows else History())})"
    parts = [f"SELECT * FROM pg_rs.{plan.view}"]
    for other in await relay.pool.databases() if rows else ():
        if other == relay.database or plan.only_database not in (None, other):
            continue
        found = literal(await _elsewhere(plan.view, relay.pool, other, relay.user))
        parts.append(f"SELECT * FROM json_populate_recordset(NULL::pg_rs.{plan.view}, {found})")
    return f"{plan.view} AS ({' UNION ALL '.join(parts)})"


def _remembered(plan: Remembered, history: History) -> str:
    wanted, own = history.sessions(), "user_name = left(session_user, 50)"
    if plan.view == "sys_query_history":
        wanted, own = history.as_json(plan.after_query, plan.after_time), "user_id = pg_rs.me()::int"
    # Superusers and SYSLOG ACCESS UNRESTRICTED see all rows, others their own.
    rows = f"json_populate_recordset(NULL::pg_rs.{plan.view}, {literal(wanted)})"
    return f"SELECT * FROM {rows} WHERE pg_rs.unrestricted() OR {own}"


async def _elsewhere(view: str, pool: Pool, database: str, user: str) -> str:
    """The view's rows in another database, as the user sees them."""
    try:
        async with pool.lent(database, OWNER) as backend:
            name = "redshift_database_name" if view == "svv_external_tables" else "database_name"
            only = f"WHERE {name} = {literal(database)}"
            # To plan it takes much longer than to run it.
            rows = await backend.run_again(f"SELECT coalesce(json_agg(t), '[]') FROM pg_rs.{view} t {only}", user)
    except (BackendError, Refused):
        return "[]"  # dropped in the meantime
    return str(rows[0][0])
