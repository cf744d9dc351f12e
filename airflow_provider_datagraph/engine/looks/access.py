"""What the linked user can read."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from redshift_connector.error import Error as DriverError

from airflow_provider_datagraph.access.messages import counted
from airflow_provider_datagraph.access.plan import Finding
from airflow_provider_datagraph.access.report import Report
from airflow_provider_datagraph.access.validation import nothing_to_read, unreachable, unreadable
from airflow_provider_datagraph.engine.looks.base import Connections, Look, Reader
from airflow_provider_datagraph.hooks.faults import details
from airflow_provider_datagraph.hooks.redshift import DataGraphHook
from airflow_provider_datagraph.redshift.catalog.relations import read_relations
from airflow_provider_datagraph.redshift.catalog.schemas import schema_names
from airflow_provider_datagraph.redshift.names import fold, split_path
from airflow_provider_datagraph.redshift.statements import written

_Path = tuple[str, str, str]


class Kind(Enum):
    """What is to be read: named by the caller, or found in a schema."""

    LISTED = "listed"
    TABLE = "table"
    VIEW = "view"


@dataclass
class AccessProbe:
    """Names every column of each table, and no row, as the linked user, from the checkpoint database.

    In a schema that is to be read whole, what anybody who may create there can add holds nothing up: a name that the
    user's session folds is told beside something that can be read, and so is a view that can't.

    :param redshift_conn_id: the admin connection: it lists the tables of ``schemas``.
    :param database: the checkpoint database; None: the user connection's own.
    :param schemas: ``schema`` or ``database.schema``, whose tables are all read.
    :param tables: ``schema.table`` or ``database.schema.table``.
    :param loaded: connections by id, looked up already.
    """

    redshift_conn_id: str
    user_conn_id: str
    database: str | None = None
    schemas: Sequence[str] = ()
    tables: Sequence[str] = ()
    loaded: Connections | None = None
    admin: Reader = field(init=False)
    user: Reader = field(init=False)

    def __post_init__(self) -> None:
        self.admin = Reader(DataGraphHook(self.redshift_conn_id, loaded=self.loaded))
        user = DataGraphHook(
            self.redshift_conn_id, database=self.database, user_conn_id=self.user_conn_id, loaded=self.loaded
        )
        self.user = Reader(user)

    def look(self) -> Look:
        kinds, findings = self._targets()
        capitals = {path for path in kinds if any(fold(name) != name for name in path)}
        folded = capitals if capitals and not self.user.session().case_sensitive else set()
        refused = {path: finding for path in kinds if (finding := self._read(path, path in folded)) is not None}
        stops = _holding_up(kinds, refused, folded)
        others = [finding for finding in refused.values() if finding not in stops]
        proved, count = len(kinds) - len(refused), counted(len(kinds), "table")
        report = Report.of([*stops, *others, *findings], in_place=proved)
        if missing := [row for row in report.findings if row.code == "schema_missing"]:
            return Look(report, " ".join(map(str, missing)))
        who = f"{self.user.hook.login}, connected to {self.user.hook.arguments['database']},"
        if stops:
            return Look(report, f"{who} can't read {len(refused)} of {count}. {report.findings[0]}")
        share = f"{proved} of {count}; the rest holds nothing up" if refused else f"every one of {count}"
        return Look(report, f"{who} can read {share}.", done=True)

    def _targets(self) -> tuple[dict[_Path, Kind], list[Finding]]:
        """Resolve what is to be read; only the admin sees tables that the user can't read yet."""
        session = self.admin.session()
        stored: Callable[[str], str] = str if session.case_sensitive else fold
        kinds: dict[_Path, Kind] = {}
        for text in self.tables:
            *place, schema, table = map(stored, split_path(text))
            kinds[place[0] if place else session.database, schema, table] = Kind.LISTED
        findings: list[Finding] = []
        for text in self.schemas:
            *place, schema = map(stored, split_path(text))
            database = place[0] if place else session.database
            found = list(read_relations(self.admin.rows, database, [schema]))
            for one in sorted(found, key=lambda one: one.name):
                kinds.setdefault((database, schema, one.name), Kind.VIEW if one.view else Kind.TABLE)
            if not found:
                exists = schema in schema_names(self.admin.rows, database)
                findings.append(nothing_to_read(database, schema, exists=exists))
        return kinds, findings

    def _read(self, path: _Path, folded: bool) -> Finding | None:
        if folded:
            # What it is folded to may be another table.
            return unreachable(path, self.user.hook.login)
        # Segment's guide, step 4, without any of the customer's data, and without computing a view. Three-part names:
        # https://docs.aws.amazon.com/redshift/latest/dg/cross-database_usage.html
        try:
            self.user.rows(f"SELECT * FROM {written(path)} WHERE FALSE")
        except (DriverError, OSError) as error:
            return unreadable(path, *details(error))
        return None

    @property
    def readers(self) -> list[Reader]:
        return [self.admin, self.user]

    def close(self) -> None:
        self.admin.close()
        self.user.close()


def _holding_up(
    kinds: Mapping[_Path, Kind], refused: Mapping[_Path, Finding], folded: Container[_Path]
) -> list[Finding]:
    """Tell what has to be read and isn't: where nothing of a schema is proved, everything in it."""
    beside = {path[:2] for path in kinds.keys() - refused.keys()}

    def told(path: _Path) -> bool:
        return path[:2] in beside and kinds[path] is not Kind.LISTED and (path in folded or kinds[path] is Kind.VIEW)

    return [finding for path, finding in refused.items() if not told(path)]
