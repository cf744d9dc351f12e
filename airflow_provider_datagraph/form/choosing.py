"""Schemas that are meant by pattern: `marts_*`, and `!*_tmp`, which leaves out. What a catalog has for them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from airflow_provider_datagraph.access.plan import Finding, finding, note
from airflow_provider_datagraph.access.reverse_etl import SCHEMA
from airflow_provider_datagraph.access.trust import is_trusted
from airflow_provider_datagraph.form.patterns import Pattern
from airflow_provider_datagraph.redshift import names
from airflow_provider_datagraph.redshift.names import InvalidInput, fold, join_path
from airflow_provider_datagraph.redshift.values import Identities, Schema

Place = tuple[str, str]
"""A database and a schema."""
Path = tuple[str, ...]
"""A schema, with its database before it or not; with both, perhaps a table."""
ACTED_ON = ("owner", "capitals", "checkpoint")
"""Why a pattern leaves a schema out that somebody may have meant."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Schemas as people name them.

    :param named: by name, each a path (and of a table, where a form names some); ``globs``: by pattern, each with its
        database, empty where it names none.
    :param excluded: patterns of what none of these patterns means.
    """

    named: tuple[Path, ...] = ()
    globs: tuple[tuple[str, Pattern], ...] = ()
    excluded: tuple[Pattern, ...] = ()

    @property
    def databases(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*(path[0] for path in self.named), *(database for database, _ in self.globs)]))

    @property
    def written(self) -> list[str]:
        """What it was made of, but for names and what leaves out."""
        return [pattern.text for _, pattern in self.globs]

    def placed(self, database: str) -> Wanted:
        """The same, with a database for what names none."""
        named = tuple((database, *path) if len(path) == 1 else path for path in self.named)
        return replace(self, named=named, globs=tuple((one or database, pattern) for one, pattern in self.globs))

    def within(self, database: str) -> Wanted:
        """What of it is about one database."""
        named = tuple(path for path in self.named if path[0] == database)
        return replace(self, named=named, globs=tuple(one for one in self.globs if one[0] == database))

    def excludes(self, database: str, schema: str) -> str:
        """Tell which pattern leaves a schema out, however it is spelled; one without a database does so in all."""
        meant = (pattern.text for pattern in self.excluded if pattern.means(fold(database), fold(schema), "*", fold))
        return next(meant, "")

    def check(self) -> None:
        """Refuse what contradicts itself."""
        if self.excluded and not self.globs:
            raise InvalidInput(f"!{self.excluded[0].text} leaves something out, and no pattern is given: name schemas.")
        both = [(path, text) for path in self.named if (text := self.excludes(*path[:2]))]
        if both:
            told = (f"{join_path(*path[:2])} is named, and !{text} leaves it out" for path, text in both)
            raise InvalidInput(*(f"{one}: keep one of the two." for one in told))


@dataclass(frozen=True, slots=True)
class Limits:
    """What no pattern opens.

    :param trusted: whose schemas it opens, beside the admin's and superusers'; None: anybody's, whatever their kind.
    :param checkpoint_database: where it opens none.
    :param allow: the only schemas that it opens; None: all.
    """

    trusted: Collection[str] | None = ()
    checkpoint_database: str = ""
    allow: Sequence[Pattern] | None = None


def choose(
    wanted: Wanted, database: str, schemas: Mapping[str, Schema], known: Identities, limits: Limits
) -> tuple[list[str], list[Finding]]:
    """Choose a database's schemas that patterns mean and that aren't named beside them.

    :return: the schemas as stored, and what is told of the others.
    """
    session = replace(known.session, database=database)
    named = {names.resolve(path[1], schemas, session.case_sensitive) for path in wanted.named}
    # Which database a pattern means is known here.
    whole = [(pattern, replace(pattern, globs=pattern.globs[-1:])) for _, pattern in wanted.globs]
    found: dict[str, list[str]] = {}
    fate: dict[str, str] = {}
    for name, schema in sorted(schemas.items()):
        if names.is_stored_system_schema(name) or wanted.excludes(database, name):
            continue
        if any(inside.matches(database, name, session) for _, inside in whole):
            fate[name] = "named" if name in named else _left_out(schema, known, database, limits)
            found.setdefault(fate[name], []).append(name)
    told = []
    for case, those in sorted(found.items()):
        if case not in ("", "named"):
            make = finding if case in ACTED_ON else note
            owners = tuple(sorted({schemas[name].owner for name in those}))
            told.append(make("left_out", database, case=case, schemas=tuple(map(join_path, those)), owners=owners))
    for pattern, inside in whole:
        means = {fate[name] for name in fate if inside.matches(database, name, session)}
        if means.isdisjoint({"", "named"}):
            told.append(
                finding("pattern_empty", pattern.text, database=database, **({"case": "left"} if means else {}))
            )
    return found.get("", []), told


def _left_out(schema: Schema, known: Identities, database: str, limits: Limits) -> str:
    """Why no pattern opens a schema; empty: one may."""
    if schema.name == SCHEMA:
        return "reverse_etl"
    session = known.session
    if not session.case_sensitive and fold(schema.name) != schema.name:
        return "capitals"
    if limits.trusted is None:
        return ""
    if database == limits.checkpoint_database:
        return "checkpoint"
    if limits.allow is not None and not any(one.matches(database, schema.name, session) for one in limits.allow):
        return "not allowed"
    if schema.kind != "local":
        return "not local"
    return "" if is_trusted(schema.owner, known, limits.trusted) else "owner"
