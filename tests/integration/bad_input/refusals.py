"""How a refusal is looked at: its sentences, and that nothing was changed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_datagraph.exceptions import MisconfigurationError
from tests.support.redshift import PASSWORD
from tests.support.segment import Segment, execute

LONG = "x" * 128
"""One byte more than a name may have."""


def refused(segment: Segment, task: Any) -> tuple[str, ...]:
    """Execute a task that has to fail at once, with the server untouched; its sentences."""
    with segment.cluster.untouched(), pytest.raises(MisconfigurationError) as failure:
        execute(task)
    assert isinstance(failure.value, AirflowFailException)
    assert PASSWORD not in str(failure.value) and segment.server.password not in str(failure.value)
    return tuple(failure.value.problems)


def told_alone(sentences: tuple[str, ...], *parts: str) -> None:
    """Check that one sentence holds the thing, the cause and the remedy, in this order, and ends as one."""
    (sentence,) = sentences
    assert re.search(".*?".join(map(re.escape, parts)), sentence, re.DOTALL), (sentence, parts)
    assert sentence.endswith((".", "?")) and "\n" not in sentence
