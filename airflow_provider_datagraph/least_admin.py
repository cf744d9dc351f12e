"""Print the least admin as SQL, for a superuser to copy::

python -m airflow_provider_datagraph.least_admin segment_admin analytics.crm analytics.billing.invoices
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence

from airflow_provider_datagraph.access.reverse_etl import SCHEMA, desired_schema
from airflow_provider_datagraph.access.rights.least import least_admin
from airflow_provider_datagraph.form.entries import desired_schemas, parse_entry
from airflow_provider_datagraph.redshift.names import InvalidInput, check_identifier, fold, one_line


def sql(admin: str, entries: Sequence[str], reverse_etl: Sequence[str] = ()) -> Iterator[str]:
    """Write the least admin as SQL: statements, and comments that say where they run.

    :param admin: the user, who exists.
    :param entries: what is to be opened: ``database.schema`` or ``database.schema.table``, in lower case as stored.
    :param reverse_etl: databases with an existing Reverse ETL schema that is shared.
    """
    schemas = desired_schemas(map(_parts, entries))
    for database in reverse_etl:
        schemas.setdefault(fold(database), []).append(desired_schema(SCHEMA, "tables"))
    for database, statements in least_admin(check_identifier(admin, "user"), schemas):
        yield f"-- As a superuser, in {f'database {one_line(database)}' if database else 'any database'}:"
        yield from (f"{statement};" for statement in statements)


def _parts(entry: str) -> tuple[str, ...]:
    parts = parse_entry(entry)
    if len(parts) < 2:
        raise InvalidInput(f"{entry!r} names no database: write database.schema or database.schema.table.")
    return parts


def main(arguments: Sequence[str] | None = None) -> None:
    """Print it, for the command line's arguments."""
    parser = ArgumentParser(prog="python -m airflow_provider_datagraph.least_admin", description=__doc__)
    parser.add_argument("admin", help="the user of the admin connection, who exists")
    parser.add_argument("entries", nargs="+", help="database.schema, or database.schema.table, in lower case")
    parser.add_argument(
        "--reverse-etl", action="append", default=[], help="a database with a shared Reverse ETL schema"
    )
    given = parser.parse_args(arguments)
    try:
        lines = list(sql(given.admin, given.entries, given.reverse_etl))
    except InvalidInput as error:
        parser.error(str(error))
    sys.stdout.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main()
