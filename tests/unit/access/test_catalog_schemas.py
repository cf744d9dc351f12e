"""The catalog's rows -> current access: schemas, their tables, and only what the answer depends on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from airflow_provider_datagraph.access.current import CurrentAccess
from airflow_provider_datagraph.access.desired import DesiredSchema, FutureTables
from airflow_provider_datagraph.access.schemas.read import (
    read_creators,
    read_privileges,
    read_schema_list,
    read_schemas,
    read_tables,
)
from airflow_provider_datagraph.redshift.catalog.privileges import default_grants
from airflow_provider_datagraph.redshift.catalog.relations import read_relations
from airflow_provider_datagraph.redshift.catalog.schemas import creators_query
from airflow_provider_datagraph.redshift.values import Grant, Schema, Scope, Session
from tests.unit.access import catalog_rows as q
from tests.unit.access.catalog_holdings import (
    ABOVE,
    ACCOUNTS,
    COLUMNS,
    CONTEXT,
    DETAILS,
    LATER,
    LIMITS,
    ON_CRM,
    ROLES,
    SCHEMAS,
    SEEN,
    SESSION,
    START,
    USERS,
    answers,
)
from tests.unit.access.catalog_rows import Answers


@pytest.mark.parametrize(
    ("desired", "prune", "asked", "grants"),
    [
        (DesiredSchema("crm"), False, [q.OF_ALL_ON_SCHEMAS], ON_CRM),
        (DesiredSchema("CRM"), False, [q.OF_ALL_ON_SCHEMAS], ON_CRM),
        (
            DesiredSchema("crm"),
            True,
            [q.OF_ALL_ON_SCHEMAS, *DETAILS, q.DEFAULTS],
            ON_CRM | ACCOUNTS | COLUMNS | LATER,
        ),
        (
            DesiredSchema("crm", future=FutureTables.NONE),
            False,
            [q.tables_of("'crm'"), q.OF_ALL_ON_SCHEMAS, DETAILS[0]],
            ON_CRM | ACCOUNTS,
        ),
        (
            DesiredSchema("crm", ("accounts",)),
            False,
            [q.tables_of("'crm'"), q.OF_ALL_ON_SCHEMAS, DETAILS[0]],
            ON_CRM | ACCOUNTS,
        ),
        (
            DesiredSchema("crm", future=FutureTables.DEFAULT_PRIVILEGES, writers=("linked_user",)),
            False,
            [
                q.tables_of("'crm'"),
                "SELECT has_schema_privilege('linked_user', 'crm', 'create')",
                q.OF_ALL_ON_SCHEMAS,
                DETAILS[0],
                q.DEFAULTS,
            ],
            ON_CRM | ACCOUNTS | LATER,
        ),
    ],
)
def test_where_nothing_is_lacking_no_more_is_read(
    desired: DesiredSchema, prune: bool, asked: list[str], grants: set[Grant]
) -> None:
    rows = answers(**{"SELECT has_schema_privilege('linked_user', 'crm', 'create')": [[True]]})
    current = read_schemas(rows, SESSION, "linked_role", [desired], prune)
    assert current.grants == grants
    assert (current.schemas, current.session, current.hidden) == (SCHEMAS, SEEN, False)
    assert rows.asked == [*START, *asked]


def test_what_tables_there_are_and_whose() -> None:
    desired = DesiredSchema("crm", ("accounts",))
    current = read_schemas(answers(), SESSION, "linked_role", [desired])
    assert current.relations == {"crm": frozenset({"accounts", "my_mv_tbl__"})}
    assert current.views == {"crm": {"my_mv_tbl__": "analyst"}}
    assert current.table_owners == {"crm": frozenset({"loader"})}


def test_a_view_may_have_no_owner_that_the_catalog_names() -> None:
    rows = answers(**{q.tables_of("'crm'"): [["crm", "names", "VIEW", None]]})
    current = read_schemas(rows, SESSION, "linked_role", [DesiredSchema("crm", ("names",))])
    assert current.views == {"crm": {"names": ""}}


def test_tables_that_an_admin_may_not_read_are_there_too() -> None:
    listed = q.tables_of("'crm', 'web'")
    rows = Answers(
        {
            listed: [["crm", "seen", "VIEW", "loader"]],
            "SELECT oid, nspname, nspowner FROM pg_namespace": [[1, "crm", 100], [2, "ads", 100], [3, "web", 100]],
            "SELECT relnamespace, relname, relowner FROM pg_class WHERE relkind IN ('r', 'v', 'm')": [
                [1, "seen", 101],
                [1, "hidden", 101],
                [1, "mv_tbl__m__0", 101],
                [2, "elsewhere", 101],
                [3, "seen", 77],
            ],
        }
    )
    clerk = CurrentAccess(Session("clerk", "dev", superuser=False), users=USERS)
    found = read_tables(rows, clerk, ["crm", "web"])
    assert found.relations == {"crm": {"seen", "hidden"}, "web": {"seen"}}
    assert found.table_owners == {"crm": {"linked_user"}, "web": {"user id 77"}}
    assert found.views == {"crm": {"seen": "loader"}}
    # A superuser sees all of them at once.
    again = Answers({listed: [["crm", "seen", "VIEW", "loader"]]})
    assert read_tables(again, CurrentAccess(SEEN), ["crm", "web"]).relations["crm"] == {"seen"}


def test_what_is_lacking_is_looked_for_everywhere() -> None:
    rows = answers()
    current = read_schemas(rows, SESSION, "linked_role", [DesiredSchema("web")])
    assert rows.asked == [*START, q.OF_ALL_ON_SCHEMAS, *CONTEXT, q.ON_DATABASES + ABOVE, *LIMITS]
    assert current.grants == {Grant(Scope.SCHEMA, "USAGE", "web"), Grant(Scope.DATABASE_TABLES, "SELECT", "dev")}
    assert current.granted_roles == {"above", "top"}
    assert current.inherited == {Grant(Scope.TABLES, "SELECT", "web"), Grant(Scope.SCHEMAS, "USAGE", "dev")}
    assert current.by_role == {
        "above": {Grant(Scope.TABLES, "SELECT", "web")},
        "a_stranger": {Grant(Scope.TABLES, "INSERT", "web")},
    }
    assert current.others == {
        "PUBLIC": {Grant(Scope.SCHEMA, "USAGE", "web")},
        "group linked_role": {Grant(Scope.SCHEMA, "CREATE", "web")},
    }
    assert current.secured == {"web": {"pages"}}
    assert current.masked == {"web": {"pages", "users", "links"}}


def test_tables_that_are_lacking_are_looked_for_everywhere() -> None:
    listed = q.tables_of("'web'")
    rows = answers(**{listed: [["web", "pages", "TABLE", "loader"], ["web", "links", "TABLE", ""]]})
    desired = [DesiredSchema("web", ("links",)), DesiredSchema("lake"), DesiredSchema("nowhere")]
    current = read_schemas(rows, SESSION, "linked_role", desired)
    relations = [q.ON_RELATIONS + q.OF_ROLE.replace("linked_role", name) for name in ("above", "top")]
    assert rows.asked == [
        *START,
        listed,
        q.OF_ALL_ON_SCHEMAS,
        DETAILS[0],
        *CONTEXT,
        DETAILS[1],
        q.ON_DATABASES + ABOVE,
        *relations,
        q.OF_OTHERS_ON_RELATIONS,
        *LIMITS,
    ]
    assert Grant(Scope.TABLE, "DELETE", "web", "pages") in current.inherited
    assert Grant(Scope.COLUMN, "SELECT", "web", "pages", "url") in current.grants
    assert current.others["group staff"] == {
        Grant(Scope.SCHEMA, "USAGE", "lake"),
        Grant(Scope.TABLE, "SELECT", "web", "pages"),
    }


def test_looking_again_asks_for_privileges_alone() -> None:
    rows = answers()
    before = read_schemas(rows, SESSION, "linked_role", [DesiredSchema("web")])
    rows.asked.clear()
    after = read_privileges(rows, before, "linked_role", [DesiredSchema("web")])
    assert rows.asked == [q.OF_ALL_ON_SCHEMAS]
    assert after == before


@pytest.mark.parametrize("prune", [False, True])
@pytest.mark.parametrize("missing", [DesiredSchema("nowhere", ("t",)), DesiredSchema("ads"), DesiredSchema("Ads")])
def test_nothing_is_read_about_schemas_that_arent_there(missing: DesiredSchema, prune: bool) -> None:
    rows = answers()
    current = read_schemas(rows, SESSION, "linked_role", [missing], prune)
    assert current == CurrentAccess(SEEN, roles=ROLES, users=USERS, schemas=SCHEMAS)
    assert rows.asked == START


def test_a_case_sensitive_session_finds_mixed_case() -> None:
    session = Session("admin", "dev", case_sensitive=True)
    listed = q.tables_of("'Ads'")
    rows = answers(**{listed: []})
    desired = [DesiredSchema("Ads", ("t",)), DesiredSchema("CRM", ("t",))]
    current = read_schemas(rows, session, "linked_role", desired)
    assert (current.session, current.relations) == (session, {"Ads": frozenset()})


def test_many_pairs_are_asked_in_parts() -> None:
    names = [f"s{number:04d}" for number in range(501)]
    desired = [DesiredSchema(n, future=FutureTables.DEFAULT_PRIVILEGES, writers=("linked_user",)) for n in names]
    pairs = [("linked_user", name) for name in names]
    first, second = (creators_query(part) for part in (pairs[:500], pairs[500:]))
    current = CurrentAccess(SEEN, users=USERS, schemas={name: Schema(name, "admin") for name in names})
    rows = Answers({first: [[False, *[True] * 499]], second: [[False]]})
    found = read_creators(rows, current, {d.name: d for d in desired})
    assert found.creators == set(pairs[1:500])
    assert rows.asked == [first, second]


def test_a_database_without_schemas_is_empty() -> None:
    rows = Answers({q.SCHEMAS: []})
    assert read_schema_list(rows, SESSION) == CurrentAccess(SEEN, roles=ROLES, users=USERS)
    assert rows.asked == START


def test_a_schema_without_tables_is_there_too() -> None:
    query = (
        "SELECT schema_name, table_name FROM svv_redshift_tables "
        "WHERE database_name = 'it''s' AND schema_name IN ('a\\\\b', 'crm', 'o''x')"
    )
    rows = Answers({query: [["o'x", "t"], ["o'x", "mv_tbl__v__0"], ["o'x", "u"]]})
    assert read_relations(rows, "it's", iter(["o'x", "crm", "a\\b"])) == {
        "o'x": frozenset({"t", "u"}),
        "crm": frozenset(),
        "a\\b": frozenset(),
    }


def test_default_privileges_of_the_whole_database_belong_to_no_schema() -> None:
    on_none: Sequence[Sequence[Any]] = [["None", "loader", "SELECT"], [None, "loader", "INSERT"]]
    rows = Answers({q.DEFAULTS: on_none})
    assert default_grants(rows, "linked_role") == {
        Grant(Scope.DEFAULT, "SELECT", "None", "loader"),
        Grant(Scope.DEFAULT, "INSERT", "", "loader"),
    }
