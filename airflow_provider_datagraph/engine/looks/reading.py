"""Reads many relations in one statement, and finds out what a refusal means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from redshift_connector.error import Error as DriverError

from airflow_provider_datagraph.access.validation import REFUSED, UNSUPPORTED, Path, ReadRights, Seen, Target
from airflow_provider_datagraph.exceptions import PassingFaultError
from airflow_provider_datagraph.hooks.faults import details
from airflow_provider_datagraph.redshift.catalog.effective import granted_relations, usable_schemas
from airflow_provider_datagraph.redshift.catalog.relations import Relation, read_interleaved, read_on_columns
from airflow_provider_datagraph.redshift.names import fold
from airflow_provider_datagraph.redshift.statements import written

if TYPE_CHECKING:
    from airflow_provider_datagraph.engine.looks.access import AccessProbe

ENOUGH = 20
"""After so many refusals of cross-database queries, and nothing else, no more are tried in a database."""


@dataclass
class Reading:
    """Reads in batches; what a refused batch holds is explained by privileges, and else read alone.

    :param ids: the relations of each local database by id.
    """

    targets: Mapping[Path, Target]
    probe: AccessProbe
    ids: Mapping[str, Mapping[int, Relation]]
    refused: dict[Path, tuple[str, str]] = field(init=False, default_factory=dict)
    unread: set[Path] = field(init=False, default_factory=set)
    rights: dict[str, ReadRights | None] = field(init=False, default_factory=dict)

    def fresh(self) -> set[Path]:
        now = datetime.now(UTC)
        ages = {path: (now - when).total_seconds() for path, when in self.probe.proved.items()}
        return {path for path, age in ages.items() if age <= self.probe.max_proof_age}

    def read(self) -> Seen:
        """Read what isn't proved yet, or too long ago."""
        capitals = {path for path in self.targets if any(fold(name) != name for name in path)}
        # What a name is folded to may be another table.
        folded = capitals if capitals and not self.probe.user.session().case_sensitive else set()
        fresh = self.fresh()
        left = [path for path in sorted(self.targets) if path not in folded | fresh]
        for database, paths in groupby(left, key=lambda path: path[0]):
            self._read_in(database, list(paths))
        proved = frozenset(self.fresh() & self.targets.keys())
        return Seen(self.targets, proved, frozenset(folded), self.refused, frozenset(self.unread), self.rights)

    def _read_in(self, database: str, paths: Sequence[Path]) -> None:
        # What no catalog lists would make its whole batch fail.
        alone = [path for path in paths if self.targets[path].view is None]
        waiting = [path for path in paths if self.targets[path].view is not None]
        if database in self.probe.user.trusted:
            waiting = self._unexplained(database, waiting)
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
        trusted = self.probe.user.trusted
        if lacking and database not in trusted and (self._try(lacking[:1]) or ("",))[0] != REFUSED:
            self.rights[database] = None
            return [path for path in paths if path not in self.probe.proved]
        trusted.update([database] if lacking else [])
        self.unread.update(lacking)
        return [path for path in paths if path not in self.unread]

    def _rights(self, database: str) -> ReadRights | None:
        """Ask once what the user holds in a local database: four statements, however many tables."""
        if database in self.ids and database not in self.rights:
            rows, login = self.probe.sessions.reader(database).rows, self.probe.user.hook.login
            granted = granted_relations(rows, login)
            held = frozenset((one.schema, one.name) for oid, one in self.ids[database].items() if oid in granted)
            schemas = usable_schemas(rows, login)
            self.rights[database] = ReadRights(schemas, held, read_on_columns(rows), read_interleaved(rows, database))
        return self.rights.get(database)
