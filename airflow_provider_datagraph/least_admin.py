"""Print the least admin as SQL, for a superuser to copy: what one that may do nothing lacks for the reference plan.

python -m airflow_provider_datagraph.least_admin segment_admin analytics.crm analytics.billing.invoices
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Sequence

from airflow_provider_datagraph.access.database import DatabaseAccess, plan_database
from airflow_provider_datagraph.access.plan import Step
from airflow_provider_datagraph.access.preflight.rights import Rights, lacking, rights_role
from airflow_provider_datagraph.access.reverse_etl import SCHEMA, desired_schema
from airflow_provider_datagraph.access.role import DesiredUser, RoleAccess, plan_role
from airflow_provider_datagraph.access.schemas.plan import plan_schemas
from airflow_provider_datagraph.access.schemas.values import SchemaAccess, Tables
from airflow_provider_datagraph.form.entries import desired_schemas
from airflow_provider_datagraph.form.names import ENTRIES, parse_path
from airflow_provider_datagraph.redshift.names import InvalidInput, check_identifier, fold, one_line
from airflow_provider_datagraph.redshift.statements import AlterUser, Statement, SystemPermission
from airflow_provider_datagraph.redshift.values import Identities, Identity, Role, Schema, Session, User

SIGHT = "ACCESS SYSTEM TABLE, ACCESS CATALOG"
"""What shows it privileges, and with metadata_security on also tables and schemas; on the user: SYSLOG ACCESS."""
LINKED = "segment_linked"
"""Stands for role, user and database, whose names make no difference."""


def sql(admin: str, entries: Iterable[str], reverse_etl: Iterable[str] = ()) -> Iterator[str]:
    """Write the least admin as SQL: statements, and comments that say where they run.

    :param admin: the user, who exists.
    :param entries: what is to be opened: ``database.schema`` or ``database.schema.table``, in lower case as stored.
    :param reverse_etl: databases with an existing Reverse ETL schema that is shared.

    https://docs.aws.amazon.com/redshift/latest/dg/r_roles-system-privileges.html,
    https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_USER.html
    """
    paths = (parse_path(entry, "The list", ENTRIES[1:], typed=True) for entry in entries)
    schemas = desired_schemas(tuple(map(fold, path)) for path in paths)
    users = {check_identifier(admin, "user"): User(admin, 0)}
    for database in reverse_etl:
        schemas.setdefault(fold(database), []).append(desired_schema(SCHEMA, "tables"))
    session, user = Session(admin, "", superuser=False, case_sensitive=True), DesiredUser(f"{LINKED}_user", "")
    cluster = plan_role(LINKED, user, RoleAccess(session, {}, users)).steps
    cluster += plan_database(LINKED, LINKED, DatabaseAccess(session, {}, users)).steps
    known = Identities(session, {}, users)
    yield "-- As a superuser, in any database:"
    yield from _given(cluster, known, Rights())
    yield f"{SystemPermission(Identity('role', rights_role(known, Rights())), SIGHT).sql};"
    yield f"{AlterUser(admin, 'SYSLOG ACCESS UNRESTRICTED').sql};"
    for database, desired in schemas.items():
        session = Session(admin, database, superuser=False, case_sensitive=True)
        tables = {one.name: frozenset(one.tables or ()) for one in desired}
        there = {name: Schema(name, "") for name in tables}
        access = SchemaAccess(session, {LINKED: Role(LINKED, admin)}, users, there, tables=Tables(tables))
        yield f"-- As a superuser, in database {one_line(database)}:"
        yield from _given(plan_schemas(desired, LINKED, access).steps, access, Rights(schemas=frozenset(there)))


def _given(steps: Iterable[Step], known: Identities, rights: Rights) -> Iterator[str]:
    for finding in lacking(tuple(steps), known, rights):
        match dict(finding.facts):
            case {"statement": Statement() as statement}:
                yield f"{statement.sql};"
            case {"statements": tuple() as statements}:
                yield from (f"{one};" for one in statements)


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
