"""How privileges and names are put into sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from airflow_provider_datagraph.redshift.names import join_path
from airflow_provider_datagraph.redshift.values import Grant, Scope


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


FEW = 5


def few(names: Sequence[str]) -> str:
    """Name the first few.

    :param names: the names.
    :return: at most five of them, and how many more there are.
    """
    rest = len(names) - FEW
    return ", ".join(names[:FEW]) + (f" and {rest} more" if rest > 0 else "")
