"""A Reverse ETL schema: what is asked for, what is read, and what is told beside the plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_datagraph.access import reverse_etl
from airflow_provider_datagraph.access.plan import Finding, blocking, finding, note
from airflow_provider_datagraph.access.reverse_etl import desired_schema, read_reverse_etl
from airflow_provider_datagraph.access.schemas.values import DesiredSchema, FutureTables, SchemaAccess
from airflow_provider_datagraph.redshift.catalog.privileges import Held
from airflow_provider_datagraph.redshift.statements import Privileges
from airflow_provider_datagraph.redshift.values import Grant, Identity, Role, Schema, Scope, Session, User
from tests.unit.access.planning import Plan, R, as_seen, database
from tests.unit.access.schemas.holdings import answers
from tests.unit.redshift import catalog_rows as q

WORDS = ("SELECT", "INSERT", "UPDATE", "DELETE")
DROP = Grant(Scope.TABLES, "DROP", "retl")
# Another schema's, and a single table's.
ON_CRM = Grant(Scope.SCHEMA, "USAGE", "crm")
OTHERS = {ON_CRM, Grant(Scope.TABLES, "DROP", "crm"), Grant(Scope.TABLE, "DROP", "retl", "t")}
OWNER = Identity("user", "owner")
NO_DROP = 'REVOKE DROP FOR TABLES IN SCHEMA "retl" FROM ROLE "r"'
BELONGS = note("reverse_etl_owner", "dev.retl", owner="owner")
OPENED = frozenset((OWNER, Grant(Scope.TABLES, word, "retl")) for word in WORDS)
CURRENT = replace(
    database(),
    schemas={"retl": Schema("retl", "owner")},
    users={"owner": User("owner", 101), "boss": User("boss", 1, superuser=True)},
    held=Held(OPENED),
)
plan_reverse_etl = as_seen(reverse_etl.plan_reverse_etl)


def plan(current: SchemaAccess, drop: str = "tables") -> Plan:
    return plan_reverse_etl("Dev", desired_schema("RETL", drop), "r", current, plan_only=False, owner="owner")


def told(current: SchemaAccess, drop: str = "tables") -> list[Finding]:
    return [one for one in plan(current, drop).findings if one.code.startswith("reverse_etl")]


@pytest.mark.parametrize(
    ("drop", "on_schema", "on_tables"),
    [
        ("tables", ("USAGE", "CREATE"), (*WORDS, "DROP")),
        ("all", ("USAGE", "CREATE", "DROP"), (*WORDS, "DROP")),
        ("none", ("USAGE", "CREATE"), WORDS),
    ],
)
def test_where_drop_is_granted(drop: str, on_schema: tuple[str, ...], on_tables: tuple[str, ...]) -> None:
    desired = desired_schema("retl", drop)
    assert desired == DesiredSchema("retl", schema_privileges=on_schema, table_privileges=on_tables)
    later = desired_schema("retl", drop, FutureTables.DEFAULT_PRIVILEGES, ("etl",))
    assert later == replace(desired, future=FutureTables.DEFAULT_PRIVILEGES, writers=("etl",))
    assert plan(CURRENT, drop).sql == [
        f'GRANT {", ".join(on_schema)} ON SCHEMA "retl" TO ROLE "r"',
        f'GRANT {", ".join(on_tables)} FOR TABLES IN SCHEMA "retl" TO ROLE "r"',
    ]


def test_where_there_is_no_schema_there_is_nothing_to_do() -> None:
    missing = note("schema_missing", "Dev.RETL", case="reverse_etl")
    assert plan(database()) == Plan(findings=(missing,))
    # Names compare as the session says.
    assert plan(replace(CURRENT, session=Session("admin", "dev", case_sensitive=True))) == Plan(findings=(missing,))


@pytest.mark.parametrize(
    ("drop", "grants", "sql"),
    [
        ("none", {DROP}, (NO_DROP,)),
        ("none", {DROP, Grant(Scope.SCHEMA, "DROP", "retl")}, (NO_DROP, 'REVOKE DROP ON SCHEMA "retl" FROM ROLE "r"')),
        ("tables", {DROP}, ()),
    ],
)
def test_what_is_kept_is_told_with_the_way_to_take_it_away(drop: str, grants: set[Grant], sql: tuple[str, ...]) -> None:
    current = replace(CURRENT, grants=frozenset(grants | OTHERS))
    kept = finding("reverse_etl_kept", "dev.retl", grants=frozenset(grants), role="r", database="dev", statements=sql)
    assert told(current, drop) == [kept] * bool(sql) + [BELONGS]


def test_who_else_works_there_is_told() -> None:
    usage = Grant(Scope.SCHEMA, "USAGE", "retl")
    a, b, elsewhere = (Identity("role", name) for name in ("a", "b", "elsewhere"))
    held = {(b, usage), (a, usage), (a, DROP), (R, usage), (Identity("group", "g"), usage), (elsewhere, ON_CRM)}
    current = replace(CURRENT, held=Held(frozenset(held | OPENED)))
    assert told(current) == [BELONGS, note("reverse_etl_roles", "dev.retl", roles=("a", "b"))]


@pytest.mark.parametrize("owner", ["owner", "boss", "user id 7"])
@pytest.mark.parametrize("lacking", [None, *WORDS])
def test_what_stays_closed_to_the_owner_is_told(owner: str, lacking: str | None) -> None:
    held = Held(frozenset((who, grant) for who, grant in OPENED if grant.privilege != lacking))
    found = told(replace(CURRENT, schemas={"retl": Schema("retl", owner)}, held=held))
    give = Privileges(OWNER, WORDS, Scope.TABLES, [("retl",)])
    closed = note("reverse_etl_closed", "dev.retl", owner="owner", database="dev", statement=give)
    # A superuser reads everything, and nobody is named who isn't there.
    assert found[1:] == ([closed] if owner == "owner" and lacking else [])
    assert give.sql == 'GRANT SELECT, INSERT, UPDATE, DELETE FOR TABLES IN SCHEMA "retl" TO "owner"'


def test_who_owns_schema_or_role_has_to_be_trusted() -> None:
    # No statement that would open something to the owner is proposed.
    current, desired = replace(CURRENT, held=Held()), desired_schema("retl", "none")
    found = plan_reverse_etl("dev", desired, "r", current, plan_only=False).findings
    assert found == (blocking("untrusted_owner", "dev.retl", case="schema", owner="owner"),)
    of_role = replace(current, roles={"r": Role("r", "owner")})
    found = plan_reverse_etl("dev", desired, "r", of_role, plan_only=False, owner="owner").findings
    assert [(one.code, one.object) for one in found if one.blocking] == [("untrusted_owner", "r")]
    assert plan_reverse_etl("dev", desired, "r", of_role, plan_only=False, trusted=("owner",)).blocking == ()


def and_owner(name: str) -> str:
    """The question for all that hold something on schemas, and a schema's owner."""
    return q.OF_ALL_ON_SCHEMAS.replace("WHERE", f"WHERE identity_name IN ('{name}') OR")


