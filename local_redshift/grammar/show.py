"""SHOW: parameters, databases, schemas, tables, columns, grants."""

from __future__ import annotations

from local_redshift.errors import Refused, unsupported
from local_redshift.grammar.settings import show_parameter
from local_redshift.plan import Context, Plan
from local_redshift.reader import Reader
from local_redshift.text import INTERNAL_DATABASES, literal

OTHERS = ("columns", "column", "external", "model", "procedure", "table", "view", "use", "all", "constraints")
MORE = ("procedures", "functions", "parameters", "datashares", "policies", "templates", "transaction")
MOST = 10_000


def show(reader: Reader, context: Context) -> Plan:
    if reader.accept("databases"):
        return _databases(reader)
    if reader.accept("schemas", "from", "database"):
        return _schemas(reader, context)
    if reader.accept("tables", "from", "schema"):
        return _tables(reader, context)
    if reader.accept("columns", "from", "table"):
        return _columns(reader, context)
    if reader.accept("grants"):
        return _grants(reader, context)
    if reader.peek().value in OTHERS + MORE:
        raise unsupported(f"SHOW {reader.peek().text.upper()}")
    return show_parameter(reader)


def _databases(reader: Reader) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_DATABASES.html"""
    if reader.is_word("from"):
        raise unsupported("SHOW DATABASES FROM")
    pattern, limit = _like(reader), _limit(reader)
    sql = (
        "SELECT database_name, database_owner, database_type, database_acl, NULL::text AS parameters, "
        f"database_isolation_level FROM pg_rs.svv_redshift_databases WHERE database_name LIKE {pattern} "
        f"ORDER BY database_name {limit}"
    )
    return Plan(sql, tag="SHOW")


def _schemas(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_SCHEMAS.html"""
    database = reader.name()
    return _in(context, database, f"SELECT * FROM pg_rs.show_schemas({_like(reader)}) {_limit(reader)}")


def _tables(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_TABLES.html"""
    database, schema = _qualified(reader, context, 2)
    sql = f"SELECT * FROM pg_rs.show_tables({literal(schema)}, {_like(reader)}) {_limit(reader)}"
    return _in(context, database, sql)


def _columns(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_COLUMNS.html"""
    database, schema, table = _qualified(reader, context, 3)
    sql = f"SELECT * FROM pg_rs.show_columns({literal(schema)}, {literal(table)}, {_like(reader)}) {_limit(reader)}"
    return _in(context, database, sql)


# The columns of each form, in the order that its page and the driver's own test show.
WHO = "privilege_type, identity_id, identity_name, identity_type, admin_option, privilege_scope"
GRANT_COLUMNS = {
    "DATABASE": f"database_name, {WHO}, grantor_name",
    "SCHEMA": f"schema_name, object_name, object_type, {WHO}, database_name, grantor_name",
    "TABLE": f"schema_name, object_name, object_type, {WHO}, database_name, grantor_name",
    "NULL": f"database_name, schema_name, object_name, object_type, {WHO}, grantor_name",
}


def _grants(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_GRANTS.html"""
    database, schema, kind, name = context.database, "NULL", "NULL", "NULL"
    if reader.accept("on"):
        kind = reader.accept_any("database", "schema", "table").upper()
        if not kind:
            raise unsupported("SHOW GRANTS ON " + reader.peek().text.upper())
        if kind == "DATABASE":
            database = reader.name()
            name = literal(database)
        elif kind == "SCHEMA":
            database, name = _qualified(reader, context, 2)
            name = literal(name)
        else:
            database, schema, name = map(str, _qualified(reader, context, 3))
            schema, name = literal(schema), literal(name)
    who_kind, who = _who(reader, required=kind == "NULL")
    if kind == "NULL" and reader.accept("from", "database"):
        database = reader.name()
    wanted = "NULL" if kind == "NULL" else literal(kind)
    sql = (
        f"SELECT {GRANT_COLUMNS[kind]} FROM pg_rs.show_grants({wanted}, {schema}, {name}, {who_kind}, {who}) "
        + _limit(reader)
    )
    return _in(context, database, sql)


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
    if len(found) != parts:
        raise reader.fail()
    return found


def _like(reader: Reader) -> str:
    return literal(reader.string()) if reader.accept("like") else "'%'"


def _limit(reader: Reader) -> str:
    limit = reader.integer() if reader.accept("limit") else MOST
    reader.end()
    return f"LIMIT {min(limit, MOST)}"


def _in(context: Context, database: str, sql: str) -> Plan:
    if database in INTERNAL_DATABASES:
        raise Refused("3D000", f'database "{database}" does not exist')
    return Plan(sql, tag="SHOW", database=None if database == context.database else database)
