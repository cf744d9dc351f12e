"""SHOW: parameters, databases, schemas, tables, columns, grants."""

from __future__ import annotations

from local_redshift.errors import known_database, syntax_error, unsupported
from local_redshift.grammar.names import SCHEMAS
from local_redshift.grammar.settings import show_parameter, shown
from local_redshift.plan import Context, Plan
from local_redshift.reader import Reader, phrases
from local_redshift.text import literal

# Statements that the stand-in hasn't: https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_commands.html
OTHERS = phrases(
    """all|use|user lockout|datashares|models|model|policies|rls policy|masking policy|templates|template
    |table|view|materialized view|external table|external tables|procedure|functions from schema
    |procedures from schema|parameters of|constraints primary keys|constraints foreign keys
    |transaction isolation level"""
)
MOST = 10_000
# The columns of each form, in the order that its page and the driver's own test show.
WHO = "privilege_type, identity_id, identity_name, identity_type, admin_option, privilege_scope"
GRANT_COLUMNS = {
    "DATABASE": f"database_name, {WHO}, grantor_name",
    "SCHEMA": f"schema_name, object_name, object_type, {WHO}, database_name, grantor_name",
    "TABLE": f"schema_name, object_name, object_type, {WHO}, database_name, grantor_name",
    "NULL": f"database_name, schema_name, object_name, object_type, {WHO}, grantor_name",
}


def show(reader: Reader, context: Context) -> Plan:
    """Tell the forms of SHOW apart by their words; any other one is of a parameter."""
    if reader.accept("databases"):
        return _databases(reader)
    if reader.accept("schemas", "from", "database"):
        return _schemas(reader, context)
    if reader.accept("tables", "from", "schema"):
        return _tables(reader, context)
    if reader.accept("columns", "from", "table"):
        return _columns(reader, context)
    if reader.accept("column", "grants", "on", "table"):
        return _column_grants(reader, context)
    if reader.accept("grants"):
        return _grants(reader, context)
    for words in OTHERS:
        if reader.is_word(*words):
            raise unsupported("SHOW " + " ".join(words).upper())
    if reader.peek(1).value in ("from", "in", "like", "on", "for", "grants", "table"):
        raise syntax_error(reader.peek(1).text)
    return show_parameter(reader)


def _databases(reader: Reader) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_DATABASES.html"""
    if reader.accept("from"):
        reader.expect("data", "catalog")
        raise unsupported("SHOW DATABASES FROM DATA CATALOG")
    pattern, limit = _like(reader), _row_limit(reader)
    sql = (
        "SELECT database_name, database_owner, database_type, database_acl, NULL::text AS parameters, "
        f"database_isolation_level FROM pg_rs.svv_redshift_databases WHERE database_name LIKE {pattern} "
        f"ORDER BY database_name {limit}"
    )
    return shown(sql)


def _schemas(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_SCHEMAS.html"""
    database = reader.name()
    return _elsewhere(context, database, f"SELECT * FROM pg_rs.show_schemas({_like(reader)}) {_row_limit(reader)}")


def _tables(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_TABLES.html"""
    database, schema = _qualified(reader, context, 2)
    sql = f"SELECT * FROM pg_rs.show_tables({literal(schema)}, {_like(reader)}) {_row_limit(reader)}"
    return _elsewhere(context, database, sql)


def _columns(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_COLUMNS.html"""
    database, schema, table = _qualified(reader, context, 3)
    sql = f"SELECT * FROM pg_rs.show_columns({literal(schema)}, {literal(table)}, {_like(reader)}) {_row_limit(reader)}"
    return _elsewhere(context, database, sql)


def _grants(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_GRANTS.html"""
    database, schema, kind, name = context.database, "NULL", "NULL", "NULL"
    if reader.accept("on"):
        kind = _kind(reader)
        if kind == "DATABASE":
            database = reader.name()
            name = literal(database)
        elif kind == "SCHEMA":
            database, name = _qualified(reader, context, 2)
            name = literal(name)
        else:
            database, schema, name = _qualified(reader, context, 3)
            schema, name = literal(schema), literal(name)
    who_kind, who = _who(reader, required=kind == "NULL")
    if kind == "NULL" and reader.accept("from", "database"):
        database = reader.name()
    wanted = "NULL" if kind == "NULL" else literal(kind)
    sql = (
        f"SELECT {GRANT_COLUMNS[kind]} FROM pg_rs.show_grants({wanted}, {schema}, {name}, {who_kind}, {who}) "
        + _row_limit(reader)
    )
    return _elsewhere(context, database, sql)


def _kind(reader: Reader) -> str:
    kind = reader.accept_any("database", "schema", "table").upper()
    if kind:
        return kind
    if reader.accept("all") or reader.accept("procedure"):
        raise reader.fail()
    if reader.peek().value in ("function", "datashare", "template", "external", "model"):
        raise unsupported("SHOW GRANTS ON " + reader.peek().text.upper())
    # The word TABLE may be left out.
    return "TABLE"


def _column_grants(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_COLUMN_GRANTS.html"""
    database, schema, name = _qualified(reader, context, 3)
    who_kind, who = _who(reader, required=False)
    call = f"pg_rs.show_column_grants({literal(schema)}, {literal(name)}, {who_kind}, {who})"
    return _elsewhere(context, database, f"SELECT * FROM {call} {_row_limit(reader)}")


def _who(reader: Reader, required: bool) -> tuple[str, str]:
    if required:
        reader.expect("for")
    elif not reader.accept("for"):
        return "NULL", "NULL"
    if reader.accept("public"):
        if required:
            raise reader.fail()
        return "'public'", "NULL"
    if reader.accept("role"):
        return "'role'", literal(reader.role_name())
    return "'user'", literal(reader.user_name())


def _qualified(reader: Reader, context: Context, parts: int) -> list[str]:
    """A name with its database, which may be left out."""
    found = reader.parts()
    if len(found) == parts - 1:
        found = [context.database, *found]
    if len(found) == 1 and parts == 3:
        reader.later("SHOW ... of a table without its schema")
        found = [context.database, "", *found]
    if len(found) != parts:
        raise reader.fail()
    if found[1] in SCHEMAS:
        reader.later(f"SHOW ... of {found[1]}")
    return found


def _like(reader: Reader) -> str:
    """The pattern of LIKE as a literal; without LIKE, one that fits everything."""
    return literal(reader.string()) if reader.accept("like") else "'%'"


def _row_limit(reader: Reader) -> str:
    """LIMIT n, of 0 to 10,000 rows, ends each SHOW."""
    limit = reader.integer() if reader.accept("limit") else MOST
    reader.end()
    return f"LIMIT {min(limit, MOST)}"


def _elsewhere(context: Context, database: str, sql: str) -> Plan:
    """A plan for the named database."""
    return shown(sql, None if known_database(database) == context.database else database)
