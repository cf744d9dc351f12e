"""CREATE, ALTER and DROP USER."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from local_redshift.errors import Refused, unsupported
from local_redshift.grammar.settings import KNOWN
from local_redshift.plan import Context, Plan
from local_redshift.reader import Reader
from local_redshift.text import PREFIXES, block, ident, literal

_MD5 = re.compile(r"md5[0-9a-f]{32}\Z")
_FORBIDDEN = set("'\"\\/@")


@dataclass
class _Options:
    clauses: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    password: str = ""
    superuser: bool = False


def create(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html: PASSWORD is mandatory."""
    name = _new_name(reader)
    reader.accept("with")
    options = _options(reader)
    if not options.password:
        raise reader.fail()
    steps = [f"PERFORM pg_rs.check_free({literal(name)})"]
    steps.append(f"CREATE ROLE {ident(name)} LOGIN {' '.join(options.clauses)}")
    steps.append(f"PERFORM pg_rs.new_identity({literal(name)})")
    steps += [f"GRANT {ident(PREFIXES['group'] + group)} TO {ident(name)}" for group in options.groups]
    return Plan(block(steps + _notes(name, options)), "DDL", "CREATE USER")


def alter(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_USER.html"""
    name = reader.user_name()
    reader.accept("with")
    if reader.accept("rename", "to"):
        new_name = _new_name(reader)
        reader.end()
        steps = [f"PERFORM pg_rs.check_free({literal(new_name)})"]
        steps.append(f"ALTER ROLE {ident(name)} RENAME TO {ident(new_name)}")
        return Plan(block(steps), "DDL", "ALTER USER")
    if reader.accept_any("set", "reset"):
        parameter = reader.name()
        raise unsupported("ALTER USER ... SET") if parameter in KNOWN else unsupported(f"the parameter {parameter}")
    options = _options(reader)
    if options.groups:
        raise reader.fail()
    steps = [f"ALTER ROLE {ident(name)} {' '.join(options.clauses)}"] if options.clauses else []
    return Plan(block(steps + _notes(name, options)), "DDL", "ALTER USER")


def drop(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_USER.html"""
    missing_ok = reader.accept("if", "exists")
    names = reader.listed(reader.user_name)
    reader.end()
    return Plan(
        block([f"PERFORM pg_rs.drop_user({literal(name)}, {missing_ok})" for name in names]), "DDL", "DROP USER"
    )


def _new_name(reader: Reader) -> str:
    name = reader.user_name()
    if any(forbidden in name for forbidden in ":/\n"):
        raise Refused("42602", f'invalid user name "{name}"')
    return name


def _notes(name: str, options: _Options) -> list[str]:
    return [
        f"PERFORM pg_rs.set_note(pg_rs.id({literal(name)}), {literal(key)}, {literal(value)})"
        for key, value in options.notes
    ]


def _options(reader: Reader) -> _Options:
    options = _Options()
    if not reader.peek().text:
        raise reader.fail()
    while reader.peek().text:
        _option(reader, options)
    if options.superuser and options.password == "DISABLE":
        raise Refused("42601", "a superuser must have a password")
    return options


_FLAGS = {"createdb": "CREATEDB", "nocreatedb": "NOCREATEDB", "createuser": "SUPERUSER", "nocreateuser": "NOSUPERUSER"}


def _option(reader: Reader, options: _Options) -> None:
    flag = reader.accept_any(*_FLAGS)
    if flag:
        options.clauses.append(_FLAGS[flag])
        options.superuser = options.superuser or flag == "createuser"
    elif reader.accept("password"):
        _password(reader, options)
    elif reader.accept("syslog", "access"):
        value = reader.accept_any("restricted", "unrestricted")
        if not value:
            raise reader.fail()
        options.notes.append(("syslog_access", value.upper()))
    elif reader.accept("in", "group"):
        options.groups += reader.listed(reader.role_name)
    elif reader.accept("valid", "until"):
        options.clauses.append(f"VALID UNTIL {literal(reader.string())}")
    elif reader.accept("connection", "limit"):
        limit = "-1" if reader.accept("unlimited") else str(reader.integer())
        options.clauses.append(f"CONNECTION LIMIT {limit}")
    elif reader.is_word("session", "timeout") or reader.is_word("externalid"):
        raise unsupported(reader.peek().text.upper())
    else:
        raise reader.fail()


def _password(reader: Reader, options: _Options) -> None:
    if options.password:
        raise Refused("42601", "conflicting or redundant options")
    if reader.accept("disable"):
        options.password = "DISABLE"
        options.clauses.append("PASSWORD NULL")
        return
    value = reader.string()
    if value.startswith("sha256|"):
        raise unsupported("sha256 passwords")
    if not _MD5.match(value):
        _check_policy(value)
    options.password = "given"
    options.clauses.append(f"PASSWORD {literal(value)}")


def _check_policy(value: str) -> None:
    """8 to 64 printable ASCII characters, a capital, a small letter, a digit, and none of ' " \\ / @."""
    if not 8 <= len(value) <= 64:
        raise Refused("22023", "password must be between 8 and 64 characters long")
    if any(not 33 <= ord(c) <= 126 or c in _FORBIDDEN for c in value):
        raise Refused("22023", "password contains a character that is not allowed")
    for needed, what in (("A-Z", "uppercase letter"), ("a-z", "lowercase letter"), ("0-9", "number")):
        if not re.search(f"[{needed}]", value):
            raise Refused("22023", f"password must contain at least one {what}")
