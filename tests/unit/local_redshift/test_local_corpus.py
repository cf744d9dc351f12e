"""AWS's own pages as the judge: their statements aren't syntax errors, and what their grammars lack is refused."""

from __future__ import annotations

import pytest

from local_redshift.errors import Refused
from local_redshift.grammar import translate
from local_redshift.plan import Context
from tests.unit.local_redshift.local_corpus import corpus

ACCEPT, REFUSE = corpus("accept"), corpus("refuse")
CONTEXT = Context("dev")
LOCAL = "local stand-in: "
# Refused by the server, but not for their syntax: a privilege of the wrong kind of identity or database, a user whom
# only IAM creates, a parameter that doesn't exist (https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW.html).
BY_THEIR_MEANING = {"42704", "0LP01"}


def outcome(sql: str) -> tuple[str, str]:
    try:
        return ("runs", translate(sql, CONTEXT).sql)
    except Refused as refusal:
        return (refusal.sqlstate, refusal.message)


PAGES = sorted({entry.page for entry in ACCEPT + REFUSE})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.rsplit("/", 1)[-1])
def test_a_page(page: str) -> None:
    wrong = [
        (entry.sql, entry.note, found)
        for entries, judge in ((ACCEPT, _is_no_syntax_error), (REFUSE, _is_refused))
        for entry in entries
        if entry.page == page and not judge(found := outcome(entry.sql))
    ]
    assert wrong == []


def _is_no_syntax_error(found: tuple[str, str]) -> bool:
    code, text = found
    return code in {"runs", *BY_THEIR_MEANING} or (code == "0A000" and text.startswith(LOCAL))


def _is_refused(found: tuple[str, str]) -> bool:
    # Not as "local stand-in", which would say that Redshift has it.
    return found[0] in {"42601", *BY_THEIR_MEANING}


def test_enough_of_them_are_judged_by_the_grammar() -> None:
    assert sum(outcome(entry.sql)[0] == "runs" for entry in ACCEPT) >= 200
    assert sum(outcome(entry.sql)[0] == "42601" for entry in REFUSE) >= 250
