"""Writing a statement back for PostgreSQL with a few of its words replaced."""

from __future__ import annotations

from local_redshift.plan import Context
from local_redshift.text import ident, literal
from local_redshift.tokens import Kind, Token, lower

# Functions of Redshift's, and PostgreSQL's that would answer in PostgreSQL's names.
_OURS = "version has_database_privilege has_schema_privilege has_table_privilege getdate".split()
FUNCTIONS = {**{name: f"pg_rs.{name}" for name in _OURS}, "nvl": "coalesce", "len": "length"}


def name_of(token: Token, context: Context) -> str:
    """The name that a word stands for: in small letters, unless it's quoted and the session is case-sensitive."""
    if token.kind is Kind.QUOTED and not context.case_sensitive:
        return lower(token.value)
    return token.value


def render(sql: str, tokens: list[Token], context: Context, edits: dict[int, str] | None = None) -> str:
    """The text of these tokens for PostgreSQL, with each token that `edits` has an index of replaced."""
    pieces: list[str] = []
    last = tokens[0].start
    for at, token in enumerate(tokens):
        pieces.append(sql[last : token.start])
        last = token.end
        if edits is not None and at in edits:
            pieces.append(edits[at])
        elif token.kind is Kind.QUOTED:
            pieces.append(ident(name_of(token, context)))
        elif token.kind is Kind.STRING:
            pieces.append(literal(token.value))
        elif token.value in FUNCTIONS and _is_call(tokens, at):
            pieces.append(FUNCTIONS[token.value])
        else:
            pieces.append(token.text)
    return "".join(pieces)


def _is_call(tokens: list[Token], at: int) -> bool:
    after = tokens[at + 1].text if at + 1 < len(tokens) else ""
    before = tokens[at - 1].text if at else ""
    return after == "(" and before != "."
