"""Every sentence of a change: the one place to improve the English."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from airflow_provider_datagraph.access.plan import Change, Plan, Reason
from airflow_provider_datagraph.redshift.names import join_path
from airflow_provider_datagraph.redshift.values import Grant, Scope

FEW = 5
OBJECTS = {
    "tables": "the tables of {path}, also later ones,",
    "todays tables": "today's tables of {path}",
    "later tables": "later tables of {names} in {path}",
    "columns": "columns of {path}",
    "all tables": "all tables of database {path}",
    "all schemas": "all schemas of database {path}",
    "permission": "{path}",
}
"""How an object is named; another kind's name is the word for it, with its path."""
OF_CLUSTER = ("role", "user", "database", "permission")
"""Their names are one part, and stand as they are."""
REASONS = {
    Reason.MISSING: "it doesn't exist",
    Reason.NO_MEMBER: "it isn't a member",
    Reason.NOT_HELD: "not held",
    Reason.NOT_DESIRED: "not desired",
    Reason.BLOCKS_TABLE: "it blocks the table",
    Reason.CLOSED: "the schema is closed to it",
    Reason.LEAVES: "it leaves",
    Reason.ROLE_LEAVES: "role {of} is dropped",
    Reason.USER_LEAVES: "user {of} is dropped",
    Reason.WRITER_LEAVES: "user {of}, who creates them, is dropped",
    Reason.NAMED: "it was named to be dropped",
}


def change_text(change: Change) -> str:
    """Say what is changed, and why.

    :param change: the change.
    :return: a sentence without its full stop.
    """
    path = change.path[0] if change.kind in OF_CLUSTER else join_path(*change.path)
    if change.kind == "later tables" and len(change.path) == 1:
        path = f"database {path}"
    what = OBJECTS.get(change.kind, f"{change.kind} {{path}}").format(path=path, names=", ".join(change.names))
    if change.privileges:
        what = f"{', '.join(change.privileges)} on {what}"
    whom = f" {'from' if change.action == 'revoke' else 'to'} {change.identity}" if change.identity else ""
    return f"{change.action} {what}{_beside(change)}{whom}: {_reason(change)}"


def _beside(change: Change) -> str:
    if change.action == "create" and change.kind == "user":
        return ", its password sent as a hash"
    if change.action == "drop" and change.kind == "database":
        return f" with {change.count} tables and views in it"
    if change.action == "drop" and change.names:
        return f", with its membership of {', '.join(change.names)}"
    return ""


def _reason(change: Change) -> str:
    lacking = f" on {few(change.names)}" if change.kind == "todays tables" and change.names else ""
    return REASONS[change.reason].format(of=change.of) + lacking


def change_texts(plan: Plan) -> tuple[str, ...]:
    """Say what a plan changes.

    :param plan: the plan.
    :return: a sentence for each change.
    """
    return tuple(map(change_text, plan.changes))


def describe_grants(grants: Iterable[Grant]) -> str:
    """Describe privileges in a phrase.

    :param grants: the privileges.
    :return: such as ``CREATE on database d, USAGE on 3 schemas, SELECT on 12 tables``.
    """
    grants = set(grants)
    places = Counter((grant.scope, grant.privilege) for grant in grants)
    single = {(grant.scope, grant.privilege): grant for grant in grants}
    nouns = {Scope.TABLES: "the tables of schema", Scope.DEFAULT: "later tables of"}
    phrases = []
    for (scope, privilege), count in sorted(places.items()):
        noun = nouns.get(scope, str(scope))
        grant = single[scope, privilege]
        name = _place(grant)
        phrases.append(f"{privilege} on {noun} {name}" if count == 1 else f"{privilege} on {_plural(noun, count)}")
    return ", ".join(phrases)


def _place(grant: Grant) -> str:
    if grant.scope is Scope.DEFAULT:
        return f"{grant.relation} in {join_path(grant.schema) if grant.schema else 'all schemas'}"
    return join_path(*(part for part in (grant.schema, grant.relation, grant.column) if part))


def _plural(noun: str, count: int) -> str:
    if noun == "later tables of":
        return f"later tables, in {count} cases"
    return f"the tables of {count} schemas" if "tables of" in noun else f"{count} {noun}s"


def few(names: Sequence[str]) -> str:
    """Name the first few.

    :param names: the names.
    :return: at most five of them, and how many more there are.
    """
    rest = len(names) - FEW
    return ", ".join(names[:FEW]) + (f" and {rest} more" if rest > 0 else "")
