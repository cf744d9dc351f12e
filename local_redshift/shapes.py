"""What statements take and give, as a client asks before it runs them: where PostgreSQL needn't be asked again."""

from __future__ import annotations

from local_redshift import wire
from local_redshift.exchange import Prepared
from local_redshift.plan import Catalog, Collected, Query, Remembered

PARSED_WITHOUT_ROWS = wire.frame(b"1") + wire.frame(b"t", b"\0\0") + wire.frame(b"n")
NO_TYPES = b"\0\0"
CACHED = 1000


class Shapes:
    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], bytes] = {}

    def answer(self, one: Prepared) -> bytes:
        """The answer to Parse and Describe, or nothing where PostgreSQL is to give it."""
        match one.plan:
            case Query():
                return b""
            case Catalog() | Collected() | Remembered():
                return self._known.get((one.plan.sql, one.types), b"")
        return PARSED_WITHOUT_ROWS if one.types == NO_TYPES else b""

    def keep(self, one: Prepared, answer: bytes) -> None:
        """Note PostgreSQL's answer, if it will always be the same: nobody changes the catalog's views."""
        if isinstance(one.plan, Catalog | Collected | Remembered):
            if len(self._known) >= CACHED:
                self._known.clear()
            self._known[one.plan.sql, one.types] = answer


def are_asked(batch: list[wire.Message]) -> bool:
    """Whether a request does nothing but parse a statement and ask for its shape."""
    if [kind for kind, _ in batch] != [b"P", b"D"]:
        return False
    (_, parse), (_, describe) = batch
    return describe == b"S" + parse.split(b"\0", 1)[0] + b"\0"
