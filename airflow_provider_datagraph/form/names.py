"""Names of databases, schemas and tables, in the one notation that people type them in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.choosing import Path, Place, Wanted
from airflow_provider_datagraph.form.patterns import Pattern, is_pattern, parse_glob, parse_pattern
from airflow_provider_datagraph.redshift.names import (
    InvalidInput,
    check_database,
    check_identifier,
    check_schema,
    join_path,
    refuse_template,
    split_path,
)

SCHEMAS = ("schema", "database.schema")
TABLES = ("schema.table", "database.schema.table")
ENTRIES = (*SCHEMAS, "database.schema.table")
"""Forms in which names are written; a part that holds a dot stands in double quotes."""
CHECKS: Mapping[str, Callable[[str], str]] = {
    "database": check_database,
    "schema": check_schema,
    "table": partial(check_identifier, what="table"),
}
ALL_TABLES = True
"""All tables, said on purpose: no table can be called so."""


def database_name(value: Any, name: str) -> str:
    """Parse the name of a database."""
    return check_database(arguments.text(value, name))


def optional_database(value: Any, name: str) -> str | None:
    """Parse the name of a database, where None or an empty text says that there is none."""
    return None if arguments.optional_text(value, name) is None else database_name(value, name)


def parse_path(text: str, name: str, forms: Sequence[str] = SCHEMAS, *, typed: bool = False) -> Path:
    """Parse an entry of an argument, which is written in one of some forms.

    :param typed: whether it comes from a form, and not from a catalog: then no name in it may start a template.
    """
    parts = split_path(text)
    form = next((one for one in forms if one.count(".") == len(parts) - 1), None)
    if form is None:
        raise InvalidInput(
            f"{name} has the entry {text!r}: write {' or '.join(forms)}, with double quotes around a part that holds a "
            "dot."
        )
    for what, part in zip(form.split("."), parts, strict=True):
        CHECKS[what](part)
        if typed:
            refuse_template(part, what)
    return parts


def parse_wanted(
    value: Any, name: str, problems: Problems, forms: Sequence[str] = SCHEMAS, *, typed: bool = False
) -> Wanted:
    """Parse a list of names, and of patterns where schemas are listed, as far as it goes; see :func:`.names`."""
    named: list[Path] = []
    globs: list[tuple[str, Pattern]] = []
    excluded: list[Pattern] = []

    def sort(entry: str) -> None:
        if forms is TABLES or not is_pattern(entry):
            named.append(parse_path(entry, name, forms, typed=typed))
        elif entry.startswith("!"):
            excluded.append(parse_pattern(entry[1:]))
        else:
            globs.append(parse_glob(entry))

    for entry in arguments.usable_names(value, name, problems):
        problems.check(sort, entry, default=None)
    return Wanted(tuple(named), tuple(globs), tuple(excluded))


def wanted_schemas(
    value: Any,
    database: str,
    name: str = "schema",
    forms: Sequence[str] = SCHEMAS,
    *,
    fixed: bool = False,
    typed: bool = False,
) -> Wanted:
    """Parse schemas, at least one.

    :param database: the database of those that name none; ``fixed``: all have to be of it.
    """
    problems = Problems()
    wanted = parse_wanted(value, name, problems, forms, typed=typed).placed(database)
    others = [one for one in wanted.databases if fixed and one != database]
    problems.add(*(f"{name} names database {one}, and `database` is {database}: leave one out." for one in others))
    twice = sorted(path for path, count in Counter(wanted.named).items() if count > 1)
    problems.add(*(f"{name} names {join_path(*path)} twice: name it once." for path in twice))
    problems.check(wanted.check, default=None)
    if not wanted.databases and not problems.sentences:
        problems.add(f"{name} is empty: name at least one schema.")
    problems.raise_all()
    return wanted


def one_place(
    value: Any, database: str, name: str = "schema", forms: Sequence[str] = SCHEMAS, *, typed: bool = False
) -> Place:
    """Parse a single schema, of this ``database`` unless that is empty: its database, empty if not named, and it."""
    wanted = wanted_schemas(value, database, name, forms, fixed=bool(database), typed=typed)
    if len(wanted.named) != 1 or wanted.globs:
        raise InvalidInput(f"{name} is {value!r}: name one schema, and put a * of its own in double quotes.")
    found, schema = wanted.named[0]
    return found, schema


def listed_tables(value: Any, name: str, wanted: Wanted) -> dict[Path, tuple[str, ...]]:
    """Parse which tables are meant, by schema: a list of them (see :func:`.names`), or True for all.

    A table's name alone is enough where there is one schema.
    """
    if value is ALL_TABLES or not wanted.databases:
        return {}
    if isinstance(value, Mapping) or (isinstance(value, str) and value.strip().startswith("{")):
        raise InvalidInput(
            f"{name} is {value!r}: give a list of tables, each as schema.table or database.schema.table."
        )
    problems, found = Problems(), dict[Path, tuple[str, ...]]()

    def find(entry: str) -> None:
        *place, table = parse_path(entry, name, ("table", *TABLES))
        meant = [path for path in wanted.named if (place or not wanted.globs) and [*path[2 - len(place) :]] == place]
        if len(meant) != 1:
            raise InvalidInput(
                f"{name} names {entry!r}, which is in {len(meant) or 'none'} of the schemas that are named: write "
                "schema.table or database.schema.table, of one of them."
            )
        if table in found.get(meant[0], ()):
            raise InvalidInput(f"{name} names {join_path(*meant[0], table)} twice: name it once.")
        found[meant[0]] = (*found.get(meant[0], ()), table)

    entries = arguments.usable_names(value, name, problems)
    for entry in entries:
        problems.check(find, entry, default=None)
    if not entries and not problems.sentences:
        problems.add(f"{name} is an empty list: name tables, or give {ALL_TABLES!r} for all.")
    problems.raise_all()
    return found


def schemas_title(wanted: Wanted) -> str:
    """Name schemas in the title of a report, written as its rows write them."""
    listed = [*(join_path(*path) for path in wanted.named), *wanted.written]
    return f"Schema{'s' * (len(listed) > 1)} {', '.join(listed)}"


def read_paths(value: Any, name: str, forms: Sequence[str]) -> list[str]:
    """Parse dotted names, and keep them as they are typed: what they mean is known at the look."""
    problems = Problems()
    typed = arguments.usable_names(value, name, problems)
    problems.check(replace(parse_wanted(typed, name, problems, forms), named=()).check, default=None)
    problems.raise_all()
    return list(typed)
