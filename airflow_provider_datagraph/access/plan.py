"""The difference between what should be and what is: ordered steps, and findings."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Finding:
    """What a plan can't fix by granting.

    :param code: a stable word for programs.
    :param object: what it is about.
    :param message: a sentence for people.
    :param blocking: whether nothing may be changed while it stands.
    """

    code: str
    object: str
    message: str
    blocking: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One statement of a plan. The statement may hold a hash, so a repr leaves it out.

    :param sql: the statement.
    :param sentences: what it changes and why, a sentence for each object.
    :param autocommit: whether Redshift takes it outside a transaction only.
    """

    sql: str = field(repr=False)
    sentences: tuple[str, ...]
    autocommit: bool = False


@dataclass(frozen=True)
class Plan:
    """The difference: ordered steps, what is held already, and findings.

    :param in_place: how many of the desired things hold already.
    """

    steps: tuple[Step, ...] = ()
    in_place: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """Every change of every step, a sentence each."""
        return tuple(sentence for step in self.steps for sentence in step.sentences)

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that forbid any change."""
        return tuple(finding for finding in self.findings if finding.blocking)


def blocking_finding(code: str, about: str, message: str) -> Finding:
    return Finding(code, about, message, blocking=True)
