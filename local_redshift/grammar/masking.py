"""Masking policies: CREATE, DROP, ATTACH and DETACH MASKING POLICY.

https://docs.aws.amazon.com/redshift/latest/dg/t_ddm.html
"""

from __future__ import annotations

from local_redshift.errors import unsupported
from local_redshift.grammar import objects
from local_redshift.grammar.tables import UNHONOURED_TYPES
from local_redshift.plan import Command, Context, Plan
from local_redshift.reader import Reader
from local_redshift.text import PREFIXES, array, block, literal
from local_redshift.tokens import Kind

DEFAULT_PRIORITY = 0


def create(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_MASKING_POLICY.html: IF NOT EXISTS follows the name"""
    name = _policy(reader, context)
    missing_ok = reader.accept("if", "not", "exists")
    reader.expect("with")
    reader.within(lambda: _typed_column(reader))
    reader.expect("using")
    if not reader.enclosed():
        raise reader.fail()
    return _plan(f"pg_rs.create_masking({literal(name)}, {missing_ok})", "CREATE")


def drop(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_MASKING_POLICY.html"""
    return _plan(f"pg_rs.drop_masking({literal(_policy(reader, context))})", "DROP")


def attach(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_ATTACH_MASKING_POLICY.html"""
    name, relation, outputs = _masked(reader, context)
    inputs = reader.within(lambda: _column(reader)) if reader.accept("using") else outputs
    reader.expect("to")
    who = _grantee(reader)
    priority = reader.integer() if reader.accept("priority") else DEFAULT_PRIORITY
    call = f"{name}, {relation}, {array(outputs)}, {array(inputs)}, {literal(who)}, {priority}"
    return _plan(f"pg_rs.attach_masking({call})", "ATTACH")


def detach(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_DETACH_MASKING_POLICY.html"""
    name, relation, columns = _masked(reader, context)
    reader.expect("from")
    call = f"{name}, {relation}, {array(columns)}, {literal(_grantee(reader))}"
    return _plan(f"pg_rs.detach_masking({call})", "DETACH")


def _plan(call: str, word: str) -> Plan:
    return Command(block([f"PERFORM {call}"]), "DDL", f"{word} MASKING POLICY")


def _masked(reader: Reader, context: Context) -> tuple[str, str, list[str]]:
    """The policy and the relation as SQL has them, and the columns."""
    name = literal(_policy(reader, context))
    reader.expect("on")
    relation = literal(objects.relation(reader, context))
    return name, f"{relation}::regclass", reader.within(lambda: _column(reader))


def _policy(reader: Reader, context: Context) -> str:
    """A policy's name, or database.name."""
    name = reader.name()
    if reader.accept_symbol("."):
        if name != context.database:
            reader.later("masking policies of another database")
        return reader.name()
    return name


def _column(reader: Reader) -> str:
    name = reader.name()
    while reader.accept_symbol("."):
        reader.name()
        reader.later("masking policies on a path of SUPER")
    return name


def _grantee(reader: Reader) -> str:
    if reader.accept("public"):
        return "public"
    if reader.accept("role"):
        return PREFIXES["role"] + reader.role_name()
    return reader.user_name()


def _typed_column(reader: Reader) -> None:
    """A column's name and the words of its type, with its length or precision."""
    reader.name()
    if reader.peek().kind is not Kind.WORD:
        raise reader.fail()
    while reader.peek().kind is Kind.WORD:
        word = reader.next().value
        if word in UNHONOURED_TYPES:
            raise unsupported(word.upper())
    if reader.accept_symbol("("):
        if not reader.accept("max"):
            reader.listed(reader.integer)
        reader.expect_symbol(")")
