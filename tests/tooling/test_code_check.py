"""scripts/code_check.py finds what it is there for."""

from __future__ import annotations

import pytest

from scripts import code_check


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
