"""Patterns of schemas and tables, in the notation of the form: `*` stands for any characters, also for none."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, partial
from typing import Any

from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.redshift import names
from airflow_provider_datagraph.redshift.names import InvalidInput, fold
from airflow_provider_datagraph.redshift.values import Session


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern as it was written; its globs, for :mod:`fnmatch`, are for the schema, or for database and schema."""

    text: str
    globs: tuple[str, ...]
    table: str = "*"

    def matches(self, database: str, schema: str, session: Session) -> bool:
        """Tell whether a schema is meant, by default in the session's database; both sides are folded as it does."""
        write: Callable[[str], str] = str if session.case_sensitive else fold
        return self.means(write(database), write(schema), write(_glob(session.database, quoted=True)), write)

    def means(self, database: str, schema: str, own: str, write: Callable[[str], str]) -> bool:
        """Tell the same, where ``own`` is meant by a pattern that names no database, and ``write`` folds its globs."""
        databases, schemas = (own, *map(write, self.globs))[-2:]
        return fnmatchcase(database, databases) and fnmatchcase(schema, schemas)


def _glob(part: str, quoted: bool) -> str:
    """Only `*` means something else than itself, and only without quotes."""
    return re.sub(r"[*?[]" if quoted else r"[?[]", r"[\g<0>]", part)


def parse_pattern(text: str, *, tables: bool = False) -> Pattern:
    """Parse ``database.schema`` or ``schema``, or a table if ``tables``; a ``*`` in double quotes is part of the name.

    One that begins with ``!`` is refused: it would seem to leave something out.
    """
    parts = names.split_quoted(text)
    if len(parts) > 2 + tables:
        form = "database.schema.table" if tables else "database.schema"
        raise InvalidInput(
            f"{text!r} has {len(parts)} parts: write {form}, with * for any characters, and double quotes "
            "around a part that holds a dot."
        )
    if text.strip().startswith("!"):
        raise InvalidInput(f"{text!r} begins with '!', which leaves nothing out: name what may be opened.")
    for part, _ in parts:
        names.refuse_template(names.check_identifier(part, "pattern"), "pattern")
    globs = tuple(_glob(part, quoted) for part, quoted in parts)
    return Pattern(text, globs[:2], *globs[2:])


def is_pattern(entry: str) -> bool:
    """Tell whether an entry of a list of schemas is one: a ``*`` in double quotes is part of a name."""
    with suppress(InvalidInput):
        return entry.startswith("!") or any("*" in part and not quoted for part, quoted in names.split_quoted(entry))
    return False


def parse_glob(entry: str) -> tuple[str, Pattern]:
    """Parse a pattern of schemas to open: its database, empty where it names none, and the pattern."""
    parts = names.split_quoted(entry)
    if len(parts) > 2 or (len(parts) == 2 and "*" in parts[0][0] and not parts[0][1]):
        raise InvalidInput(
            f"{entry!r} is a pattern, and these are of schemas alone: write schema or database.schema with * in the "
            "schema; double quotes go around a * that is part of a name."
        )
    return names.check_database(parts[0][0]) if len(parts) == 2 else "", parse_pattern(entry)


def patterns(value: Any, name: str, *, tables: bool = False) -> tuple[Pattern, ...]:
    """Parse a list of patterns, at least one, as :func:`.names` and :func:`parse_pattern` do."""
    problems = Problems()
    listed = arguments.usable_names(value, name, problems)
    found = [problems.check(partial(parse_pattern, tables=tables), text, default=None) for text in listed]
    if not listed:
        problems.add(f"{name} is empty: name what may be opened, or leave it out for everything.")
    problems.raise_all()
    return tuple(pattern for pattern in found if pattern)


def check_allowed(text: str, database: str, schema: str, session: Session, allow: Sequence[Pattern] | None) -> None:
    """Refuse a schema as typed that no pattern means, whether it exists or not; None allows everything."""
    if allow is not None and not any(pattern.matches(database, schema, session) for pattern in allow):
        opened = ", ".join(pattern.text for pattern in allow)
        raise InvalidInput(f"{text} isn't allowed here: this DAG opens only {opened}.")


def meant_by(listed: Sequence[Pattern] | None, session: Session) -> Callable[[str, str, str], bool]:
    """Make a function of database, schema and table, as stored, that tells whether a pattern means the table.

    A pattern is folded where the session does so, and a stored name never. With an empty table the function tells
    whether anything in the schema is meant. None means everything.
    """
    if listed is None:
        return lambda _database, _schema, _table: True
    write: Callable[[str], str] = str if session.case_sensitive else fold
    own = _glob(session.database, quoted=True)

    # There are many tables in each schema.
    @cache
    def tables_of(database: str, schema: str) -> list[str]:
        return [write(one.table) for one in listed if one.means(database, schema, own, write)]

    return lambda database, schema, table: any(
        not table or fnmatchcase(table, glob) for glob in tables_of(database, schema)
    )
