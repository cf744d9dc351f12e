"""Tables and views, and what limits who reads them. Internal: the tables behind materialized views."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_datagraph.redshift.catalog.rows import Rows, among, chunks, word
from airflow_provider_datagraph.redshift.catalog.schemas import read_namespaces
from airflow_provider_datagraph.redshift.names import is_stored_system_schema, literal
from airflow_provider_datagraph.redshift.values import Identity

BySchema = dict[str, frozenset[str]]
"""Names of tables and views, by schema."""
Sources = Mapping[tuple[str, str], frozenset[tuple[str, str]]]
"""What views read, by their own schema and name: the schema and the name of each."""
INTERNAL_TABLES = "mv_tbl__"
"""What the tables behind materialized views begin with: Redshift keeps them for itself."""
# r_PG_CLASS, as in PostgreSQL 8.0's manual: c_intro_catalog_views. It hides nothing from anybody.
KINDS = "relkind IN ('r', 'v', 'm')"
RELATIONS = f"SELECT relnamespace, relname, relowner FROM pg_class WHERE {KINDS}"
ALL_RELATIONS = f"SELECT oid, relnamespace, relname, relowner, relkind FROM pg_class WHERE {KINDS}"
NAMED = f"SELECT oid, relnamespace, relname, relkind FROM pg_class WHERE {KINDS} AND "
# PG_ATTRIBUTE, likewise. A dropped column's name is another.
COLUMNS = "SELECT attrelid, attname FROM pg_attribute WHERE "
# PG_DEPEND, likewise. A view's rule is what depends: on the view ('i') and on each column that it reads ('n'), as in
# https://github.com/awslabs/amazon-redshift-utils/blob/master/src/AdminViews/v_view_dependency.sql
# PostgreSQL 8.0 has numbers for pg_class (1259) and pg_type (1247, a row a table), and none yet for pg_rewrite.
DEPENDENCIES = (
    "SELECT DISTINCT objid, refobjid, deptype FROM pg_depend "
    "WHERE refclassid = 1259 AND classid NOT IN (1247, 1259) AND deptype IN ('i', 'n')"
)
# r_SVV_REDSHIFT_TABLES
TABLES = "SELECT schema_name, table_name, table_type, table_owner FROM svv_redshift_tables"
# r_SVV_ALL_TABLES: external and shared ones are in it
ALL_TABLES = "SELECT schema_name, table_name, table_type FROM svv_all_tables"
# r_SVV_REDSHIFT_COLUMNS: only in an interleaved key a column's number may be below zero
INTERLEAVED = "SELECT DISTINCT schema_name, table_name FROM svv_redshift_columns WHERE sortkey < 0 AND database_name = "
# r_SVV_COLUMN_PRIVILEGES
ON_COLUMNS = "SELECT DISTINCT namespace_name, relation_name FROM svv_column_privileges"
# r_SVV_RLS_RELATION
SECURED = "SELECT relschema, relname FROM svv_rls_relation WHERE is_rls_on = true AND datname = "
# r_SVV_ATTACHED_MASKING_POLICY: of the connected database
MASKED = "SELECT schema_name, table_name, grantee, grantee_type FROM svv_attached_masking_policy"
# PG_GET_LATE_BINDING_VIEW_COLS: a row for each column of each late-binding view of the connected database
LATE_VIEWS = (
    "SELECT view_schema, view_name FROM pg_get_late_binding_view_cols() "
    "cols(view_schema name, view_name name, col_name name, col_type varchar, col_num int)"
)


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or a view; ``owner`` is empty where the catalog names none."""

    schema: str
    name: str
    view: bool
    owner: str

    @property
    def internal(self) -> bool:
        """Whether it is the table behind a materialized view. A view of such a name is somebody's."""
        return not self.view and self.name.startswith(INTERNAL_TABLES)


def read_relations(rows: Rows, database: str, schemas: Iterable[str]) -> Iterator[Relation]:
    """Read the tables and views in some schemas, at least one, of any database, but for internal ones."""
    query = f"{TABLES} WHERE database_name = {literal(database)} AND {among('schema_name', schemas)}"
    for schema, name, kind, owner in rows(query):
        one = Relation(str(schema), str(name), word(kind) == "VIEW", str(owner or ""))
        if not one.internal:
            yield one


def relation_names(rows: Rows, database: str, schemas: Iterable[str]) -> BySchema:
    """Read the names of the same, by schema; a schema without any is there too."""
    wanted = list(schemas)
    nothing: BySchema = {schema: frozenset() for schema in wanted}
    return nothing | by_schema((one.schema, one.name) for one in read_relations(rows, database, wanted))


def read_owned(rows: Rows, owner: int | None = None) -> Iterator[tuple[int, str, int]]:
    """Read the tables and views here, of one or all: the schema's id, the name, the owner's id. Hidden from nobody."""
    query = RELATIONS if owner is None else f"{RELATIONS} AND relowner = {literal(str(owner))}"
    for schema, name, user_id in rows(query):
        if not str(name).startswith(INTERNAL_TABLES):
            yield int(schema), str(name), int(user_id)


