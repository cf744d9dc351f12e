"""System permissions, which only roles hold.

https://docs.aws.amazon.com/redshift/latest/dg/r_roles-system-privileges.html
https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html
"""

from __future__ import annotations

from local_redshift.plan import Command, Plan
from local_redshift.reader import Reader, phrases
from local_redshift.text import PREFIXES, array, block

HONOURED = phrases(
    """create role|create user|alter user|drop user|access system table|access catalog
    |alter default privileges"""
)
OTHERS = phrases(
    """drop role|create schema|drop schema|create table|drop table
    |alter table|create or replace function|create or replace external function|drop function
    |create or replace procedure|drop procedure|create or replace view|drop view|create model|drop model
    |create datashare|alter datashare|drop datashare|create library|drop library|truncate table|vacuum|analyze
    |cancel|ignore rls|explain rls|explain masking"""
)
# The only one that users, groups and PUBLIC can hold, too.
MODEL = ("create", "model")


def permission(reader: Reader, granting: bool) -> Plan | None:
    """The rest of GRANT or REVOKE if it's about system permissions: they stand before TO or FROM, without ON."""
    start = reader.at
    towards = "to" if granting else "from"
    if reader.accept("all"):
        reader.accept("privileges")
        if not reader.is_word(towards):
            reader.at = start
            return None
        words: list[tuple[str, ...]] = [("all",)]
    else:
        first = _one(reader)
        if first is None or not (reader.is_word(towards) or reader.peek().text == ","):
            reader.at = start
            return None
        words = [first]
        while reader.accept_symbol(","):
            follower = _one(reader)
            if follower is None:
                raise reader.fail()
            words.append(follower)
    reader.expect(towards)
    return _plan(reader, granting, words)


def _one(reader: Reader) -> tuple[str, ...] | None:
    for words in HONOURED + OTHERS:
        if reader.accept(*words):
            return words
    return None


def _plan(reader: Reader, granting: bool, words: list[tuple[str, ...]]) -> Plan:
    roles: list[str] = []
    to_anyone = words == [MODEL]
    while True:
        if reader.accept("role"):
            roles.append(PREFIXES["role"] + reader.role_name())
        elif to_anyone:
            _anyone(reader, granting)
        else:
            raise reader.fail()
        if not reader.accept_symbol(","):
            break
    for one in words:
        if one not in HONOURED:
            reader.later("the system permission " + " ".join(one).upper())
    reader.end()
    names = [" ".join(one).upper() for one in words]
    call = f"PERFORM pg_rs.permit({granting}, {array(names)}, {array(roles)})"
    return Command(block([call]), "DDL", "GRANT" if granting else "REVOKE")


def _anyone(reader: Reader, granting: bool) -> None:
    if reader.accept("public"):
        return
    if reader.accept("group"):
        reader.role_name()
        return
    reader.user_name()
    if granting:
        reader.accept("with", "grant", "option")
