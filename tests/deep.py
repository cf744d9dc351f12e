"""How deep the tests go: `make test` looks at enough to find most mistakes, `make test-deep` at all that there is."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")
DEEP = os.environ.get("DEEP") == "1"


def usual_or_deep(usual: T, deep: T) -> T:
    """Choose."""
    return deep if DEEP else usual