def read_all_relations(
    rows: Rows, owner: Callable[[Any], str], namespaces: Mapping[int, tuple[str, int]] | None = None
) -> dict[int, Relation]:
    """Read all tables and views here by id, but for the system's and internal ones. Hidden from nobody."""
    schemas = {oid: name for oid, (name, _) in (namespaces or read_namespaces(rows)).items()}
    found = {
        int(oid): Relation(schemas[int(schema)], str(name), str(kind) != "r", owner(user_id))
        for oid, schema, name, user_id, kind in rows(ALL_RELATIONS)
        if int(schema) in schemas
    }
    system = set(filter(is_stored_system_schema, schemas.values()))
    return {oid: one for oid, one in found.items() if one.schema not in system and not one.internal}


def read_named(rows: Rows, names: Iterable[str]) -> dict[int, tuple[int, str, bool]]:
    """Read what has one of some names, at least one, here: by id, the schema's id, the name, whether it is a view."""
    found = (row for chunk in chunks(names) for row in rows(NAMED + among("relname", chunk)))
    return {int(oid): (int(schema), str(name), str(kind) != "r") for oid, schema, name, kind in found}


def read_columns(rows: Rows, relations: Iterable[int], names: Iterable[str]) -> dict[int, frozenset[str]]:
    """Read which of some columns some relations here have, at least one of each: by the relation's id."""
    found: dict[int, set[str]] = {}
    called = among("attname", names)
    for chunk in chunks(map(str, relations)):
        for oid, name in rows(f"{COLUMNS}{among('attrelid', chunk)} AND {called}"):
            found.setdefault(int(oid), set()).add(str(name))
    return {oid: frozenset(columns) for oid, columns in found.items()}


def read_relations_of(rows: Rows, schemas: Mapping[int, str]) -> dict[int, Relation]:
    """Read the tables and views in some schemas here, at least one, by id: not their owners, nor internal ones."""
    found = (
        (int(oid), Relation(schemas[int(schema)], str(name), str(kind) != "r", ""))
        for chunk in chunks(map(str, schemas))
        for oid, schema, name, kind in rows(NAMED + among("relnamespace", chunk))
    )
    return {oid: one for oid, one in found if not one.internal}


def read_listed(rows: Rows, database: str, schemas: Iterable[str]) -> Iterator[Relation]:
    """Read what is listed in external or shared schemas, at least one, of any database."""
    query = f"{ALL_TABLES} WHERE database_name = {literal(database)} AND {among('schema_name', schemas)}"
    for schema, name, kind in rows(query):
        yield Relation(str(schema), str(name), "VIEW" in word(kind), "")


def read_interleaved(rows: Rows, database: str) -> frozenset[tuple[str, str]]:
    """Read which tables have an interleaved sort key, as far as the session may read them: schema and name."""
    return frozenset((str(schema), str(table)) for schema, table in rows(INTERLEAVED + literal(database)))


def read_on_columns(rows: Rows) -> frozenset[tuple[str, str]]:
    """Read which relations of the connected database have privileges on columns: schema and name."""
    return frozenset((str(schema), str(table)) for schema, table in rows(ON_COLUMNS))


def read_sources(rows: Rows, relations: Mapping[int, Relation]) -> Sources:
    """Read what each view here reads itself, whatever lies below another. Late-binding ones depend on nothing."""
    found = [(int(rule), int(on), str(kind)) for rule, on, kind in rows(DEPENDENCIES) if int(on) in relations]
    views = {rule: on for rule, on, kind in found if kind == "i"}
    sources: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for rule, on, _ in found:
        if views.get(rule, on) != on:
            view, source = relations[views[rule]], relations[on]
            sources.setdefault((view.schema, view.name), set()).add((source.schema, source.name))
    return {view: frozenset(names) for view, names in sources.items()}


def read_secured(rows: Rows, database: str) -> BySchema:
    """Read which tables have row-level security, by schema."""
    return by_schema((str(schema), str(table)) for schema, table in rows(SECURED + literal(database)))


def read_masked(rows: Rows) -> Iterator[tuple[str, str, Identity]]:
    """Read which tables have columns with a masking policy, and who sees masked values."""
    for schema, table, name, kind in rows(MASKED):
        yield str(schema), str(table), Identity(str(kind), str(name))


def read_late_views(rows: Rows) -> BySchema:
    """Read the late-binding views of the connected database, by schema."""
    return by_schema((str(schema), str(view)) for schema, view in rows(LATE_VIEWS))


def by_schema(pairs: Iterable[tuple[str, str]]) -> BySchema:
    """Group the names of tables by their schemas."""
    found: dict[str, set[str]] = {}
    for schema, table in pairs:
        found.setdefault(schema, set()).add(table)
    return {schema: frozenset(tables) for schema, tables in found.items()}
