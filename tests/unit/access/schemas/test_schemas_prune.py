"""Pruning: what the role holds in the named schemas and nobody listed is taken away, after all is granted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_datagraph.access.plan import blocking, note
from airflow_provider_datagraph.access.schemas.values import DesiredSchema, FutureTables
from airflow_provider_datagraph.redshift.statements import Privileges
from airflow_provider_datagraph.redshift.values import Grant, Identity, Role, Scope
from tests.unit.access.planning import (
    SCOPED,
    USAGE,
    Plan,
    Step,
    database,
    holding,
    listed,
    on_column,
    on_table,
    plan_schemas,
    revoked,
    scoped,
    taken,
)

CURRENT = database("crm", "ads", 'we"b', crm="orders accounts")
ORDERS, ACCOUNTS = on_table("SELECT", "orders"), on_table("SELECT", "accounts")
GRANT_ORDERS, GRANT_WHOLE = listed("SELECT", "orders"), scoped("crm")
REVOKE_WHOLE = Step(
    'REVOKE SELECT FOR TABLES IN SCHEMA "crm" FROM ROLE "r"',
    (taken("tables", "dev", "crm"),),
)


@pytest.mark.parametrize(
    ("desired", "held", "steps", "in_place"),
    [
        (DesiredSchema("crm", ("orders",)), (USAGE, SCOPED), (GRANT_ORDERS, REVOKE_WHOLE), 1),
        (DesiredSchema("crm", ("orders",)), (USAGE, SCOPED, ORDERS), (REVOKE_WHOLE,), 2),
        (DesiredSchema("crm", ("orders",)), (USAGE, ORDERS, ACCOUNTS), (revoked("SELECT", "accounts"),), 2),
        (DesiredSchema("crm"), (USAGE, ORDERS, ACCOUNTS), (GRANT_WHOLE, revoked("SELECT", "accounts", "orders")), 1),
        (DesiredSchema("crm", future=FutureTables.NONE), (USAGE, SCOPED, ORDERS, ACCOUNTS), (REVOKE_WHOLE,), 2),
        (DesiredSchema("crm"), (USAGE, SCOPED), (), 2),
    ],
)
def test_a_change_between_forms_grants_before_it_revokes(
    desired: DesiredSchema, held: tuple[Grant, ...], steps: tuple[Step, ...], in_place: int
) -> None:
    assert plan_schemas([desired], "r", holding(CURRENT, *held), prune=True) == Plan(steps, in_place, ())


def test_nothing_is_revoked_unless_asked() -> None:
    current = holding(CURRENT, USAGE, SCOPED, ORDERS, ACCOUNTS, Grant(Scope.SCHEMA, "CREATE", "crm"))
    assert plan_schemas([DesiredSchema("crm", ("orders",))], "r", current) == Plan((), 2, ())


def test_every_kind_of_grant_can_be_revoked() -> None:
    current = holding(
        CURRENT,
        USAGE,
        SCOPED,
        Grant(Scope.SCHEMA, "DROP", "crm"),
        Grant(Scope.SCHEMA, "CREATE", "crm"),
        Grant(Scope.TABLES, "UPDATE", "crm"),
        Grant(Scope.TABLES, "DELETE", "crm"),
        on_table("UPDATE", "orders"),
        on_table("INSERT", "orders"),
        on_column("orders", "a", "REFERENCES"),
        on_column("orders", "b", "REFERENCES"),
        on_column("accounts"),
        Grant(Scope.DEFAULT, "SELECT", "crm", writer='lo"ader'),
        Grant(Scope.DEFAULT, "INSERT", "crm", writer='lo"ader'),
        Grant(Scope.DEFAULT, "SELECT", "crm", writer="another"),
    )
    default = 'ALTER DEFAULT PRIVILEGES FOR USER "{}" IN SCHEMA "crm" REVOKE {} ON TABLES FROM ROLE "r"'
    steps = (
        Step(
            default.format('lo""ader', "INSERT, SELECT"),
            (taken("later tables", "dev", "crm", words="INSERT, SELECT", names=('lo"ader',)),),
        ),
        Step(default.format("another", "SELECT"), (taken("later tables", "dev", "crm", names=("another",)),)),
        revoked("INSERT, REFERENCES, UPDATE", "orders"),
        revoked("SELECT", "accounts"),
        Step(
            'REVOKE DELETE, UPDATE FOR TABLES IN SCHEMA "crm" FROM ROLE "r"',
            (taken("tables", "dev", "crm", words="DELETE, UPDATE"),),
        ),
        Step(
            'REVOKE CREATE, DROP ON SCHEMA "crm" FROM ROLE "r"',
            (taken("schema", "dev", "crm", words="CREATE, DROP"),),
        ),
    )
    assert plan_schemas([DesiredSchema("crm")], "r", current, prune=True) == Plan(steps, 2, ())


@pytest.mark.parametrize("privilege", ["RULE", "TRIGGER"])
def test_what_cant_be_named_goes_with_everything_else_or_stays(privilege: str) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html: ALL gives both, and neither is a word of REVOKE.
    other = on_table(privilege, "accounts")
    current = holding(CURRENT, USAGE, SCOPED, ORDERS, on_table(privilege, "orders"), other)
    plan = plan_schemas([DesiredSchema("crm")], "r", current, prune=True)
    assert plan == Plan((revoked("ALL", "accounts", "orders"),), 2, ())
    desired = DesiredSchema("crm", ("orders", "accounts"))
    current = holding(CURRENT, USAGE, ORDERS, ACCOUNTS, on_table(privilege, "orders"))
    left = note("unnamed", "dev", grants=frozenset({on_table(privilege, "orders")}), role="r")
    assert plan_schemas([desired], "r", current, prune=True) == Plan((), 3, (left,))
    assert plan_schemas([desired], "r", current) == Plan((), 3, ())


def test_only_named_schemas_are_pruned() -> None:
    elsewhere = (
        Grant(Scope.SCHEMA, "CREATE", "other"),
        Grant(Scope.TABLES, "INSERT", "other"),
        Grant(Scope.DATABASE, "CREATE", database="dev"),
        Grant(Scope.TABLE, "SELECT", "lake", "crm"),
    )
    current = holding(CURRENT, USAGE, SCOPED, ORDERS, *elsewhere)
    plan = plan_schemas([DesiredSchema("CRM")], "r", current, prune=True)
    assert plan == Plan((revoked("SELECT", "orders"),), 2, ())


def test_revokes_are_sorted_by_schema_after_every_grant() -> None:
    extra = (Grant(Scope.SCHEMA, "CREATE", name) for name in ('we"b', "crm", "ads"))
    desired = [DesiredSchema('we"b'), DesiredSchema("crm"), DesiredSchema("ads")]
    plan = plan_schemas(desired, "r", holding(CURRENT, SCOPED, *extra), prune=True)
    assert plan.sql == [
        'GRANT USAGE ON SCHEMA "we""b", "crm", "ads" TO ROLE "r"',
        'GRANT SELECT FOR TABLES IN SCHEMA "we""b" TO ROLE "r"',
        'GRANT SELECT FOR TABLES IN SCHEMA "ads" TO ROLE "r"',
        'REVOKE CREATE ON SCHEMA "ads", "crm", "we""b" FROM ROLE "r"',
    ]
    assert plan.in_place == 1


def test_names_in_revokes_are_quoted() -> None:
    current = replace(
        CURRENT,
        roles={'r"1': Role('r"1', "admin")},
        grants=frozenset(
            {
                Grant(Scope.TABLE, "SELECT", 'we"b', 't".1'),
                Grant(Scope.TABLES, "INSERT", 'we"b'),
                Grant(Scope.SCHEMA, "CREATE", 'we"b'),
                Grant(Scope.DEFAULT, "INSERT", 'we"b', writer="u"),
            }
        ),
    )
    plan = plan_schemas([DesiredSchema('we"b')], 'r"1', current, prune=True)
    assert plan.sql[2:] == [
        'ALTER DEFAULT PRIVILEGES FOR USER "u" IN SCHEMA "we""b" REVOKE INSERT ON TABLES FROM ROLE "r""1"',
        'REVOKE SELECT ON TABLE "we""b"."t"".1" FROM ROLE "r""1"',
        'REVOKE INSERT FOR TABLES IN SCHEMA "we""b" FROM ROLE "r""1"',
        'REVOKE CREATE ON SCHEMA "we""b" FROM ROLE "r""1"',
    ]


def test_what_cannot_be_named_on_later_tables_goes_with_all_where_nothing_stays() -> None:
    drop, select = (Grant(Scope.DEFAULT, word, "crm", writer="etl") for word in ("DROP", "SELECT"))
    current = holding(CURRENT, USAGE, ORDERS, drop, select)
    plan = plan_schemas([DesiredSchema("crm", ("orders",))], "r", current, prune=True)
    assert plan.sql == ['ALTER DEFAULT PRIVILEGES FOR USER "etl" IN SCHEMA "crm" REVOKE ALL ON TABLES FROM ROLE "r"']


@pytest.mark.parametrize("prune", [True, False])
def test_a_writer_that_cannot_create_any_more_stops_pruning(prune: bool) -> None:
    held = holding(CURRENT, USAGE, ORDERS, Grant(Scope.DEFAULT, "SELECT", "crm", writer="etl"))
    current = replace(held, stuck=frozenset({("etl", "crm")}) if prune else None)
    plan = plan_schemas([DesiredSchema("crm", ("orders",))], "r", current, prune=prune)
    give = Privileges(Identity("user", "etl"), ("CREATE",), Scope.SCHEMA, [("crm",)])
    told = blocking("writer_cannot_create", "dev.crm", case="stuck", writer="etl", database="dev", statement=give)
    assert plan.findings == ((told,) if prune else ())
    assert give.sql == 'GRANT CREATE ON SCHEMA "crm" TO "etl"'


@pytest.mark.parametrize("word", ["DROP", "ALTER"])
def test_what_a_table_may_be_revoked_by_name_is(word: str) -> None:
    # Beside ALTER DEFAULT PRIVILEGES the two can't be named; beside REVOKE ON TABLE they can.
    plan = plan_schemas(
        [DesiredSchema("crm")], "r", holding(CURRENT, USAGE, SCOPED, on_table(word, "orders")), prune=True
    )
    assert plan.sql == [f'REVOKE {word} ON TABLE "crm"."orders" FROM ROLE "r"']


def test_default_privileges_of_one_writer_are_revoked_together() -> None:
    names = ("ads", "crm")
    held = [
        grant
        for name in names
        for grant in (
            Grant(Scope.SCHEMA, "USAGE", name),
            Grant(Scope.TABLES, "SELECT", name),
            Grant(Scope.DEFAULT, "SELECT", name, writer="etl"),
        )
    ]
    plan = plan_schemas([DesiredSchema(name) for name in names], "r", holding(database(*names), *held), prune=True)
    assert plan.sql == [
        'ALTER DEFAULT PRIVILEGES FOR USER "etl" IN SCHEMA "ads", "crm" REVOKE SELECT ON TABLES FROM ROLE "r"'
    ]
