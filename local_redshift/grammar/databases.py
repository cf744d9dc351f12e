"""Databases and schemas."""

from __future__ import annotations

from local_redshift.errors import Refused, unsupported
from local_redshift.plan import Context, Plan
from local_redshift.reader import Reader
from local_redshift.text import INTERNAL_DATABASES, block, ident, literal


def create_database(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_DATABASE.html: there is no IF NOT EXISTS."""
    name = reader.name()
    if name in INTERNAL_DATABASES:
        raise Refused("42P04", f'database "{name}" already exists')
    if reader.is_word("from"):
        raise unsupported("databases made from a datashare, a catalog or an integration")
    reader.accept("with")
    clauses = ""
    while reader.peek().text:
        if reader.accept("owner"):
            reader.accept_symbol("=")
            clauses += f" OWNER {ident(reader.user_name())}"
        elif reader.accept("connection", "limit"):
            clauses += f" CONNECTION LIMIT {-1 if reader.accept('unlimited') else reader.integer()}"
        elif reader.is_word("collate") or reader.is_word("isolation", "level"):
            raise unsupported(reader.peek().text.upper())
        else:
            raise reader.fail()
    return Plan(f"CREATE DATABASE {ident(name)}{clauses}", "DDL", "CREATE DATABASE")


def alter_database(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DATABASE.html"""
    name = _database(reader)
    if reader.accept("rename", "to"):
        change = f"RENAME TO {ident(reader.name())}"
    elif reader.accept("owner", "to"):
        change = f"OWNER TO {ident(reader.user_name())}"
    elif reader.accept("connection", "limit"):
        change = f"CONNECTION LIMIT {-1 if reader.accept('unlimited') else reader.integer()}"
    elif reader.is_word("collate") or reader.is_word("isolation") or reader.is_word("set"):
        raise unsupported("ALTER DATABASE ... " + reader.peek().text.upper())
    else:
        raise reader.fail()
    reader.end()
    return Plan(f"ALTER DATABASE {ident(name)} {change}", "DDL", "ALTER DATABASE", releases=name)


def drop_database(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_DATABASE.html"""
    if reader.is_word("if", "exists"):
        raise reader.fail()
    name = _database(reader)
    if reader.accept("force"):
        raise unsupported("DROP DATABASE ... FORCE")
    reader.end()
    return Plan(f"DROP DATABASE {ident(name)}", "DDL", "DROP DATABASE", releases=name)


def _database(reader: Reader) -> str:
    name = reader.name()
    if name in INTERNAL_DATABASES:
        raise Refused("3D000", f'database "{name}" does not exist')
    return name


def create_schema(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_SCHEMA.html"""
    missing = reader.accept("if", "not", "exists")
    name = "" if reader.is_word("authorization") else _schema(reader, context)
    sql = "CREATE SCHEMA" + (" IF NOT EXISTS" if missing else "") + (f" {ident(name)}" if name else "")
    if reader.accept("authorization"):
        sql += f" AUTHORIZATION {ident(reader.user_name())}"
    if reader.is_word("quota"):
        raise unsupported("QUOTA")
    if reader.peek().text:
        raise unsupported("objects within CREATE SCHEMA") if reader.is_word("create") else reader.fail()
    return Plan(sql, "DDL", "CREATE SCHEMA")


def alter_schema(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_SCHEMA.html; holders of ALTER may rename."""
    name = _schema(reader, context)
    if reader.is_word("quota"):
        raise unsupported("QUOTA")
    if reader.accept("owner", "to"):
        sql = f"ALTER SCHEMA {ident(name)} OWNER TO {ident(reader.user_name())}"
    else:
        reader.expect("rename", "to")
        statement = f"ALTER SCHEMA %s RENAME TO {_percent(ident(reader.name()))}"
        sql = block([f"PERFORM pg_rs.on_schema({literal(name)}, 'MAINTAIN', {literal(statement)})"])
    reader.end()
    return Plan(sql, "DDL", "ALTER SCHEMA")


def drop_schema(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_SCHEMA.html; holders of DROP may, too."""
    missing_ok = reader.accept("if", "exists")
    names = reader.listed(lambda: _schema(reader, context))
    how = reader.accept_any("cascade", "restrict")
    reader.end()
    statement = f"DROP SCHEMA {'IF EXISTS ' if missing_ok else ''}%s {how}"
    steps = [f"PERFORM pg_rs.on_schema({literal(name)}, 'TRIGGER', {literal(statement)})" for name in names]
    return Plan(block(steps), "DDL", "DROP SCHEMA")


def _schema(reader: Reader, context: Context) -> str:
    parts = reader.parts()
    if len(parts) == 2 and parts[0] == context.database:
        return parts[1]
    if len(parts) == 2:
        raise unsupported("schemas of another database")
    if len(parts) > 2:
        raise reader.fail()
    return parts[0]


def _percent(text: str) -> str:
    # PostgreSQL's format() reads what follows.
    return text.replace("%", "%%")
