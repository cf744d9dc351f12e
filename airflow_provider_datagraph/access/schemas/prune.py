"""What pruning takes away, in the named schemas and from the role alone.

Grammar: https://docs.aws.amazon.com/redshift/latest/dg/r_REVOKE.html,
https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DEFAULT_PRIVILEGES.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.desired import DesiredSchema
from airflow_provider_datagraph.access.plan import Change, Reason, Step, steps
from airflow_provider_datagraph.access.revocations import Taken
from airflow_provider_datagraph.access.schemas.targets import find_targets
from airflow_provider_datagraph.redshift.catalog.rows import Rows
from airflow_provider_datagraph.redshift.catalog.schemas import stuck_writers
from airflow_provider_datagraph.redshift.statements import ALL, Path, Privileges
from airflow_provider_datagraph.redshift.values import Grant, Identity, Scope

UNNAMED = frozenset({"RULE", "TRIGGER"})
"""They come with ALL, and can't be named in REVOKE."""
UNNAMED_LATER = UNNAMED | {"DROP", "ALTER"}
"""The page of ALTER DEFAULT PRIVILEGES doesn't name these beside REVOKE: ALL takes them, too."""
SCOPES = frozenset({Scope.DEFAULT, Scope.TABLE, Scope.TABLES, Scope.SCHEMA})


def revoke_columns(blocked: Iterable[Grant], role: Identity, current: CurrentAccess) -> Iterator[Step]:
    """Plan the revokes that have to come before a table-level grant.

    :param blocked: column-level privileges where a table-level one is wanted.
    :param role: who holds them.
    :param current: the current access.
    :return: a step for each privilege.
    """
    # At table level this takes the column grants away; by column it would have to name each.
    tables: dict[str, set[Path]] = {}
    for grant in blocked:
        tables.setdefault(grant.privilege, set()).add((current.session.database, grant.schema, grant.relation))
    for privilege, paths in sorted(tables.items()):
        make = partial(Privileges, role, (privilege,), Scope.TABLE, taken=True)
        changes = (Change("revoke", "columns", path, Reason.BLOCKS_TABLE, (privilege,), role) for path in sorted(paths))
        yield from steps(changes, 1, make)


def pruned(
    wanted: Mapping[str, frozenset[Grant]], grants: frozenset[Grant], done: frozenset[Grant] = frozenset()
) -> Iterator[Taken]:
    """Tell what isn't desired.

    :param wanted: the desired privileges, by schema.
    :param grants: what the role holds.
    :param done: what an earlier step revokes already.
    :return: what is to be taken away.
    """
    desired = frozenset(grant for grants in wanted.values() for grant in grants)
    held: dict[tuple[Scope, str, str], set[str]] = {}
    for grant in grants - desired - done:
        if grant.schema in wanted:
            scope = Scope.TABLE if grant.scope is Scope.COLUMN else grant.scope
            held.setdefault((scope, grant.schema, grant.relation), set()).add(grant.privilege)
    kept = {(g.scope, g.schema, g.relation) for g in desired}
    for place, privileges in held.items():
        unnamed = UNNAMED_LATER if place[0] is Scope.DEFAULT else UNNAMED
        words = _words(privileges, unnamed, everything=place not in kept)
        if words and place[0] in SCOPES:
            yield Taken(*place, words, words)


def _words(privileges: set[str], unnamed: Collection[str], everything: bool) -> tuple[str, ...]:
    if everything and not privileges.isdisjoint(unnamed):
        return ALL
    return tuple(sorted(privileges - UNNAMED))


def read_stuck(rows: Rows, current: CurrentAccess, desired: Sequence[DesiredSchema]) -> CurrentAccess:
    """Read which default privileges can't be pruned: Redshift wants their writer to be able to create.

    :param rows: runs a query; where no default privilege is to be pruned, it costs none.
    :param current: what :func:`.read_schemas` read for pruning.
    :param desired: the desired schemas.
    :return: the current access with ``stuck``.
    """
    targets, _ = find_targets(desired, current)
    wanted = {grant for target in targets for grant in target.grants}
    named = {target.name for target in targets}
    pruned = (g for g in current.grants - wanted if g.scope is Scope.DEFAULT and g.schema in named)
    return replace(current, stuck=frozenset(stuck_writers(rows, sorted({(g.relation, g.schema) for g in pruned}))))
