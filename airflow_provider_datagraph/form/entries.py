"""The trigger form's entries, resolved against the whole warehouse, with every problem at once. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from airflow_provider_datagraph.access.database import DatabaseAccess
from airflow_provider_datagraph.access.messages import said
from airflow_provider_datagraph.access.plan import Finding, blocking
from airflow_provider_datagraph.access.profiles_sync import REQUIRED_TABLES
from airflow_provider_datagraph.access.reverse_etl import SCHEMA
from airflow_provider_datagraph.access.schemas.targets import not_local, schema_hidden
from airflow_provider_datagraph.access.schemas.values import DesiredSchema
from airflow_provider_datagraph.form.arguments import ALL_TABLES, Problems
from airflow_provider_datagraph.form.choosing import Limits, Wanted, choose, is_pattern
from airflow_provider_datagraph.form.patterns import Pattern, check_allowed
from airflow_provider_datagraph.redshift import names
from airflow_provider_datagraph.redshift.catalog.relations import relation_names
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.catalog.schemas import read_schemas
from airflow_provider_datagraph.redshift.names import InvalidInput, fold, join_path, resolve
from airflow_provider_datagraph.redshift.statements import written
from airflow_provider_datagraph.redshift.values import Grant, Identities, Schema, Session


@dataclass(frozen=True, slots=True)
class Warehouse:
    """What the admin sees of the whole cluster: schemas by name, by database (one without any is there, too).

    :param relations: names of tables and views, by database and schema, where they were asked for.
    :param kinds: what the databases are that aren't local; ``held``: what the linked role holds, as far as was read.
    """

    session: Session
    schemas: Mapping[str, Mapping[str, Schema]]
    relations: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    held: frozenset[Grant] = frozenset()

    def kind(self, database: str, schema: str) -> str:
        """What a schema is: in a database that isn't local, what that is."""
        known = self.schemas[database].get(schema)
        return self.kinds.get(database) or (known.kind if known else "local")

    def held_in(self, database: str) -> frozenset[Grant]:
        """What of it is about a database: on schemas it was read of the connected one."""
        return frozenset(g for g in self.held if g.database or database == self.session.database)


@dataclass(frozen=True, slots=True)
class Opening:
    """What to open in one database: whole schemas, or, where ``tables`` has them, tables of theirs."""

    database: str
    schemas: tuple[str, ...]
    tables: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Entry:
    database: str
    schema: str
    table: str | None


def parse_entry(text: str) -> tuple[str, ...]:
    """Parse one entry of the form: ``schema``, ``database.schema`` or ``database.schema.table``."""
    parts = names.split_path(text)
    if len(parts) > 3:
        raise InvalidInput(
            f"{text!r} has {len(parts)} parts: write schema, database.schema or database.schema.table, "
            "with double quotes around a part that holds a dot."
        )
    if is_pattern(text):
        raise InvalidInput(f"{text!r} is a pattern: name a schema, and put a * of its own in double quotes.")
    if len(parts) > 1:
        names.check_database(parts[0])
    names.refuse_template(names.check_schema(parts[0] if len(parts) == 1 else parts[1]), "schema")
    if len(parts) == 3:
        names.refuse_template(names.check_identifier(parts[2], "table"), "table")
    return parts


WHOLE = ""
"""Stands for all tables of a schema."""


def desired_schemas(entries: Iterable[Sequence[str]], own: str = "") -> dict[str, list[DesiredSchema]]:
    """Say what the role should hold, by database, for names in lower case, as stored; ``own``: where none is named."""
    tables: dict[str, dict[str, set[str]]] = {}
    for entry in entries:
        database, schema, *listed = [*([own] if len(entry) == 1 else []), *map(fold, entry)]
        tables.setdefault(database, {}).setdefault(schema, set()).update(listed or [WHOLE])
    return {
        database: [
            DesiredSchema(name, None if WHOLE in listed else tuple(sorted(listed))) for name, listed in opened.items()
        ]
        for database, opened in tables.items()
    }


