"""What the linked user can read and write: by login, from the checkpoint database, as Segment does."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from redshift_connector.error import Error as DriverError

from airflow_provider_datagraph.access.messages import counted
from airflow_provider_datagraph.access.report import MAX_ROWS, Report
from airflow_provider_datagraph.access.reverse_etl import SCHEMA
from airflow_provider_datagraph.access.validation import (
    REFUSED,
    UNSUPPORTED,
    WRITING,
    Path,
    Rights,
    Rules,
    Seen,
    Target,
    Verdict,
    judge,
    not_writable,
    nothing_to_read,
    trial_failed,
)
from airflow_provider_datagraph.engine.looks.base import Connections, Look, Reader
from airflow_provider_datagraph.exceptions import PassingFaultError
from airflow_provider_datagraph.hooks.faults import details
from airflow_provider_datagraph.hooks.redshift import DataGraphHook
from airflow_provider_datagraph.redshift.catalog.databases import DATABASES
from airflow_provider_datagraph.redshift.catalog.effective import (
    granted_relations,
    held_on_tables,
    may_create,
    usable_schemas,
)
from airflow_provider_datagraph.redshift.catalog.relations import (
    Relation,
    read_interleaved,
    read_listed,
    read_on_columns,
    read_relations_of,
)
from airflow_provider_datagraph.redshift.catalog.schemas import ALL_SCHEMAS, read_namespaces
from airflow_provider_datagraph.redshift.names import fold, join_path, split_path
from airflow_provider_datagraph.redshift.statements import trial, written
from airflow_provider_datagraph.redshift.values import Session

BATCH = 100
"""How many relations are read in one statement: measured in `benchmarks/`."""
ENOUGH = 20
"""After so many refusals of cross-database queries, and nothing else, no more are tried in a database."""
MAX_AGE = 900.0
"""How old a part of a proof may be, in seconds, when the whole is told."""


@dataclass
class AccessProbe:
    """Names every column of each relation, and no row, as the linked user, from the checkpoint database.

    :param redshift_conn_id: the admin connection: it lists what ``schemas`` hold, in each database itself.
    :param database: the checkpoint database; None: the user connection's own.
    :param schemas: ``schema`` or ``database.schema``, whose tables are all read.
    :param tables: ``schema.table`` or ``database.schema.table``.
    :param role: the role that a proposed statement grants to.
    :param broken_views: ``report``, or ``fail`` where a view that fails by itself is no success.
    :param probe_checkpoint: whether to write in the checkpoint database, too, and take it back.
    :param batch_size: how many relations are read in one statement.
    :param max_proof_age: in seconds; what was read before is read again.
    :param loaded: connections by id, looked up already.
    """

    redshift_conn_id: str
    user_conn_id: str
    database: str | None = None
    schemas: Sequence[str] = ()
    tables: Sequence[str] = ()
    role: str = ""
    wait_for_grants: bool = False
    broken_views: str = "report"
    probe_checkpoint: bool = False
    batch_size: int = BATCH
    max_proof_age: float = MAX_AGE
    loaded: Connections | None = None
    admins: dict[str, Reader] = field(init=False, default_factory=dict)
    proved: dict[Path, datetime] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.admin = Reader(DataGraphHook(self.redshift_conn_id, loaded=self.loaded))
        user = DataGraphHook(
            self.redshift_conn_id, database=self.database, user_conn_id=self.user_conn_id, loaded=self.loaded
        )
        self.user = Reader(user)

    @property
    def readers(self) -> list[Reader]:
        return [self.admin, self.user, *self.admins.values()]

    def close(self) -> None:
        for reader in self.readers:
            reader.close()

    def look(self) -> Look:
        listing = _Listing(self, self.admin.session())
        targets = listing.targets()
        reading = _Reading(self, listing, targets)
        reading.read()
        rules = Rules(self.user.hook.login, self.role, self.wait_for_grants, self.broken_views == "fail")
        verdicts = [*judge(reading.seen(), rules), *listing.verdicts, *self._checkpoint(rules)]
        holding = [one.finding for one in verdicts if one.holds_up]
        proved = self.proved.keys() & targets.keys()
        report = Report.of([*holding, *(one.finding for one in verdicts if not one.holds_up)], in_place=len(proved))
        who = f"{rules.login}, connected to {self.user.hook.arguments['database']},"
        more = {"proof": self._proof(rules.login, sorted(proved), len(targets) - len(proved))}
        if holding or not proved:
            read = [f"{who} has read {len(proved)} of {counted(len(targets), 'table')}."] if targets else []
            return Look(report, " ".join([*read, *map(str, report.findings[:1])]), more=more)
        share = f"every one of {counted(len(targets), 'table')}"
        if len(proved) < len(targets):
            share = f"{len(proved)} of {counted(len(targets), 'table')}; the rest holds nothing up"
        return Look(report, f"{who} can read {share}.", done=True, more=more)

    def admin_in(self, database: str) -> Reader:
        """Connect as admin to a local database; a connection that there is already does as well."""
        if database == self.admin.hook.arguments["database"]:
            return self.admin
        if database not in self.admins:
            hook = DataGraphHook(self.redshift_conn_id, database=database, loaded=self.loaded)
            self.admins[database] = Reader(hook)
        return self.admins[database]

    def _checkpoint(self, rules: Rules) -> list[Verdict]:
        """Look at what Segment must be able to write; nothing of what is tried stays."""
        database = str(self.user.hook.arguments["database"])
        rows = self.admin_in(database).rows
        creates = may_create(rows, rules.login, database)
        oid = next((oid for oid, (name, _) in read_namespaces(rows).items() if name == SCHEMA), None)
        if oid is None:
            verdicts = not_writable(database, SCHEMA, rules, creates=creates)
        else:
            held = [word for word in ("USAGE", "CREATE") if SCHEMA in usable_schemas(rows, rules.login, word.lower())]
            tables = held_on_tables(rows, rules.login, oid, WRITING)
            verdicts = not_writable(database, SCHEMA, rules, creates=creates, on_schema=held, on_tables=tables)
        if verdicts or not self.probe_checkpoint:
            return verdicts
        try:
            self.user.rolled_back(trial(f"__datagraph_trial_{uuid.uuid4().hex[:12]}"))
        except (DriverError, OSError) as error:
            return [trial_failed(database, *details(error))]
        return []

    def _proof(self, login: str, proved: Sequence[Path], unproved: int) -> dict[str, Any]:
        """Say what was read, when, where and as whom."""
        times = sorted(f"{self.proved[path]:%Y-%m-%dT%H:%M:%SZ}" for path in proved)
        schemas = {join_path(*place): len(list(each)) for place, each in groupby(proved, key=lambda path: path[:2])}
        return {
            "login": login,
            "database": str(self.user.hook.arguments["database"]),
            "first": times[0] if times else "",
            "last": times[-1] if times else "",
            "read": len(proved),
            "tables": [join_path(*path) for path in proved[:MAX_ROWS]],
            "schemas": dict(list(schemas.items())[:MAX_ROWS]),
            "unproved": unproved,
        }


@dataclass
class _Listing:
    """What has to be read: from catalogs that hide nothing, in the database itself, or from where it is listed."""

    probe: AccessProbe
    session: Session
    verdicts: list[Verdict] = field(default_factory=list)
    ids: dict[str, dict[int, Relation]] = field(default_factory=dict)
    """The relations of each local database by id."""

    def targets(self) -> dict[Path, Target]:
        stored: Callable[[str], str] = str if self.session.case_sensitive else fold
        wanted: dict[str, set[str]] = {}
        named: list[Path] = []
        for text in self.probe.tables:
            *place, schema, table = map(stored, split_path(text))
            named.append((place[0] if place else self.session.database, schema, table))
            wanted.setdefault(named[-1][0], set()).add(schema)
        whole: set[tuple[str, str]] = set()
        for text in self.probe.schemas:
            *place, schema = map(stored, split_path(text))
            whole.add((place[0] if place else self.session.database, schema))
            wanted.setdefault(place[0] if place else self.session.database, set()).add(schema)
        kinds = {str(name): str(kind).lower() for name, _, kind in self.probe.admin.rows(DATABASES)}
        views: dict[Path, bool] = {}
        known: dict[tuple[str, str], str] = {}
        for database, schemas in sorted(wanted.items()):
            for relation in self._relations(database, schemas, kinds.get(database, ""), known):
                views[database, relation.schema, relation.name] = relation.view
        targets = {path: Target(views.get(path), listed=True) for path in named}
        found = [path for path in views if path[:2] in whole]
        empty, login = whole - {path[:2] for path in found}, self.probe.admin.hook.login
        self.verdicts = [nothing_to_read(*place, known.get(place), login) for place in sorted(empty)]
        return {path: Target(views[path]) for path in sorted(found)} | targets

    def _relations(
        self, database: str, schemas: set[str], kind: str, known: dict[tuple[str, str], str]
    ) -> Iterator[Relation]:
        elsewhere = set(schemas)
        if kind == "local":
            rows = self.probe.admin_in(database).rows
            ids = {oid: name for oid, (name, _) in read_namespaces(rows).items() if name in schemas}
            if ids:
                self.ids[database] = read_relations_of(rows, ids)
                yield from self.ids[database].values()
            known |= {(database, name): "local" for name in ids.values()}
            elsewhere -= {one.schema for one in self.ids.get(database, {}).values()}
        if elsewhere:
            for holder, name, _, what in self.probe.admin.rows(ALL_SCHEMAS):
                if holder == database and name in elsewhere:
                    known[database, str(name)] = str(what).lower()
            listed = {name for name in elsewhere if known.get((database, name), "local") != "local"}
            if listed:
                yield from read_listed(self.probe.admin.rows, database, listed)


@dataclass
class _Reading:
    """Reads in batches; what a refused batch holds is explained by privileges, and else read alone."""

    probe: AccessProbe
    listing: _Listing
    targets: Mapping[Path, Target]
    folded: set[Path] = field(default_factory=set)
    refused: dict[Path, tuple[str, str]] = field(default_factory=dict)
    unread: set[Path] = field(default_factory=set)
    rights: dict[str, Rights | None] = field(default_factory=dict)

    def seen(self) -> Seen:
        """Tell what was seen."""
        return Seen(
            self.targets,
            frozenset(self.probe.proved.keys() & self.targets.keys()),
            frozenset(self.folded),
            self.refused,
            frozenset(self.unread),
            {database: rights for database, rights in self.rights.items() if rights is not None},
        )

    def read(self) -> None:
        """Read what isn't proved yet, or too long ago."""
        capitals = {path for path in self.targets if any(fold(name) != name for name in path)}
        # What a name is folded to may be another table.
        self.folded = capitals if capitals and not self.probe.user.session().case_sensitive else set()
        now = datetime.now(UTC)
        proved = self.probe.proved
        for path, when in list(proved.items()):
            if (now - when).total_seconds() > self.probe.max_proof_age:
                del proved[path]
        left = [path for path in sorted(self.targets) if path not in self.folded and path not in proved]
        for database, paths in groupby(left, key=lambda path: path[0]):
            self._read_in(database, list(paths))

    def _read_in(self, database: str, paths: Sequence[Path]) -> None:
        # What no catalog lists would make its whole batch fail.
        alone = [path for path in paths if self.targets[path].view is None]
        waiting = [path for path in paths if self.targets[path].view is not None]
        while waiting and not self._given_up(database):
            batch, waiting = waiting[: self.probe.batch_size], waiting[self.probe.batch_size :]
            if self._try(batch) is None:
                continue
            first = database not in self.rights
            rest = self._unexplained(database, batch)
            if first:
                waiting = self._unexplained(database, waiting)
            if len(rest) < len(batch) and (not rest or self._try(rest) is None):
                continue
            if not self._alone(database, rest):
                # Statements of several fail here for a reason that single ones don't have.
                self.probe.batch_size = 1
        self._alone(database, alone)

    def _alone(self, database: str, paths: Iterable[Path]) -> int:
        """Read each alone; how many are refused."""
        count = 0
        for path in paths:
            answer = None if self._given_up(database) else self._try([path])
            if answer is None:
                continue
            count += 1
            rights = self._rights(database)
            lacks = rights.lacks(path) if rights and rights.explains(path) else ""
            if answer[0] == REFUSED and (lacks == "USAGE" or (lacks and self.targets[path].view is not None)):
                self.unread.add(path)
            else:
                self.refused[path] = answer
        return count

    def _given_up(self, database: str) -> bool:
        """Whether nothing but refusals of cross-database queries came from a database, and enough of them."""
        answers = [state for path, (state, _) in self.refused.items() if path[0] == database]
        others = (path for path in (*self.probe.proved, *self.unread) if path[0] == database)
        return len(answers) >= ENOUGH and set(answers) == {UNSUPPORTED} and not any(others)

    def _try(self, paths: Sequence[Path]) -> tuple[str, str] | None:
        """Read relations as Segment does: every column, no row, no view computed to its end.

        Three-part names: https://docs.aws.amazon.com/redshift/latest/dg/cross-database_usage.html
        """
        each = (f"SELECT * FROM {written(path)} WHERE FALSE" for path in paths)
        one = len(paths) == 1
        sql = next(each) if one else " UNION ALL ".join(f"SELECT 1 FROM ({text}) x" for text in each)
        try:
            self.probe.user.rows(sql)
        except PassingFaultError:
            if not one:
                # It may be this statement that takes too long.
                self.probe.batch_size = max(1, self.probe.batch_size // 4)
            raise
        except (DriverError, OSError) as error:
            return details(error)
        self.probe.proved.update(dict.fromkeys(paths, datetime.now(UTC)))
        return None

    def _unexplained(self, database: str, paths: Sequence[Path]) -> list[Path]:
        """Set aside what the privileges explain; they are trusted once one of it was tried, and refused."""
        rights = self._rights(database)
        if rights is None:
            return list(paths)
        lacking = [path for path in paths if rights.explains(path)]
        sure = any(path[0] == database for path in self.unread)
        if lacking and not sure and (self._try(lacking[:1]) or ("",))[0] != REFUSED:
            self.rights[database] = None
            return [path for path in paths if path not in self.probe.proved]
        self.unread.update(lacking)
        return [path for path in paths if path not in self.unread]

    def _rights(self, database: str) -> Rights | None:
        """Ask once what the user holds in a local database: four statements, however many tables."""
        if database not in self.rights:
            ids = self.listing.ids.get(database)
            self.rights[database] = None if ids is None else self._ask(database, ids)
        return self.rights[database]

    def _ask(self, database: str, ids: Mapping[int, Relation]) -> Rights:
        rows, login = self.probe.admin_in(database).rows, self.probe.user.hook.login
        granted = granted_relations(rows, login)
        return Rights(
            usable_schemas(rows, login),
            frozenset((one.schema, one.name) for oid, one in ids.items() if oid in granted),
            read_on_columns(rows),
            read_interleaved(rows, database),
        )
