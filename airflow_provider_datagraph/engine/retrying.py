"""Work that is done again when another transaction conflicts with it."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from airflow_provider_datagraph.exceptions import VanishedError
from airflow_provider_datagraph.hooks.faults import Fault, classify, conflict_error, details

T = TypeVar("T")
TRIES = 10
"""How often a transaction is tried that conflicts with others."""
LONGEST_WAIT = 20.0
"""Seconds between two tries, at most."""
log = logging.getLogger(__name__)


def looking_again(work: Callable[[], T]) -> T:
    """Do work that rolls back by itself, and once more where something vanished while it was done.

    :param work: the work: it reads, and then changes what it read of.
    """
    try:
        return work()
    except VanishedError as error:
        log.info("%s", error)
        return work()


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
