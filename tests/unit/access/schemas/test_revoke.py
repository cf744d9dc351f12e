"""Everything that an identity holds in a database is revoked, in an order that Redshift takes."""

from __future__ import annotations

from functools import partial

import pytest

from airflow_provider_datagraph.access.plan import Change, Reason
from airflow_provider_datagraph.access.schemas.revoke import From, Taken, everything, pruned, revokes
from airflow_provider_datagraph.redshift.values import Grant, Identity, Scope
from tests.unit.access.planning import R, Step, on_column, on_table, seen, taken

USER = Identity("user", 'o"neil')


leaving = partial(taken, reason=Reason.LEAVES)


def steps(*grants: Grant, identity: Identity = R, external: tuple[str, ...] = ()) -> list[Step]:
    return list(seen(revokes(everything(grants), From(identity, "db", Reason.LEAVES), external)))


@pytest.mark.parametrize(
    ("grant", "on", "kind", "path"),
    [
        (on_table("TRIGGER", 't"1', "s"), 'ON TABLE "s"."t""1"', "table", ("db", "s", 't"1')),
        (Grant(Scope.TABLES, "SELECT", "s.1"), 'FOR TABLES IN SCHEMA "s.1"', "tables", ("db", "s.1")),
        (Grant(Scope.SCHEMA, "USAGE", "s"), 'ON SCHEMA "s"', "schema", ("db", "s")),
        (Grant(Scope.DATABASE_TABLES, "SELECT", database="db"), 'FOR TABLES IN DATABASE "db"', "all tables", ("db",)),
        (Grant(Scope.SCHEMAS, "USAGE", database="db"), 'FOR SCHEMAS IN DATABASE "db"', "all schemas", ("db",)),
        (Grant(Scope.DATABASE, "CREATE", database="db"), 'ON DATABASE "db"', "database", ("db",)),
    ],
)
def test_each_kind_has_its_statement(grant: Grant, on: str, kind: str, path: tuple[str, ...]) -> None:
    change = leaving(kind, *path, words=grant.privilege)
    assert steps(grant) == [Step(f'REVOKE ALL {on} FROM ROLE "r"', (change,))]


@pytest.mark.parametrize(("schema", "within", "path"), [("s", ' IN SCHEMA "s"', ("db", "s")), ("", "", ("db",))])
def test_later_tables_are_a_writer_s(schema: str, within: str, path: tuple[str, ...]) -> None:
    sql = f'ALTER DEFAULT PRIVILEGES FOR USER "etl"{within} REVOKE ALL ON TABLES FROM ROLE "r"'
    expected = Step(sql, (leaving("later tables", *path, names=("etl",)),))
    assert steps(Grant(Scope.DEFAULT, "SELECT", schema, writer="etl")) == [expected]


def test_what_is_held_on_a_table_and_its_columns_goes_at_once() -> None:
    held = (*(on_table(word, "t") for word in ("TRIGGER", "SELECT")), on_column("t", "a"), on_column("t", "b"))
    change = leaving("table", "db", "crm", "t", words="SELECT, SELECT on columns, TRIGGER")
    assert steps(*held) == [Step('REVOKE ALL ON TABLE "crm"."t" FROM ROLE "r"', (change,))]


def test_what_a_server_s_all_may_leave_is_named_beside_it() -> None:
    held = (*(on_table(word, "t") for word in ("DROP", "SELECT", "ALTER")), Grant(Scope.TABLES, "DROP", "crm"))
    assert [(step.sql, step.changes) for step in steps(*held, Grant(Scope.DATABASE_TABLES, "DROP", database="db"))] == [
        ('REVOKE ALL ON TABLE "crm"."t" FROM ROLE "r"', (leaving("table", "db", "crm", "t"),)),
        (
            'REVOKE ALTER, DROP ON TABLE "crm"."t" FROM ROLE "r"',
            (leaving("table", "db", "crm", "t", words="ALTER, DROP"),),
        ),
        ('REVOKE DROP FOR TABLES IN SCHEMA "crm" FROM ROLE "r"', (leaving("tables", "db", "crm", words="DROP"),)),
        # What is held on a whole database goes with ALL.
        ('REVOKE ALL FOR TABLES IN DATABASE "db" FROM ROLE "r"', (leaving("all tables", "db", words="DROP"),)),
    ]


def test_every_scope_is_revoked() -> None:
    # None may be passed over, and default privileges come first.
    made = [Grant(scope, "SELECT", "s", "t" if scope is Scope.TABLE else "") for scope in Scope]
    found = steps(*made)
    assert len(found) == len(Scope) - 1
    assert found[0].sql.startswith("ALTER DEFAULT PRIVILEGES")
    assert found[-1].sql.startswith("REVOKE ALL ON DATABASE")


def test_writers_and_whole_databases_have_default_privileges_of_their_own() -> None:
    found = steps(*(Grant(Scope.DEFAULT, "SELECT", s, writer=w) for s in ("", "a", "b") for w in ("x", "y")))
    heads = [step.sql.split(" REVOKE")[0].removeprefix("ALTER DEFAULT PRIVILEGES FOR USER ") for step in found]
    assert heads == ['"x"', '"x" IN SCHEMA "a", "b"', '"y"', '"y" IN SCHEMA "a", "b"']


@pytest.mark.parametrize("scope", [Scope.TABLES, Scope.DATABASE_TABLES, Scope.SCHEMAS, Scope.DATABASE])
def test_what_redshift_takes_one_by_one_has_a_statement_each(scope: Scope) -> None:
    assert len(steps(Grant(scope, "SELECT", "a"), Grant(scope, "SELECT", "b"))) == 2


def test_external_schemas_are_closed_one_by_one_outside_a_transaction() -> None:
    grants = [Grant(Scope.SCHEMA, "USAGE", name) for name in ("b", "a", "x", "y")]
    told = {name: Change("revoke", "schema", ("db", name), Reason.LEAVES, ("USAGE",), USER) for name in "abxy"}
    sql = 'REVOKE {} ON SCHEMA {} FROM "o""neil"'
    assert steps(*grants, identity=USER, external=("x", "y")) == [
        Step(sql.format("ALL", '"a", "b"'), (told["a"], told["b"])),
        *(Step(sql.format("USAGE", f'"{name}"'), (told[name],), autocommit=True) for name in "xy"),
    ]


def test_only_what_is_not_desired_in_some_schemas_is_pruned() -> None:
    kept, rest, elsewhere = on_table("SELECT", "a"), on_table("SELECT", "b"), on_table("SELECT", "c", "ads")
    held = frozenset({kept, rest, elsewhere, Grant(Scope.DATABASE_TABLES, "SELECT", database="crm")})
    (found,) = pruned({"crm": frozenset({kept})}, held)
    assert found == Taken(Scope.TABLE, ("crm", "b"), "", ("SELECT",), ("SELECT",))
