"""Default privileges: whose later tables a role shall read, and whether Redshift allows to say so. Pure.

https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DEFAULT_PRIVILEGES.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.desired import DesiredSchema
from airflow_provider_datagraph.access.plan import Finding, blocking_finding
from airflow_provider_datagraph.redshift.names import join_path, quote

SYSTEM_OWNER = "rdsdb"
"""Owns what Redshift makes for itself; it writes no tables of ours."""


def possible_writers(desired: DesiredSchema, name: str, current: CurrentAccess) -> frozenset[str]:
    """Name the users whose later tables are meant.

    :param desired: the desired schema.
    :param name: its name as stored.
    :param current: the current access.
    :return: the given writers, else the owners of today's tables.
    """
    if desired.writers is not None:
        return frozenset(desired.writers)
    owners = current.table_owners.get(name, frozenset())
    return frozenset(owner for owner in owners if owner != SYSTEM_OWNER and ":" not in owner)


def always_creates(user: str, schema: str, current: CurrentAccess) -> bool:
    """Tell whether a user may create in a schema whatever was granted: superusers and the owner may.

    :param user: the user.
    :param schema: the schema as stored.
    :param current: the current access.
    :return: whether that is so.
    """
    known = current.users.get(user)
    return known is not None and (known.superuser or current.schemas[schema].owner == user)


def find_writers(desired: DesiredSchema, name: str, current: CurrentAccess) -> tuple[frozenset[str], list[Finding]]:
    """Find the writers, and what forbids default privileges for them.

    :param desired: the desired schema.
    :param name: its name as stored.
    :param current: the current access, with ``creators``.
    :return: the writers, and a blocking finding for each that can't be one.
    """
    path = join_path(current.session.database, name)
    writers = possible_writers(desired, name, current)
    if not writers:
        message = (
            f"Schema {path} holds no table yet, so nobody is known to create them: name the users that will in "
            "writers, or use future_tables='scoped'."
        )
        return writers, [Finding("writers_unknown", path, message, blocking=True)]
    findings = []
    for writer in sorted(writers):
        if writer not in current.users:
            message = f"There is no user {writer}, named in writers: correct the name."
            findings.append(Finding("writer_missing", writer, message, blocking=True))
        elif not always_creates(writer, name, current) and (writer, name) not in current.creators:
            message = (
                f"User {writer} can't create tables in {path}, and Redshift then refuses default privileges for it: "
                f"run GRANT CREATE ON SCHEMA {quote(name)} TO {quote(writer)} first, or name only users in writers "
                "that create tables there."
            )
            findings.append(Finding("writer_cannot_create", path, message, blocking=True))
    return writers, findings


def stuck_findings(database: str, stuck: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Tell which default privileges can't be taken back.

    :param database: the connected database.
    :param stuck: writers that can't create in a schema any more, as (writer, schema).
    :return: a blocking finding each.
    """
    for writer, schema in sorted(stuck):
        message = (
            f"User {writer} has default privileges in {join_path(database, schema)} and can't create there any more, "
            f"so Redshift doesn't take them back: run GRANT CREATE ON SCHEMA {quote(schema)} TO {quote(writer)} in "
            f"database {database} first, and revoke it afterwards."
        )
        yield blocking_finding("writer_cannot_create", join_path(database, schema), message)
