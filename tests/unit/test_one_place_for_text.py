"""Each text has one place: a statement's, and a sentence's. No code reads one back, and no code lacks its sentence."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from airflow_provider_datagraph.access.messages import FINDINGS
from airflow_provider_datagraph.access.reach.excess import CODES as KINDS_OF_EXCESS
from airflow_provider_datagraph.access.validation import MISSING

PACKAGE = Path(__file__).parents[2] / "airflow_provider_datagraph"
SOURCES = sorted(PACKAGE.rglob("*.py"))
STATEMENTS, MESSAGES = PACKAGE / "redshift" / "statements.py", PACKAGE / "access" / "messages.py"
TREES = {path: ast.parse(path.read_text()) for path in SOURCES}
REPORT = MESSAGES.with_name("report.py")  # it reads them back from XCom
OTHERS = [path for path in SOURCES if path != MESSAGES]
VERBS = ("GRANT ", "REVOKE ", "CREATE ", "ALTER ", "DROP ")
TEXTS = ("sql", "shown", "statement", "sentence", "text", "message", "remedy")
READERS = ("startswith", "endswith", "split", "partition", "rpartition", "removeprefix", "find", "index")
MAKERS = ("note", "finding", "blocking")
"""What makes a finding; where one of them is chosen, it is called ``make``."""


def written(tree: ast.AST) -> Iterator[ast.JoinedStr]:
    """F-strings that begin as a statement does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and str(getattr(node.values[0], "value", "")).startswith(VERBS):
            yield node


def read_back(tree: ast.AST) -> Iterator[ast.Call]:
    """Calls that take a text of a plan apart: a method of it, or a function of ``re`` on it."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        asked = [node.func.value] if node.func.attr in READERS else []
        if isinstance(node.func.value, ast.Name) and node.func.value.id == "re":
            asked = node.args
        if any(isinstance(one, ast.Attribute) and one.attr in TEXTS for one in asked):
            yield node


def calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    """Calls of some functions, by whatever way they are named."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            func = node.func
            name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
            if name in names:
                yield node


def of(*names: str) -> list[tuple[Path, ast.Call]]:
    """Such calls in the package, but where sentences are written."""
    return [(path, call) for path in OTHERS for call in calls(TREES[path], *names)]


def named(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def literal(node: ast.AST | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def where(found: tuple[Path, ast.Call]) -> str:
    return f"{found[0].relative_to(PACKAGE)}:{found[1].lineno}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_writes_no_statement_and_no_sentence_and_reads_none(path: Path) -> None:
    tree = TREES[path]
    if path != STATEMENTS:
        assert [node.lineno for node in written(tree)] == []
    if path not in (MESSAGES, REPORT):
        assert [node.lineno for node in calls(tree, "FindingRow")] == []
    assert [node.lineno for node in read_back(tree)] == []


@pytest.mark.parametrize(
    "source",
    [
        'f"GRANT {words} ON SCHEMA s"',
        'step.sql.startswith("ALTER DEFAULT")',
        "re.findall(NAME, step.statement)",
        'change.text.split(":")',
        'row.remedy.partition("run: ")',
        'messages.FindingRow("code", "object", "A sentence.")',
    ],
)
def test_it_would_be_found(source: str) -> None:
    tree = ast.parse(source)
    assert [*written(tree), *read_back(tree), *calls(tree, "FindingRow")]


class Made:
    """A finding that the package makes, as far as it can be read from its source."""

    def __init__(self, call: ast.Call) -> None:
        facts = {word.arg: word.value for word in call.keywords}
        self.code = literal(call.args[0]) if call.args else None
        self.names = set(facts) - {None}
        # Facts, and a case, may also be in a mapping.
        self.whole = None not in facts
        self.case = literal(facts.get("case"))
        self.known = self.whole if "case" not in facts else self.case is not None

    @property
    def key(self) -> str:
        return f"{self.code} {self.case}" if self.case else str(self.code)


MADE = [(where(found), Made(found[1])) for found in of(*MAKERS)]
CHOSEN = [(where(found), Made(found[1])) for found in of("make")]
LITERAL = [(place, one) for place, one in MADE + CHOSEN if one.code is not None]


def fields(template: str) -> set[str]:
    """The facts that a sentence needs."""
    return {name for _, name, _, _ in Formatter().parse(template) if name} - {"object"}


def levels() -> dict[str, set[str]]:
    """What each code is made as, by the names of the functions that make it."""
    found: dict[str, set[str]] = {code: {"finding"} for code in (*MISSING.values(), "not_readable")}
    found |= {code: set(MAKERS) for code in KINDS_OF_EXCESS}
    # These are lowered where they hold nothing up.
    found |= {code: {"finding"} for code in ("unreachable_name", "interleaved_key", "cross_database_refused")}
    for path in OTHERS:
        for function in ast.walk(TREES[path]):
            if not isinstance(function, ast.FunctionDef):
                continue
            makes = [
                one for one in ast.walk(function) if isinstance(one, ast.Assign) and named(one.targets[0]) == "make"
            ]
            for call in calls(function, *MAKERS, "make"):
                code, name = literal(call.args[0]) if call.args else None, named(call.func)
                chosen = (
                    [one.value for one in makes if one.lineno < call.lineno][-1:] if name == "make" else [call.func]
                )
                words = {named(node) for one in chosen for node in ast.walk(one)} & set(MAKERS)
                if code is not None:
                    found.setdefault(code, set()).update(words)
    return found


def test_a_code_from_a_table_has_sentences_too() -> None:
    assert len(LITERAL) > 70
    elsewhere = [place.partition(":")[0] for place, one in MADE if one.code is None]
    assert elsewhere == ["access/validation.py"]
    assert {f"{code} reading" for code in (*MISSING.values(), "not_readable")} <= FINDINGS.keys()
    assert {f"{code}{who}" for code in KINDS_OF_EXCESS for who in ("", " owner", " public")} <= FINDINGS.keys()


@pytest.mark.parametrize(("place", "made"), LITERAL, ids=[place for place, _ in LITERAL])
def test_every_finding_that_is_made_has_a_sentence_and_what_it_needs(place: str, made: Made) -> None:
    if not made.known:
        assert made.code in {key.split(" ")[0] for key in FINDINGS}
    elif made.whole:
        # Who looks is what it is about, where nobody else is.
        assert fields("".join(FINDINGS[made.key])) - {"user"} <= made.names
    else:
        assert made.key in FINDINGS


def test_every_sentence_is_used() -> None:
    words = {word for path in OTHERS for node in ast.walk(TREES[path]) if (word := literal(node))}
    # Two are joined, where both are so.
    words |= {"schema and tables", *(f"{case} hidden" for case in ("alike", "closing", "folded"))}
    unused = [key for key in FINDINGS if not words.issuperset(filter(None, key.split(" ", 1)))]
    assert unused == []
