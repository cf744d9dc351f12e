"""What pruning takes away, in the named schemas and from the role alone.

Grammar: https://docs.aws.amazon.com/redshift/latest/dg/r_REVOKE.html,
https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DEFAULT_PRIVILEGES.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from airflow_provider_datagraph.access.names import join_path, quote
from airflow_provider_datagraph.access.privileges import CurrentAccess, Grant, Scope, Step


def revoke_columns(blocked: Iterable[Grant], role: str, current: CurrentAccess) -> Iterator[Step]:
    """Plan the revokes that have to come before a table-level grant.

    :param blocked: column-level privileges where a table-level one is wanted.
    :param role: the role's name.
    :param current: the current access.
    :return: a step a table and privilege.
    """
    for privilege, schema, relation in sorted({(g.privilege, g.schema, g.relation) for g in blocked}):
        # At table level this takes the column grants away; by column it would have to name each.
        sql = f"REVOKE {privilege} ON TABLE {quote(schema)}.{quote(relation)} FROM ROLE {quote(role)}"
        path = join_path(current.session.database, schema, relation)
        yield Step(sql, (f"revoke {privilege} on columns of {path} from role {role}: it blocks the table",))


def revokes(
    wanted: Mapping[str, frozenset[Grant]], role: str, current: CurrentAccess, done: frozenset[Grant]
) -> Iterator[Step]:
    """Plan the revokes of what isn't desired; they come after all grants.

    :param wanted: the desired privileges, by schema.
    :param role: the role's name.
    :param current: the current access.
    :param done: what an earlier step revokes already.
    :return: a step a place: a schema, its tables, a table, or a writer's default privileges.
    """
    # RULE and TRIGGER come with ALL and can't be named in REVOKE.
    unnamed = {"RULE", "TRIGGER"}
    for name in sorted(wanted):
        extra = {g for g in current.grants - wanted[name] - done if g.schema == name and g.privilege not in unnamed}
        by_place: dict[tuple[Scope, str], set[str]] = {}
        for grant in extra:
            place = (Scope.TABLE if grant.scope is Scope.COLUMN else grant.scope, grant.relation)
            by_place.setdefault(place, set()).add(grant.privilege)
        for (scope, relation), privileges in sorted(by_place.items()):
            words = ", ".join(sorted(privileges))
            on, said = _place(scope, name, relation, current.session.database)
            prefix = _default_prefix(scope, name, relation)
            sql = f"{prefix}REVOKE {words} {on} FROM ROLE {quote(role)}"
            yield Step(sql, (f"revoke {words} {said} from role {role}: not desired",))


def _default_prefix(scope: Scope, schema: str, owner: str) -> str:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DEFAULT_PRIVILEGES.html
    if scope is not Scope.DEFAULT:
        return ""
    return f"ALTER DEFAULT PRIVILEGES FOR USER {quote(owner)} IN SCHEMA {quote(schema)} "


def _place(scope: Scope, schema: str, relation: str, database: str) -> tuple[str, str]:
    path = join_path(database, schema)
    if scope is Scope.SCHEMA:
        return f"ON SCHEMA {quote(schema)}", f"on schema {path}"
    if scope is Scope.TABLES:
        return f"FOR TABLES IN SCHEMA {quote(schema)}", f"on the tables of {path}, also later ones,"
    if scope is Scope.DEFAULT:
        return "ON TABLES", f"on later tables of {relation} in {path}"
    return f"ON TABLE {quote(schema)}.{quote(relation)}", f"on table {path}.{join_path(relation)}"
