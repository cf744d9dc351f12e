"""Who holds what: one query and one reader for each view of privileges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from airflow_provider_datagraph.redshift.catalog.rows import Rows, among, word
from airflow_provider_datagraph.redshift.values import PUBLIC, Grant, Identity, Scope

DATABASE_SCOPES = {"DATABASE": Scope.DATABASE, "SCHEMAS": Scope.SCHEMAS, "TABLES": Scope.DATABASE_TABLES}
"""What SVV_DATABASE_PRIVILEGES calls the scopes that are handled."""
SCHEMA_SCOPES = {"SCHEMA": Scope.SCHEMA, "TABLES": Scope.TABLES}
"""What SVV_SCHEMA_PRIVILEGES calls them."""


@dataclass(frozen=True, slots=True)
class Who:
    """Whose privileges are asked for: those of some identities, and of all that are of some kinds."""

    identities: frozenset[Identity] = frozenset()
    kinds: tuple[str, ...] = ()

    def condition(self, prefix: str = "identity") -> str:
        """Write what the view is asked: names alone, and their kind is looked at afterwards."""
        asked = {f"{prefix}_name": {one.name for one in self.identities}, f"{prefix}_type": self.kinds}
        return " OR ".join(among(column, values) for column, values in asked.items() if values)

    def __contains__(self, identity: Identity) -> bool:
        return identity.kind in self.kinds or identity in self.identities


def of(*identities: Identity) -> Who:
    """Ask for the privileges of identities."""
    return Who(frozenset(identities))


@dataclass(frozen=True, slots=True)
class Held:
    """What identities hold.

    :param unhandled: what nothing here grants or revokes, a phrase each, with its database (empty: the connected one).
    """

    grants: frozenset[tuple[Identity, Grant]] = frozenset()
    unhandled: frozenset[tuple[str, str]] = frozenset()

    def __or__(self, other: Held) -> Held:
        return Held(self.grants | other.grants, self.unhandled | other.unhandled)

    def by(self, identity: Identity) -> frozenset[Grant]:
        return frozenset(grant for holder, grant in self.grants if holder == identity)

    def by_holder(self) -> dict[Identity, frozenset[Grant]]:
        found: dict[Identity, set[Grant]] = {}
        for holder, grant in self.grants:
            found.setdefault(holder, set()).add(grant)
        return {holder: frozenset(found[holder]) for holder in sorted(found)}


def _identity(kind: object, name: object) -> Identity:
    return PUBLIC if kind == "public" else Identity(str(kind), str(name))


def _rows(
    rows: Rows, view: str, columns: str, who: Who, grantable: bool = False
) -> Iterator[tuple[Identity, list[object]]]:
    option = ", admin_option" if grantable else ""
    query = f"SELECT identity_type, identity_name, {columns}{option} FROM {view} WHERE {who.condition()}"
    for kind, name, *values in rows(query):
        identity = _identity(kind, name)
        if identity in who and (not grantable or values.pop()):
            yield identity, values


def _scoped(found: Iterator[tuple[Identity, list[object]]], scopes: Mapping[str, Scope], place: str) -> Held:
    """Read privileges on what ``place`` is: a ``database`` or a ``schema``."""
    grants, unhandled = set(), set()
    for identity, (name, privilege, scope) in found:
        if word(scope) in scopes:
            grants.add((identity, Grant(scopes[word(scope)], word(privilege), **{place: str(name)})))
        else:
            told = f"{word(privilege)} FOR {word(scope)} IN {place.upper()} {name} ({identity})"
            unhandled.add((str(name) if place == "database" else "", told))
    return Held(frozenset(grants), frozenset(unhandled))


def database_grants(rows: Rows, who: Who, *, grantable: bool = False) -> Held:
    """Read privileges on databases, scoped ones too; if ``grantable``, with grant option. r_SVV_DATABASE_PRIVILEGES"""
    found = _rows(rows, "svv_database_privileges", "database_name, privilege_type, privilege_scope", who, grantable)
    return _scoped(found, DATABASE_SCOPES, "database")


def schema_grants(rows: Rows, who: Who, *, grantable: bool = False) -> Held:
    """Read privileges on the connected database's schemas, scoped ones too. r_SVV_SCHEMA_PRIVILEGES"""
    found = _rows(rows, "svv_schema_privileges", "namespace_name, privilege_type, privilege_scope", who, grantable)
    return _scoped(found, SCHEMA_SCOPES, "schema")


def relation_grants(rows: Rows, who: Who, *, grantable: bool = False) -> Held:
    """Read privileges on the connected database's tables and views. r_SVV_RELATION_PRIVILEGES"""
    found = _rows(rows, "svv_relation_privileges", "namespace_name, relation_name, privilege_type", who, grantable)
    return Held(frozenset((i, Grant(Scope.TABLE, word(p), str(n), str(r))) for i, (n, r, p) in found))


def column_grants(rows: Rows, who: Who) -> Held:
    """Read privileges on columns in the connected database. r_SVV_COLUMN_PRIVILEGES"""
    found = _rows(rows, "svv_column_privileges", "namespace_name, relation_name, column_name, privilege_type", who)
    return Held(frozenset((i, Grant(Scope.COLUMN, word(p), str(n), str(r), str(c))) for i, (n, r, c, p) in found))


def default_grants(rows: Rows, who: Who, writers: Iterable[str] = ()) -> Held:
    """Read what some hold on later tables, and anybody on those of ``writers``. r_SVV_DEFAULT_PRIVILEGES"""
    owners = set(writers)
    made = f" OR {among('owner_name', owners)}" if owners else ""
    query = (
        "SELECT grantee_type, grantee_name, owner_name, schema_name, object_type, privilege_type "
        f"FROM svv_default_privileges WHERE {who.condition('grantee')}{made}"
    )
    grants, unhandled = set(), set()
    for kind, name, owner, schema, what, privilege in rows(query):
        identity = _identity(kind, name)
        if identity not in who and str(owner) not in owners:
            continue
        if word(what) == "RELATION":
            place = "" if schema is None else str(schema)
            grants.add((identity, Grant(Scope.DEFAULT, word(privilege), place, writer=str(owner))))
        elif identity.kind != "public":
            # PUBLIC's EXECUTE is there before anybody grants it.
            unhandled.add(("", f"{word(privilege)} on later {word(what)}S of {owner} ({identity})"))
    return Held(frozenset(grants), frozenset(unhandled))
