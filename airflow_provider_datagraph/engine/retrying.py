"""Work that is done again when another transaction conflicts with it."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

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
"""Seconds for which a session that was closed may still be counted."""
log = logging.getLogger(__name__)


def looking_again(work: Callable[[], T]) -> T:
    """Do work that rolls back by itself, and some times more where something vanished while it was done.

    :param work: the work: it reads, and then changes what it read of.
    :raises VanishedError: if it vanishes each time.
    """
    for tried in range(1, LOOKS):
        try:
            return work()
        except VanishedError as error:
            log.info("%s", error)
        time.sleep(0.05 * 2**tried * random.uniform(0.5, 1.0))
    return work()


def until_left(work: Callable[[], T], seconds: float = LINGERS) -> T:
    """Do work that is refused while anybody is in a database, again for as long as a session of our own may linger.

    :param work: one statement, or nothing that a second time adds to.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            return work()
        except Exception as error:
            if not in_use(error) or time.monotonic() >= end:
                raise
        time.sleep(0.5)


def retrying(work: Callable[[], T], tries: int, longest_wait: float) -> T:
    """Do work that rolls back by itself, again after each conflict.

    :param tries: how often, at least once.
    :param longest_wait: the longest wait between two tries, in seconds.
    :raises PassingFaultError: if the last try conflicts, too.

    https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html
    """
    attempts = Retrying(
        retry=retry_if_exception(lambda error: classify(error) is Fault.CONFLICT),
        stop=stop_after_attempt(tries),
        # Jitter, so that two that met don't meet again.
        wait=lambda state: min(longest_wait, 0.1 * 2**state.attempt_number) * random.uniform(0.5, 1.0),
        before_sleep=_tell,
        reraise=True,
    )
    try:
        return attempts(work)
    except Exception as error:
        if classify(error) is Fault.CONFLICT:
            raise conflict_error(error, tries) from error
        raise


def _tell(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    if error is not None and state.next_action is not None:
        log.info(
            "Another transaction conflicts (%s): start again in %.1f s", details(error)[1], state.next_action.sleep
        )
