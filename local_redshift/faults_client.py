"""For tests: order faults of a stand-in that this process started with `running.started(faults=True)`."""

from __future__ import annotations

import json
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any

PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that was ordered."""

    faults: Faults
    number: int

    @property
    def seen(self) -> int:
        """How many statements have matched since it was ordered."""
        return int(self.faults.order("count", number=self.number)["seen"])

    @property
    def fired(self) -> int:
        """How many of them it has happened to."""
        return int(self.faults.order("count", number=self.number)["fired"])


class Faults:
    """What can be ordered: README.md, "Faults on demand"."""

    def __init__(self, channel: socket.socket) -> None:
        channel.settimeout(PATIENCE)
        self._channel = channel
        self._file = channel.makefile("rw", encoding="utf-8")
        self._lock = threading.Lock()

    def delay(self, pattern: str, seconds: float, *, nth: int = 1, times: int | None = 1) -> Fault:
        return self._add("delay", pattern, nth, times, seconds=seconds)

    def error(
        self,
        pattern: str,
        code: str,
        message: str,
        detail: str = "",
        *,
        severity: str = "ERROR",
        nth: int = 1,
        times: int | None = 1,
    ) -> Fault:
        fields = {"S": severity, "C": code, "M": message} | ({"D": detail} if detail else {})
        return self._add("error", pattern, nth, times, fields=fields)

    def cut_before(self, pattern: str, *, nth: int = 1, times: int | None = 1) -> Fault:
        return self._add("cut", pattern, nth, times)

    def cut_after(self, pattern: str, *, nth: int = 1, times: int | None = 1) -> Fault:
        return self._add("cut", pattern, nth, times, after=True)

    def restart_before(self, pattern: str, *, down: float = 0.0, nth: int = 1) -> Fault:
        return self._add("restart", pattern, nth, 1, seconds=down)

    def restart_after(self, pattern: str, *, down: float = 0.0, nth: int = 1) -> Fault:
        return self._add("restart", pattern, nth, 1, seconds=down, after=True)

    def linger(self, seconds: float) -> None:
        """From now on, let each session stay for so long after its client has gone, as a cluster's do."""
        self.order("linger", seconds=seconds)

    @property
    def exchanges(self) -> int:
        """How often the server has answered a client: twice at a login, and once or twice a statement."""
        return int(self.order("exchanges")["count"])

    def clear(self) -> None:
        self.order("clear")

    def stop(self) -> None:
        self.order("stop")

    def start(self) -> None:
        self.order("start")

    def restart(self, down: float = 0.0) -> None:
        self.stop()
        time.sleep(down)
        self.start()

    def _add(self, kind: str, pattern: str, nth: int, times: int | None, **more: Any) -> Fault:
        answer = self.order("add", kind=kind, pattern=pattern, nth=nth, times=times, **more)
        return Fault(self, int(answer["number"]))

    def order(self, order: str, **given: Any) -> dict[str, Any]:
        """Send an order and wait for its answer."""
        with self._lock:
            self._file.write(json.dumps({"order": order, **given}) + "\n")
            self._file.flush()
            answer: dict[str, Any] = json.loads(self._file.readline() or '{"failure": "the server is gone"}')
        if "failure" in answer:
            raise RuntimeError(answer["failure"])
        return answer

    def close(self) -> None:
        self._file.close()
        self._channel.close()
