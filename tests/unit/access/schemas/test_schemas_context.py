"""What is read where something is lacking: what may satisfy it otherwise, and who writes."""

from __future__ import annotations

from airflow_provider_datagraph.access.schemas.read import read_schema_access
from airflow_provider_datagraph.access.schemas.values import DesiredSchema, FutureTables
from airflow_provider_datagraph.redshift.values import PUBLIC, Grant, Identity, Scope
from tests.unit.access.planning import plan_schemas
from tests.unit.access.schemas import holdings
from tests.unit.redshift import catalog_rows as q
from tests.unit.redshift.catalog_rows import Answers, Table

GROUP = Identity("group", "g")
ROWS: dict[str, Table] = {
    q.SCHEMAS: [["dev", "crm", 101, "local"]],
    q.OF_ALL_ON_SCHEMAS: [[*q.ROLE, "crm", "USAGE", "SCHEMA"], [*q.ROLE, "crm", "SELECT", "TABLES"]],
    q.tables_of("crm"): [["crm", "t", "TABLE", "admin"]],
    q.ON_COLUMNS + q.OF_ROLE: [[*q.ROLE, "crm", "t", "c", "SELECT"]],
    q.OF_OTHERS_ON_RELATIONS: [["public", "public", "crm", "t", "SELECT"], ["group", "g", "crm", "t", "SELECT"]],
    **dict.fromkeys((q.ON_RELATIONS + q.OF_ROLE, q.ON_DATABASES + q.OF_ROLE, q.ROLE_GRANTS), ()),
    **dict.fromkeys((q.DEFAULTS, q.SECURED, q.MASKED), ()),
}
ON_T = Grant(Scope.TABLE, "SELECT", "crm", "t")


def test_what_prune_takes_away_is_lacking_and_read_with_the_rest() -> None:
    found = read_schema_access(Answers(ROWS), q.SESSION, "linked_role", [DesiredSchema("crm", ("t",))], prune=True)
    assert found.grants == {
        Grant(Scope.SCHEMA, "USAGE", "crm"),
        Grant(Scope.TABLES, "SELECT", "crm"),
        Grant(Scope.COLUMN, "SELECT", "crm", "t", "c"),
    }
    assert found.context is not None
    assert found.context.others == {PUBLIC: {ON_T}, GROUP: {ON_T}}


def test_who_is_there_is_asked_about() -> None:
    # Nobody asks of a superuser, or of the schema's owner.
    users: Table = [["admin", 100, True, True], ["linked_user", 101, False, False], ["etl", 102, False, False]]
    owners: Table = [["crm", f"t_{owner}", "TABLE", owner] for owner in ("admin", "linked_user", "etl", "gone")]
    asked: dict[str, Table] = {"SELECT has_schema_privilege('etl', 'crm', 'create')": [[True]]}
    desired = DesiredSchema("crm", future=FutureTables.DEFAULT_PRIVILEGES)
    rows = Answers({**ROWS, q.USERS: users, q.tables_of("crm"): owners, **asked})
    assert read_schema_access(rows, q.SESSION, "linked_role", [desired]).creators == frozenset({("etl", "crm")})


def test_default_privileges_of_a_role_of_the_role_are_held_too() -> None:
    desired = DesiredSchema("crm", future=FutureTables.DEFAULT_PRIVILEGES, writers=("admin",))
    above = ("role", "above")
    rows = Answers(
        {
            **ROWS,
            q.ROLE_GRANTS: [["linked_role", "above"]],
            q.ON_DATABASES + q.of("above", "linked_role"): [],
            q.ON_RELATIONS + q.of("above"): [[*above, "crm", "t", "INSERT"]],
            q.OF_ALL_ON_SCHEMAS: [[*q.ROLE, "crm", "USAGE", "SCHEMA"]],
            q.ON_RELATIONS + q.OF_ROLE: [[*q.ROLE, "crm", "t", "SELECT"]],
            q.later("above"): [[*above, "admin", s, "RELATION", "SELECT"] for s in ("crm", "ads")],
        }
    )
    found = read_schema_access(rows, q.SESSION, "linked_role", [desired])
    assert found.context is not None
    assert found.context.inherited == {
        Grant(Scope.TABLE, "INSERT", "crm", "t"),
        Grant(Scope.DEFAULT, "SELECT", "crm", writer="admin"),
        Grant(Scope.DEFAULT, "SELECT", "ads", writer="admin"),
    }
    assert plan_schemas([desired], "linked_role", found).steps == ()


