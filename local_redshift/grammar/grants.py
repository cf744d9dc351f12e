"""GRANT and REVOKE.

https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html
https://docs.aws.amazon.com/redshift/latest/dg/r_REVOKE.html
"""

from __future__ import annotations

from dataclasses import dataclass, field

from local_redshift.errors import syntax_error, unsupported
from local_redshift.grammar import objects, roles, system
from local_redshift.grammar.grantees import Grantee, behaviour, grantees
from local_redshift.plan import Command, Context, Plan
from local_redshift.reader import Reader
from local_redshift.text import block
from local_redshift.tokens import Token

WORDS = frozenset(
    "select insert update delete drop references alter truncate create usage temporary temp execute share all".split()
)


@dataclass
class Change:
    """What a GRANT or REVOKE says, before the object is known."""

    granting: bool
    only_option: bool = False
    words: list[Token] = field(default_factory=list)
    columns: dict[str, list[str]] = field(default_factory=dict)


def grant(reader: Reader, context: Context) -> Plan:
    """What follows the word GRANT: roles, system permissions, or permissions on an object."""
    if reader.is_word("role"):
        return roles.membership(reader, granting=True, only_option=False)
    return _change(reader, context, Change(granting=True))


def revoke(reader: Reader, context: Context) -> Plan:
    """The same after REVOKE, also of nothing but the option to hand it on."""
    only_admin = reader.accept("admin", "option", "for")
    if only_admin or reader.is_word("role"):
        return roles.membership(reader, granting=False, only_option=only_admin)
    return _change(reader, context, Change(granting=False, only_option=reader.accept("grant", "option")))


def _change(reader: Reader, context: Context, change: Change) -> Plan:
    granting = change.granting
    # The page spells GRANT OPTION without FOR where it's a scoped permission's.
    with_for = change.only_option and reader.accept("for")
    if not change.only_option:
        permitted = system.permission(reader, granting)
        if permitted is not None:
            return permitted
        _not_here(reader)
    _privileges(reader, change)
    scoped = reader.accept("for")
    if change.only_option and with_for is scoped:
        raise reader.fail()
    if scoped:
        target = objects.scope(reader, context)
    else:
        reader.expect("on")
        target = objects.target(reader, context)
    _check_words(change, target)
    reader.expect("to" if granting else "from")
    if reader.is_word("rls", "policy") or reader.is_word("masking", "policy"):
        raise unsupported("permissions of row-level security and masking policies")
    who = grantees(reader, granting, only_identities=scoped, only_users=change.only_option)
    if not granting:
        behaviour(reader)
    reader.end()
    return Command(block(_steps(change, target, who)), "DDL", "GRANT" if granting else "REVOKE")


def _not_here(reader: Reader) -> None:
    """Refuse what isn't about objects in a database; there is no CONNECT on one."""
    if reader.is_word("assumerole"):
        raise unsupported("ASSUMEROLE")
    if reader.accept("connect"):
        if reader.accept("on"):
            reader.expect("workgroup")
        raise unsupported("CONNECT ON WORKGROUP")


def _check_words(change: Change, target: objects.Target) -> None:
    """Refuse a permission that this kind of object hasn't."""
    for token in change.words:
        if token.value not in (*target.words, "all"):
            raise syntax_error(token.text)
    if change.columns and (not isinstance(target, objects.Tables) or target.everything_in):
        raise syntax_error("(")


def _steps(change: Change, target: objects.Target, who: list[Grantee]) -> list[str]:
    if change.columns and isinstance(target, objects.Tables):
        return target.on_columns(change.granting, change.columns, who, change.only_option)
    words = [token.value for token in change.words]
    steps: list[str] = []
    for with_option in (False, True):
        some = [one for one in who if one.with_option is with_option]
        if some:
            option = with_option if change.granting else change.only_option
            steps += target.steps(change.granting, words, some, option)
    return steps


def _privileges(reader: Reader, change: Change) -> None:
    if reader.is_word("all"):
        change.words.append(reader.next())
        reader.accept("privileges")
        if reader.peek().text == "(":
            # All that a column can have.
            columns = reader.columns()
            change.columns = {"select": columns, "update": columns}
        return
    reader.listed(lambda: _privilege(reader, change))
    if change.columns and len(change.columns) != len(change.words):
        reader.later("privileges on columns and on the table in one statement")


def _privilege(reader: Reader, change: Change) -> None:
    token = reader.peek()
    if token.value not in WORDS or token.value == "all":
        raise reader.fail()
    change.words.append(reader.next())
    if reader.peek().text == "(":
        if token.value not in ("select", "update"):
            raise reader.fail()
        change.columns[token.value] = reader.columns()
