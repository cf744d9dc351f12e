"""The trigger form's entries, resolved against the whole warehouse, with every problem at once. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from airflow_provider_datagraph.access.database import DatabaseAccess
from airflow_provider_datagraph.access.messages import said
from airflow_provider_datagraph.access.plan import Finding, blocking
from airflow_provider_datagraph.access.profiles_sync import REQUIRED_TABLES
from airflow_provider_datagraph.access.reverse_etl import SCHEMA
from airflow_provider_datagraph.access.schemas.targets import not_local, schema_hidden
from airflow_provider_datagraph.access.schemas.values import DesiredSchema, FutureTables
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.choosing import Limits, Path, Place, Wanted, choose
from airflow_provider_datagraph.form.names import ALL_TABLES
from airflow_provider_datagraph.form.patterns import Pattern, check_allowed
from airflow_provider_datagraph.redshift import names
from airflow_provider_datagraph.redshift.catalog.relations import relation_names
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.catalog.schemas import read_schemas
from airflow_provider_datagraph.redshift.names import InvalidInput, fold, join_path, resolve
from airflow_provider_datagraph.redshift.statements import written
from airflow_provider_datagraph.redshift.values import Grant, Schema, Session


@dataclass(frozen=True, slots=True)
class Warehouse:
    """What the admin sees of the whole cluster.

    :param known: its databases, and what the linked role holds, as far as was read.
    :param schemas: by name, by database (one without any is there, too).
    :param relations: names of tables and views, by database and schema, where they were asked for.
    """

    known: DatabaseAccess
    schemas: Mapping[str, Mapping[str, Schema]]
    relations: Mapping[Place, frozenset[str]] = field(default_factory=dict)

    @property
    def session(self) -> Session:
        return self.known.session

    def kind(self, database: str, schema: str = "") -> str:
        """What a schema is: in a database that isn't local, what that is."""
        holder, known = self.known.databases.get(database), self.schemas[database].get(schema)
        if holder and holder.kind != "local":
            return holder.kind
        return known.kind if known else "local"

    def held_in(self, database: str) -> frozenset[Grant]:
        """What the role holds in a database: on schemas it was read of the connected one."""
        return frozenset(g for g in self.known.grants if g.database or database == self.session.database)


def by_schema(paths: Iterable[Path]) -> dict[Place, tuple[str, ...] | None]:
    """Group what is to be opened: the tables of each schema, or None where it is named whole."""
    found: dict[Place, tuple[str, ...] | None] = {}
    for database, schema, *table in dict.fromkeys(paths):
        listed = found.get((database, schema), ())
        found[database, schema] = None if listed is None or not table else (*listed, *table)
    return found


def desired_schemas(
    paths: Iterable[Path], future: FutureTables = FutureTables.SCOPED
) -> dict[str, list[DesiredSchema]]:
    """Say what the role should hold, by database, for names as stored."""
    desired: dict[str, list[DesiredSchema]] = {}
    for (database, schema), tables in by_schema(paths).items():
        desired.setdefault(database, []).append(DesiredSchema(schema, tables, future=future))
    return desired


def read_warehouse(rows: Rows, known: DatabaseAccess, entries: Iterable[Path]) -> Warehouse:
    """Read the schemas of the whole cluster, and the tables that the entries may mean."""
    nothing: dict[str, dict[str, Schema]] = {name: {} for name in known.databases}
    bare = Warehouse(known, nothing | read_schemas(rows, known))
    relations = {
        (database, schema): names
        for database, schemas in relations_needed(entries, bare).items()
        for schema, names in relation_names(rows, database, schemas).items()
    }
    return replace(bare, relations=relations)


