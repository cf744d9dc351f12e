"""Default privileges: whose later tables are meant, and who can't be one of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.desired import DesiredSchema, FutureTables
from airflow_provider_datagraph.access.plan import Finding
from airflow_provider_datagraph.access.schemas.writers import always_creates, find_writers, possible_writers
from airflow_provider_datagraph.redshift.values import Grant, Role, Schema, Scope, Session, User
from tests.unit.access.planning import Step, plan_schemas

USERS = {
    "admin": User("admin", 1, superuser=True),
    "etl": User("etl", 2),
    "dbt": User("dbt", 3),
    "owner": User("owner", 4),
}
CURRENT = CurrentAccess(
    Session("admin", "dev"),
    roles={"r": Role("r", "admin")},
    users=USERS,
    schemas={name: Schema(name, "owner") for name in ("crm", "ads", "void")},
    relations={"crm": frozenset({"orders"}), "ads": frozenset({"clicks"})},
    table_owners={"crm": frozenset({"etl", "dbt", "rdsdb", "ds:share"}), "ads": frozenset({"dbt", "etl"})},
    creators=frozenset({("etl", "crm"), ("dbt", "crm"), ("etl", "ads"), ("dbt", "ads")}),
)
LATER = DesiredSchema("crm", future=FutureTables.DEFAULT_PRIVILEGES)


def test_the_owners_of_todays_tables_are_meant_but_not_the_systems() -> None:
    assert possible_writers(LATER, "crm", CURRENT) == {"etl", "dbt"}
    assert possible_writers(LATER, "void", CURRENT) == frozenset()


def test_given_writers_are_meant_instead() -> None:
    assert possible_writers(replace(LATER, writers=("owner",)), "crm", CURRENT) == {"owner"}


@pytest.mark.parametrize(("user", "may"), [("admin", True), ("owner", True), ("etl", False), ("nobody", False)])
def test_superusers_and_the_owner_may_always_create(user: str, may: bool) -> None:
    assert always_creates(user, "crm", CURRENT) is may


def test_who_may_create_is_a_writer() -> None:
    desired = replace(LATER, writers=("etl", "owner", "admin"))
    assert find_writers(desired, "crm", CURRENT) == (frozenset({"etl", "owner", "admin"}), [])


def test_nobody_is_known_to_write_in_an_empty_schema() -> None:
    message = (
        "Schema dev.void holds no table yet, so nobody is known to create them: name the users that will in writers, "
        "or use future_tables='scoped'."
    )
    assert find_writers(LATER, "void", CURRENT) == (
        frozenset(),
        [Finding("writers_unknown", "dev.void", message, blocking=True)],
    )


def test_each_that_cant_be_a_writer_is_told() -> None:
    desired = replace(LATER, writers=("nobody", "etl", "dbt", "admin"))
    current = replace(CURRENT, creators=frozenset({("etl", "ads"), ("dbt", "crm")}))
    cannot = (
        "User etl can't create tables in dev.crm, and Redshift then refuses default privileges for it: run GRANT "
        'CREATE ON SCHEMA "crm" TO "etl" first, or name only users in writers that create tables there.'
    )
    assert find_writers(desired, "crm", current) == (
        frozenset({"nobody", "etl", "dbt", "admin"}),
        [
            Finding("writer_cannot_create", "dev.crm", cannot, blocking=True),
            Finding("writer_missing", "nobody", "There is no user nobody, named in writers: correct the name.", True),
        ],
    )


def later(schemas: str, privileges: str = "SELECT", users: str = '"dbt", "etl"') -> str:
    return f'ALTER DEFAULT PRIVILEGES FOR USER {users} IN SCHEMA {schemas} GRANT {privileges} ON TABLES TO ROLE "r"'


def defaults(*desired: DesiredSchema, current: CurrentAccess = CURRENT) -> list[Step]:
    plan = plan_schemas(list(desired), "r", current)
    assert plan.blocking == ()
    return [step for step in plan.steps if step.sql.startswith("ALTER")]


def test_schemas_with_the_same_writers_share_a_statement() -> None:
    assert defaults(LATER, replace(LATER, name="ads")) == [
        Step(
            later('"crm", "ads"'),
            (
                "grant SELECT on later tables of dbt, etl in dev.crm to role r: not held",
                "grant SELECT on later tables of dbt, etl in dev.ads to role r: not held",
            ),
        )
    ]


def test_schemas_that_lack_other_things_dont() -> None:
    both = replace(LATER, table_privileges=("SELECT", "INSERT"))
    current = replace(CURRENT, grants=frozenset({Grant(Scope.DEFAULT, "SELECT", "ads", "etl")}))
    assert defaults(both, replace(LATER, name="ads"), current=current) == [
        Step(later('"ads"', users='"dbt"'), ("grant SELECT on later tables of dbt in dev.ads to role r: not held",)),
        Step(
            later('"crm"', "SELECT, INSERT"),
            ("grant SELECT, INSERT on later tables of dbt, etl in dev.crm to role r: not held",),
        ),
    ]


def test_only_the_privilege_that_is_lacking_is_named() -> None:
    both = replace(LATER, table_privileges=("SELECT", "INSERT"))
    held = frozenset(Grant(Scope.DEFAULT, "SELECT", "crm", writer) for writer in ("etl", "dbt"))
    assert [step.sql for step in defaults(both, current=replace(CURRENT, grants=held))] == [later('"crm"', "INSERT")]


def test_what_holds_is_granted_no_more() -> None:
    held = frozenset(Grant(Scope.DEFAULT, "SELECT", "crm", writer) for writer in ("etl", "dbt"))
    assert defaults(LATER, current=replace(CURRENT, grants=held)) == []
    everywhere = frozenset(Grant(Scope.DEFAULT, "SELECT", "", writer) for writer in ("etl", "dbt"))
    assert defaults(LATER, current=replace(CURRENT, grants=everywhere)) == []
