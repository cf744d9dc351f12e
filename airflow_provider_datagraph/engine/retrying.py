"""Work that is done again: another transaction conflicts with it, or something vanishes meanwhile."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, stop_after_delay, wait_fixed

from airflow_provider_datagraph.exceptions import VanishedError
from airflow_provider_datagraph.hooks.faults import Fault, classify, conflict_error, details, in_use

T = TypeVar("T")
TRIES = 10
"""How often a transaction is tried that conflicts with others."""
LONGEST_WAIT = 20.0
"""Seconds between two tries, at most."""
LOOKS = 5
"""How often the catalog is read where something vanishes meanwhile: beside a CI that drops schemas, twice won't do."""
LINGERS = 5.0
"""Seconds for which a session of our own that was closed may still be counted."""
log = logging.getLogger(__name__)

until_left = Retrying(
    retry=retry_if_exception(in_use), stop=stop_after_delay(LINGERS), wait=wait_fixed(0.5), reraise=True
)
"""Does work that is refused while anybody is in a database: one statement, or nothing that a second time adds to."""


def retrying(work: Callable[[], T], tries: int, longest_wait: float) -> T:
    """Do work that rolls back by itself, again after each conflict, and some times more where something vanished.

    :param work: the work: it reads, and then changes what it read of.
    :param tries: how often it may conflict, at least once.
    :param longest_wait: the longest wait after a conflict, in seconds.
    :raises PassingFaultError: if the last try conflicts, too.
    :raises VanishedError: if something vanishes each time.

    https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html
    """
    looks = _again(lambda error: isinstance(error, VanishedError), LOOKS, 0.05, LONGEST_WAIT)
    attempts = _again(lambda error: classify(error) is Fault.CONFLICT, tries, 0.1, longest_wait)
    try:
        return attempts(lambda: looks(work))
    except Exception as error:
        if classify(error) is Fault.CONFLICT:
            raise conflict_error(error, tries) from error
        raise


def _again(needed: Callable[[BaseException], bool], tries: int, base: float, longest_wait: float) -> Retrying:
    return Retrying(
        retry=retry_if_exception(needed),
        stop=stop_after_attempt(tries),
        # Jitter, so that two that met don't meet again.
        wait=lambda state: min(longest_wait, base * 2**state.attempt_number) * random.uniform(0.5, 1.0),
        before_sleep=_tell,
        reraise=True,
    )


def _tell(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    if error is not None and state.next_action is not None:
        why = (
            str(error) if isinstance(error, VanishedError) else f"Another transaction conflicts ({details(error)[1]})."
        )
        log.info("%s Start again in %.1f s.", why, state.next_action.sleep)
