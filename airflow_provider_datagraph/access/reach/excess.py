"""What the linked user can do beyond reading what was asked for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from airflow_provider_datagraph.access.messages import FEW
from airflow_provider_datagraph.access.plan import Fact, Finding, blocking, finding, note
from airflow_provider_datagraph.access.reach.matrix import Reached
from airflow_provider_datagraph.access.reach.read import IdentityReach
from airflow_provider_datagraph.access.reverse_etl import SCHEMA
from airflow_provider_datagraph.redshift.names import join_path
from airflow_provider_datagraph.redshift.statements import (
    AlterUser,
    DefaultPrivileges,
    Membership,
    Path,
    Privileges,
    Statement,
    SystemPermission,
)
from airflow_provider_datagraph.redshift.values import PUBLIC, Grant, Identity, Scope

Asked = Callable[[str, str, str], bool]
"""Whether a database's schema and table are to be read; with an empty table: whether anything of the schema is."""
Forbidden = Callable[[str, str], bool]
"""Whether a database's schema must not be read."""
WRITES = frozenset({"INSERT", "UPDATE", "DELETE", "TRUNCATE", "DROP", "ALTER"})
CODES = ("can_write", "can_create", "forbidden_readable")
DEFAULTS = {("", "TEMPORARY"), ("public", "USAGE"), ("public", "CREATE")}
"""What PUBLIC holds in every new database: https://docs.aws.amazon.com/redshift/latest/dg/r_Schemas_and_tables.html"""


def excess(
    known: IdentityReach,
    found: Iterable[Reached],
    role: str,
    asked: Asked,
    forbidden: Forbidden | None = None,
    *,
    checkpoint: str,
    least_privilege: bool = False,
) -> Iterator[Finding]:
    """Find what must not be possible.

    :param found: what is reached, in every database that was looked at.
    :param role: the linked role.
    :param asked: what is to be read.
    :param forbidden: what must not be; default None: nothing is.
    :param checkpoint: the checkpoint database, where the linked user creates, and owns what it created.
    :param least_privilege: whether these are blocking; default False. What PUBLIC alone gives is a note.
    """
    make = blocking if least_privilege else finding
    user = known.users.get(known.user)
    if user is None:
        return
    if user.superuser:
        # It can do everything, and whatever else is told says less.
        yield make("user_is_superuser", user.name, statement=AlterUser(user.name, "NOCREATEUSER"))
        return
    if user.createdb:
        yield make("user_createdb", user.name, statement=AlterUser(user.name, "NOCREATEDB"))
    itself = Identity("user", user.name)
    if Identity("role", role) not in known.ways:
        yield make("not_a_member", user.name, role=role, statement=Membership(itself, role))
    for holder, way in sorted(known.ways.items()):
        if permissions := tuple(sorted(what for who, what in known.system if who == holder)):
            taken = tuple(SystemPermission(holder, what, taken=True).sql for what in permissions)
            yield make("system_permissions", user.name, permissions=permissions, way=way, statements=taken)
    every = [one for one in found if not exempt(one, checkpoint)]
    databases = {one.database for one in every if one.schema and asked(one.database, one.schema, "")}
    kinds: dict[str, list[Reached]] = {code: [] for code in CODES}
    for one in every:
        code = _code(one, asked, databases, forbidden)
        if code:
            kinds[code].append(one)
    for code, listed in kinds.items():
        yield from _told(code, listed, known, least_privilege=least_privilege)


def exempt(one: Reached, checkpoint: str) -> bool:
    """Tell whether Segment needs it: to create in the checkpoint database, and its own schema and tables there."""
    return one.database == checkpoint and (one.schema in ("", SCHEMA) or one.holder is None)


