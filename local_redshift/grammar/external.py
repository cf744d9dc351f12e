"""GRANT and REVOKE on what the stand-in lacks: read by Redshift's grammar, then refused as 0A000.

https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html
https://docs.aws.amazon.com/redshift/latest/dg/r_REVOKE.html
"""

from __future__ import annotations

from local_redshift.errors import syntax_error
from local_redshift.grammar.grantees import behaviour, grantees
from local_redshift.reader import Reader
from local_redshift.tokens import Kind, Token

# What may be granted on each kind, besides ALL.
OBJECTS = {
    "function": ("execute",),
    "procedure": ("execute",),
    "functions": ("execute",),
    "procedures": ("execute",),
    "language": ("usage",),
    "model": ("execute",),
    "datashare": ("alter", "share", "usage"),
    "external schema": ("create", "usage", "alter"),
    "external table": ("select", "insert", "update", "delete", "drop", "alter"),
    "copy job": ("create", "alter", "drop"),
    "template": ("usage", "alter", "drop"),
}
SCOPES = {
    "functions": ("execute",),
    "procedures": ("execute",),
    "languages": ("usage",),
    "copy jobs": ("create", "alter", "drop"),
    "templates": ("usage", "alter", "drop"),
}


def assume_role(reader: Reader, granting: bool) -> None:
    """ASSUMEROLE ON {'arn' | DEFAULT | ALL} TO who FOR {ALL | COPY | UNLOAD | EXTERNAL FUNCTION | CREATE MODEL}"""
    reader.expect("assumerole", "on")
    if reader.peek().kind is Kind.STRING:
        reader.listed(reader.string)
    elif not reader.accept_any("default", "all"):
        raise reader.fail()
    reader.expect("to" if granting else "from")
    grantees(reader, granting, only_identities=False)
    reader.expect("for")
    if not reader.accept("all"):
        reader.listed(lambda: _purpose(reader))
    reader.later("ASSUMEROLE")
    reader.end()


def _purpose(reader: Reader) -> None:
    pairs = (("copy",), ("unload",), ("external", "function"), ("create", "model"))
    if not any(reader.accept(*words) for words in pairs):
        raise reader.fail()


def connect(reader: Reader, granting: bool) -> None:
    """CONNECT [ON WORKGROUP], which is for IAM Identity Center; there is no CONNECT on a database."""
    reader.expect("connect")
    if reader.accept("on"):
        reader.expect("workgroup")
    reader.expect("to" if granting else "from")
    grantees(reader, granting, only_identities=False)
    reader.later("CONNECT ON WORKGROUP")
    reader.end()


def target(reader: Reader, words: list[Token], granting: bool) -> None:
    """Read what follows ON if it's one of these kinds; it ends by being refused."""
    kind = _kind(reader)
    if not kind:
        return
    check_words(words, OBJECTS[kind])
    if kind in ("function", "procedure"):
        reader.listed(lambda: _routine(reader))
    else:
        reader.listed(reader.parts)
    reader.later(f"permissions on {kind.upper()}")
    reader.expect("to" if granting else "from")
    if kind.startswith("external"):
        reader.listed(lambda: _iam_role(reader, granting))
    elif kind == "datashare" and reader.accept_any("account", "namespace"):
        reader.string()
        reader.accept("via", "data", "catalog")
    else:
        grantees(reader, granting, only_identities=False)
    if not granting:
        behaviour(reader)
    reader.end()


def scope(reader: Reader, words: list[Token]) -> bool:
    """Read what follows FOR if it's one of these kinds, up to the grantees."""
    for kind, allowed in SCOPES.items():
        if not reader.accept(*kind.split()):
            continue
        check_words(words, allowed)
        reader.expect("in")
        # Languages and COPY jobs belong to databases.
        if kind in ("functions", "procedures", "templates") and reader.accept("schema"):
            reader.parts()
            if reader.accept("database"):
                reader.name()
        else:
            reader.expect("database")
            reader.name()
        reader.later(f"scoped permissions for {kind.upper()}")
        return True
    return False


def policy(reader: Reader) -> None:
    """{RLS | MASKING} POLICY p, as the grantee of SELECT on a lookup table."""
    if reader.accept("rls", "policy") or reader.accept("masking", "policy"):
        reader.listed(reader.name)
        reader.later("row-level security and masking policies")
        reader.end()


def _kind(reader: Reader) -> str:
    for what in ("functions", "procedures"):
        if reader.accept("all", what, "in", "schema"):
            return what
    for kind in OBJECTS:
        if reader.is_word(*kind.split()) and reader.peek(len(kind.split())).text not in (".", ","):
            reader.expect(*kind.split())
            return kind
    return ""


def check_words(words: list[Token], allowed: tuple[str, ...]) -> None:
    """Refuse a permission that this kind of object hasn't."""
    for token in words:
        if token.value not in (*allowed, "all"):
            raise syntax_error(token.text)


def _routine(reader: Reader) -> None:
    reader.parts()
    reader.enclosed()


def _iam_role(reader: Reader, granting: bool) -> None:
    if reader.accept("public"):
        return
    reader.expect("iam_role")
    reader.string()
    if granting:
        reader.accept("with", "grant", "option")
