"""Desired schemas beside what the catalog has for them: what is wanted, and what of it is lacking. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.desired import DesiredSchema
from airflow_provider_datagraph.access.plan import Finding
from airflow_provider_datagraph.access.schemas.writers import find_writers
from airflow_provider_datagraph.redshift.names import InvalidInput, fold, is_system_schema, join_path, quote, resolve
from airflow_provider_datagraph.redshift.values import Grant, Scope


@dataclass(frozen=True, slots=True)
class Target:
    """A desired schema beside the names that the catalog has for it.

    :param desired: the schema as desired.
    :param name: its name as stored.
    :param relations: today's tables and views.
    :param listed: those of them that are named one by one.
    :param writers: whose later tables default privileges are for.
    :param exists: whether the schema does; a plan-only run goes on as if it did.
    """

    desired: DesiredSchema
    name: str
    relations: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()
    writers: frozenset[str] = frozenset()
    exists: bool = True

    @property
    def grants(self) -> frozenset[Grant]:
        """The privileges that the role should hold."""
        desired, name = self.desired, self.name
        found = {Grant(Scope.SCHEMA, privilege, name) for privilege in desired.schema_privileges}
        if not desired.by_table:
            return frozenset(found | {Grant(Scope.TABLES, p, name) for p in desired.table_privileges})
        tables = self.relations if desired.tables is None else self.listed
        found |= {Grant(Scope.TABLE, p, name, t) for p in desired.table_privileges for t in tables}
        return frozenset(
            found | {Grant(Scope.DEFAULT, p, name, w) for p in desired.table_privileges for w in self.writers}
        )


def find_targets(
    desired: Sequence[DesiredSchema], current: CurrentAccess, plan_only: bool = False
) -> tuple[list[Target], list[Finding]]:
    """Find the desired schemas in the catalog.

    :param desired: the schemas, each named once.
    :param current: the current access.
    :param plan_only: whether a missing schema is no obstacle; default False.
    :return: the schemas that can be granted, and what is wrong with the others.
    :raises InvalidInput: if two of ``desired`` are one stored schema.
    """
    found = [_find(schema, current, plan_only) for schema in desired]
    targets = [target for target, _ in found if target is not None]
    _refuse_twice(targets)
    return targets, [finding for _, about in found for finding in about]


def held(grant: Grant, current: CurrentAccess, schema_wide: bool = True) -> bool:
    """Tell whether a role holds a privilege: itself, through a wider one, or through a role granted to it.

    :param grant: the privilege.
    :param current: the current access.
    :param schema_wide: whether a permission on all tables of the schema counts for a single one; default True.
    :return: whether it is held.
    """
    above = set(wider(grant, current.session.database))
    own = above if schema_wide else {w for w in above if w.scope is not Scope.TABLES}
    return not {grant, *own}.isdisjoint(current.grants) or not {grant, *above}.isdisjoint(current.inherited)


def wider(grant: Grant, database: str) -> Iterator[Grant]:
    """Name what gives the same privilege on more.

    :param grant: the privilege.
    :param database: the connected database.
    :return: the wider permissions.

    https://docs.aws.amazon.com/redshift/latest/dg/t_scoped-permissions.html
    """
    if grant.scope is Scope.SCHEMA:
        yield Grant(Scope.SCHEMAS, grant.privilege, database)
    if grant.scope is Scope.DEFAULT:
        yield Grant(Scope.DEFAULT, grant.privilege, "", grant.relation)
    if grant.scope in (Scope.TABLE, Scope.DEFAULT):
        yield Grant(Scope.TABLES, grant.privilege, grant.schema)
    if grant.scope in (Scope.TABLE, Scope.TABLES, Scope.DEFAULT):
        yield Grant(Scope.DATABASE_TABLES, grant.privilege, database)


def lacking(desired: Sequence[DesiredSchema], current: CurrentAccess, prune: bool = False) -> bool:
    """Tell whether anything desired isn't held.

    :param desired: the schemas.
    :param current: the current access.
    :param prune: whether a permission on all tables of a schema would be taken away; default False.
    :return: whether a plan would grant something.
    """
    targets, _ = find_targets(desired, current, plan_only=True)
    return any(not held(grant, current, not prune) for target in targets for grant in target.grants)


def _refuse_twice(targets: Sequence[Target]) -> None:
    spelled: dict[str, list[str]] = {}
    for target in targets:
        spelled.setdefault(target.name, []).append(target.desired.name)
    twice = {name: spellings for name, spellings in spelled.items() if len(spellings) > 1}
    if twice:
        raise InvalidInput(
            *(f"Schema {name} is named twice, as {' and '.join(s)}: name it once." for name, s in sorted(twice.items()))
        )


def _find(desired: DesiredSchema, current: CurrentAccess, plan_only: bool) -> tuple[Target | None, list[Finding]]:
    if is_system_schema(desired.name):
        message = f"Schema {desired.name} belongs to Redshift itself: name a schema of your own."
        return None, [Finding("system_schema", desired.name, message, blocking=True)]
    name = resolve(desired.name, current.schemas, current.session.case_sensitive)
    if name is None:
        finding = _schema_missing(desired.name, current, plan_only)
        if finding.blocking:
            return None, [finding]
        name, tables = _stored(desired.name, current), frozenset(_stored(t, current) for t in desired.tables or ())
        return Target(desired, name, listed=tables, exists=False), [finding]
    kind = current.schemas[name].kind
    if kind != "local":
        return None, [_not_local(name, kind, current)]
    relations = current.relations.get(name, frozenset())
    listed, findings = _listed(desired, name, relations, current)
    writers: frozenset[str] = frozenset()
    if desired.by_default:
        writers, problems = find_writers(desired, name, current)
        findings += problems
    return Target(desired, name, relations, listed, writers), findings


def _stored(name: str, current: CurrentAccess) -> str:
    return name if current.session.case_sensitive else fold(name)


def _listed(
    desired: DesiredSchema, name: str, relations: frozenset[str], current: CurrentAccess
) -> tuple[frozenset[str], list[Finding]]:
    listed, findings = set(), []
    for table in desired.tables or ():
        stored = resolve(table, relations, current.session.case_sensitive)
        if stored is None:
            findings.append(_table_missing(table, name, relations, current))
        elif stored in listed:
            path = join_path(current.session.database, name, stored)
            findings.append(Finding("table_twice", path, f"Table {path} is named twice: name it once.", blocking=True))
        else:
            listed.add(stored)
    return frozenset(listed), findings


def _not_local(name: str, kind: str, current: CurrentAccess) -> Finding:
    path = join_path(current.session.database, name)
    message = (
        f"Schema {path} is {kind}, and Redshift grants those to users and groups only, outside a "
        f"transaction: an administrator runs GRANT USAGE ON SCHEMA {quote(name)} TO <user> by hand."
    )
    return Finding("not_local", path, message)


def _schema_missing(name: str, current: CurrentAccess, plan_only: bool) -> Finding:
    database = current.session.database
    alike = sorted(s for s in current.schemas if s.lower() == name.lower())
    otherwise = "the plan goes on as if it did." if plan_only else "correct the name, or create the schema first."
    hint = f"did you mean {alike[0]}?" if alike else otherwise
    if not current.session.superuser:
        hint += f" {current.session.user} isn't a superuser, so it may exist and be hidden from this connection."
    message = f"Schema {name} doesn't exist in database {database}: {hint}"
    return Finding("schema_missing", join_path(database, name), message, blocking=not plan_only)


def _table_missing(table: str, schema: str, relations: Iterable[str], current: CurrentAccess) -> Finding:
    path = join_path(current.session.database, schema, table)
    alike = sorted(r for r in relations if r.lower() == table.lower())
    hint = f"did you mean {alike[0]}?" if alike else "correct the name, or create the table first."
    return Finding("table_missing", path, f"Table {path} doesn't exist: {hint}", blocking=True)
