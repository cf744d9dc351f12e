"""SHOW: parameters, databases, schemas, tables, columns, grants."""

from __future__ import annotations

from local_redshift.errors import syntax_error, unsupported
from local_redshift.grammar import show_grants
from local_redshift.grammar.settings import show_parameter, shown
from local_redshift.grammar.show_grants import elsewhere, like, qualified, row_limit
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
        return show_grants.on_columns(reader, context)
    if reader.accept("grants"):
        return show_grants.grants(reader, context)
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
    pattern, limit = like(reader), row_limit(reader)
    sql = (
        "SELECT database_name, database_owner, database_type, database_acl, NULL::text AS parameters, "
        f"database_isolation_level FROM pg_rs.svv_redshift_databases WHERE database_name LIKE {pattern} "
        f"ORDER BY database_name {limit}"
    )
    return shown(sql)


def _schemas(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_SCHEMAS.html"""
    database = reader.name()
    return elsewhere(context, database, f"SELECT * FROM pg_rs.show_schemas({like(reader)}) {row_limit(reader)}")


def _tables(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_TABLES.html"""
    database, schema = qualified(reader, context, 2)
    sql = f"SELECT * FROM pg_rs.show_tables({literal(schema)}, {like(reader)}) {row_limit(reader)}"
    return elsewhere(context, database, sql)


def _columns(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_COLUMNS.html"""
    database, schema, table = qualified(reader, context, 3)
    sql = f"SELECT * FROM pg_rs.show_columns({literal(schema)}, {literal(table)}, {like(reader)}) {row_limit(reader)}"
    return elsewhere(context, database, sql)