def relations_needed(entries: Iterable[Path], warehouse: Warehouse) -> dict[str, set[str]]:
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

    def entries(self, entries: Iterable[Path], role: str) -> tuple[list[Path], list[Finding]]:
        """Resolve the entries to what to open, by database, with findings about what can't be granted by a plan."""
        checked = (self.problems.check(self._entry, parts, default=None) for parts in entries)
        found = [(path, self.warehouse.kind(*path[:2])) for path in checked if path]
        local = [path for path, kind in found if kind == "local"]
        others = list(dict.fromkeys(path for path, kind in found if kind != "local"))
        _contradictions([*local, *others], self.problems)
        known = self.warehouse
        findings = [
            not_local(place, known.kind(*place), role, known.held_in(place[0]), tables or ())
            for place, tables in by_schema(sorted(others, key=_database)).items()
        ]
        return sorted(local, key=_database), findings

    def _find(self, name: str, stored: Collection[str]) -> str | None:
        return resolve(name, stored, self.warehouse.session.case_sensitive)

    def _check_allowed(self, text: str, database: str, schema: str) -> None:
        check_allowed(text, database, schema, self.warehouse.session, self.allow)

    def _entry(self, parts: Path) -> Path:
        text, session = join_path(*parts), self.warehouse.session
        wanted, schema_name, *table_name = (session.database, *parts) if len(parts) == 1 else parts
        self._check_allowed(text, wanted, schema_name)
        database = self._find(wanted, self.warehouse.schemas)
        if database is None:
            raise InvalidInput(f"{text}: there is no database {self._database_missing(parts)}")
        schemas = self.warehouse.schemas[database]
        schema = self._find(schema_name, schemas)
        stored = [name if session.case_sensitive else fold(name) for name in (schema_name, *table_name)]
        if self.warehouse.kind(database, stored[0]) != "local":
            # The catalog needn't tell what is in there.
            return (database, *stored)
        if schema is None:
            if not session.superuser and not _in_capitals(schema_name, schemas):
                raise InvalidInput(f"{text}: {said(schema_hidden(database, schema_name, session))}")
            raise InvalidInput(f"{text}: database {database} has no schema {schema_name}{_hint(schema_name, schemas)}")
        if not table_name:
            return database, schema
        relations = self.warehouse.relations.get((database, schema), frozenset())
        table = self._find(table_name[0], relations)
        if table is None and not session.superuser and not _in_capitals(table_name[0], relations):
            # SVV_REDSHIFT_TABLES hides what one may not read; whether it is there shows in its database.
            table = stored[1]
        if table is None:
            path, hint = join_path(database, schema), _hint(table_name[0], relations)
            raise InvalidInput(f"{text}: schema {path} has no table {table_name[0]}{hint}")
        return database, schema, table

    def _database_missing(self, parts: Path) -> str:
        own = self.warehouse.session.database
        name = own if len(parts) == 1 else parts[0]
        schema = self._find(parts[0], self.warehouse.schemas.get(own, {})) if len(parts) == 2 else None
        if schema is None:
            return f"{name}{_hint(name, self.warehouse.schemas)}"
        table = self._find(parts[1], self.warehouse.relations.get((own, schema), frozenset()))
        if table is None:
            return f"{name}, and schema {schema} of {own} has no table {parts[1]}."
        return f"{name}, but schema {schema} of {own} has a table {table}: write {join_path(own, schema, table)}."

    def profiles_sync(self, database: str, schema: str, opened: Iterable[Path]) -> Place | None:
        """Resolve the schema of Profiles Sync, which may still be missing; None where there is no such database."""
        text = f"profiles_sync: {join_path(database, schema)}"
        self.problems.check(self._check_allowed, text, database, schema, default=None)
        found = self._find(database, self.warehouse.schemas)
        if found is None:
            hint = _hint(database, self.warehouse.schemas).replace("or create it first", "as Segment shows it")
            self.problems.add(f"profiles_sync: there is no database {database}{hint}")
            return None
        stored = self._find(schema, self.warehouse.schemas[found]) or schema
        if (kind := self.warehouse.kind(found, stored)) != "local":
            self.problems.add(
                f"profiles_sync: {join_path(found, stored)} is {kind}, and Segment writes Profiles Sync to a local "
                "schema: name that one. To have this one read too, name it in schemas."
            )
        if any(path[:2] == (found, stored) for path in opened):
            self.problems.add(
                f"{join_path(found, schema)} is in profiles_sync and in schemas: leave it in profiles_sync."
            )
        return found, stored

    def reverse_etl(self, database: str, checkpoint_database: str) -> str | None:
        """Resolve the database of an existing Reverse ETL schema; the checkpoint database may be it, and be missing."""
        if checkpoint_database == (database if self.warehouse.session.case_sensitive else fold(database)):
            return checkpoint_database
        name = "reverse_etl_database"
        self.problems.check(
            self._check_allowed, f"{name}: {join_path(database, SCHEMA)}", database, SCHEMA, default=None
        )
        found = self._find(database, self.warehouse.schemas)
        if found is None:
            self.problems.add(f"{name}: there is no database {database}: correct the name, or leave it empty.")
        elif (kind := self.warehouse.kind(found)) != "local":
            self.problems.add(f"{name}: {said(blocking('not_local', found, case='checkpoint', kind=kind))}")
        return found

    def patterns(
        self, wanted: Wanted, opened: Sequence[Path], profiles: Place | None, limits: Limits
    ) -> tuple[list[Path], list[Finding]]:
        """Add what patterns mean to what is opened by name; a schema of which tables are named stays as it is."""
        self.problems.check(replace(wanted, named=tuple(opened)).check, default=None)
        globs = []
        for typed, pattern in wanted.globs:
            found = self._find(typed or self.warehouse.session.database, self.warehouse.schemas)
            if found is None:
                hint = _hint(typed, self.warehouse.schemas)
                self.problems.add(f"{pattern.text}: there is no database {typed}{hint}")
            else:
                globs.append((found, pattern))
        named = (*opened, *([profiles] if profiles else []))
        whole = replace(wanted, named=named, globs=tuple(globs))
        chosen, told = list(opened), list[Finding]()
        for base in dict.fromkeys(database for database, _ in globs):
            inside = self.warehouse.schemas[base].items()
            schemas = {name: replace(one, kind=self.warehouse.kind(base, name)) for name, one in inside}
            more, about = choose(whole.within(base), base, schemas, self.warehouse.known, limits)
            told += about
            chosen += [(base, name) for name in more]
        return sorted(chosen, key=_database), told


