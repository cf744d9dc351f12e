"""What the proxy does with one statement."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Context:
    """What the meaning of a statement depends on."""

    database: str
    case_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    sql: str
    """One PostgreSQL statement."""
    kind: str = "UTILITY"
    """SYS_QUERY_HISTORY's query_type."""
    tag: str = ""
    """The command tag to report where PostgreSQL's own would be wrong."""
    database: str | None = None
    """Where it runs, if not in the connected database."""
    view: str = ""
    """A catalog view whose rows the proxy collects, from every database or from its own memory."""
    only_database: str | None = None
    """The one database that `view` is restricted to."""
    after_query: int = 0
    """Only rows of SYS_QUERY_HISTORY with a greater query_id are asked for."""
    after_time: str = ""
    """The same for its start_time."""
    case: str = ""
    """What it sets enable_case_sensitive_identifier to: `on`, `off`, or the user's `default`."""
    alone: str = ""
    """What it's called, if it can't run inside a transaction block here."""
    reads: tuple[tuple[str, ...], ...] = ()
    """Names of the relations whose rows it reads, without their database."""
    releases: str | None = None
    """A database that must not be held open by the stand-in's own connections."""
