"""Names of databases, schemas and tables, in every notation that people type them in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from airflow_provider_datagraph.form import arguments
from airflow_provider_datagraph.form.arguments import Place, Problems
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


def schema_places(value: Any, database: str, *, fixed: bool = False) -> tuple[Place, ...]:
    """Parse schemas, at least one, as in :func:`.names`; each ``schema`` or ``database.schema``.

    :param database: the database of those that name none.
    :param fixed: whether all have to be of this one.
    """
    problems = Problems()
    found: list[Place] = []
    for entry in arguments.usable_names(value, "schema", problems):
        parts = problems.check(split_path, entry, default=())
        if len(parts) > 2 or (fixed and len(parts) == 2 and parts[0] != database):
            problems.add(
                f"schema names {entry!r}: write schema or database.schema, with no other database than the one in "
                "`database`, and tables in `tables`; double quotes go around a name that holds a dot."
            )
        elif parts:
            if len(parts) == 2:
                problems.check(check_database, parts[0], default="")
            problems.check(check_schema, parts[-1], default="")
            found.append((parts[0] if len(parts) == 2 else database, parts[-1]))
    twice = sorted(place for place, count in Counter(found).items() if count > 1)
    problems.add(*(f"schema names {join_path(*place)} twice: name it once." for place in twice))
    if not found and not problems.sentences:
        problems.add("schema is empty: name at least one schema.")
    problems.raise_all()
    return tuple(found)


def schemas_title(places: Sequence[Place]) -> str:
    """Name schemas in the title of a report, written as its rows write them."""
    databases = {database for database, _ in places}
    if len(databases) > 1:
        return f"Schemas {', '.join(join_path(*place) for place in places)}"
    listed = ", ".join(join_path(schema) for _, schema in places)
    return f"Schema{'s' * (len(places) > 1)} {listed} of database {places[0][0]}"


def one_place(value: Any, database: str) -> Place:
    """Parse a single schema: ``schema`` or ``database.schema``.

    :param database: the database that it has to be in; empty: any.
    :return: its database, empty where it isn't named, and the schema.
    """
    found = schema_places(value, database, fixed=bool(database))
    if len(found) > 1:
        raise InvalidInput(f"schema names {len(found)} schemas: name one.")
    return found[0]


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
    for text in listed:
        parts = problems.check(split_path, text, default=None)
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