def _database(path: Path) -> str:
    return path[0]


def _in_capitals(name: str, stored: Iterable[str]) -> bool:
    """Whether it is there in other capitals, so that it isn't hidden."""
    return any(one.lower() == name.lower() for one in stored)


def _hint(name: str, stored: Collection[str]) -> str:
    meant = names.alike(name, stored)
    return f": did you mean {join_path(meant)}?" if meant else ": correct the name, or create it first."


def _contradictions(paths: Iterable[Path], problems: Problems) -> None:
    named = Counter(paths)
    for path, count in named.items():
        if count > 1:
            problems.add(f"{join_path(*path)} is named twice: name it once.")
        if len(path) == 3 and path[:2] in named:
            problems.add(
                f"{join_path(*path)} names one table, and {join_path(*path[:2])} all of them: keep one of the two."
            )


def as_tasks(
    opened: Sequence[Path], profiles: Place | None, reverse_etl: str | None, *, named: bool = False
) -> dict[str, Any]:
    """Shape the arguments of the tasks that follow the check; names are written so that they are read back as they are.

    :param named: whether something is named, and not only meant by patterns: then the proof isn't skipped where none of
        it can be opened, as with external schemas alone, but fails.
    """
    schemas = by_schema(opened)
    whole = [place for place, tables in schemas.items() if tables is None]
    tables = [path for path in opened if len(path) == 3]
    listed = [*tables, *((*profiles, name) for name in REQUIRED_TABLES if profiles)]
    others = [*([profiles] if profiles else []), *([(reverse_etl, SCHEMA)] if reverse_etl else [])]
    return {
        "grants": {"schema": _typed(schemas), "tables": _typed(tables) or ALL_TABLES} if schemas else None,
        "reverse_etl_database": reverse_etl,
        "asked": [written(path) for path in (*whole, *listed, *others)],
        "profiles_sync": None if profiles is None else {"database": profiles[0], "schema": join_path(profiles[1])},
        "validate": {"schemas": _typed(whole), "tables": _typed(listed)} if whole or listed or named else None,
    }


def _typed(paths: Iterable[Path]) -> list[str]:
    return [join_path(*path) for path in paths]
