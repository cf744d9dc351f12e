"""Step 4 of Segment's guide: what a login as the linked user must be able to do, and what a refusal means. Pure.

A refusal is a matter of access where the privileges tell so: then somebody has to grant, and no waiting mends it. What
anybody who may create in a schema can bring about (a view that can't be read, a name that is folded, a table that
queries from another database refuse) holds nothing up beside something of the same schema that was read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cached_property

from airflow_provider_datagraph.access.plan import Fact, Finding, Level, blocking, finding
from airflow_provider_datagraph.access.reverse_etl import SCHEMA
from airflow_provider_datagraph.redshift.names import join_path
from airflow_provider_datagraph.redshift.statements import Privileges
from airflow_provider_datagraph.redshift.values import Identity, Scope

Path = tuple[str, str, str]
"""Database, schema and relation, as stored."""
MISSING = {"42P01": "table_missing", "3F000": "schema_missing", "3D000": "database_missing"}
"""What PostgreSQL's codes say of a relation that can't be read."""
REFUSED, UNSUPPORTED = "42501", "0A000"
PASSING = ("08", "40", "53", "57", "58", "XX")
"""Classes of SQLSTATEs by which the server speaks of itself: https://www.postgresql.org/docs/8.0/errcodes-appendix.html"""
BATCH = 200
"""How many relations are read in one statement: measured in `benchmarks/`."""
MAX_AGE = 900.0
"""How old a part of a proof may be, in seconds, when the whole is told."""
WORKING, WRITING = ("USAGE", "CREATE"), ("SELECT", "INSERT", "UPDATE", "DELETE")
"""What Segment needs on its schema of the checkpoint database, and on the tables there."""


@dataclass(frozen=True, slots=True)
class Target:
    """A relation that has to be read; no catalog may tell whether it is a view.

    :param listed: whether it is named itself, and not found in a schema that is to be read whole.
    """

    view: bool | None
    listed: bool = False


@dataclass(frozen=True)
class ReadRights:
    """What explains refusals in one database: where the user holds USAGE and SELECT, in whatever way.

    :param on_columns: relations on columns of which anybody holds a privilege.
    """

    schemas: frozenset[str] = frozenset()
    relations: frozenset[tuple[str, str]] = frozenset()
    on_columns: frozenset[tuple[str, str]] = frozenset()
    interleaved: frozenset[tuple[str, str]] = frozenset()

    def explains(self, path: Path) -> bool:
        """Whether a lacking privilege explains that it can't be read; where some columns are granted, that does."""
        return bool(self.lacks(path)) and path[1:] not in self.on_columns

    def lacks(self, path: Path) -> str:
        if path[1] not in self.schemas:
            return "USAGE"
        return "" if path[1:] in self.relations else "SELECT"


@dataclass(frozen=True, slots=True)
class Rules:
    """How refusals are taken; ``broken_views``: a view that fails by itself holds the look up."""

    login: str
    role: str
    wait_for_grants: bool = False
    broken_views: bool = False

    def give(self, privileges: Sequence[str], scope: Scope, objects: Sequence[tuple[str, ...]]) -> Privileges:
        return Privileges(Identity("role", self.role), privileges, scope, objects)


@dataclass(frozen=True)
class Seen:
    """What a look has seen: what was read, and what the user's session can't name (``folded``).

    :param refused: what was tried alone: SQLSTATE and text.
    :param unread: what the privileges say can't be read; one of each database was tried.
    """

    targets: Mapping[Path, Target]
    proved: Set[Path] = frozenset()
    folded: Set[Path] = frozenset()
    refused: Mapping[Path, tuple[str, str]] = field(default_factory=dict)
    unread: Set[Path] = frozenset()
    rights: Mapping[str, ReadRights | None] = field(default_factory=dict)

    def rights_in(self, database: str) -> ReadRights:
        return self.rights.get(database) or ReadRights()

    @cached_property
    def beside(self) -> frozenset[tuple[str, ...]]:
        """The schemas of which something was read."""
        return frozenset(path[:2] for path in self.proved)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finding, and whether it keeps the look from being a proof."""

    finding: Finding
    holds_up: bool = True


def judge(seen: Seen, rules: Rules) -> list[Verdict]:
    """Say what isn't read, and why: one cause, not a hundred symptoms. What holds the proof up comes first."""
    found = [*_lacking(seen, rules)]
    for path in sorted(seen.folded):
        found.append(_own_fault(blocking("unreachable_name", join_path(*path), login=rules.login), path, seen))
    found += [_single(path, seen, rules) for path in sorted(seen.refused)]
    return sorted(found, key=lambda verdict: not verdict.holds_up)