def test_a_thorough_look_reads_everything() -> None:
    members = q.of("linked_user", "root")
    rows = holdings.answers(
        **{
            q.USER_GRANTS: [["linked_user", "linked_role"], ["root", "linked_role"], ["a_stranger", "above"]],
            q.ON_SCHEMAS + members: [
                *(["user", "root", name, "CREATE", "SCHEMA"] for name in ("crm", "web")),
                ["group", "root", "crm", "USAGE", "SCHEMA"],
            ],
            q.ON_RELATIONS + members: [["user", "linked_user", "crm", "accounts", "INSERT"]],
            q.LATE_VIEWS: [["crm", "my_mv_tbl__"], ["crm", "my_mv_tbl__"], ["elsewhere", "v"]],
            q.MASKED: [["crm", "accounts", "root", "user"], ["crm", "orders", "a_stranger", "user"]],
            **dict.fromkeys((q.NAMESPACES, q.ALL_RELATIONS, q.DEPENDENCIES), ()),
        }
    )
    current = read_schema_access(rows, q.SESSION, "linked_role", [DesiredSchema("crm")], thorough=True)
    assert {q.tables_of("crm"), holdings.TABLE_BY_TABLE, holdings.BY_COLUMN, *holdings.LIMITS} <= set(rows.asked)
    assert len(rows.asked) == len(set(rows.asked))
    assert current.tables is not None and current.context is not None
    assert current.tables.views == {"crm": {"my_mv_tbl__": "analyst"}}
    assert current.grants == holdings.ON_SCHEMAS | holdings.ON_TABLES | holdings.COLUMNS | holdings.EVERYWHERE
    context = current.context
    assert context.members == frozenset({"linked_user", "root"})
    assert context.others == {
        PUBLIC: {Grant(Scope.SCHEMA, "USAGE", "web")},
        Identity("group", "linked_role"): {Grant(Scope.SCHEMA, "CREATE", "web")},
        Identity("group", "staff"): {
            Grant(Scope.SCHEMA, "USAGE", "lake"),
            Grant(Scope.TABLE, "SELECT", "web", "pages"),
        },
        Identity("user", "linked_user"): {Grant(Scope.TABLE, "INSERT", "crm", "accounts")},
        Identity("user", "root"): {Grant(Scope.SCHEMA, "CREATE", name) for name in ("crm", "web")},
    }
    assert context.masked == {"crm": {"accounts"}}
    assert context.late_views == {"crm": frozenset({"my_mv_tbl__"}), "elsewhere": frozenset({"v"})}


def test_late_binding_views_are_asked_for_where_there_are_views_and_users_where_there_are_members() -> None:
    rows = holdings.answers(
        **{q.tables_of("web"): [["web", "pages", "TABLE", "loader"]], q.USER_GRANTS: [["root", "above"]]}
    )
    current = read_schema_access(rows, q.SESSION, "linked_role", [DesiredSchema("web")], thorough=True)
    assert q.LATE_VIEWS not in rows.asked
    assert current.context is not None
    assert (current.context.late_views, current.context.members) == ({}, frozenset())
    assert current.tables is not None and current.tables.names == {"web": {"pages"}}
    assert current.tables.sources == {}
    assert not any("root" in sql for sql in rows.asked)
