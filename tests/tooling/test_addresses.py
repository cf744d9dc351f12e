"""scripts/addresses finds what it is there for."""

from __future__ import annotations

import pytest

from tests.tooling.support import Checkout

ADDRESSES = [
    "--index-" + "url x",
    "  --extra-index-" + "url=x",
    "--find-" + "links /wheels",
    "see https://mirror.example/" + "simple/",
    "at pypi" + ".org",
]
OTHERS = ["a simple sentence", "PIP_INDEX_URL", "https://example.org/page", "-e ."]


@pytest.mark.parametrize("line", [*ADDRESSES, *OTHERS])
def test_an_address_of_an_index_is_found(checkout: Checkout, line: str) -> None:
    (checkout.path / "a file").write_text(f"first\n{line}\n")
    done = checkout.run("scripts/addresses")
    assert (done.returncode, done.stdout) == ((1, f"a file:2:{line}\n") if line in ADDRESSES else (0, ""))
