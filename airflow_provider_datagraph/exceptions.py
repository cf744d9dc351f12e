"""One small tree of errors. What a user has to correct is never retried; what passes by itself is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

from airflow_provider_datagraph.redshift.names import InvalidInput, one_line

__all__ = [
    "DataGraphError",
    "DriftError",
    "DriftRemainsError",
    "LoginRefusedError",
    "MisconfigurationError",
    "PassingFaultError",
    "VanishedError",
]


class DataGraphError(AirflowException):
    """Anything that this provider raises. What names and servers say in it can't be taken for something else.

    :param problems: a sentence each: the thing, what is wrong with it, what to do.
    """

    def __init__(self, *problems: str) -> None:
        self.problems = tuple(map(one_line, problems))
        Exception.__init__(self, *self.problems)

    def __str__(self) -> str:
        lines = [f"- {problem}" for problem in self.problems]
        return "\n".join([f"{len(lines)} problems:", *lines] if len(lines) != 1 else self.problems)

    @property
    def line(self) -> str:
        return " ".join(self.problems)


class MisconfigurationError(DataGraphError, AirflowFailException, InvalidInput):
    """Something that a person has to correct: it fails at once, and Airflow doesn't retry it."""

    @classmethod
    def of(cls, problems: Iterable[str]) -> MisconfigurationError:
        return cls(*problems)


class LoginRefusedError(MisconfigurationError):
    """The linked user doesn't log in: a plan-only run meets this where an earlier task would have created it.

    :param about: what is missing, such as ``user segment_linked_user``.
    """

    about = ""


class PassingFaultError(DataGraphError):
    """The server can't be reached or went away: Airflow's retries, and a sensor's next poke, try again."""


class VanishedError(PassingFaultError):
    """What a plan names was dropped or renamed before the plan was carried out: the next look knows."""


class DriftRemainsError(DataGraphError):
    """Redshift took every statement, and the catalog still doesn't show what they grant."""


class DriftError(DataGraphError, AirflowFailException):
    """An audit found that access isn't as desired. Trying again would find the same.

    :param report: what was found, as XCom has it, too; default none.
    """

    def __init__(self, text: str, report: Mapping[str, Any] | None = None) -> None:
        super().__init__(text)
        self.report = dict(report or {})
