"""Databases made from datashares and integrations, and external schemas: registered, so that the views show them.

None of them can be used here. A database of this kind is a PostgreSQL one that takes no connections, an external
schema is a row of pg_rs.external_schemas.
"""

from __future__ import annotations

from local_redshift.plan import Alone, Command, Context, Plan
from local_redshift.reader import Reader
from local_redshift.text import block, ident, literal
from local_redshift.tokens import Kind


def create_database(reader: Reader, name: str) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_DATABASE.html"""
    reader.expect("from")
    if reader.accept("datashare"):
        reader.parts()
        reader.expect("of")
        if reader.accept("account"):
            reader.string()
        reader.expect("namespace")
        reader.string()
    elif reader.accept("arn"):
        reader.string()
        _catalog(reader)
        reader.later("databases made from a data catalog")
    else:
        reader.expect("integration")
        reader.string()
        if reader.accept("database"):
            reader.string()
        while reader.accept("set"):
            _setting(reader)
    reader.end()
    return Command(
        f"CREATE DATABASE {ident(name)} TEMPLATE template0 ALLOW_CONNECTIONS false", "DDL", "CREATE DATABASE"
    )


def _catalog(reader: Reader) -> None:
    if reader.accept("with", "no", "data", "catalog", "schema"):
        return
    if reader.accept("with"):
        reader.expect("data", "catalog", "schema")
        if reader.peek().text:
            reader.name()


def _setting(reader: Reader) -> None:
    reader.name()
    reader.accept_symbol("=")
    if reader.peek().kind not in (Kind.WORD, Kind.STRING, Kind.NUMBER):
        raise reader.fail()
    reader.next()


def integration(reader: Reader) -> None:
    """ALTER DATABASE d INTEGRATION {REFRESH ... | SET ...}

    https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DATABASE.html
    """
    reader.later("ALTER DATABASE ... INTEGRATION")
    if reader.accept("set"):
        _setting(reader)
        return
    reader.expect("refresh")
    reader.accept_any("all", "inerror")
    if not reader.accept_any("tables", "table"):
        raise reader.fail()
    if reader.accept("in", "schema"):
        reader.listed(reader.name)
    elif reader.peek().text:
        reader.listed(reader.parts)


def create_schema(reader: Reader, context: Context) -> Plan:
    """CREATE EXTERNAL SCHEMA: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_SCHEMA.html"""
    missing = reader.accept("if", "not", "exists")
    name = reader.name()
    reader.expect("from")
    sources = (("data", "catalog"), ("hive", "metastore"), ("postgres",), ("mysql",), ("redshift",), ("kinesis",))
    if not any(reader.accept(*words) for words in (*sources, ("kafka",), ("msk",))):
        raise reader.fail()
    source = ""
    if reader.accept("database"):
        source = reader.string() if reader.peek().kind is Kind.STRING else reader.name()
    # Region, addresses, roles and secrets: read as words and strings, without meaning here.
    while reader.peek().kind in (Kind.WORD, Kind.STRING, Kind.NUMBER):
        reader.next()
    reader.end()
    call = f"PERFORM pg_rs.create_external({literal(name)}, {literal(source)}, {missing})"
    return Alone(block([call]), "CREATE SCHEMA", "CREATE EXTERNAL SCHEMA")
