"""The difference between what should be and what is: statements in order, what each changes and why, and findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from airflow_provider_datagraph.redshift.statements import Path, Statement, chunks
from airflow_provider_datagraph.redshift.values import Grant, Identity


class Reason(StrEnum):
    """Why something is changed; the sentence stands in :mod:`.messages`."""

    MISSING = "missing"
    NO_MEMBER = "no member"
    NOT_HELD = "not held"
    NOT_DESIRED = "not desired"
    BLOCKS_TABLE = "blocks table"
    CLOSED = "closed"
    LEAVES = "leaves"
    ROLE_LEAVES = "role leaves"
    USER_LEAVES = "user leaves"
    WRITER_LEAVES = "writer leaves"
    NAMED = "named"
    LOGIN_FAILS = "login fails"


@dataclass(frozen=True, slots=True)
class Change:
    """What a statement changes on one object, and why.

    :param action: ``create``, ``grant``, ``revoke``, ``give``, ``set`` or ``drop``.
    :param kind: what kind of object it is about, a key of :data:`.messages.OBJECTS` or the word itself.
    :param path: the names that lead to it, its database first where it is in one.
    :param identity: who is given it, or loses it; ``of``: whose leaving is the reason.
    :param names: what belongs to it by name: the writers of later tables, the tables that lack it, memberships.
    """

    action: str
    kind: str
    path: Path
    reason: Reason
    privileges: tuple[str, ...] = ()
    identity: Identity | None = None
    of: str = ""
    names: tuple[str, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """A statement, and what it changes: one object, or several."""

    statement: Statement
    changes: tuple[Change, ...]


def steps(changes: Iterable[Change], inside: int, make: Callable[[list[Path]], Statement]) -> Iterator[Step]:
    """Put changes that are alike into as few statements as fit: ``inside`` parts of their paths are left out."""
    for chunk in chunks(changes, lambda change: change.path[inside:]):
        yield Step(make([change.path[inside:] for change in chunk]), tuple(chunk))


class Level(StrEnum):
    """What a finding asks for."""

    NOTE = "note"
    """Worth knowing, and nothing to do."""
    FINDING = "finding"
    """A person should act on it."""
    BLOCKING = "blocking"
    """Nothing may be changed while it stands."""


Fact = str | int | None | tuple[str, ...] | frozenset[Grant] | Statement


@dataclass(frozen=True, slots=True)
class Finding:
    """What a plan can't fix by granting, with facts for its sentence; ``case`` says which, where a code has several."""

    code: str
    object: str
    facts: tuple[tuple[str, Fact], ...] = ()
    level: Level = Level.FINDING

    @property
    def blocking(self) -> bool:
        return self.level is Level.BLOCKING


def note(code: str, about: str, **facts: Fact) -> Finding:
    """Make a finding that is worth knowing, no more."""
    return Finding(code, about, tuple(sorted(facts.items())), Level.NOTE)


def finding(code: str, about: str, **facts: Fact) -> Finding:
    """Make a finding that a person should act on."""
    return Finding(code, about, tuple(sorted(facts.items())))


def blocking(code: str, about: str, **facts: Fact) -> Finding:
    """Make a finding that forbids any change."""
    return Finding(code, about, tuple(sorted(facts.items())), Level.BLOCKING)


@dataclass(frozen=True)
class Plan:
    """The difference: ordered steps, how many desired things hold already, and findings."""

    steps: tuple[Step, ...] = ()
    in_place: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        return tuple(change for step in self.steps for change in step.changes)

    @property
    def blocking(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.blocking)