def read_warehouse(rows: Rows, known: DatabaseAccess, entries: Iterable[Sequence[str]]) -> Warehouse:
    """Read the schemas of the whole cluster, and the tables that the entries may mean."""
    nothing: dict[str, dict[str, Schema]] = {name: {} for name in known.databases}
    kinds = {name: one.kind for name, one in known.databases.items() if one.kind != "local"}
    bare = Warehouse(known.session, nothing | read_schemas(rows, known), kinds=kinds, held=known.grants)
    relations = {
        (database, schema): names
        for database, schemas in relations_needed(entries, bare).items()
        for schema, names in relation_names(rows, database, schemas).items()
    }
    return replace(bare, relations=relations)


def relations_needed(entries: Iterable[Sequence[str]], warehouse: Warehouse) -> dict[str, set[str]]:
    """Tell whose tables have to be read: of table entries, and of what a mistaken ``schema.table`` may mean."""
    needed: dict[str, set[str]] = {}
    own, sensitive = warehouse.session.database, warehouse.session.case_sensitive
    for parts in entries:
        database = resolve(parts[0], warehouse.schemas, sensitive) if len(parts) > 1 else None
        if len(parts) == 3 and database is not None:
            place = (database, resolve(parts[1], warehouse.schemas[database], sensitive))
        elif len(parts) == 2 and database is None:
            place = (own, resolve(parts[0], warehouse.schemas.get(own, {}), sensitive))
        else:
            continue
        if place[1] is not None:
            needed.setdefault(place[0], set()).add(place[1])
    return needed


