"""Work that is done again when another transaction conflicts with it."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from airflow_provider_datagraph.exceptions import VanishedError
from airflow_provider_datagraph.hooks.faults import Fault, classify, details

T = TypeVar("T")
log = logging.getLogger(__name__)


def looking_again(work: Callable[[], T]) -> T:
    """Do work that rolls back by itself, and once more where something vanished while it was done.

    :param work: the work: it reads, and then changes what it read of.
    :return: what the work returns.
    """
    try:
        return work()
    except VanishedError as error:
        log.info("%s", error)
        return work()


def retrying(work: Callable[[], T], tries: int, longest_wait: float) -> T:
    """Do work that rolls back by itself, again after each conflict; the last error is the original one.

    :param work: the work, a whole transaction.
    :param tries: how often, at least once.
    :param longest_wait: the longest wait between two tries, in seconds.
    :return: what the work returns.

    https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html
    """
    for attempt in range(1, tries + 1):
        try:
            return work()
        except Exception as error:
            if classify(error) is not Fault.CONFLICT or attempt == tries:
                raise
            # Jitter, so that two that met don't meet again.
            wait = min(longest_wait, 0.1 * 2**attempt) * random.uniform(0.5, 1.0)
            log.info("Another transaction conflicts (%s): start again in %.1f s", details(error)[1], wait)
            time.sleep(wait)
    raise ValueError(f"tries is {tries}: give at least 1")
