"""Any plan, applied to any small database, gives what was desired and leaves nothing to plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_datagraph.access.plan import Plan
from airflow_provider_datagraph.access.schemas.plan import plan_schemas
from airflow_provider_datagraph.access.schemas.targets import find_targets, is_held
from airflow_provider_datagraph.access.schemas.values import Context, DesiredSchema, FutureTables, SchemaAccess, Tables
from airflow_provider_datagraph.redshift.statements import ALL, DefaultPrivileges, Privileges, Statement
from airflow_provider_datagraph.redshift.values import Grant, Role, Schema, Scope, Session, User
from tests.unit.access.planning import R

TABLES = {"crm": frozenset({"a", "b.c", 'd"'}), "we.b": frozenset({"a"})}
WORD, SCHEMA = st.sampled_from(("SELECT", "INSERT", "DELETE")), st.sampled_from(sorted(TABLES))
TABLE = st.sampled_from([(schema, table) for schema, tables in sorted(TABLES.items()) for table in sorted(tables)])
WRITER = st.sampled_from("vw")
GRANTS = st.one_of(
    st.builds(Grant, st.just(Scope.SCHEMA), st.sampled_from(("USAGE", "CREATE", "DROP")), SCHEMA),
    st.builds(Grant, st.just(Scope.TABLES), WORD, SCHEMA),
    st.builds(lambda word, at: Grant(Scope.TABLE, word, *at), WORD | st.sampled_from(("RULE", "TRIGGER")), TABLE),
    st.builds(lambda word, at: Grant(Scope.COLUMN, word, at[0], at[1], "x"), WORD, TABLE),
    st.builds(
        lambda word, name, who: Grant(Scope.DEFAULT, word, name, writer=who), WORD, SCHEMA, st.sampled_from("vw")
    ),
    st.builds(lambda word: Grant(Scope.DATABASE_TABLES, word, database="dev"), WORD),
)
DESIRED = st.builds(
    lambda name, listed, more: DesiredSchema(name, tuple(sorted(TABLES[name])[:listed]) if listed else None, **more),
    SCHEMA,
    st.sampled_from((0, 0, 1)),
    st.fixed_dictionaries(
        {
            "schema_privileges": st.sampled_from((("USAGE",), ("USAGE", "CREATE"))),
            "table_privileges": st.lists(WORD, min_size=1, unique=True).map(tuple),
            "future": st.sampled_from(FutureTables),
        }
    ),
)
DESIRES = st.lists(DESIRED, min_size=1, unique_by=lambda one: one.name)


def database(held: set[Grant], above: set[Grant]) -> SchemaAccess:
    return SchemaAccess(
        Session("admin", "dev"),
        roles={"r": Role("r", "admin")},
        users={"w": User("w", 1)},
        schemas={name: Schema(name, "w") for name in TABLES},
        grants=frozenset(held),
        tables=Tables(TABLES, owners=dict.fromkeys(TABLES, frozenset("w"))),
        creators=frozenset(("w", name) for name in TABLES),
        context=Context(inherited=frozenset(above)),
    )


def meant(statement: Statement) -> Iterator[Grant]:
    """What a statement names, by its own fields: a plan's changes aren't looked at."""
    assert isinstance(statement, Privileges | DefaultPrivileges) and statement.identity == R
    for word in statement.privileges:
        if isinstance(statement, DefaultPrivileges):
            pairs = ((name, writer) for name in statement.schemas for writer in statement.writers)
            yield from (Grant(Scope.DEFAULT, word, name, writer=writer) for name, writer in pairs)
        elif statement.todays:
            yield from (
                Grant(Scope.TABLE, word, name, table) for (name,) in statement.objects for table in TABLES[name]
            )
        else:
            assert statement.scope is not Scope.TABLES or len(statement.objects) == 1
            yield from (Grant(statement.scope, word, *path) for path in statement.objects)


def applied(statement: Statement, held: set[Grant]) -> set[Grant]:
    named = set(meant(statement))
    if not getattr(statement, "taken", False):
        # https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT-usage-notes.html
        assert named.isdisjoint(grant.whole for grant in held if grant.column)
        return held | named
    everything = {replace(one, privilege="") for one in named if (one.privilege,) == ALL}
    return {one for one in held if one.whole not in named and replace(one.whole, privilege="") not in everything}


def plan(current: SchemaAccess, held: set[Grant], desired: list[DesiredSchema], *, prune: bool) -> Plan:
    return plan_schemas(desired, "r", replace(current, grants=frozenset(held)), prune=prune)


@given(st.sets(GRANTS, max_size=12), st.sets(GRANTS, max_size=4), DESIRES, st.booleans())
@settings(deadline=None, max_examples=100)
def test_an_applied_plan_gives_what_was_desired(
    before: set[Grant], above: set[Grant], desired: list[DesiredSchema], prune: bool
) -> None:
    current = database(before, {grant for grant in above if not grant.column})
    goal = {grant for target in find_targets(desired, current)[0] for grant in target.grants}
    first, held = plan(current, before, desired, prune=prune), set(before)
    if first.blocking:
        assert not prune and {finding.code for finding in first.blocking} == {"column_grant"}
        return
    # Redshift takes a table-level grant only after the column-level ones are gone.
    on_columns = {grant.whole for grant in before if grant.column}
    is_open = {one for one in goal - on_columns if is_held(one, current)}
    for step in first.steps:
        held = applied(step.statement, held)
        assert all(is_held(one, replace(current, grants=frozenset(held))) for one in is_open), step.statement.sql
    named = {one.name for one in desired}
    if prune:
        # RULE and TRIGGER go with a table of which nothing is desired: they can't be named alone.
        unnamed = {one for one in held if one.privilege in ("RULE", "TRIGGER")}
        assert {one for one in held - unnamed if one.schema in named} <= goal
        assert {one for one in held if one.schema not in named} == {one for one in before if one.schema not in named}
    else:
        assert before <= held <= before | goal
    after = replace(current, grants=frozenset(held))
    assert all(is_held(one, after, schema_wide=not prune) for one in goal)
    again = plan(current, held, desired, prune=prune)
    assert (again.steps, again.blocking) == ((), ())