@dataclass(frozen=True, slots=True)
class Resolver:
    """Resolves what a form names against a warehouse, and collects what is wrong with it.

    :param allow: patterns of what may be opened; None: everything.
    """

    warehouse: Warehouse
    problems: Problems
    allow: Sequence[Pattern] | None = None

    def entries(self, entries: Iterable[Sequence[str]], role: str) -> tuple[list[Opening], list[Finding]]:
        """Resolve the entries to what to open, a database each, with findings about what can't be granted by a plan."""
        checked = (self.problems.check(self._entry, parts, default=None) for parts in entries)
        found = [(entry, self.warehouse.kind(entry.database, entry.schema)) for entry in checked if entry is not None]
        local = [entry for entry, kind in found if kind == "local"]
        others = list(dict.fromkeys(entry for entry, kind in found if kind != "local"))
        _contradictions([*local, *others], self.problems)
        known = self.warehouse
        findings = [
            not_local((base, name), known.kind(base, name), role, known.held_in(base), one.tables.get(name, ()))
            for one in _openings(others)
            for base, name in ((one.database, schema) for schema in one.schemas)
        ]
        return _openings(local), findings

    def _find(self, name: str, stored: Collection[str]) -> str | None:
        return resolve(name, stored, self.warehouse.session.case_sensitive)

    def _check_allowed(self, text: str, database: str, schema: str) -> None:
        check_allowed(text, database, schema, self.warehouse.session, self.allow)

    def _entry(self, parts: Sequence[str]) -> _Entry:
        text, session = join_path(*parts), self.warehouse.session
        wanted, schema_name = (session.database, parts[0]) if len(parts) == 1 else parts[:2]
        self._check_allowed(text, wanted, schema_name)
        database = self._find(wanted, self.warehouse.schemas)
        if database is None:
            raise InvalidInput(f"{text}: there is no database {self._database_missing(parts)}")
        schemas = self.warehouse.schemas[database]
        schema = self._find(schema_name, schemas)
        if database in self.warehouse.kinds or (schema and schemas[schema].kind != "local"):
            # The catalog needn't tell what is in there.
            stored = [name if session.case_sensitive else fold(name) for name in (schema_name, *parts[2:])]
            return _Entry(database, schema or stored[0], stored[1] if len(stored) > 1 else None)
        if schema is None:
            if not session.superuser and not _in_capitals(schema_name, schemas):
                raise InvalidInput(f"{text}: {said(schema_hidden(database, schema_name, session))}")
            raise InvalidInput(f"{text}: database {database} has no schema {schema_name}{_hint(schema_name, schemas)}")
        if len(parts) < 3:
            return _Entry(database, schema, None)
        relations = self.warehouse.relations.get((database, schema), frozenset())
        table = self._find(parts[2], relations)
        if table is None and not session.superuser and not _in_capitals(parts[2], relations):
            # SVV_REDSHIFT_TABLES hides what one may not read; whether it is there shows in its database.
            table = parts[2] if session.case_sensitive else fold(parts[2])
        if table is None:
            path = join_path(database, schema)
            raise InvalidInput(f"{text}: schema {path} has no table {parts[2]}{_hint(parts[2], relations)}")
        return _Entry(database, schema, table)

    def _database_missing(self, parts: Sequence[str]) -> str:
        own = self.warehouse.session.database
        name = own if len(parts) == 1 else parts[0]
        schema = self._find(parts[0], self.warehouse.schemas.get(own, {})) if len(parts) == 2 else None
        if schema is None:
            return f"{name}{_hint(name, self.warehouse.schemas)}"
        table = self._find(parts[1], self.warehouse.relations.get((own, schema), frozenset()))
        if table is None:
            return f"{name}, and schema {schema} of {own} has no table {parts[1]}."
        return f"{name}, but schema {schema} of {own} has a table {table}: write {join_path(own, schema, table)}."

    def profiles_sync(self, database: str, schema: str, openings: Sequence[Opening]) -> tuple[str, str] | None:
        """Resolve the schema of Profiles Sync, which may still be missing; None where there is no such database."""
        text = f"profiles_sync: {join_path(database, schema)}"
        self.problems.check(self._check_allowed, text, database, schema, default=None)
        found = self._find(database, self.warehouse.schemas)
        if found is None:
            hint = _hint(database, self.warehouse.schemas).replace("or create it first", "as Segment shows it")
            self.problems.add(f"profiles_sync: there is no database {database}{hint}")
            return None
        stored = self._find(schema, self.warehouse.schemas[found])
        if (kind := self.warehouse.kind(found, stored or schema)) != "local":
            self.problems.add(
                f"profiles_sync: {join_path(found, stored or schema)} is {kind}, and Segment writes Profiles Sync to a "
                "local schema: name that one. To have this one read too, name it in schemas."
            )
        if any(o.database == found and stored in o.schemas for o in openings):
            path = join_path(found, schema)
            self.problems.add(f"{path} is in profiles_sync and in schemas: leave it in profiles_sync.")
        return found, stored or schema

    def reverse_etl(self, database: str, checkpoint_database: str) -> str | None:
        """Resolve the database of an existing Reverse ETL schema; the checkpoint database may be it, and be missing."""
        if checkpoint_database == (database if self.warehouse.session.case_sensitive else fold(database)):
            return checkpoint_database
        name, kinds = "reverse_etl_database", self.warehouse.kinds
        self.problems.check(
            self._check_allowed, f"{name}: {join_path(database, SCHEMA)}", database, SCHEMA, default=None
        )
        found = self._find(database, self.warehouse.schemas)
        if found is None:
            self.problems.add(f"{name}: there is no database {database}: correct the name, or leave it empty.")
        elif found in kinds:
            self.problems.add(f"{name}: {said(blocking('not_local', found, case='checkpoint', kind=kinds[found]))}")
        return found

    def patterns(
        self,
        wanted: Wanted,
        openings: Sequence[Opening],
        profiles: tuple[str, str] | None,
        known: Identities,
        limits: Limits,
    ) -> tuple[list[Opening], list[Finding]]:
        """Add what patterns mean to what is opened by name; a schema of which tables are named stays as it is."""
        places = tuple((o.database, schema) for o in openings for schema in o.schemas)
        self.problems.check(replace(wanted, named=places).check, default=None)
        resolved = []
        for typed, pattern in wanted.globs:
            found = self._find(typed or self.warehouse.session.database, self.warehouse.schemas)
            if found is None:
                hint = _hint(typed, self.warehouse.schemas)
                self.problems.add(f"{pattern.text}: there is no database {typed}{hint}")
            else:
                resolved.append((found, pattern))
        whole = replace(wanted, named=(*places, *([profiles] if profiles else [])), globs=tuple(resolved))
        chosen, told = list(openings), list[Finding]()
        for base in dict.fromkeys(database for database, _ in resolved):
            inside = self.warehouse.schemas[base].items()
            schemas = {name: replace(one, kind=self.warehouse.kind(base, name)) for name, one in inside}
            more, about = choose(whole.within(base), base, schemas, known, limits)
            told += about
            mine = next((o for o in chosen if o.database == base), Opening(base, (), {}))
            if more:
                chosen = [o for o in chosen if o is not mine]
                chosen.append(replace(mine, schemas=(*mine.schemas, *more)))
        return sorted(chosen, key=lambda opening: opening.database), told


