"""CREATE, ALTER and DROP USER."""

from __future__ import annotations

from dataclasses import dataclass, field

from local_redshift.errors import Refused
from local_redshift.grammar import settings
from local_redshift.grammar.passwords import Password, password
from local_redshift.grammar.roles import external_id
from local_redshift.plan import Command, Context, Plan
from local_redshift.reader import Reader
from local_redshift.text import OWNER, PREFIXES, array, block, literal
from local_redshift.tokens import Kind


@dataclass
class _Options:
    clauses: list[str] = field(default_factory=list)
    syslog: str = "NULL"
    groups: list[str] = field(default_factory=list)
    password: Password | None = None
    named: list[str] = field(default_factory=list)
    """The options' first words, by which it's decided who may use them."""

    @property
    def sql(self) -> str:
        kept = self.password.digest if self.password else "NULL"
        clauses = self.clauses + ([self.password.clause] if self.password else [])
        word = [] if self.password is None else ["disable" if self.password.disabled else "password"]
        return f"{literal(' '.join(clauses))}, {array(self.named + word)}, {kept}, {self.syslog}"


def create(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html: PASSWORD is mandatory."""
    name = _new_name(reader)
    reader.accept("with")
    options = _options(reader, commas=False)
    if options.password is None:
        raise reader.fail()
    groups = array([PREFIXES["group"] + group for group in options.groups])
    call = f"PERFORM pg_rs.create_user({literal(name)}, {options.sql}, {groups})"
    return Command(block([call]), "DDL", "CREATE USER")


def alter(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_USER.html"""
    _provider(reader)
    name = _changed(reader.user_name())
    reader.accept("with")
    if reader.accept("rename", "to"):
        new_name = _new_name(reader)
        reader.end()
        return Command(block([f"PERFORM pg_rs.rename_user({literal(name)}, {literal(new_name)})"]), "DDL", "ALTER USER")
    if reader.is_word("set") or reader.is_word("reset"):
        return _parameter(reader, name)
    options = _options(reader, commas=True)
    if options.groups:
        raise reader.fail()
    return Command(block([f"PERFORM pg_rs.alter_user({literal(name)}, {options.sql})"]), "DDL", "ALTER USER")


def _parameter(reader: Reader, name: str) -> Plan:
    """ALTER USER u SET parameter {TO | =} value, or RESET: in force from the user's next session on."""
    if reader.accept("reset"):
        if reader.accept("session", "timeout"):
            reader.later("SESSION TIMEOUT")
            reader.end()
        change = settings.reset_of_user(reader)
    else:
        reader.expect("set")
        change = settings.set_of_user(reader)
    reader.end()
    return Command(block([f"PERFORM pg_rs.set_for_user({literal(name)}, {literal(change)})"]), "DDL", "ALTER USER")


def drop(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_USER.html"""
    missing_ok = reader.accept("if", "exists")
    names = [_changed(name) for name in reader.listed(reader.user_name)]
    reader.end()
    return Command(
        block([f"PERFORM pg_rs.drop_user({literal(name)}, {missing_ok})" for name in names]), "DDL", "DROP USER"
    )


def _changed(name: str) -> str:
    if name == OWNER:
        # The cluster's own.
        raise Refused("42501", f'permission denied to change user "{name}"')
    return name


def _provider(reader: Reader) -> None:
    """provider:name, which only an identity provider's users are called."""
    if reader.peek().kind is Kind.WORD and reader.peek(1).text == ":":
        reader.at += 2
        reader.later("users of an identity provider")


def _new_name(reader: Reader) -> str:
    _provider(reader)
    name = reader.user_name(new=True)
    if any(forbidden in name for forbidden in ":/\n"):
        raise Refused("42602", f'invalid user name "{name}"')
    return name


def _options(reader: Reader, commas: bool) -> _Options:
    options = _Options()
    if not reader.peek().text:
        raise reader.fail()
    while reader.peek().text:
        _option(reader, options, altering=commas)
        # ALTER USER's page separates them by commas, its examples don't.
        if commas and reader.accept_symbol(",") and not reader.peek().text:
            raise reader.fail()
    reader.end()
    if "createuser" in options.named and options.password is not None and options.password.disabled:
        raise Refused("42601", "a superuser must have a password")
    return options


_FLAGS = {"createdb": "CREATEDB", "nocreatedb": "NOCREATEDB", "createuser": "SUPERUSER", "nocreateuser": "NOSUPERUSER"}


def _option(reader: Reader, options: _Options, altering: bool) -> None:
    flag = reader.accept_any(*_FLAGS)
    if flag:
        options.clauses.append(_FLAGS[flag])
        options.named.append(flag)
    elif reader.accept("password"):
        if options.password is not None:
            raise Refused("42601", "conflicting or redundant options")
        options.password = password(reader)
    elif reader.accept("syslog", "access"):
        value = reader.expect_any("restricted", "unrestricted")
        options.syslog = literal(value.upper())
        options.named.append("syslog")
    elif reader.accept("in", "group"):
        options.groups += reader.listed(reader.role_name)
    elif reader.accept("valid", "until"):
        options.clauses.append(f"VALID UNTIL {literal(reader.string())}")
        options.named.append("valid")
    elif reader.accept("connection", "limit"):
        options.clauses.append(f"CONNECTION LIMIT {reader.connections()}")
        options.named.append("connection")
    else:
        _unhonoured(reader, altering)


def _unhonoured(reader: Reader, altering: bool) -> None:
    if reader.accept("session", "timeout"):
        reader.integer()
        reader.later("SESSION TIMEOUT")
    elif reader.accept("externalid"):
        external_id(reader)
    elif altering and reader.accept("nologin"):
        reader.later("NOLOGIN")
    elif altering and reader.is_word("login", "password"):
        reader.next()
        reader.later("LOGIN")
    else:
        raise reader.fail()
