"""What has to be read, from catalogs that hide nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from redshift_connector.error import Error as DriverError

from airflow_provider_datagraph.access.plan import blocking
from airflow_provider_datagraph.access.validation import Path, Target, Verdict, nothing_to_read
from airflow_provider_datagraph.form.choosing import Limits, Wanted, choose, split_wanted
from airflow_provider_datagraph.hooks.faults import details
from airflow_provider_datagraph.redshift.catalog.identities import catalog_hides, read_identities
from airflow_provider_datagraph.redshift.catalog.relations import Relation, read_listed, read_relations_of
from airflow_provider_datagraph.redshift.catalog.schemas import ALL_SCHEMAS, DATABASES, read_namespaces, read_schemas
from airflow_provider_datagraph.redshift.names import fold, split_path
from airflow_provider_datagraph.redshift.values import Session

if TYPE_CHECKING:
    from airflow_provider_datagraph.engine.looks.access import AccessProbe


@dataclass
class Listing:
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
        names, patterns, _ = split_wanted(self.probe.schemas)
        for text in names:
            *place, schema = map(stored, split_path(text))
            whole.add((place[0] if place else self.session.database, schema))
            wanted.setdefault(place[0] if place else self.session.database, set()).add(schema)
        for path in list(self._chosen(patterns, {*whole, *(path[:2] for path in named)})):
            whole.add(path)
            wanted.setdefault(path[0], set()).add(path[1])
        kinds = {str(name): str(kind).lower() for name, _, kind in self.probe.admin.rows(DATABASES)}
        views: dict[Path, bool] = {}
        known: dict[tuple[str, str], str] = {}
        for database, schemas in sorted(wanted.items()):
            for relation in self._relations(database, schemas, kinds.get(database, ""), known):
                views[database, relation.schema, relation.name] = relation.view
        targets = {path: Target(views.get(path), listed=True) for path in named}
        found = [path for path in views if path[:2] in whole]
        if self._hidden():
            self.verdicts.append(Verdict(blocking("hidden", self.probe.admin.hook.login, case="tables")))
        empty, login = whole - {path[:2] for path in found}, self.probe.admin.hook.login
        self.verdicts += [nothing_to_read(*place, known.get(place), login) for place in sorted(empty)]
        return {path: Target(views[path]) for path in sorted(found)} | targets

    def _chosen(self, wanted: Wanted, named: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """What patterns mean now, as those mean it who grant by the same ones."""
        if not wanted.globs:
            return
        stored: Callable[[str], str] = str if self.session.case_sensitive else fold
        globs = tuple((stored(database or self.session.database), pattern) for database, pattern in wanted.globs)
        whole = replace(wanted, named=tuple(named), globs=globs)
        known = read_identities(self.probe.admin.rows, self.session)
        schemas = read_schemas(self.probe.admin.rows, known)
        limits = Limits(self.probe.trusted_owners, str(self.probe.user.hook.arguments["database"]))
        for database in whole.databases:
            found, told = choose(whole.within(database), database, schemas.get(database, {}), known, limits)
            self.verdicts += (Verdict(one, holds_up=False) for one in told)
            yield from ((database, name) for name in found)

    def _hidden(self) -> bool:
        """Whether the catalog hides tables from the admin; a cluster may be too old to know the setting."""
        if self.probe.hidden is None:
            try:
                self.probe.hidden = catalog_hides(self.probe.admin.rows, self.probe.admin.hook.login)
            except DriverError as error:
                # PostgreSQL's code for a parameter that there isn't; any other error says nothing of what is hidden.
                if details(error)[0] != "42704":
                    raise
                self.probe.hidden = False
        return self.probe.hidden

    def _relations(
        self, database: str, schemas: set[str], kind: str, known: dict[tuple[str, str], str]
    ) -> Iterator[Relation]:
        # The same statements read for all who look in this round.
        every = schemas | {spelt for one in self.probe.sessions.asked for spelt in one.schemas_named()}
        elsewhere = set(schemas)
        if kind == "local":
            rows = self.probe.sessions.reader(database).rows
            ids = {oid: name for oid, (name, _) in read_namespaces(rows).items() if name in every}
            if not schemas.isdisjoint(ids.values()):
                found = read_relations_of(rows, ids)
                self.ids[database] = {oid: one for oid, one in found.items() if one.schema in schemas}
                yield from self.ids[database].values()
            known |= {(database, name): "local" for name in ids.values()}
            elsewhere -= {one.schema for one in self.ids.get(database, {}).values()}
        if elsewhere:
            for holder, name, _, what in self.probe.admin.rows(ALL_SCHEMAS):
                if holder == database and name in every:
                    known[database, str(name)] = str(what).lower()
            listed = {name for name in every if known.get((database, name), "local") != "local"}
            if not listed.isdisjoint(elsewhere):
                found_there = read_listed(self.probe.admin.rows, database, listed)
                yield from (one for one in found_there if one.schema in elsewhere)