def _in_capitals(name: str, stored: Iterable[str]) -> bool:
    """Whether it is there in other capitals, so that it isn't hidden."""
    return any(one.lower() == name.lower() for one in stored)


def _hint(name: str, stored: Collection[str]) -> str:
    meant = names.alike(name, stored)
    return f": did you mean {join_path(meant)}?" if meant else ": correct the name, or create it first."


def _contradictions(entries: Sequence[_Entry], problems: Problems) -> None:
    whole = {(e.database, e.schema) for e in entries if e.table is None}
    seen: set[tuple[str, str, str | None]] = set()
    for entry in entries:
        key = (entry.database, entry.schema, entry.table)
        if key in seen:
            problems.add(f"{join_path(*(p for p in key if p))} is named twice: name it once.")
        seen.add(key)
        if entry.table is not None and key[:2] in whole:
            problems.add(
                f"{join_path(entry.database, entry.schema, entry.table)} names one table, and "
                f"{join_path(entry.database, entry.schema)} all of them: keep one of the two."
            )


def _openings(entries: Sequence[_Entry]) -> list[Opening]:
    openings = []
    for database in sorted({e.database for e in entries}):
        mine = [e for e in entries if e.database == database]
        tables: dict[str, tuple[str, ...]] = {}
        for entry in mine:
            if entry.table is not None:
                tables[entry.schema] = (*tables.get(entry.schema, ()), entry.table)
        openings.append(Opening(database, tuple(dict.fromkeys(e.schema for e in mine)), tables))
    return openings


def as_tasks(
    openings: Sequence[Opening], profiles: tuple[str, str] | None, reverse_etl: str | None, *, named: bool = False
) -> dict[str, Any]:
    """Shape the arguments of the tasks that follow the check; names are written so that they are read back as they are.

    :param named: whether something is named, and not only meant by patterns: then the proof isn't skipped where none of
        it can be opened, as with external schemas alone, but fails.
    """
    whole = [(o.database, s) for o in openings for s in o.schemas if s not in o.tables]
    listed = [(o.database, s, t) for o in openings for s, tables in o.tables.items() for t in tables]
    if profiles is not None:
        listed += [(*profiles, name) for name in REQUIRED_TABLES]
    others = [*([profiles] if profiles else []), *([(reverse_etl, SCHEMA)] if reverse_etl else [])]
    return {
        "grants": {
            "schema": [join_path(opening.database, schema) for opening in openings for schema in opening.schemas],
            "tables": {
                join_path(opening.database, schema): [join_path(table) for table in tables]
                for opening in openings
                for schema, tables in opening.tables.items()
            }
            or ALL_TABLES,
        }
        if openings
        else None,
        "reverse_etl_database": reverse_etl,
        "asked": [written(place) for place in (*whole, *listed, *others)],
        "profiles_sync": None if profiles is None else {"database": profiles[0], "schema": join_path(profiles[1])},
        "validate": {"schemas": [join_path(*place) for place in whole], "tables": [join_path(*path) for path in listed]}
        if whole or listed or named
        else None,
    }
