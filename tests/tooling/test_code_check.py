"""scripts/code_check.py finds what it is there for."""

from __future__ import annotations

import pytest

from scripts import code_check


def test_long_module_and_function() -> None:
    body = "".join(f"    x = {n}\n" for n in range(40))
    text = "def short() -> None:\n    pass\n\n\nasync def long() -> None:\n" + body + "\n" * 260
    assert list(code_check.size_findings("m.py", text)) == [
        "m.py: 305 lines, at most 300",
        "m.py:5: long has 41 lines, at most 40",
    ]


def test_the_limits_themselves_are_allowed() -> None:
    body = "".join(f"    x = {n}\n" for n in range(39))
    text = "def long() -> None:\n" + body + "\n" * 260
    assert list(code_check.size_findings("m.py", text)) == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-" + "url x",
        "  --extra-index-" + "url=x",
        "--find-" + "links /wheels",
        "see https://mirror.example/" + "simple/",
        "at pypi" + ".org",
    ],
)
def test_address_of_an_index(line: str) -> None:
    (found,) = code_check.address_findings("file", f"first\n{line}\n")
    assert found.startswith("file:2: the address of a package index")


@pytest.mark.parametrize("line", ["a simple sentence", "PIP_INDEX_URL", "https://example.org/page", "-e ."])
def test_what_is_no_address(line: str) -> None:
    assert list(code_check.address_findings("file", line)) == []
