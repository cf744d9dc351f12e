"""Everything that an identity holds in a database is revoked, in an order that Redshift takes."""

from __future__ import annotations

import pytest

from airflow_provider_datagraph.access.messages import change_text
from airflow_provider_datagraph.access.plan import Change, Reason
from airflow_provider_datagraph.access.revocations import From, everything, revokes
from airflow_provider_datagraph.redshift.statements import STATEMENT_BYTES, Membership
from airflow_provider_datagraph.redshift.values import Grant, Identity, Scope
from tests.unit.access.planning import Step, seen

ROLE = Identity("role", "r")
USER = Identity("user", 'o"neil')


def steps(*grants: Grant, identity: Identity = ROLE, external: tuple[str, ...] = ()) -> list[Step]:
    return list(seen(revokes(everything(grants), From(identity, "db", Reason.LEAVES), external)))


@pytest.mark.parametrize(
    ("grants", "sql", "sentence"),
    [
        (
            [Grant(Scope.DEFAULT, "SELECT", "s", "etl")],
            'ALTER DEFAULT PRIVILEGES FOR USER "etl" IN SCHEMA "s" REVOKE ALL ON TABLES FROM ROLE "r"',
            "revoke SELECT on later tables of etl in db.s from role r: it leaves",
        ),
        (
            [Grant(Scope.DEFAULT, "SELECT", "", "etl")],
            'ALTER DEFAULT PRIVILEGES FOR USER "etl" REVOKE ALL ON TABLES FROM ROLE "r"',
            "revoke SELECT on later tables of etl in database db from role r: it leaves",
        ),
        (
            [Grant(Scope.TABLE, "TRIGGER", "s", 't"1'), Grant(Scope.TABLE, "SELECT", "s", 't"1')],
            'REVOKE ALL ON TABLE "s"."t""1" FROM ROLE "r"',
            'revoke SELECT, TRIGGER on table db.s."t""1" from role r: it leaves',
        ),
        (
            [Grant(Scope.COLUMN, "SELECT", "s", "t", "a"), Grant(Scope.COLUMN, "SELECT", "s", "t", "b")],
            'REVOKE ALL ON TABLE "s"."t" FROM ROLE "r"',
            "revoke SELECT on columns on table db.s.t from role r: it leaves",
        ),
        (
            [Grant(Scope.TABLES, "SELECT", "s.1")],
            'REVOKE ALL FOR TABLES IN SCHEMA "s.1" FROM ROLE "r"',
            'revoke SELECT on the tables of db."s.1", also later ones, from role r: it leaves',
        ),
        (
            [Grant(Scope.SCHEMA, "USAGE", "s")],
            'REVOKE ALL ON SCHEMA "s" FROM ROLE "r"',
            "revoke USAGE on schema db.s from role r: it leaves",
        ),
        (
            [Grant(Scope.DATABASE_TABLES, "SELECT", "db")],
            'REVOKE ALL FOR TABLES IN DATABASE "db" FROM ROLE "r"',
            "revoke SELECT on all tables of database db from role r: it leaves",
        ),
        (
            [Grant(Scope.SCHEMAS, "USAGE", "db")],
            'REVOKE ALL FOR SCHEMAS IN DATABASE "db" FROM ROLE "r"',
            "revoke USAGE on all schemas of database db from role r: it leaves",
        ),
        (
            [Grant(Scope.DATABASE, "CREATE", "db")],
            'REVOKE ALL ON DATABASE "db" FROM ROLE "r"',
            "revoke CREATE on database db from role r: it leaves",
        ),
    ],
)
def test_each_kind_has_its_statement(grants: list[Grant], sql: str, sentence: str) -> None:
    assert steps(*grants) == [Step(sql, (sentence,))]


def test_every_scope_is_revoked() -> None:
    # None may be passed over, and default privileges come first.
    made = [Grant(scope, "SELECT", "s", "t" if scope is Scope.TABLE else "") for scope in Scope]
    found = steps(*made)
    assert len(found) == len(Scope) - 1
    assert found[0].sql.startswith("ALTER DEFAULT PRIVILEGES")
    assert found[-1].sql.startswith("REVOKE ALL ON DATABASE")


def test_places_of_a_kind_share_a_statement_up_to_its_size() -> None:
    tables = [Grant(Scope.TABLE, "SELECT", "s", f"{n:0100d}") for n in range(700)]
    found = steps(*tables)
    assert len(found) == 2
    assert max(len(step.sql) for step in found) < STATEMENT_BYTES + 200
    assert sum(len(step.sentences) for step in found) == 700


def test_writers_and_whole_databases_have_default_privileges_of_their_own() -> None:
    found = steps(*(Grant(Scope.DEFAULT, "SELECT", s, w) for s in ("", "a", "b") for w in ("x", "y")))
    heads = [step.sql.split(" REVOKE")[0].removeprefix("ALTER DEFAULT PRIVILEGES FOR USER ") for step in found]
    assert heads == ['"x"', '"x" IN SCHEMA "a", "b"', '"y"', '"y" IN SCHEMA "a", "b"']


@pytest.mark.parametrize(
    ("kind", "sql", "said"),
    [
        ("role", 'ROLE "n"', "role n"),
        ("user", '"n"', "user n"),
        ("user", '"o""neil"', 'user o"neil'),
        ("group", 'GROUP "n"', "group n"),
        ("public", "PUBLIC", "PUBLIC"),
    ],
)
def test_how_an_identity_is_named(kind: str, sql: str, said: str) -> None:
    identity = Identity(kind, said.partition(" ")[2])
    assert (Membership(identity, "r").sql, str(identity)) == (f'GRANT ROLE "r" TO {sql}', said)


def test_external_schemas_are_closed_one_by_one_outside_a_transaction() -> None:
    grants = [Grant(Scope.SCHEMA, "USAGE", name) for name in ("b", "a", "x", "y")]
    said = {name: f'revoke USAGE on schema db.{name} from user o"neil: it leaves' for name in "abxy"}
    sql = 'REVOKE ALL ON SCHEMA {} FROM "o""neil"'
    assert steps(*grants, identity=USER, external=("x", "y")) == [
        Step(sql.format('"a", "b"'), (said["a"], said["b"])),
        *(Step(sql.format(f'"{name}"'), (said[name],), autocommit=True) for name in "xy"),
    ]


@pytest.mark.parametrize("scope", [Scope.TABLES, Scope.DATABASE_TABLES, Scope.SCHEMAS, Scope.DATABASE])
def test_what_redshift_takes_one_by_one_has_a_statement_each(scope: Scope) -> None:
    assert len(steps(Grant(scope, "SELECT", "a"), Grant(scope, "SELECT", "b"))) == 2


@pytest.mark.parametrize("kind", ["role", "user", "database", "permission"])
def test_a_name_of_one_part_stands_as_it_is(kind: str) -> None:
    said = change_text(Change("drop", kind, ("a.b",), Reason.LEAVES))
    assert said.split(" with ")[0].split(":")[0] == f"drop {'' if kind == 'permission' else kind + ' '}a.b"


def test_later_tables_alone_are_told_with_their_writer() -> None:
    grants = [Grant(Scope.TABLE, "SELECT", "s", "t"), Grant(Scope.DEFAULT, "SELECT", "s", "w")]
    found = revokes(everything(grants), From(ROLE, "db", Reason.LEAVES))
    assert [(change.path, change.names) for step in found for change in step.changes] == [
        (("db", "s"), ("w",)),
        (("db", "s", "t"), ()),
    ]
