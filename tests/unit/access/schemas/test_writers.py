"""Default privileges: whose later tables are meant, and who can't be one of them."""

from __future__ import annotations

from dataclasses import replace

from airflow_provider_datagraph.access.plan import blocking, finding
from airflow_provider_datagraph.access.schemas.targets import find_writers, possible_writers, stuck_findings
from airflow_provider_datagraph.access.schemas.values import DesiredSchema, FutureTables, SchemaAccess, Tables
from airflow_provider_datagraph.redshift.statements import Privileges
from airflow_provider_datagraph.redshift.values import Grant, Identity, Role, Schema, Scope, Session, User
from tests.unit.access.planning import MAY_CREATE, Step, given, plan_schemas

USERS = {name: User(name, at, superuser=at == 0) for at, name in enumerate(("admin", "etl", "dbt", "owner"))}
CURRENT = SchemaAccess(
    Session("admin", "dev"),
    roles={"r": Role("r", "admin")},
    users=USERS,
    schemas={name: Schema(name, "owner") for name in ("crm", "ads", "void")},
    tables=Tables(
        {"crm": frozenset({"orders"}), "ads": frozenset({"clicks"})},
        owners={"crm": frozenset({"etl", "dbt", "rdsdb", "ds:share"}), "ads": frozenset({"dbt", "etl"})},
    ),
    creators=frozenset((user, schema) for user in ("etl", "dbt") for schema in ("crm", "ads")),
)
LATER = DesiredSchema("crm", future=FutureTables.DEFAULT_PRIVILEGES)


LEFT_OUT = [finding("owner_left_out", "dev.crm", owner=owner) for owner in ("ds:share", "rdsdb")]


def test_the_owners_of_today_are_meant_but_not_the_systems() -> None:
    assert possible_writers(LATER, "crm", CURRENT) == {"etl", "dbt", "owner"}
    assert find_writers(LATER, "crm", CURRENT) == (frozenset({"etl", "dbt", "owner"}), LEFT_OUT)
    gone = replace(CURRENT, schemas={"crm": Schema("crm", "rdsdb")})
    assert possible_writers(LATER, "crm", gone) == {"etl", "dbt"}
    assert possible_writers(LATER, "crm", replace(CURRENT, tables=None)) == frozenset()
    assert find_writers(LATER, "void", CURRENT) == (frozenset(), [blocking("writers_unknown", "dev.void")])
    # Who was named by an IAM sign-in is a user as others are.
    named = Tables({}, owners={"crm": frozenset({"IAMR:dbt-prod", "IAM:etl", "sys:x", "rdsdb2"})})
    found = possible_writers(LATER, "crm", replace(CURRENT, tables=named))
    assert found == {"IAMR:dbt-prod", "IAM:etl", "rdsdb2", "owner"}
    alone = replace(CURRENT, tables=replace(named, owners={"crm": frozenset({"ds:share", "rdsdb"})}))
    assert find_writers(LATER, "crm", alone) == (frozenset(), [*LEFT_OUT, blocking("writers_unknown", "dev.crm")])
    # Given writers are meant instead, and who may create is one.
    given_ones = replace(LATER, writers=("etl", "owner", "admin"))
    assert find_writers(given_ones, "crm", CURRENT) == (frozenset({"etl", "owner", "admin"}), [])


def test_each_that_cant_be_a_writer_is_told() -> None:
    desired = replace(LATER, writers=("nobody", "etl", "dbt", "admin"))
    current = replace(CURRENT, creators=frozenset({("etl", "ads"), ("dbt", "crm")}))
    writers, findings = find_writers(desired, "crm", current)
    assert writers == {"nobody", "etl", "dbt", "admin"}
    assert findings == [
        blocking("writer_cannot_create", "dev.crm", writer="etl", statement=MAY_CREATE),
        blocking("writer_missing", "nobody"),
    ]
    assert MAY_CREATE.sql == 'GRANT CREATE ON SCHEMA "crm" TO "etl"'
    # Who may create wasn't read: nobody is taken to.
    unread = find_writers(replace(LATER, writers=("etl",)), "crm", replace(CURRENT, creators=None))
    assert unread == (frozenset({"etl"}), findings[:1])


def test_a_writer_that_cannot_create_any_more_is_stuck() -> None:
    facts = {"case": "stuck", "database": "dev"}
    ads = Privileges(Identity("user", "dbt"), ("CREATE",), Scope.SCHEMA, [("ads",)])
    assert list(stuck_findings("dev", {("etl", "crm"), ("dbt", "ads")})) == [
        blocking("writer_cannot_create", "dev.ads", writer="dbt", statement=ads, **facts),
        blocking("writer_cannot_create", "dev.crm", writer="etl", statement=MAY_CREATE, **facts),
    ]


def later(schemas: str, privileges: str = "SELECT", users: str = '"dbt", "etl", "owner"') -> str:
    return f'ALTER DEFAULT PRIVILEGES FOR USER {users} IN SCHEMA {schemas} GRANT {privileges} ON TABLES TO ROLE "r"'


def defaults(*desired: DesiredSchema, current: SchemaAccess = CURRENT) -> list[Step]:
    plan = plan_schemas(list(desired), "r", current)
    assert plan.blocking == ()
    return [step for step in plan.steps if step.sql.startswith("ALTER")]


def test_schemas_with_the_same_writers_share_a_statement() -> None:
    assert defaults(LATER, replace(LATER, name="ads")) == [
        Step(
            later('"crm", "ads"'),
            tuple(given("later tables", "dev", name, names=("dbt", "etl", "owner")) for name in ("crm", "ads")),
        )
    ]


def test_schemas_that_lack_other_things_dont() -> None:
    both = replace(LATER, table_privileges=("SELECT", "INSERT"))
    current = replace(CURRENT, grants=frozenset({Grant(Scope.DEFAULT, "SELECT", "ads", writer="etl")}))
    assert defaults(both, replace(LATER, name="ads"), current=current) == [
        Step(later('"ads"', users='"dbt", "owner"'), (given("later tables", "dev", "ads", names=("dbt", "owner")),)),
        Step(
            later('"crm"', "SELECT, INSERT"),
            (given("later tables", "dev", "crm", words="SELECT, INSERT", names=("dbt", "etl", "owner")),),
        ),
    ]
