"""SYS_QUERY_HISTORY: every statement as it was received, in the proxy's memory.

https://docs.aws.amazon.com/redshift/latest/dg/SYS_QUERY_HISTORY.html
"""

from __future__ import annotations

import contextlib
import json
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from local_redshift.errors import Fields, Refused


@dataclass(frozen=True, slots=True)
class Source:
    """The session that a statement came from."""

    user_id: int
    session_id: int
    database: str
    application: str = ""


def _written(moment: datetime) -> str:
    return moment.isoformat(" ", "microseconds")[:26]


class History:
    """Statements as they were received.

    :param longest: how many are kept.
    :param folder: where each distinct one is written to, too, with the application that sent it: for a look at all
        that many servers received. Default None: nowhere.
    """

    def __init__(self, longest: int = 50_000, folder: str | None = None) -> None:
        self._written: set[tuple[str, str]] = set()
        self._log = Path(folder) / f"{os.getpid()}.jsonl" if folder else None
        self._rows: deque[dict[str, object]] = deque(maxlen=longest)
        self._sessions: dict[int, dict[str, object]] = {}
        self._query = 0
        self._transaction = 0

    def new_transaction(self) -> int:
        self._transaction += 1
        return self._transaction

    def opened(self, source: Source, user: str) -> None:
        """Note a session for STV_SESSIONS: https://docs.aws.amazon.com/redshift/latest/dg/r_STV_SESSIONS.html"""
        self._sessions[source.session_id] = {
            "starttime": _written(datetime.now(UTC)),
            "process": source.session_id,
            # The columns are no wider.
            "user_name": user[:50],
            "db_name": source.database[:50],
            "timeout_sec": 0,
        }

    def ended(self, session_id: int) -> None:
        """Forget a session."""
        self._sessions.pop(session_id, None)

    def sessions(self) -> str:
        """The open sessions as JSON."""
        return json.dumps(list(self._sessions.values()))

    def record(
        self, source: Source, transaction: int, kind: str, text: str, start: datetime, status: str, error: str = ""
    ) -> None:
        self._query += 1
        end = datetime.now(UTC)
        self._write(source.application, text)
        self._rows.append(
            {
                "user_id": source.user_id,
                "query_id": self._query,
                "transaction_id": transaction,
                "session_id": source.session_id,
                "database_name": source.database,
                "query_type": kind,
                "status": status,
                "start_time": _written(start),
                "end_time": _written(end),
                "elapsed_time": int((end - start).total_seconds() * 1e6),
                "error_message": error,
                # A text that isn't UTF-8 must not make the view unreadable.
                "query_text": text.encode(errors="surrogateescape").decode(errors="replace"),
            }
        )

    def _write(self, application: str, text: str) -> None:
        if self._log is None or (application, text) in self._written:
            return
        self._written.add((application, text))
        with self._log.open("a", encoding="ascii") as log:
            log.write(json.dumps([application, text]) + "\n")

    def as_json(self, after: int, since: str) -> str:
        """The rows whose query_id is greater than `after`, and whose start_time is greater than `since`."""
        # Rows are in the order of their numbers, without gaps.
        count = min(len(self._rows), max(0, self._query - after))
        newest = islice(reversed(self._rows), count)
        return json.dumps([row for row in newest if str(row["start_time"]) > since])


class Records:
    """What a session adds to the history."""

    def __init__(self, history: History, source: Source) -> None:
        self.history = history
        self.source = source
        self._transaction = 0
        self._start = datetime.now(UTC)

    def request_begins(self, new_transaction: bool) -> None:
        self._start = datetime.now(UTC)
        if new_transaction:
            self._transaction = self.history.new_transaction()

    def add(self, text: str, kind: str, failed: Fields | None = None) -> None:
        """Add a statement of the present request, which ran, or failed with this error."""
        status, error = "success", ""
        if failed is not None:
            status, error = "canceled" if failed["C"] == "57014" else "failed", failed["M"]
        self.history.record(self.source, self._transaction, kind, text, self._start, status, error)

    @contextlib.contextmanager
    def refusals(self, text: str, kind: str) -> Iterator[None]:
        """Add it if it is refused in the block."""
        try:
            yield
        except Refused as refusal:
            self.add(text, kind, refusal.fields())
            raise
