"""What a role and a user should be able to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class DesiredUser:
    """The linked user. The hash is a secret of its own: it never shows in a repr.

    :param name: the login.
    :param password_hash: the hash that CREATE USER sends.
    :param password_problems: what the clear password lacks, a phrase each.
    """

    name: str
    password_hash: str = field(repr=False)
    password_problems: tuple[str, ...] = ()


class FutureTables(StrEnum):
    """How tables that don't exist yet are reached."""

    SCOPED = "scoped"
    DEFAULT_PRIVILEGES = "default_privileges"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class DesiredSchema:
    """What the role should hold in one schema.

    :param name: the schema as typed.
    :param tables: table names as typed, or None for all tables.
    :param schema_privileges: privileges on the schema itself.
    :param table_privileges: privileges on its tables.
    :param future: how later tables are reached, for all tables.
    :param writers: whose later tables default privileges are for; None: those who own today's.
    """

    name: str
    tables: tuple[str, ...] | None = None
    schema_privileges: tuple[str, ...] = ("USAGE",)
    table_privileges: tuple[str, ...] = ("SELECT",)
    future: FutureTables = FutureTables.SCOPED
    writers: tuple[str, ...] | None = None

    @property
    def by_table(self) -> bool:
        """Whether privileges are granted table by table, so that today's tables have to be known."""
        return self.tables is not None or self.future is not FutureTables.SCOPED

    @property
    def todays(self) -> bool:
        """Whether all of today's tables are granted at once, and not as a scoped permission."""
        return self.tables is None and self.future is not FutureTables.SCOPED

    @property
    def by_default(self) -> bool:
        """Whether later tables are reached by default privileges."""
        return self.tables is None and self.future is FutureTables.DEFAULT_PRIVILEGES
