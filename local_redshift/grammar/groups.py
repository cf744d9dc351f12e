"""CREATE, ALTER and DROP GROUP."""

from __future__ import annotations

from local_redshift.plan import Command, Context, Plan
from local_redshift.reader import Reader
from local_redshift.text import PREFIXES, block, ident


def create(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_GROUP.html"""
    group = _name(reader)
    steps = [f"CREATE ROLE {group} NOLOGIN"]
    if reader.accept("with", "user") or reader.accept("user"):
        steps += [f"GRANT {group} TO {ident(name)}" for name in reader.listed(reader.user_name)]
    reader.end()
    return Command(block(steps), "DDL", "CREATE GROUP")


def alter(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_GROUP.html"""
    group = _name(reader)
    if reader.accept("add", "user"):
        steps = [f"GRANT {group} TO {ident(name)}" for name in reader.listed(reader.user_name)]
    elif reader.accept("drop", "user"):
        steps = [f"REVOKE {group} FROM {ident(name)}" for name in reader.listed(reader.user_name)]
    else:
        reader.expect("rename", "to")
        steps = [f"ALTER ROLE {group} RENAME TO {_name(reader)}"]
    reader.end()
    return Command(block(steps), "DDL", "ALTER GROUP")


def drop(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_GROUP.html"""
    group = _name(reader)
    reader.end()
    return Command(block([f"DROP ROLE {group}"]), "DDL", "DROP GROUP")


def _name(reader: Reader) -> str:
    return ident(PREFIXES["group"] + reader.role_name())
