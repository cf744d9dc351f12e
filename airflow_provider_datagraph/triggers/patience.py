"""How a wait goes on: when to look again, and what to say meanwhile."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_datagraph.engine.looks import Look

AT_LEAST = 1.0
"""Seconds that a look has at least: where less is left of a sensor's time, or none, it gets some all the same."""
HEARTBEAT = 3600.0
"""Seconds after which a state that hasn't changed is logged again."""
FAULTS_AT_MOST = 300.0
"""Seconds between two looks after faults, at most, unless the interval is longer."""


@dataclass
class Pauses:
    """How long to sleep between two looks, in seconds: longer after each fault, so that nobody storms a server.

    :param grows: Airflow's ``exponential_backoff``: longer after every look; ``longest``: its ``max_wait`` for these.
    """

    interval: float
    grows: bool = False
    longest: float | None = None
    looks: int = 0
    faults: int = 0

    def after(self, *, fault: bool) -> float:
        self.looks, self.faults = self.looks + 1, self.faults + 1 if fault else 0
        doubled = min(self.looks if self.grows else max(self.faults, 1), 30) - 1
        most = max(self.interval, min(8 * self.interval, FAULTS_AT_MOST))
        if self.grows:
            most = self.longest or math.inf
        return min(self.interval * 2.0**doubled, most)


class Sight:
    """What was seen last. It is logged when it changes, and once an hour."""

    def __init__(self) -> None:
        self.look: Look | None = None
        self.fault = ""
        self.told = ("", 0.0)

    @property
    def message(self) -> str:
        if self.look is None:
            return self.fault or "nothing was seen yet"
        return f"{self.fault} Before that: {self.look.message}" if self.fault else self.look.message

    @property
    def report(self) -> dict[str, Any]:
        return {} if self.look is None else self.look.as_dict()

    def saw(self, seen: Look | str, log: Any) -> None:
        """Note what was seen: a look, or the fault that it came to."""
        if isinstance(seen, str):
            self.fault = seen
        else:
            self.look, self.fault = seen, ""
        message, (last, when) = self.message, self.told
        if message != last or time.monotonic() - when >= HEARTBEAT:
            log.info("Not yet: %s", message)
            self.told = (message, time.monotonic())
