"""What Segment's Profiles Sync has written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from airflow_provider_datagraph.access.messages import said
from airflow_provider_datagraph.access.plan import Finding
from airflow_provider_datagraph.access.profiles_sync import REQUIRED_TABLES, missing_tables, no_database
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.engine.looks.base import Connections, Look, Reader
from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.hooks.redshift import DataGraphHook
from airflow_provider_datagraph.redshift.catalog.databases import DATABASES
from airflow_provider_datagraph.redshift.catalog.identities import read_users
from airflow_provider_datagraph.redshift.catalog.relations import read_relations
from airflow_provider_datagraph.redshift.catalog.schemas import read_schemas, schema_names
from airflow_provider_datagraph.redshift.names import fold, join_path, resolve
from airflow_provider_datagraph.redshift.values import Identities, Session


@dataclass
class ProfilesSyncProbe:
    """Looks for tables of a schema in the catalog, as admin and, where named, as the linked user; views don't count.

    :param database: its database; None: the admin connection's.
    :param tables: the tables to wait for.
    :param user_conn_id: the user connection; None: look as admin only.
    :param loaded: connections by id, looked up already.
    """

    redshift_conn_id: str
    schema: str
    database: str | None = None
    tables: Sequence[str] = REQUIRED_TABLES
    user_conn_id: str | None = None
    loaded: Connections | None = None
    readers: list[Reader] = field(init=False)

    def __post_init__(self) -> None:
        ids = [None] if self.user_conn_id is None else [None, self.user_conn_id]
        # The catalog's views show every database, so any one will do for looking.
        self.readers = [
            Reader(DataGraphHook(self.redshift_conn_id, user_conn_id=user, loaded=self.loaded, borrow_database=True))
            for user in ids
        ]

    def look(self) -> Look:
        admin, *linked = self.readers
        session = admin.session()
        names = self._names(session)
        owner = self._owner(session, names)
        in_place, findings = self._look(admin, names, owner)
        for reader in linked:
            present, found = self._look(reader, self._names(reader.session()), owner)
            in_place += present
            findings += found
        report = Report.of(findings, in_place=in_place)
        if not findings:
            whose = f", which belongs to {owner}," if owner else ""
            path = join_path(*names[:2])
            return Look(report, f"Schema {path}{whose} has all of {', '.join(self.tables)}.", done=True)
        return Look(report, " ".join(map(str, report.findings)))

    def _names(self, session: Session) -> list[str]:
        """Write the names of database, schema and tables as the session compares them."""
        names = [self.database or str(self.readers[0].hook.arguments["database"]), self.schema, *self.tables]
        return names if session.case_sensitive else [fold(name) for name in names]

    def _owner(self, session: Session, names: Sequence[str]) -> str | None:
        """Read as admin whose the schema is; None where there is none."""
        rows, (database, schema) = self.readers[0].rows, names[:2]
        found = read_schemas(rows, Identities(session, users=read_users(rows)), database).get(database)
        if found is None:
            # Perhaps it shows none of its schemas.
            databases = [str(row[0]) for row in rows(DATABASES)]
            if resolve(database, databases, session.case_sensitive) is None:
                raise MisconfigurationError(str(said(no_database(database))))
        return found[schema].owner if found and schema in found else None

    def _look(self, reader: Reader, names: Sequence[str], owner: str | None) -> tuple[int, list[Finding]]:
        database, schema, *wanted = names
        stored = {one.name: one.view for one in read_relations(reader.rows, database, [schema])}
        missing = tuple(table for table in wanted if stored.get(table, True))
        if not missing:
            return len(wanted), []
        linked = reader is not self.readers[0]
        known = schema in schema_names(reader.rows, database) if linked and not stored else owner is not None
        whose = owner or "nobody" if stored or known else None
        finding = missing_tables(join_path(database, schema), missing, stored, reader.hook.login, whose, linked=linked)
        return len(wanted) - len(missing), [finding]

    def close(self) -> None:
        for reader in self.readers:
            reader.close()
