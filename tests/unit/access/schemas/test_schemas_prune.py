"""Pruning: what the role holds in the named schemas and nobody listed is taken away, after all is granted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_datagraph.access.plan import blocking, note
from airflow_provider_datagraph.access.schemas.values import DesiredSchema, FutureTables
from airflow_provider_datagraph.redshift.values import Grant, Scope
from tests.unit.access.planning import (
    MAY_CREATE,
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
REVOKE_WHOLE = Step('REVOKE SELECT FOR TABLES IN SCHEMA "crm" FROM ROLE "r"', (taken("tables", "dev", "crm"),))


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


def test_every_kind_of_grant_can_be_revoked() -> None:
    current = holding(
        CURRENT,
        USAGE,
        SCOPED,
        *(Grant(Scope.SCHEMA, word, "crm") for word in ("DROP", "CREATE")),
        *(Grant(Scope.TABLES, word, "crm") for word in ("UPDATE", "DELETE")),
        *(on_table(word, "orders") for word in ("UPDATE", "DROP", "ALTER")),
        *(on_column("orders", column, "REFERENCES") for column in "ab"),
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
        # Beside ALTER DEFAULT PRIVILEGES, DROP and ALTER can't be named; beside REVOKE ON TABLE they can.
        revoked("ALTER, DROP, REFERENCES, UPDATE", "orders"),
        revoked("SELECT", "accounts"),
        Step(
            'REVOKE DELETE, UPDATE FOR TABLES IN SCHEMA "crm" FROM ROLE "r"',
            (taken("tables", "dev", "crm", words="DELETE, UPDATE"),),
        ),
        Step(
            'REVOKE CREATE, DROP ON SCHEMA "crm" FROM ROLE "r"', (taken("schema", "dev", "crm", words="CREATE, DROP"),)
        ),
    )
    assert plan_schemas([DesiredSchema("crm")], "r", current, prune=True) == Plan(steps, 2, ())
    # Nothing is revoked unless asked, and in the named schemas alone.
    assert plan_schemas([DesiredSchema("crm")], "r", current).steps == ()
    assert not any("crm" in sql for sql in plan_schemas([DesiredSchema("ads")], "r", current, prune=True).sql)


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
    told = blocking("writer_cannot_create", "dev.crm", case="stuck", writer="etl", database="dev", statement=MAY_CREATE)
    assert plan.findings == ((told,) if prune else ())