def _lacking(seen: Seen, rules: Rules) -> Iterator[Verdict]:
    """Tell which schemas are closed, and of which not all tables are granted."""
    places: dict[tuple[str, str], list[Path]] = {}
    for path in sorted(seen.unread):
        places.setdefault(path[:2], []).append(path)
    make = finding if rules.wait_for_grants else blocking
    for (database, schema), paths in places.items():
        tables = tuple(path[2] for path in paths)
        lacks = seen.rights_in(database).lacks(paths[0])
        facts: dict[str, Fact] = {"login": rules.login, "database": database, "tables": tables, "count": len(tables)}
        if lacks == "USAGE":
            give = rules.give(("USAGE",), Scope.SCHEMA, [(schema,)])
            yield Verdict(make("schema_closed", join_path(database, schema), statement=give, **facts))
            continue
        whole = not any(seen.targets[path].listed for path in paths)
        objects = [(schema,)] if whole else [path[1:] for path in paths]
        give = rules.give(("SELECT",), Scope.TABLES if whole else Scope.TABLE, objects)
        yield Verdict(make("not_granted", join_path(database, schema), statement=give, **facts))


def _own_fault(told: Finding, path: Path, seen: Seen) -> Verdict:
    """What is nobody's access: beside something that was read it is only told, unless it is named itself."""
    holds = seen.targets[path].listed or path[:2] not in seen.beside
    return Verdict(told if holds else replace(told, level=Level.FINDING), holds)


def _single(path: Path, seen: Seen, rules: Rules) -> Verdict:
    target, about, (state, text) = seen.targets[path], join_path(*path), seen.refused[path]
    rights = seen.rights_in(path[0])
    facts: dict[str, Fact] = {"reason": text, "state": state}
    if state in (REFUSED, UNSUPPORTED) and path[1:] in rights.on_columns:
        return _own_fault(blocking("column_privileges", about, case="reading"), path, seen)
    if state == UNSUPPORTED and path[1:] in rights.interleaved:
        return _own_fault(blocking("interleaved_key", about), path, seen)
    if state == UNSUPPORTED:
        # https://docs.aws.amazon.com/redshift/latest/dg/cross-database-overview.html
        return _own_fault(blocking("cross_database_refused", about, **facts), path, seen)
    if target.view and state != REFUSED:
        if rules.broken_views:
            # What the server can't do now says nothing of the view.
            make = finding if state.startswith(PASSING) else blocking
            return Verdict(make("view_broken", about, **facts))
        return _own_fault(finding("view_broken", about, **facts), path, seen)
    make = finding if rules.wait_for_grants else blocking
    if target.view:
        return _own_fault(make("view_refused", about, **facts), path, seen)
    if state == REFUSED and target.view is not None:
        return Verdict(make("not_readable", about, case="reading", **facts))
    # It may come, or come back; and what isn't known may pass.
    return Verdict(finding(MISSING.get(state, "not_readable"), about, case="reading", **facts))


def nothing_to_read(database: str, schema: str, kind: str | None, login: str) -> Verdict:
    """Tell that a schema lists nothing that could be read; beside something that was read, that holds nothing up.

    :param kind: such as ``local``; None: there is no such schema. ``login``: who has looked.
    """
    path = join_path(database, schema)
    if kind is None:
        return Verdict(finding("schema_missing", path, case="reading it"))
    if kind == "local":
        return Verdict(finding("schema_empty", path), holds_up=False)
    return Verdict(finding("schema_unlisted", path, kind=kind, login=login), holds_up=False)


def not_writable(
    database: str,
    rules: Rules,
    *,
    creates: bool,
    on_schema: Collection[str] = WORKING,
    on_tables: Collection[Collection[str]] = (),
) -> list[Verdict]:
    """Tell what Segment can't write in the checkpoint database: create schemas, or work in its own, if there is one."""
    lacking: list[tuple[str, Privileges]] = []
    if not creates:
        lacking.append((f"database {database}", rules.give(("CREATE",), Scope.DATABASE, [(database,)])))
    path = join_path(database, SCHEMA)
    if less := [word for word in WORKING if word not in on_schema]:
        lacking.append((f"schema {path}", rules.give(less, Scope.SCHEMA, [(SCHEMA,)])))
    if less := [word for word in WRITING if not all(word in words for words in on_tables)]:
        lacking.append((f"tables of {path}", rules.give(less, Scope.TABLES, [(SCHEMA,)])))
    make = finding if rules.wait_for_grants else blocking
    told = []
    for what, give in lacking:
        facts: dict[str, Fact] = {"login": rules.login, "what": what, "privileges": tuple(give.privileges)}
        told.append(Verdict(make("checkpoint_closed", database, statement=give, **facts)))
    return told
