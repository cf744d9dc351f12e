"""What the linked user can reach, by which way, and what of it nobody asked for."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_datagraph.access.messages import said
from airflow_provider_datagraph.access.plan import Finding, Level, blocking, finding, note
from airflow_provider_datagraph.access.reach.excess import beyond, excess
from airflow_provider_datagraph.access.reach.matrix import (
    ON_DATABASE,
    ON_RELATION,
    ON_SCHEMA,
    IdentityReach,
    Reached,
    matrix,
    reached,
    read_identity_reach,
    read_memberships,
    read_reached,
)
from airflow_provider_datagraph.redshift.catalog.relations import Relation
from airflow_provider_datagraph.redshift.statements import AlterUser, Membership, SystemPermission
from airflow_provider_datagraph.redshift.values import PUBLIC, Database, Grant, Identity, Scope, Session, User
from tests.unit.redshift import catalog_rows as q
from tests.unit.redshift.catalog_rows import Answers, Table

U, R, TOP, STAFF = Identity("user", "u"), Identity("role", "r"), Identity("role", "top"), Identity("group", "staff")
WAYS = {U: "direct", R: "role r", TOP: "role top through role r", STAFF: "group staff", PUBLIC: "PUBLIC"}
OWNER = Identity("ownership", "u")
USAGE, SELECT = Grant(Scope.SCHEMA, "USAGE", "crm"), Grant(Scope.TABLE, "SELECT", "crm", "a")
SCOPED, WIDE = Grant(Scope.TABLES, "SELECT", "crm"), Grant(Scope.DATABASE_TABLES, "SELECT", database="dev")
COLUMN = Grant(Scope.COLUMN, "SELECT", "crm", "a", "id")
LATER, EVERYWHERE = (Grant(Scope.DEFAULT, "SELECT", place, writer="etl") for place in ("crm", ""))
CREATE = Grant(Scope.DATABASE, "CREATE", database="dev")
USUAL: dict[str, Any] = {"forbidden": lambda *_: False, "checkpoint": "cp"}


def known(user: User | None = None, ways: Any = WAYS, **more: Any) -> IdentityReach:
    users = {"u": user or User("u", 1)}
    return IdentityReach(Session("admin", "dev"), {}, users, "u", ways, databases={"dev": Database("dev", "x")}, **more)


def found(*held: tuple[Identity, Grant], who: IdentityReach | None = None, name: str = "dev") -> list[Reached]:
    relations = tuple(Relation(schema, table, False, "x") for schema in ("crm", "hr") for table in ("b", "a"))
    return list(reached(who or known(), name, ("crm", "hr", "public"), relations, held))


ABOVE, ON_LATER = "role top through role r", "SELECT on later tables of etl role r (default privileges)"


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        # In a schema without USAGE on it there is nothing.
        ([(R, SELECT), (R, LATER), (OWNER, SELECT), (TOP, SCOPED)], []),
        ([(R, EVERYWHERE), (R, CREATE)], [" CREATE role r", f" {ON_LATER}"]),
        (
            [(R, USAGE), (U, SELECT), (STAFF, SELECT), (OWNER, SELECT), (R, COLUMN), (R, LATER)],
            [
                *("crm USAGE role r", f"crm {ON_LATER}", "crm.a SELECT group staff", "crm.a SELECT ownership"),
                *("crm.a SELECT on columns role r", "crm.a SELECT direct"),
            ],
        ),
        (
            [(PUBLIC, USAGE), (TOP, SCOPED), (R, WIDE), (TOP, Grant(Scope.SCHEMAS, "CREATE", database="dev"))],
            [
                *(f"crm CREATE {ABOVE} (schemas in database)", "crm USAGE PUBLIC"),
                *("crm.a SELECT role r (tables in database)", f"crm.a SELECT {ABOVE} (tables in schema)"),
                *("crm.b SELECT role r (tables in database)", f"crm.b SELECT {ABOVE} (tables in schema)"),
                *(f"{name} CREATE {ABOVE} (schemas in database)" for name in ("hr", "public")),
            ],
        ),
    ],
)
def test_by_which_way(held: list[tuple[Identity, Grant]], expected: list[str]) -> None:
    shown = [f"{f'{r.schema}.{r.relation}'.strip('.')} {r.privilege} {r.way}" for r in found(*held)]
    assert shown == expected


def test_tables_that_are_reached_alike_share_a_row() -> None:
    rows = matrix(found((R, USAGE), (R, SCOPED), (R, Grant(Scope.TABLE, "INSERT", "crm", "b"))))
    common = {"database": "dev", "schema": "crm"}
    assert rows == [
        {**common, "tables": [], "count": 0, "privileges": ["USAGE"], "way": "role r"},
        {**common, "tables": ["b"], "count": 1, "privileges": ["INSERT"], "way": "role r"},
        {**common, "tables": ["a", "b"], "count": 2, "privileges": ["SELECT"], "way": "role r (tables in schema)"},
    ]
    many = [Reached("dev", "crm", f"t{n:02d}", R, SCOPED, "role r") for n in reversed(range(30))]
    (row,) = matrix(many)
    assert (row["count"], row["tables"]) == (30, [f"t{n:02d}" for n in range(20)])


def asked(database: str, schema: str, table: str) -> bool:
    return (database, schema) == ("dev", "crm") and table in ("", "a")


def told(who: IdentityReach, *held: tuple[Identity, Grant], name: str = "dev", **more: Any) -> list[str]:
    """Code, object and remedy of each finding; notes in brackets."""
    some = excess(who, found(*held, who=who, name=name), "r", asked, **{**USUAL, **more})
    lines = [(one.level, f"{one.code} {one.object}: {said(one).remedy.rpartition(': ')[2]}") for one in some]
    return [f"({line})" if level is Level.NOTE else line for level, line in lines]


INSERT = Grant(Scope.TABLE, "INSERT", "crm", "a")
MAY_CREATE = Grant(Scope.SCHEMA, "CREATE", "crm")
DELETE, WRITE = Grant(Scope.DATABASE_TABLES, "DELETE", database="dev"), "can_write dev.crm: REVOKE"
IN_CRM, IN_HR = ' IN SCHEMA "crm"', Grant(Scope.DEFAULT, "INSERT", "hr", writer="etl")
NO_LATER = 'ALTER DEFAULT PRIVILEGES FOR USER "etl" IN SCHEMA "crm" REVOKE INSERT ON TABLES FROM ROLE "r"'


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ([(R, SCOPED)], []),
        ([(R, INSERT)], [f'{WRITE} INSERT ON TABLE "crm"."a" FROM ROLE "r"']),
        ([(STAFF, INSERT)], [f'{WRITE} INSERT ON TABLE "crm"."a" FROM GROUP "staff"']),
        # Table b isn't asked for, and neither is hr.
        ([(R, Grant(Scope.TABLE, "INSERT", "crm", "b")), (R, Grant(Scope.TABLE, "DROP", "hr", "a"))], []),
        ([(R, Grant(Scope.TABLES, "DROP", "crm"))], [f'{WRITE} DROP FOR TABLES IN SCHEMA "crm" FROM ROLE "r"']),
        ([(R, DELETE)], ['can_write dev: REVOKE DELETE FOR TABLES IN DATABASE "dev" FROM ROLE "r"']),
        ([(U, Grant(Scope.COLUMN, "UPDATE", "crm", "a", "id"))], [f'{WRITE} UPDATE ON TABLE "crm"."a" FROM "u"']),
        ([(R, Grant(Scope.DEFAULT, "INSERT", "crm", writer="etl"))], [f"can_write dev.crm: {NO_LATER}"]),
        ([(R, Grant(Scope.DEFAULT, "INSERT", writer="etl"))], [f"can_write dev: {NO_LATER.replace(IN_CRM, '')}"]),
        # With USAGE by everybody.
        ([(PUBLIC, Grant(Scope.SCHEMA, "USAGE", "hr")), (PUBLIC, IN_HR)], []),
        ([(OWNER, INSERT)], ["can_write dev.crm: Give dev.crm another owner, if the user is only to read."]),
        ([(PUBLIC, INSERT)], ["(can_write dev.crm: )"]),
        ([(PUBLIC, INSERT), (R, INSERT)], [f'{WRITE} INSERT ON TABLE "crm"."a" FROM ROLE "r"']),
        ([(R, MAY_CREATE)], ['can_create dev.crm: REVOKE CREATE ON SCHEMA "crm" FROM ROLE "r"']),
        ([(R, Grant(Scope.SCHEMA, "CREATE", "hr"))], []),
        ([(R, CREATE)], ['can_create dev: REVOKE CREATE ON DATABASE "dev" FROM ROLE "r"']),
        ([(PUBLIC, Grant(Scope.SCHEMA, "CREATE", "public"))], ["(can_create dev.public: )"]),
    ],
)
def test_what_must_not_be_possible(held: list[tuple[Identity, Grant]], expected: list[str]) -> None:
    assert told(known(), (R, USAGE), *held) == expected
    for least in (False, True):
        some = list(excess(known(), found((R, USAGE), *held), "r", asked, least_privilege=least, **USUAL))
        assert all(one.blocking is least or one.level is Level.NOTE for one in some) and len(some) == len(expected)
    # In another database, nothing is asked for.
    assert told(known(), (R, USAGE), *held, name="web") == []
    # In the checkpoint database, Segment creates, and owns what it created.
    whole = ("can_create dev:", "can_write dev: ALTER")
    exempt = [text for text in expected if not text.startswith(whole) and "owner" not in text]
    assert told(known(), (R, USAGE), *held, checkpoint="dev") == exempt


RUN = "If it needn't, run in database dev: "
ONE_BY_ONE = "; ".join(f'REVOKE INSERT ON TABLE "crm"."t{n}" FROM ROLE "r"' for n in range(5))


@pytest.mark.parametrize(
    ("who", "count", "said_of_them"),
    [
        (R, 6, f'role r: INSERT on 6 tables. {RUN}REVOKE INSERT ON ALL TABLES IN SCHEMA "crm" FROM ROLE "r"'),
        (R, 5, f"role r: INSERT on 5 tables. {RUN}{ONE_BY_ONE}"),
        (OWNER, 6, "ownership: INSERT on 6 tables. Give dev.crm another owner, if the user is only to read."),
    ],
)
def test_many_tables_are_revoked_at_once(who: Identity, count: int, said_of_them: str) -> None:
    held = [Grant(Scope.TABLE, "INSERT", "crm", f"t{n}") for n in range(count)]
    some = [Reached("dev", "crm", one.relation, who, one, "some way") for one in held]
    # Creating is told where something is read.
    some.append(Reached("web", "", "", R, CREATE, "role r"))
    (one,) = excess(known(), some, "r", lambda *_: True, **USUAL)
    assert str(said(one)) == f"User u can change what is to be read in dev.crm, by {said_of_them}"


NO_DROP = SystemPermission(R, "DROP TABLE", taken=True)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (
            known(User("u", 1, superuser=True, createdb=True)),
            [finding("user_is_superuser", "u", statement=AlterUser("u", "NOCREATEUSER"))],
        ),
        (known(User("u", 1, createdb=True)), [finding("user_createdb", "u", statement=AlterUser("u", "NOCREATEDB"))]),
        (known(ways={U: "direct"}), [finding("not_a_member", "u", role="r", statement=Membership(U, "r"))]),
        (
            known(system=frozenset({(R, "DROP TABLE")})),
            [finding("system_permission", "u", permission="DROP TABLE", way="role r", statement=NO_DROP)],
        ),
        (IdentityReach(Session("admin", "dev"), user="gone"), []),
    ],
)
def test_what_the_user_itself_must_not_be(who: IdentityReach, expected: list[Finding]) -> None:
    assert list(excess(who, [], "r", asked, **USUAL)) == expected
    exactly = excess(who, [], "r", asked, least_privilege=True, **USUAL)
    assert list(exactly) == [blocking(one.code, one.object, **dict(one.facts)) for one in expected]


@pytest.mark.parametrize("grant", [SELECT, COLUMN, SCOPED, WIDE])
def test_what_is_forbidden_is_not_readable(grant: Grant) -> None:
    def forbidden(database: str, schema: str) -> bool:
        return (database, schema) == ("dev", "crm")

    (line,) = told(known(), (R, USAGE), (R, grant), forbidden=forbidden)
    assert line.startswith("forbidden_readable dev") and "REVOKE SELECT" in line
    assert told(known(), (PUBLIC, USAGE), (PUBLIC, SELECT), forbidden=forbidden) == ["(forbidden_readable dev.crm: )"]
    assert told(known(), (R, USAGE), forbidden=forbidden) == []


def test_what_nobody_asked_for_is_a_note_a_schema() -> None:
    usage = [Grant(Scope.SCHEMA, "USAGE", schema) for schema in ("crm", "hr", "public")]
    public = (*((PUBLIC, one) for one in usage[1:]), (PUBLIC, Grant(Scope.SCHEMA, "CREATE", "public")))
    some = found((R, WIDE), *public, (R, CREATE), *((R, one) for one in usage[:2]))
    wide = "role r (tables in database)"
    words, ways = ("SELECT", "USAGE"), ("PUBLIC", "role r", wide)
    assert list(beyond(some, asked, "cp")) == [
        note("readable_beyond", "dev.crm", tables=("b",), privileges=("SELECT",), ways=(wide,)),
        note("readable_beyond", "dev.hr", tables=("a", "b"), privileges=words, ways=ways),
    ]
    assert [one.blocking for one in beyond(some, asked, "cp", exact=True)] == [True, True]
    facts = {"privileges": ("SELECT on later tables of etl",), "ways": ("role r (default privileges)",)}
    everywhere = found((R, EVERYWHERE))
    assert list(beyond(everywhere, asked, "cp")) == [note("readable_beyond", "dev", case="empty", **facts)]
    assert list(beyond(everywhere, asked, "dev")) == []


USERS = [["admin", 100, True, False], ["linked_user", 101, False, False], ["boss", 102, False, False]]
CLUSTER: dict[str, Table] = {
    q.USERS: USERS,
    q.DATABASES: [["dev", 102, "local"], ["sales", None, "shared"]],
    "SELECT groname, grolist FROM pg_group": [["staff", [101]], ["text", "{7,101}"], ["no", [1101]], ["empty", None]],
    q.USER_GRANTS: [["linked_user", "r"], ["boss", "other"]],
    q.ROLE_GRANTS: [["r", "above"], ["above", "top"], ["top", "above"], ["other", "far"]],
    "SELECT system_privilege, identity_name, identity_type FROM svv_system_privileges": [
        ["DROP TABLE", "top", "role"],
        ["CREATE ROLE", "far", "role"],
    ],
    q.ON_DATABASES
    + q.of("above", "linked_user", "public", "r", "staff", "text", "top")
    + " OR identity_type IN ('public')": [["role", "top", "dev", "CREATE", "DATABASE"]],
}


def test_who_the_user_is() -> None:
    rows = Answers(CLUSTER)
    who = read_identity_reach(rows, q.SESSION, "linked_user")
    assert len(rows.asked) == 7
    assert {str(one): way for one, way in who.ways.items()} == {
        "user linked_user": "direct",
        "PUBLIC": "PUBLIC",
        "group staff": "group staff",
        "group text": "group text",
        "role r": "role r",
        "role above": "role above through role r",
        "role top": "role top through role above through role r",
    }
    assert (who.system, who.on_databases) == (frozenset({(TOP, "DROP TABLE")}), frozenset({(TOP, CREATE)}))
    assert (who.unseen, who.databases["dev"]) == (frozenset(), Database("dev", "boss"))
    assert read_identity_reach(rows, q.SESSION, "nobody").ways == {}


def test_an_admin_who_is_no_superuser_leaves_roles_to_the_user() -> None:
    databases = "SELECT datname, datdba FROM pg_database"
    listed: Table = [["dev", 102], ["hidden", 1], ["template1", 1]]
    rows = Answers({**CLUSTER, q.USERS: [["admin", 100, False, False], *USERS[1:]], databases: listed})
    who = read_identity_reach(rows, q.SESSION, "linked_user")
    assert (len(rows.asked), who.unseen, R in who.ways) == (4, frozenset({"hidden"}), False)
    assert read_memberships(rows, who).ways.keys() > who.ways.keys()


EVERYTHING = [
    *((Scope.SCHEMAS, schema, "") for schema in ("PG_Own", "crm")),
    *((Scope.DATABASE, "", ""), *((Scope.DATABASE_TABLES, "crm", name) for name in "ab")),
]
OF_SCHEMA = ((Scope.SCHEMA, "crm", ""), (Scope.TABLES, "crm", "a"), (Scope.TABLES, "crm", "b"))
PRIVILEGES = {*ON_DATABASE, *ON_SCHEMA, *ON_RELATION}


@pytest.mark.parametrize(
    ("user", "schema_owner", "table_owner", "expected"),
    [
        (User("u", 101), 100, 100, set()),
        (User("u", 101), 100, 101, {("ownership", Scope.TABLE, "crm", "a")}),
        (User("u", 101), 101, 100, {("ownership", *place) for place in OF_SCHEMA}),
        (User("u", 101, superuser=True), 100, 100, {("superuser", *place) for place in EVERYTHING}),
        (User("x", 102), 100, 100, {("ownership", Scope.DATABASE, "", "")}),
    ],
)
def test_what_needs_no_grant(user: User, schema_owner: int, table_owner: int, expected: set[Any]) -> None:
    asked = " WHERE identity_name IN ('r') OR identity_type IN ('public')"
    rows = Answers(
        {
            q.NAMESPACES: [[1, "crm", schema_owner], [2, "pg_catalog", 1], [3, "PG_Own", 100]],
            q.ALL_RELATIONS: [[11, 1, "a", table_owner, "r"], [13, 1, "b", 100, "r"], [12, 2, "pg_class", 1, "r"]],
            q.ON_SCHEMAS + asked: [["role", "r", "crm", "USAGE", "SCHEMA"]],
            q.ON_RELATIONS + asked: [],
            q.ON_COLUMNS + asked: [],
            q.ON_LATER + asked.replace("identity", "grantee"): [],
        }
    )
    databases = {"dev": Database("dev", "x")}
    creates = frozenset((R, Grant(Scope.DATABASE, "CREATE", database=name)) for name in ("dev", "web"))
    who = IdentityReach(
        q.SEEN, {}, {user.name: user}, user.name, {R: "role r"}, on_databases=creates, databases=databases
    )
    here = read_reached(rows, "dev", who)
    own = [one for one in here if one.holder != R]
    assert {(one.holder.kind, one.grant.scope, one.schema, one.relation) for one in own} == expected
    assert all(one.holder.name == user.name and one.grant.privilege in PRIVILEGES for one in own)
    assert all(one.grant.database or one.grant.schema == "crm" for one in own)
    assert [(one.database, one.schema, one.privilege) for one in here if one.holder == R] == [
        *(("dev", "", "CREATE"), ("dev", "crm", "USAGE")),
    ]
    assert len(rows.asked) == 6
