"""CREATE, ALTER and DROP ROLE, and who holds one."""

from __future__ import annotations

from local_redshift.plan import Command, Context, Plan
from local_redshift.reader import KEPT_WORDS, Reader
from local_redshift.text import PREFIXES, block, literal
from local_redshift.tokens import Kind


def create(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_ROLE.html: there is no IF NOT EXISTS."""
    name = _new_name(reader)
    if reader.accept("externalid"):
        external_id(reader)
    reader.end()
    return Command(block([f"PERFORM pg_rs.create_role({literal(name)})"]), "DDL", "CREATE ROLE")


def alter(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_ROLE.html"""
    name = reader.role_name()
    reader.accept("with")
    calls = [_action(reader, name)]
    while reader.accept_symbol(","):
        # One after the other they would need to know what the first has renamed.
        reader.later("several actions in one ALTER ROLE")
        calls.append(_action(reader, name))
    reader.end()
    return Command(block(calls), "DDL", "ALTER ROLE")


def _action(reader: Reader, name: str) -> str:
    if reader.accept("externalid"):
        reader.expect("to")
        external_id(reader)
        return ""
    if reader.accept("rename", "to"):
        return f"PERFORM pg_rs.rename_role({literal(name)}, {literal(_new_name(reader))})"
    reader.expect("owner", "to")
    return f"PERFORM pg_rs.own_role({literal(name)}, {literal(reader.user_name())})"


def _new_name(reader: Reader) -> str:
    """A role's name can't be a reserved word, and its page excepts none in double quotes."""
    if reader.peek().value.lower() in KEPT_WORDS:
        raise reader.fail()
    name = reader.role_name()
    if any(sign in name for sign in ".:/"):
        # Users can't have the latter two; of roles no page tells.
        reader.later("role names that hold '.', ':' or '/'")
    return name


def external_id(reader: Reader) -> None:
    """What follows EXTERNALID."""
    reader.later("EXTERNALID")
    if reader.peek().kind not in (Kind.WORD, Kind.QUOTED, Kind.STRING):
        raise reader.fail()
    reader.next()


def drop(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_ROLE.html"""
    name = reader.role_name()
    force = reader.accept_any("force", "restrict") == "force"
    reader.end()
    return Command(block([f"PERFORM pg_rs.drop_role({literal(name)}, {force})"]), "DDL", "DROP ROLE")


def membership(reader: Reader, granting: bool, only_option: bool) -> Plan:
    """GRANT ROLE r, ... TO {user [WITH ADMIN OPTION] | ROLE r}, ... and its twin.

    https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html; the word ROLE is not optional in its grammar.
    """
    held = reader.listed(lambda: _held(reader))
    reader.expect("to" if granting else "from")
    holders = reader.listed(lambda: _holder(reader, granting, only_option))
    calls = [
        f"PERFORM pg_rs.assign({granting}, {literal(PREFIXES['role'] + role)}, {grantee}, {with_option or only_option})"
        for grantee, with_option in holders
        for role in held
    ]
    reader.end()
    return Command(block(calls), "DDL", "GRANT ROLE" if granting else "REVOKE ROLE")


def _held(reader: Reader) -> str:
    reader.expect("role")
    return reader.role_name()


def _holder(reader: Reader, granting: bool, only_option: bool) -> tuple[str, bool]:
    if not only_option and reader.accept("role"):
        # Only users can hold the admin option.
        return literal(PREFIXES["role"] + reader.role_name()), False
    name = reader.user_name()
    return literal(name), granting and reader.accept("with", "admin", "option")
