"""Databases and schemas."""

from __future__ import annotations

from local_redshift.errors import Refused, known_database, unsupported
from local_redshift.grammar import shared
from local_redshift.plan import Command, Context, Plan, Releasing
from local_redshift.reader import Reader
from local_redshift.text import INTERNAL_DATABASES, block, ident, literal


def create_database(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_DATABASE.html: there is no IF NOT EXISTS."""
    name = reader.kept_name()
    if name in INTERNAL_DATABASES:
        raise Refused("42P04", f'database "{name}" already exists')
    if reader.accept("with", "permissions") or reader.is_word("from"):
        return shared.create_database(reader, name)
    reader.accept("with")
    clauses = ""
    while reader.peek().text:
        if reader.accept("owner"):
            reader.accept_symbol("=")
            clauses += f" OWNER {ident(reader.user_name())}"
        elif reader.accept("connection", "limit"):
            clauses += f" CONNECTION LIMIT {reader.connections()}"
        else:
            _collation_or_isolation(reader)
    reader.end()
    return Command(f"CREATE DATABASE {ident(name)}{clauses} STRATEGY file_copy", "DDL", "CREATE DATABASE")


def _collation_or_isolation(reader: Reader) -> None:
    if reader.accept("collate"):
        reader.expect_any("case_sensitive", "cs", "case_insensitive", "ci")
        reader.later("COLLATE of a database")
        return
    reader.expect("isolation", "level")
    reader.expect_any("snapshot", "serializable")
    reader.later("ISOLATION LEVEL of a database")


def alter_database(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DATABASE.html"""
    name = known_database(reader.name())
    change = ""
    if reader.accept("rename", "to"):
        change = f"RENAME TO {ident(reader.kept_name())}"
    elif reader.accept("owner", "to"):
        change = f"OWNER TO {ident(reader.user_name())}"
    elif reader.is_word("integration"):
        raise unsupported("ALTER DATABASE ... INTEGRATION")
    else:
        change = _properties(reader)
    reader.end()
    return Releasing(f"ALTER DATABASE {ident(name)} {change}", "ALTER DATABASE", name)


def _properties(reader: Reader) -> str:
    """CONNECTION LIMIT, COLLATE and ISOLATION LEVEL, of which only a limit can be honoured."""
    change = ""
    while True:
        if reader.accept("connection", "limit"):
            change = f"CONNECTION LIMIT {reader.connections()}"
        else:
            _collation_or_isolation(reader)
        if not reader.peek().text:
            return change


def drop_database(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_DATABASE.html"""
    if reader.is_word("if", "exists"):
        raise reader.fail()
    name = known_database(reader.name())
    if reader.accept("force"):
        reader.later("DROP DATABASE ... FORCE")
    reader.end()
    return Releasing(f"DROP DATABASE {ident(name)}", "DROP DATABASE", name)


def create_schema(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_SCHEMA.html"""
    missing = reader.accept("if", "not", "exists")
    name = "" if reader.is_word("authorization") and not missing else _schema(reader, context)
    sql = "CREATE SCHEMA" + (" IF NOT EXISTS" if missing else "") + (f" {ident(name)}" if name else "")
    if reader.accept("authorization"):
        sql += f" AUTHORIZATION {ident(reader.user_name())}"
    _quota(reader)
    if reader.is_word("create") or reader.is_word("grant"):
        raise unsupported("objects within CREATE SCHEMA")
    reader.end()
    return Command(sql, "DDL", "CREATE SCHEMA")


def _quota(reader: Reader) -> bool:
    """QUOTA {n {MB | GB | TB} | UNLIMITED}"""
    if not reader.accept("quota"):
        return False
    if not reader.accept("unlimited"):
        reader.integer()
        reader.expect_any("mb", "gb", "tb")
    reader.later("QUOTA")
    return True


def alter_schema(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_SCHEMA.html; holders of ALTER may rename."""
    name = _schema(reader, context)
    if _quota(reader):
        sql = ""
    elif reader.accept("owner", "to"):
        owned = f"ALTER SCHEMA {ident(name)} OWNER TO {ident(reader.user_name())}"
        sql = block([f"PERFORM pg_rs.schema_id({literal(name)})", owned])
    else:
        reader.expect("rename", "to")
        new_name = ident(reader.name())
        # PostgreSQL's format() reads it.
        statement = literal(f"ALTER SCHEMA %s RENAME TO {new_name.replace('%', '%%')}")
        sql = block(
            [
                f"PERFORM pg_rs.schema_id({literal(name)})",
                f"PERFORM pg_rs.on_schema({literal(name)}, 'MAINTAIN', {statement})",
            ]
        )
    reader.end()
    return Command(sql, "DDL", "ALTER SCHEMA")


def drop_schema(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_SCHEMA.html; holders of DROP may, too."""
    missing_ok = reader.accept("if", "exists")
    names = reader.listed(lambda: _schema(reader, context))
    if reader.accept("drop", "external", "database"):
        reader.later("DROP EXTERNAL DATABASE")
    how = reader.accept_any("cascade", "restrict")
    reader.end()
    statement = f"DROP SCHEMA {'IF EXISTS ' if missing_ok else ''}%s {how}"
    steps = [f"PERFORM pg_rs.on_schema({literal(name)}, 'TRIGGER', {literal(statement)})" for name in names]
    return Command(block(steps), "DDL", "DROP SCHEMA")


def _schema(reader: Reader, context: Context) -> str:
    parts = reader.parts()
    if len(parts) == 2 and parts[0] == context.database:
        return parts[1]
    if len(parts) > 2:
        raise reader.fail()
    if len(parts) == 2:
        reader.later("schemas of another database")
    return parts[-1]
