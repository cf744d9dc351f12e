"""Databases made from datashares and integrations, external schemas and tables: there to be seen in the views.

A database of this kind is a PostgreSQL one that takes no connections; sql/4_shared.sql tells what the others are.
"""

from __future__ import annotations

from local_redshift.errors import unsupported
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
        raise unsupported("databases made from a data catalog")
    else:
        reader.expect("integration")
        reader.string()
        if reader.accept("database"):
            reader.string()
        if reader.is_word("set"):
            raise unsupported("settings of an integration")
    reader.end()
    return Command(
        f"CREATE DATABASE {ident(name)} TEMPLATE template0 ALLOW_CONNECTIONS false", "DDL", "CREATE DATABASE"
    )


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


# What PostgreSQL calls the same: no struct, array, map, varbyte
SIMPLE = """smallint int2 integer int int4 bigint int8 decimal numeric real float4 double float8 float boolean bool char
character bpchar varchar date timestamp timestamptz""".split()


def create_table(reader: Reader, context: Context) -> Plan:
    """CREATE EXTERNAL TABLE: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_TABLE.html"""
    parts = reader.parts()
    if len(parts) == 3 and parts.pop(0) != context.database:
        reader.later("external tables of another database")
    if len(parts) != 2:
        raise reader.fail()
    columns = reader.within(lambda: _column(reader))
    if reader.accept("partitioned", "by"):
        columns += reader.within(lambda: _column(reader))
    if reader.is_word("row", "format") or reader.is_word("as"):
        raise unsupported("CREATE EXTERNAL TABLE ... " + reader.peek().text.upper())
    reader.expect("stored", "as")
    reader.expect_any("parquet", "orc", "avro", "textfile", "sequencefile", "rcfile")
    reader.expect("location")
    location = reader.string()
    if reader.accept("table", "properties"):
        reader.enclosed()
    reader.end()
    given = ", ".join(map(literal, (*parts, ", ".join(columns), location)))
    return Alone(block([f"PERFORM pg_rs.create_external_table({given})"]), "CREATE TABLE", "CREATE EXTERNAL TABLE")


def _column(reader: Reader) -> str:
    """An empty column for PostgreSQL's view."""
    name = ident(reader.name())
    kind = reader.accept_any(*SIMPLE)
    if not kind:
        raise unsupported(f"the type {reader.peek().text} of an external table's column")
    more = reader.accept_any("precision", "varying")
    size = ""
    if reader.accept_symbol("("):
        size = f"({', '.join(map(str, reader.listed(reader.integer)))})"
        reader.expect_symbol(")")
    return f"NULL::{kind} {more}{size} AS {name}"