def test_the_schema_is_read_with_what_its_owner_holds() -> None:
    held: list[list[str]] = [
        *([*q.ROLE, "retl", word, "SCHEMA"] for word in ("USAGE", "CREATE")),
        *([*q.ROLE, "retl", word, "TABLES"] for word in (*WORDS, "DROP")),
        ["role", "linked_user", "retl", "DELETE", "TABLES"],
    ]
    schemas: q.Table = [["dev", "retl", 101, "local"]]
    owners: q.Table = [*held, [*q.USER, "retl", "SELECT", "TABLES"]]
    rows = q.Answers({q.SCHEMAS: schemas, q.OF_ALL_ON_SCHEMAS: held, and_owner("linked_user"): owners})
    desired = desired_schema("RETL", "tables")
    current = read_reverse_etl(rows, Session("admin", "dev"), "linked_role", desired, thorough=False)
    assert current.held.by(Identity("user", "linked_user")) == {Grant(Scope.TABLES, "SELECT", "retl")}
    assert plan_reverse_etl("dev", desired, "linked_role", current, plan_only=False).in_place == 2


@pytest.mark.parametrize("superuser", [True, False])
@pytest.mark.parametrize("name", ["retl", "RETL"])
def test_where_no_schema_is_seen_it_may_be_hidden(name: str, superuser: bool) -> None:
    # A session may compare names as they are typed.
    users = [["admin", 100, superuser, True]]
    rows = q.Answers({q.SCHEMAS: [], q.USERS: users, q.USER_GRANTS: [], q.NAMESPACES: [[1, "retl", 101]]})
    session, desired = Session("admin", "dev", case_sensitive=True), desired_schema(name, "tables")
    current = read_reverse_etl(rows, session, "linked_role", desired, thorough=True)
    assert rows.asked[:3] == [q.USERS, q.ROLES, q.SCHEMAS]
    assert (q.NAMESPACES in rows.asked) is not superuser
    (found,) = plan_reverse_etl("dev", desired, "linked_role", current, plan_only=False).findings
    hidden = name == "retl" and not superuser
    assert dict(found.facts)["case"] == ("hidden" if hidden else "reverse_etl")


@pytest.mark.parametrize("plan_only", [True, False])
def test_a_missing_role_is_no_obstacle_to_a_plan(plan_only: bool) -> None:
    desired = desired_schema("retl", "tables")
    found = plan_reverse_etl("dev", desired, "nobody", CURRENT, plan_only=plan_only, owner="owner")
    assert (found.blocking == ()) is plan_only


def test_a_thorough_look_is_one() -> None:
    rows = answers(**{q.tables_of("web"): [], q.USER_GRANTS: [], and_owner("admin"): []})
    current = read_reverse_etl(rows, q.SESSION, "linked_role", desired_schema("web", "tables"), thorough=True)
    assert current.context is not None and current.context.members == frozenset()
