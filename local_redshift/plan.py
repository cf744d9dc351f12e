"""What the proxy does with one statement: a plan is one of the kinds of things that a statement can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Context:
    """What the meaning of a statement depends on."""

    database: str
    case_sensitive: bool = False
    open_catalog: bool = False


# Each has one PostgreSQL statement (sql), SYS_QUERY_HISTORY's query_type (kind), and the command tag to report where
# PostgreSQL's own would be wrong (tag).


@dataclass(frozen=True, slots=True)
class Command:
    """Whatever gives no rows and reads none: most of DDL, settings, or nothing at all."""

    sql: str
    kind: str = "UTILITY"
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """It reads or changes rows, or shows something."""

    sql: str
    kind: str = "SELECT"
    tag: str = ""
    reads: tuple[tuple[str, ...], ...] = ()
    """Names of the relations that it reads, without their database."""
    takes: str = "values"
    """What of them: `values` of columns, only the number of `rows`, or `nothing`."""
    database: str | None = None
    """Where it runs, if not in the connected database."""
    cancels: int | None = None
    """The process of the session whose statement it cancels."""


@dataclass(frozen=True, slots=True)
class _OfView:
    sql: str
    kind: ClassVar[str] = "SELECT"
    tag: ClassVar[str] = ""


class Catalog(_OfView):
    """A SELECT of a catalog view that PostgreSQL fills alone."""


@dataclass(frozen=True, slots=True)
class Collected(_OfView):
    """A SELECT of a catalog view whose rows the proxy collects from every database."""

    view: str
    only_database: str | None = None
    """The one database that the view is restricted to."""


@dataclass(frozen=True, slots=True)
class Remembered(_OfView):
    """A SELECT of a catalog view whose rows the proxy has in its own memory."""

    view: str
    after_query: int = 0
    """Only rows of SYS_QUERY_HISTORY with a greater query_id are asked for."""
    after_time: str = ""
    """The same for its start_time."""


@dataclass(frozen=True, slots=True)
class CaseChange:
    """SET or RESET of enable_case_sensitive_identifier."""

    sql: str
    tag: str
    case: str
    """What it's set to: `on`, `off`, or the user's `default`."""
    kind: ClassVar[str] = "UTILITY"


@dataclass(frozen=True, slots=True)
class Ending:
    """COMMIT or ROLLBACK, and nothing else."""

    sql: str
    kind: ClassVar[str] = "UTILITY"
    tag: ClassVar[str] = ""


@dataclass(frozen=True, slots=True)
class _Ddl:
    sql: str
    tag: str
    kind: ClassVar[str] = "DDL"


@dataclass(frozen=True, slots=True)
class Alone(_Ddl):
    """DDL that can't run inside a transaction block here."""

    called: str


@dataclass(frozen=True, slots=True)
class Releasing(_Ddl):
    """DDL on a database that the stand-in's own connections must not hold open."""

    released: str


Plan = Command | Query | Catalog | Collected | Remembered | CaseChange | Ending | Alone | Releasing
