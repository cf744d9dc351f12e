"""A trigger that does what the package's may not: it keeps a secret among its arguments, and logs it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent


class LeakingTrigger(BaseTrigger):
    """Waits for some seconds, so that its row is seen.

    :param secret: what it leaks.
    """

    def __init__(self, secret: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's triggers have no annotations
        self.secret = secret

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """See the base."""
        return f"{__name__}.LeakingTrigger", {"secret": self.secret}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """See the base."""
        self.log.info("leaked by the trigger: %s", self.secret)
        print(f"leaked by the triggerer: {self.secret}")  # noqa: T201  # the triggerer's log is searched
        await asyncio.sleep(4)
        yield TriggerEvent({})  # type: ignore[no-untyped-call]  # Airflow's triggers have no annotations
