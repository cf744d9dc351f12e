"""One exchange with PostgreSQL: what is sent in one go, and what came of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from local_redshift.errors import Fields
from local_redshift.plan import Plan


@dataclass(frozen=True, slots=True)
class Prepared:
    text: str
    plan: Plan
    types: bytes


@dataclass
class Exchange:
    data: bytearray = field(default_factory=bytearray)
    swallow: deque[bool] = field(default_factory=deque)
    """For each ParseComplete, BindComplete and CloseComplete to come: whether the client didn't ask for it."""
    executed: list[Prepared] = field(default_factory=list)
    named: Prepared | None = None
    completed: int = 0
    failed: Fields | None = None
    silent: bool = False
    """Whether the client gets no answer."""
    answer: bytearray = field(default_factory=bytearray)
    """What the client is still to be sent of it."""
    parsed: dict[str, str] = field(default_factory=dict)
    """The SQL of the statements that were parsed, by their names."""

    def add(self, data: bytes, hidden: bool = False, acknowledged: bool = True) -> None:
        self.data += data
        if acknowledged:
            self.swallow.append(hidden)
