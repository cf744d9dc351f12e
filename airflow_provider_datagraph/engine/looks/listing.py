"""What has to be read, from catalogs that hide nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from redshift_connector.error import Error as DriverError

from airflow_provider_datagraph.access.plan import blocking
from airflow_provider_datagraph.access.validation import Path, Target, Verdict, nothing_to_read
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.choosing import Limits, Wanted, choose
from airflow_provider_datagraph.form.names import parse_wanted
from airflow_provider_datagraph.hooks.faults import details
from airflow_provider_datagraph.redshift.catalog.identities import catalog_hides, read_identities
from airflow_provider_datagraph.redshift.catalog.relations import Relation, read_listed, read_relations_of
from airflow_provider_datagraph.redshift.catalog.schemas import ALL_SCHEMAS, DATABASES, read_namespaces, read_schemas
from airflow_provider_datagraph.redshift.names import fold, split_path
from airflow_provider_datagraph.redshift.values import Session

if TYPE_CHECKING:
    from airflow_provider_datagraph.engine.looks.access import AccessProbe

Place = tuple[str, str]
"""Database and schema, as stored."""


@dataclass
class Listing:
    """What has to be read: from catalogs that hide nothing, in the database itself, or from where it is listed."""

    probe: AccessProbe
    session: Session
    verdicts: list[Verdict] = field(default_factory=list)
    ids: dict[str, dict[int, Relation]] = field(default_factory=dict)
    """The relations of each local database by id."""
    kinds: dict[Place, str] = field(default_factory=dict)
    """What kind of schema each is that was found."""

    def targets(self) -> dict[Path, Target]:
        own, stored = self.session.database, str if self.session.case_sensitive else fold
        problems = Problems()
        asked = parse_wanted(list(self.probe.schemas), "schemas", problems)
        problems.raise_all()
        globs = tuple((stored(database) or own, pattern) for database, pattern in asked.globs)
        whole = {(stored(path[0]) if len(path) > 1 else own, stored(path[-1])) for path in asked.named}
        listed = ([*map(stored, split_path(text))] for text in self.probe.tables)
        named = [(place[0] if place else own, schema, table) for *place, schema, table in listed]
        whole |= set(self._chosen(replace(asked, globs=globs), {*whole, *(path[:2] for path in named)}))
        wanted: dict[str, set[str]] = {}
        for database, schema, *_ in (*whole, *named):
            wanted.setdefault(database, set()).add(schema)
        views = {
            (database, one.schema, one.name): one.view
            for database, schemas in sorted(wanted.items())
            for one in self._relations(database, schemas)
        }
        found = {path: Target(view) for path, view in sorted(views.items()) if path[:2] in whole}
        login = self.probe.admin.hook.login
        if self._hidden():
            self.verdicts.append(Verdict(blocking("hidden", login, case="tables")))
        empty = whole - {path[:2] for path in found}
        self.verdicts += [nothing_to_read(*place, self.kinds.get(place), login) for place in sorted(empty)]
        return found | {path: Target(views.get(path), listed=True) for path in named}

    def _chosen(self, wanted: Wanted, named: Iterable[Place]) -> Iterator[Place]:
        """What patterns mean now, as those mean it who grant by the same ones."""
        if not wanted.globs:
            return
        whole = replace(wanted, named=tuple(named))
        known = read_identities(self.probe.admin.rows, self.session)
        schemas = read_schemas(self.probe.admin.rows, known)
        limits = Limits(self.probe.trusted_owners, self.probe.user.database)
        for database in whole.databases:
            found, told = choose(whole.within(database), database, schemas.get(database, {}), known, limits)
            self.verdicts += (Verdict(one, holds_up=False) for one in told)
            yield from ((database, name) for name in found)

    def _hidden(self) -> bool:
        """Whether the catalog hides tables from the admin; a cluster may be too old to know the setting."""
        admin = self.probe.admin
        if not admin.sees:
            try:
                admin.sees = not catalog_hides(admin.rows, admin.hook.login)
            except DriverError as error:
                # PostgreSQL's code for a parameter that there isn't; any other error says nothing of what is hidden.
                if details(error)[0] != "42704":
                    raise
                admin.sees = True
        return not admin.sees

    def _relations(self, database: str, schemas: set[str]) -> Iterator[Relation]:
        # The same statements read for all who look in this round.
        every = schemas | self.probe.schemas_of_all()
        elsewhere, admin = set(schemas), self.probe.admin
        if any((str(name), str(kind).lower()) == (database, "local") for name, _, kind in admin.rows(DATABASES)):
            rows = self.probe.sessions.reader(database).rows
            ids = {oid: name for oid, (name, _) in read_namespaces(rows).items() if name in every}
            self.kinds |= {(database, name): "local" for name in ids.values()}
            if not schemas.isdisjoint(ids.values()):
                found = read_relations_of(rows, ids)
                self.ids[database] = {oid: one for oid, one in found.items() if one.schema in schemas}
                yield from self.ids[database].values()
                elsewhere -= {one.schema for one in self.ids[database].values()}
        if elsewhere:
            for holder, name, _, kind in admin.rows(ALL_SCHEMAS):
                if holder == database and name in every:
                    self.kinds[database, str(name)] = str(kind).lower()
            listed = {name for name in every if self.kinds.get((database, name), "local") != "local"}
            if not listed.isdisjoint(elsewhere):
                yield from (one for one in read_listed(admin.rows, database, listed) if one.schema in elsewhere)
