"""Masking policies: CREATE, DROP, ATTACH and DETACH MASKING POLICY.

https://docs.aws.amazon.com/redshift/latest/dg/t_ddm.html
"""

from __future__ import annotations

from itertools import accumulate

from local_redshift.errors import unsupported
from local_redshift.grammar import objects
from local_redshift.grammar.tables import TYPES, UNHONOURED_TYPES
from local_redshift.plan import Context, Masking
from local_redshift.reader import Reader, turn
from local_redshift.text import PREFIXES, array, block, literal
from local_redshift.tokens import Kind, Token

DEFAULT_PRIORITY = 0


def create(sql: str, tokens: list[Token], context: Context) -> Masking:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_MASKING_POLICY.html: IF NOT EXISTS follows the name"""
    reader = _after(tokens, context, "create")
    name = _policy(reader, context)
    missing_ok = reader.accept("if", "not", "exists")
    reader.expect("with")
    columns = reader.within(lambda: (reader.name(), _type(reader)))
    reader.expect("using")
    expression, outputs = _expression(sql, reader)
    reader.end()
    names, types = array([one for one, _ in columns]), array([kind for _, kind in columns])
    call = f"pg_rs.create_masking({literal(name)}, {missing_ok}, {names}, {types}, {literal(expression)}, {outputs})"
    return _plan(call, "CREATE")


def drop(sql: str, tokens: list[Token], context: Context) -> Masking:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_MASKING_POLICY.html"""
    reader = _after(tokens, context, "drop")
    name = _policy(reader, context)
    reader.end()
    return _plan(f"pg_rs.drop_masking({literal(name)})", "DROP")


def attach(sql: str, tokens: list[Token], context: Context) -> Masking:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_ATTACH_MASKING_POLICY.html"""
    reader = _after(tokens, context, "attach")
    name = _policy(reader, context)
    reader.expect("on")
    relation = objects.relation(reader, context)
    outputs = reader.within(lambda: _column(reader))
    inputs = reader.within(lambda: _column(reader)) if reader.accept("using") else outputs
    reader.expect("to")
    who = _grantee(reader)
    priority = reader.integer() if reader.accept("priority") else DEFAULT_PRIORITY
    reader.end()
    target = f"{literal(relation)}::regclass, {array(outputs)}, {array(inputs)}"
    return _plan(f"pg_rs.attach_masking({literal(name)}, {target}, {literal(who)}, {priority})", "ATTACH")


def detach(sql: str, tokens: list[Token], context: Context) -> Masking:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_DETACH_MASKING_POLICY.html"""
    reader = _after(tokens, context, "detach")
    name = _policy(reader, context)
    reader.expect("on")
    relation = objects.relation(reader, context)
    columns = reader.within(lambda: _column(reader))
    reader.expect("from")
    who = _grantee(reader)
    reader.end()
    target = f"{literal(relation)}::regclass, {array(columns)}"
    return _plan(f"pg_rs.detach_masking({literal(name)}, {target}, {literal(who)})", "DETACH")


def _after(tokens: list[Token], context: Context, word: str) -> Reader:
    reader = Reader(tokens, context.case_sensitive)
    reader.expect(word, "masking", "policy")
    return reader


def _plan(call: str, word: str) -> Masking:
    return Masking(block([f"PERFORM {call}"]), f"{word} MASKING POLICY")


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


def _type(reader: Reader) -> str:
    """A type's words, with its length or precision, up to the next column."""
    words: list[str] = []
    while reader.peek().kind is Kind.WORD:
        word = reader.next().value
        if word in UNHONOURED_TYPES:
            raise unsupported(word.upper())
        words.append(TYPES.get(word, word))
    if not words:
        raise reader.fail()
    if reader.accept_symbol("("):
        numbers = ["65535"] if reader.accept("max") else [str(one) for one in reader.listed(reader.integer)]
        reader.expect_symbol(")")
        words.append(f"({', '.join(numbers)})")
    return " ".join(words)


def _expression(sql: str, reader: Reader) -> tuple[str, int]:
    """The text within the parentheses, which nothing here evaluates, and how many values it gives."""
    first = reader.peek()
    body = reader.enclosed()
    values = _values(body)
    if len(values) == 1 and len(body) > 1 and _depths(body).index(0) == len(body) - 1:
        # A tuple of several has parentheses of its own.
        values = _values(body[1:-1])
    if not all(values):
        reader.at -= 1
        raise reader.fail()
    return sql[first.end : reader.tokens[reader.at - 1].start].strip(), len(values)


def _values(tokens: list[Token]) -> list[list[Token]]:
    """The tokens between the outermost commas."""
    values: list[list[Token]] = [[]]
    for token, depth in zip(tokens, _depths(tokens), strict=True):
        if token.text == "," and depth == 0:
            values.append([])
        else:
            values[-1].append(token)
    return values


def _depths(tokens: list[Token]) -> list[int]:
    """How many parentheses are open after each token."""
    return list(accumulate(map(turn, tokens)))