def _code(one: Reached, asked: Asked, databases: set[str], forbidden: Forbidden | None) -> str:
    word, readable = one.grant.privilege, one.relation and one.grant.privilege == "SELECT"
    if readable and forbidden is not None and forbidden(one.database, one.schema):
        return "forbidden_readable"
    # Where Reverse ETL is set up, it writes.
    meant = one.schema != SCHEMA and asked(one.database, one.schema, one.relation)
    if word == "CREATE":
        everywhere = not one.schema or one.holder == PUBLIC
        return "can_create" if meant or (everywhere and one.database in databases) else ""
    return "can_write" if word in WRITES and meant and one.schema else ""


def _told(code: str, listed: list[Reached], known: IdentityReach, *, least_privilege: bool) -> Iterator[Finding]:
    """Tell it by place and by who holds it, so that each finding has what takes it away."""
    others = {_what(one) for one in listed if one.holder != PUBLIC}
    found: dict[tuple[str, str, str, Identity | None], list[Reached]] = {}
    for one in listed:
        if one.holder != PUBLIC or _what(one) not in others:
            way = one.way if one.holder is None else known.ways[one.holder]
            found.setdefault((one.database, one.grant.schema, way, one.holder), []).append(one)
    for (database, schema, way, holder), some in found.items():
        grants = frozenset(one.grant for one in some)
        facts: dict[str, Fact] = {"user": known.user, "database": database, "grants": grants, "way": way}
        if holder is None or holder == PUBLIC:
            # An owner has no grant to take away, and everybody's isn't taken for one user's sake.
            facts["case"] = "owner" if holder is None else "public"
        else:
            facts["statements"] = tuple(one.sql for one in _revokes(holder, grants))
        make = note if holder == PUBLIC else blocking if least_privilege else finding
        yield make(code, join_path(*filter(None, (database, schema))), **facts)


def _what(one: Reached) -> tuple[str, str, str, str]:
    return one.database, one.schema, one.relation, one.privilege


def _revokes(holder: Identity, grants: Iterable[Grant]) -> Iterator[Statement]:
    """Write what takes grants away; where they are on many tables, on all of the schema's."""
    places: dict[tuple[Scope, Path, str], set[str]] = {}
    for grant in grants:
        on_table = grant.scope in (Scope.TABLE, Scope.COLUMN)
        place = (Scope.TABLE, grant.path[:2], "") if on_table else (grant.scope, grant.path, grant.writer)
        places.setdefault(place, set()).add(grant.privilege)
    tables = [path for scope, path, _ in places if scope is Scope.TABLE]
    if len(tables) > FEW:
        words = set().union(*(places.pop((Scope.TABLE, path, "")) for path in tables))
        yield Privileges(holder, sorted(words), Scope.TABLE, [tables[0][:1]], todays=True, taken=True)
    for (scope, path, writer), words in sorted(places.items()):
        if scope is Scope.DEFAULT:
            yield DefaultPrivileges(holder, sorted(words), [writer], path, taken=True)
        else:
            yield Privileges(holder, sorted(words), scope, [path], taken=True)


def beyond(found: Iterable[Reached], asked: Asked, checkpoint: str) -> Iterator[Finding]:
    """Tell what is reached and wasn't asked for: one note a schema. What PUBLIC has by default isn't told.

    :param asked: what was asked for.
    :param checkpoint: the checkpoint database, where what Segment needs isn't told either.
    """
    more: dict[tuple[str, str], list[Reached]] = {}
    for one in found:
        default = one.holder == PUBLIC and (one.schema, one.grant.privilege) in DEFAULTS
        of_database = not one.schema and one.grant.scope is Scope.DATABASE
        if not (default or of_database or exempt(one, checkpoint) or asked(one.database, one.schema, one.relation)):
            more.setdefault((one.database, one.schema), []).append(one)
    for (database, schema), some in more.items():
        tables = tuple(sorted({one.relation for one in some if one.relation}))
        words, ways = (tuple(sorted(set(each))) for each in ((o.privilege for o in some), (o.way for o in some)))
        facts: dict[str, Fact] = {"privileges": words, "ways": ways}
        path = join_path(*filter(None, (database, schema)))
        if tables:
            yield note("readable_beyond", path, tables=tables, **facts)
        else:
            yield note("readable_beyond", path, case="empty", **facts)
