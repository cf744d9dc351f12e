"""What the linked user can do beyond reading what was asked for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from airflow_provider_datagraph.access.messages import FEW
from airflow_provider_datagraph.access.plan import Fact, Finding, blocking, finding, note
from airflow_provider_datagraph.access.reach.matrix import IdentityReach, Reached
from airflow_provider_datagraph.access.reverse_etl import SCHEMA
from airflow_provider_datagraph.redshift import statements
from airflow_provider_datagraph.redshift.names import join_path
from airflow_provider_datagraph.redshift.values import PUBLIC, Grant, Identity, Scope

Asked = Callable[[str, str, str], bool]
"""Whether a database's schema and table are to be read; with an empty table: whether anything of the schema is."""
CODES = ("can_write", "can_create", "forbidden_readable")
WRITES = frozenset({"INSERT", "UPDATE", "DELETE", "TRUNCATE", "DROP", "ALTER"})
DEFAULTS = {("public", "USAGE"), ("public", "CREATE")}
"""What PUBLIC holds in every new database: https://docs.aws.amazon.com/redshift/latest/dg/r_Schemas_and_tables.html"""


def excess(
    known: IdentityReach,
    found: Iterable[Reached],
    role: str,
    asked: Asked,
    forbidden: Callable[[str, str], bool],
    *,
    checkpoint: str,
    least_privilege: bool = False,
) -> Iterator[Finding]:
    """Find what must not be possible, in every database that was looked at; what PUBLIC alone gives is a note.

    :param forbidden: tells whether nothing of a database's schema may be readable.
    """
    make = blocking if least_privilege else finding
    user = known.users.get(known.user)
    if user is None:
        return
    if user.superuser:
        # It can do everything, and whatever else is told says less.
        yield make("user_is_superuser", user.name, statement=statements.AlterUser(user.name, "NOCREATEUSER"))
        return
    if user.createdb:
        yield make("user_createdb", user.name, statement=statements.AlterUser(user.name, "NOCREATEDB"))
    if Identity("role", role) not in known.ways:
        join = statements.Membership(Identity("user", user.name), role)
        yield make("not_a_member", user.name, role=role, statement=join)
    for holder, what in sorted(known.system):
        take = statements.SystemPermission(holder, what, taken=True)
        yield make("system_permission", user.name, permission=what, way=known.ways[holder], statement=take)
    every = [one for one in found if not exempt(one, checkpoint)]
    databases = {one.database for one in every if one.schema and asked(one.database, one.schema, "")}
    kinds: dict[str | None, list[Reached]] = {}
    for one in every:
        kinds.setdefault(_code(one, asked, databases, forbidden), []).append(one)
    for code in CODES:
        for facts in _by_holder(kinds.get(code, []), known):
            public = facts.get("case") == "public"
            make = note if public else blocking if least_privilege else finding
            yield make(code, str(facts.pop("path")), **facts)


def exempt(one: Reached, checkpoint: str) -> bool:
    """Tell whether Segment needs it: to create in the checkpoint database, and its own schema and tables there."""
    return one.database == checkpoint and (one.schema in ("", SCHEMA) or one.holder.kind == "ownership")


def _code(one: Reached, asked: Asked, databases: set[str], forbidden: Callable[[str, str], bool]) -> str | None:
    word = one.grant.privilege
    if one.relation and word == "SELECT" and forbidden(one.database, one.schema):
        return "forbidden_readable"
    # Where Reverse ETL is set up, it writes.
    meant = one.schema not in ("", SCHEMA) and asked(one.database, one.schema, one.relation)
    here = one.database in databases
    if word == "CREATE":
        return "can_create" if meant or (here and (not one.schema or one.holder == PUBLIC)) else None
    # What is given by default in all schemas is in none yet.
    later = here and not one.schema and one.grant.scope is Scope.DEFAULT
    return "can_write" if word in WRITES and (meant or later) else None


def _by_holder(listed: list[Reached], known: IdentityReach) -> Iterator[dict[str, Fact]]:
    """Group by place and by who holds it, so that each finding has what takes it away."""
    others = {(one.database, one.schema, one.relation, one.privilege) for one in listed if one.holder != PUBLIC}
    found: dict[tuple[str, str, Identity], set[Grant]] = {}
    for one in listed:
        if one.holder != PUBLIC or (one.database, one.schema, one.relation, one.privilege) not in others:
            found.setdefault((one.database, one.grant.schema, one.holder), set()).add(one.grant)
    for (database, schema, holder), grants in found.items():
        facts: dict[str, Fact] = {"user": known.user, "database": database, "grants": frozenset(grants)}
        facts |= {"path": join_path(*filter(None, (database, schema))), "way": known.ways.get(holder, holder.kind)}
        # An owner has no grant to take away, and everybody's isn't taken for one user's sake.
        if holder in known.ways and holder != PUBLIC:
            yield facts | {"statements": tuple(one.sql for one in _revokes(holder, grants))}
        else:
            yield facts | {"case": "public" if holder == PUBLIC else "owner"}


def _revokes(holder: Identity, grants: Iterable[Grant]) -> Iterator[statements.Statement]:
    """Write what takes grants away; where they are on many tables, from all of the schema's."""
    many = len({grant.relation for grant in grants if grant.relation}) > FEW
    places: dict[tuple[Scope, statements.Path, str], set[str]] = {}
    for one in grants:
        scope, path = (Scope.TABLE, one.path[: 1 if many else 2]) if one.relation else (one.scope, one.path)
        places.setdefault((scope, path, one.writer), set()).add(one.privilege)
    for (scope, path, writer), words in sorted(places.items()):
        if scope is Scope.DEFAULT:
            yield statements.DefaultPrivileges(holder, sorted(words), [writer], path, taken=True)
        else:
            todays = many and scope is Scope.TABLE
            yield statements.Privileges(holder, sorted(words), scope, [path], todays=todays, taken=True)


def beyond(found: Iterable[Reached], asked: Asked, checkpoint: str, *, exact: bool = False) -> Iterator[Finding]:
    """Tell what is reached and wasn't asked for, schema by schema: a note, or, if it has to be ``exact``, blocking.

    What PUBLIC has by default isn't told, nor what Segment needs in the checkpoint database.
    """
    more: dict[tuple[str, str], list[Reached]] = {}
    for one in found:
        default = one.holder == PUBLIC and (one.schema, one.grant.privilege) in DEFAULTS
        told = default or one.grant.scope is Scope.DATABASE or exempt(one, checkpoint)
        if not told and not asked(one.database, one.schema, one.relation):
            more.setdefault((one.database, one.schema), []).append(one)
    make = blocking if exact else note
    for place, some in more.items():
        tables = tuple(sorted({one.relation for one in some if one.relation}))
        facts: dict[str, Fact] = {"tables": tables} if tables else {"case": "empty"}
        facts["privileges"] = tuple(sorted({one.privilege for one in some}))
        facts["ways"] = tuple(sorted({one.way for one in some}))
        yield make("readable_beyond", join_path(*filter(None, place)), **facts)
