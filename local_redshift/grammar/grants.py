"""GRANT and REVOKE.

https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html
https://docs.aws.amazon.com/redshift/latest/dg/r_REVOKE.html
"""

from __future__ import annotations

from dataclasses import dataclass, field

from local_redshift.errors import syntax_error, unsupported
from local_redshift.grammar import objects, roles
from local_redshift.grammar.grantees import Grantee, behaviour, grantees
from local_redshift.plan import Context, Plan
from local_redshift.reader import Reader
from local_redshift.text import block
from local_redshift.tokens import Token

WORDS = frozenset(
    "select insert update delete drop references alter truncate create usage temporary temp execute all".split()
)
# https://docs.aws.amazon.com/redshift/latest/dg/r_roles-system-privileges.html
SYSTEM = frozenset(
    "create drop alter truncate access cancel analyze vacuum ignore explain attach detach unmask share assumerole "
    "manage".split()
)


@dataclass
class Change:
    """What a GRANT or REVOKE says, before the object is known."""

    granting: bool
    only_option: bool = False
    words: list[Token] = field(default_factory=list)
    columns: dict[str, list[str]] = field(default_factory=dict)

    @property
    def everything(self) -> bool:
        return self.words[0].value == "all"


def grant(reader: Reader, context: Context) -> Plan:
    return _change(reader, context, granting=True, only_option=False)


def revoke(reader: Reader, context: Context) -> Plan:
    only_admin = reader.accept("admin", "option", "for")
    if only_admin or reader.is_word("role"):
        return roles.membership(reader, granting=False, only_option=only_admin)
    return _change(reader, context, granting=False, only_option=reader.accept("grant", "option", "for"))


def _change(reader: Reader, context: Context, granting: bool, only_option: bool) -> Plan:
    if granting and reader.is_word("role"):
        return roles.membership(reader, granting=True, only_option=False)
    change = Change(granting, only_option)
    _privileges(reader, change)
    if reader.accept("for"):
        target = objects.scope(reader, context)
    else:
        reader.expect("on")
        target = objects.target(reader, context)
    reader.expect("to" if granting else "from")
    who = grantees(reader, granting, only_identities=target.scoped)
    if not granting:
        behaviour(reader)
    reader.end()
    tag = "GRANT" if granting else "REVOKE"
    return Plan(block(_steps(change, target, who)), "DDL", tag)


def _steps(change: Change, target: objects.Target, who: list[Grantee]) -> list[str]:
    if change.columns:
        return target.on_columns(change.granting, change.columns, who, change.only_option)
    words = [token.value for token in change.words]
    for token in change.words:
        if token.value not in (*target.words, "all"):
            raise syntax_error(token.text)
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
            raise unsupported("ALL on columns")
        return
    reader.listed(lambda: _privilege(reader, change))
    if change.columns and len(change.columns) != len(change.words):
        raise unsupported("privileges on columns and on the table in one statement")


def _privilege(reader: Reader, change: Change) -> None:
    token, follower = reader.peek(), reader.peek(1)
    goes_on = follower.text in (",", "(") or follower.value in ("on", "for")
    if token.value == "assumerole" or (token.value in SYSTEM and not goes_on):
        raise unsupported("system permissions and ASSUMEROLE")
    if token.value not in WORDS or token.value == "all":
        raise reader.fail()
    change.words.append(reader.next())
    if reader.peek().text == "(":
        if token.value not in ("select", "update"):
            raise reader.fail()
        reader.next()
        change.columns[token.value] = reader.listed(reader.name)
        reader.expect_symbol(")")
