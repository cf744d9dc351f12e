"""Names of databases, schemas and tables, in every notation that people type them in."""

from __future__ import annotations

from collections import Counter
from typing import Any

from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Place, Problems
from airflow_provider_datagraph.form.choosing import Wanted, is_pattern, split_wanted
from airflow_provider_datagraph.redshift.names import (
    InvalidInput,
    check_database,
    check_identifier,
    check_schema,
    join_path,
    split_path,
)


def database_name(value: Any, name: str) -> str:
    """Parse the name of a database."""
    return check_database(arguments.text(value, name))


def optional_database(value: Any, name: str) -> str | None:
    """Parse the name of a database, where None or an empty text says that there is none."""
    return None if arguments.optional_text(value, name) is None else database_name(value, name)


def wanted_schemas(value: Any, database: str, *, fixed: bool = False) -> Wanted:
    """Parse schemas, at least one, as in :func:`.names`; each ``schema`` or ``database.schema``, or a pattern of them.

    :param database: the database of those that name none; ``fixed``: all have to be of it.
    """
    problems = Problems()
    found: list[Place] = []
    names, wanted, wrong = split_wanted(arguments.usable_names(value, "schema", problems))
    globs = tuple((one or database, pattern) for one, pattern in wanted.globs)
    for entry, place in (*((name, ()) for name in names), *((pattern.text, (one, "")) for one, pattern in globs)):
        parts = place or problems.check(split_path, entry, default=())
        if len(parts) > 2 or (fixed and len(parts) == 2 and parts[0] != database):
            problems.add(
                f"schema names {entry!r}: write schema or database.schema, with no other database than the one in "
                "`database`, and tables in `tables`; double quotes go around a name that holds a dot."
            )
        elif parts and parts[-1]:
            if len(parts) == 2:
                problems.check(check_database, parts[0], default="")
            problems.check(check_schema, parts[-1], default="")
            found.append((parts[0] if len(parts) == 2 else database, parts[-1]))
    problems.add(*wrong)
    twice = sorted(place for place, count in Counter(found).items() if count > 1)
    problems.add(*(f"schema names {join_path(*place)} twice: name it once." for place in twice))
    made = Wanted(tuple(found), globs, wanted.excluded)
    problems.check(made.check, default=None)
    if not made.databases and not problems.sentences:
        problems.add("schema is empty: name at least one schema.")
    problems.raise_all()
    return made


def schemas_title(wanted: Wanted) -> str:
    """Name schemas in the title of a report, written as its rows write them."""
    places = wanted.named
    if len(wanted.databases) > 1 or wanted.globs:
        return f"Schemas {', '.join([*(join_path(*place) for place in places), *wanted.written])}"
    listed = ", ".join(join_path(schema) for _, schema in places)
    return f"Schema{'s' * (len(places) > 1)} {listed} of database {places[0][0]}"


def one_place(value: Any, database: str) -> Place:
    """Parse a single schema, of this ``database`` unless that is empty: its database, empty if not named, and it."""
    found = wanted_schemas(value, database, fixed=bool(database))
    if found.globs:
        raise InvalidInput(f"schema is the pattern {found.globs[0][1].text!r}: name one schema.")
    if len(found.named) > 1:
        raise InvalidInput(f"schema names {len(found.named)} schemas: name one.")
    return found.named[0]


def table_name(text: str, schema: str) -> str:
    """Parse a table of a schema: ``table`` or ``schema.table``; double quotes go around a name that holds a dot."""
    parts = split_path(text)
    if len(parts) > 2 or (len(parts) == 2 and parts[0] != schema):
        raise InvalidInput(
            f"tables names {text!r}, which isn't a table of schema {schema}: name its tables, with double quotes "
            "around a name that holds a dot."
        )
    return check_identifier(parts[-1], "table")


def read_paths(value: Any, name: str, *, to_tables: bool) -> list[str]:
    """Parse dotted names as typed, listed as in :func:`.names`; the last part is a table, or else a schema."""
    problems = Problems()
    listed = arguments.usable_names(value, name, problems)
    least = 2 if to_tables else 1
    if not to_tables:
        # What patterns are right is known here, and what they mean at the look.
        _, patterns, wrong = split_wanted(listed)
        problems.add(*wrong)
        problems.check(patterns.check, default=None)
    for text in listed:
        parts = problems.check(split_path, text, default=None)
        if not to_tables and parts is not None and is_pattern(text):
            continue
        if parts is None:
            continue
        if not least <= len(parts) <= least + 1:
            form = "schema.table or database.schema.table" if to_tables else "schema or database.schema"
            problems.add(f"{name} has the entry {text!r}: write {form}.")
            continue
        if len(parts) > least:
            problems.check(check_database, parts[0], default="")
        problems.check(check_schema, parts[-least], default="")
        if to_tables:
            problems.check(check_identifier, parts[-1], "table", default="")
    problems.raise_all()
    return list(listed)
