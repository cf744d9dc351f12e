"""Who is logged in where, and how names compare there."""

from __future__ import annotations

from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.names import fold
from airflow_provider_datagraph.redshift.values import OpenSession, Session

# r_SHOW, r_enable_case_sensitive_identifier
CASE_SENSITIVE = "SHOW enable_case_sensitive_identifier"
# r_CURRENT_DATABASE
CURRENT_DATABASE = "SELECT current_database()"


def read_session(rows: Rows, user: str, database: str, *, compares: bool = True) -> Session:
    """Read how names compare in this session; ``superuser`` stays at its default.

    :param compares: whether names are looked up that Redshift might fold: else it makes no difference, and isn't asked.
    """
    if not compares and fold(database) == database:
        return Session(user, database)
    value = str(rows(CASE_SENSITIVE)[0][0]).strip().lower()
    if fold(database) != database:
        # It may be stored with capitals: how a login compares isn't how a statement does.
        database = str(rows(CURRENT_DATABASE)[0][0])
    return Session(user, database, case_sensitive=value in ("on", "true", "t", "1"))


# r_SET_CONFIG, r_statement_timeout, PG_BACKEND_PID: one statement sets a session up, and tells its process.
SET_UP = "SELECT set_config('statement_timeout', '{milliseconds}', false), pg_backend_pid()"
# PG_CANCEL_BACKEND: a user's own sessions, a superuser's all; it returns nothing
CANCEL = "SELECT pg_cancel_backend({process})"

# r_STV_SESSIONS: superusers see all rows, others those of their own sessions; the names are padded
SESSIONS = "SELECT process, user_name, db_name FROM stv_sessions"


def read_sessions(rows: Rows) -> tuple[OpenSession, ...]:
    """Read who is logged in, this session too: no others than the user's own, where it isn't a superuser."""
    return tuple(OpenSession(int(p), str(user).strip(), str(database).strip()) for p, user, database in rows(SESSIONS))
