"""The SQL of a change is written in one module, and no code reads SQL or sentences back."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "airflow_provider_datagraph"
SOURCES = sorted(PACKAGE.rglob("*.py"))
VERBS = ("GRANT ", "REVOKE ", "CREATE ", "ALTER ", "DROP ")
TEXTS = ("sql", "shown", "statement", "sentence", "text", "message")
READERS = ("startswith", "endswith", "split", "partition", "rpartition", "removeprefix", "find", "index")


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


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_writes_no_statement_and_reads_none(path: Path) -> None:
    tree = ast.parse(path.read_text())
    if path.relative_to(PACKAGE).parts != ("redshift", "statements.py"):
        assert [node.lineno for node in written(tree)] == []
    assert [node.lineno for node in read_back(tree)] == []


@pytest.mark.parametrize(
    "source",
    [
        'f"GRANT {words} ON SCHEMA s"',
        'step.sql.startswith("ALTER DEFAULT")',
        "re.findall(NAME, step.statement)",
        'change.text.split(":")',
    ],
)
def test_it_would_be_found(source: str) -> None:
    tree = ast.parse(source)
    assert [*written(tree), *read_back(tree)]
