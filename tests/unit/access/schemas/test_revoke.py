"""Everything that an identity holds in a database is revoked, in an order that Redshift takes."""

from __future__ import annotations

import pytest

from airflow_provider_datagraph.access.plan import Change, Reason
from airflow_provider_datagraph.access.schemas.revoke import From, everything, pruned, revokes
from airflow_provider_datagraph.redshift.statements import STATEMENT_BYTES
from airflow_provider_datagraph.redshift.values import Grant, Identity, Scope
from tests.unit.access.planning import R, Step, on_table, seen, taken

USER = Identity("user", 'o"neil')


def leaving(kind: str, *path: str, words: str = "SELECT", names: tuple[str, ...] = ()) -> Change:
    return taken(kind, *path, words=words, reason=Reason.LEAVES, names=names)


def steps(*grants: Grant, identity: Identity = R, external: tuple[str, ...] = ()) -> list[Step]:
    return list(seen(revokes(everything(grants), From(identity, "db", Reason.LEAVES), external)))


@pytest.mark.parametrize(
    ("grants", "sql", "change"),
    [
        (
            [Grant(Scope.DEFAULT, "SELECT", "s", writer="etl")],
            'ALTER DEFAULT PRIVILEGES FOR USER "etl" IN SCHEMA "s" REVOKE ALL ON TABLES FROM ROLE "r"',
            leaving("later tables", "db", "s", names=("etl",)),
        ),
        (
            [Grant(Scope.DEFAULT, "SELECT", "", writer="etl")],
            'ALTER DEFAULT PRIVILEGES FOR USER "etl" REVOKE ALL ON TABLES FROM ROLE "r"',
            leaving("later tables", "db", names=("etl",)),
        ),
        (
            [Grant(Scope.TABLE, "TRIGGER", "s", 't"1'), Grant(Scope.TABLE, "SELECT", "s", 't"1')],
            'REVOKE ALL ON TABLE "s"."t""1" FROM ROLE "r"',
            leaving("table", "db", "s", 't"1', words="SELECT, TRIGGER"),
        ),
        (
            [Grant(Scope.COLUMN, "SELECT", "s", "t", "a"), Grant(Scope.COLUMN, "SELECT", "s", "t", "b")],
            'REVOKE ALL ON TABLE "s"."t" FROM ROLE "r"',
            leaving("table", "db", "s", "t", words="SELECT on columns"),
        ),
        (
            [Grant(Scope.TABLES, "SELECT", "s.1")],
            'REVOKE ALL FOR TABLES IN SCHEMA "s.1" FROM ROLE "r"',
            leaving("tables", "db", "s.1"),
        ),
        (
            [Grant(Scope.SCHEMA, "USAGE", "s")],
            'REVOKE ALL ON SCHEMA "s" FROM ROLE "r"',
            leaving("schema", "db", "s", words="USAGE"),
        ),
        (
            [Grant(Scope.DATABASE_TABLES, "SELECT", database="db")],
            'REVOKE ALL FOR TABLES IN DATABASE "db" FROM ROLE "r"',
            leaving("all tables", "db"),
        ),
        (
            [Grant(Scope.SCHEMAS, "USAGE", database="db")],
            'REVOKE ALL FOR SCHEMAS IN DATABASE "db" FROM ROLE "r"',
            leaving("all schemas", "db", words="USAGE"),
        ),
        (
            [Grant(Scope.DATABASE, "CREATE", database="db")],
            'REVOKE ALL ON DATABASE "db" FROM ROLE "r"',
            leaving("database", "db", words="CREATE"),
        ),
    ],
)
def test_each_kind_has_its_statement(grants: list[Grant], sql: str, change: Change) -> None:
    assert steps(*grants) == [Step(sql, (change,))]


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
    assert sum(len(step.changes) for step in found) == 700


def test_writers_and_whole_databases_have_default_privileges_of_their_own() -> None:
    found = steps(*(Grant(Scope.DEFAULT, "SELECT", s, writer=w) for s in ("", "a", "b") for w in ("x", "y")))
    heads = [step.sql.split(" REVOKE")[0].removeprefix("ALTER DEFAULT PRIVILEGES FOR USER ") for step in found]
    assert heads == ['"x"', '"x" IN SCHEMA "a", "b"', '"y"', '"y" IN SCHEMA "a", "b"']


def test_external_schemas_are_closed_one_by_one_outside_a_transaction() -> None:
    grants = [Grant(Scope.SCHEMA, "USAGE", name) for name in ("b", "a", "x", "y")]
    told = {name: Change("revoke", "schema", ("db", name), Reason.LEAVES, ("USAGE",), USER) for name in "abxy"}
    sql = 'REVOKE ALL ON SCHEMA {} FROM "o""neil"'
    assert steps(*grants, identity=USER, external=("x", "y")) == [
        Step(sql.format('"a", "b"'), (told["a"], told["b"])),
        *(Step(sql.format(f'"{name}"'), (told[name],), autocommit=True) for name in "xy"),
    ]


@pytest.mark.parametrize("scope", [Scope.TABLES, Scope.DATABASE_TABLES, Scope.SCHEMAS, Scope.DATABASE])
def test_what_redshift_takes_one_by_one_has_a_statement_each(scope: Scope) -> None:
    assert len(steps(Grant(scope, "SELECT", "a"), Grant(scope, "SELECT", "b"))) == 2


def test_who_leaves_is_named() -> None:
    (step,) = revokes(everything([on_table("SELECT", "t", "s")]), From(R, "db", Reason.ROLE_LEAVES, "r"))
    assert step.changes == (Change("revoke", "table", ("db", "s", "t"), Reason.ROLE_LEAVES, ("SELECT",), R, "r"),)


def test_later_tables_alone_are_told_with_their_writer() -> None:
    grants = [Grant(Scope.TABLE, "SELECT", "s", "t"), Grant(Scope.DEFAULT, "SELECT", "s", writer="w")]
    found = revokes(everything(grants), From(R, "db", Reason.LEAVES))
    assert [(change.path, change.names) for step in found for change in step.changes] == [
        (("db", "s"), ("w",)),
        (("db", "s", "t"), ()),
    ]


def test_what_an_earlier_step_takes_is_not_taken_twice() -> None:
    kept, done, rest = (on_table("SELECT", name) for name in "abc")
    elsewhere, wide = on_table("SELECT", "d", "ads"), Grant(Scope.DATABASE_TABLES, "SELECT", database="crm")
    held = frozenset({kept, done, rest, elsewhere, wide})
    found = list(pruned({"crm": frozenset({kept})}, held, frozenset({done})))
    assert [(one.scope, one.path, one.sent, one.told) for one in found] == [
        (Scope.TABLE, ("crm", "c"), ("SELECT",), ("SELECT",))
    ]
