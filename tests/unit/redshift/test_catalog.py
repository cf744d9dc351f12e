"""The catalog's rows -> values: the session, identities, schemas, relations, and who holds what."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_datagraph.redshift.catalog.identities import inherited_roles, read_identities
from airflow_provider_datagraph.redshift.catalog.privileges import (
    Held,
    Who,
    column_grants,
    database_grants,
    default_grants,
    of,
    relation_grants,
    schema_grants,
)
from airflow_provider_datagraph.redshift.catalog.relations import (
    Relation,
    read_columns,
    read_named,
    read_relations_of,
    relation_names,
)
from airflow_provider_datagraph.redshift.catalog.schemas import creators, read_schemas
from airflow_provider_datagraph.redshift.catalog.sessions import read_session
from airflow_provider_datagraph.redshift.values import PUBLIC, Grant, Identities, Identity, Schema, Scope, Session
from tests.unit.redshift import catalog_rows as q
from tests.unit.redshift.catalog_rows import Answers, Table

ROLE, USER = Identity("role", "linked_role"), Identity("user", "linked_user")
KNOWN = Identities(q.SEEN, q.KNOWN_ROLES, q.KNOWN_USERS)
HOW_NAMES_COMPARE = "SHOW enable_case_sensitive_identifier"


def refuse(sql: str) -> Any:
    raise AssertionError(sql)


ON, OFF = ("on", " ON ", "true", "t", "1", True), ("off", "false", "", "0", None)


@pytest.mark.parametrize(("value", "sensitive"), [*((on, True) for on in ON), *((off, False) for off in OFF)])
def test_the_session_tells_how_names_compare(value: Any, sensitive: bool) -> None:
    expected = Session("Admin", "dev", superuser=True, case_sensitive=sensitive)
    assert read_session(Answers({HOW_NAMES_COMPARE: [[value]]}), "Admin", "dev") == expected


@pytest.mark.parametrize("stored", ["Dev", "dev"])
@pytest.mark.parametrize("sensitive", ["on", "off"])
@pytest.mark.parametrize("compares", [True, False])
def test_a_database_typed_with_capitals_is_the_one_that_the_session_is_in(
    stored: str, sensitive: str, compares: bool
) -> None:
    rows = Answers({HOW_NAMES_COMPARE: [[sensitive]], "SELECT current_database()": [[stored]]})
    found = read_session(rows, "Admin", "Dev", compares=compares)
    assert found == Session("Admin", stored, case_sensitive=sensitive == "on")


def test_how_names_compare_is_not_asked_where_it_makes_no_difference() -> None:
    assert read_session(refuse, "Admin", "dev", compares=False) == Session("Admin", "dev")
    # Redshift folds no other letters than those of ASCII.
    assert read_session(refuse, "Admin", "ÄÖ", compares=False) == Session("Admin", "ÄÖ")


@pytest.mark.parametrize(
    ("users", "superuser"),
    [(["admin", 100, True, False], True), (["admin", 100, False, True], False), (["someone", 100, True, True], False)],
)
def test_only_a_superuser_sees_the_whole_catalog(users: list[Any], superuser: bool) -> None:
    rows = Answers({q.USERS: [users], q.ROLES: [["linked_role", None], ["other", "admin"]]})
    found = read_identities(rows, Session("admin", "dev", superuser=not superuser))
    assert found.session == Session("admin", "dev", superuser=superuser)
    # A role may have no owner.
    assert {name: role.owner for name, role in found.roles.items()} == {"linked_role": "nobody", "other": "admin"}


def test_roles_of_roles_are_found_on_every_branch_and_once() -> None:
    pairs = [("r", "a"), ("r", "b"), ("a", "c"), ("b", "d"), ("c", "e"), ("d", "f"), ("f", "a"), ("x", "y")]
    assert inherited_roles("r", pairs) == set("abcdef")
    assert inherited_roles("y", pairs) == frozenset()


def test_schemas_of_every_database_are_read_at_once() -> None:
    crm: Table = [["dev", "crm", 100, "local"]]
    others: Table = [
        ["dev", "lake", 1, "EXTERNAL"],
        ["sales", "crm", None, "shared"],
        ["hidden", "public", "101", "Local"],
    ]
    rows = Answers({q.ALL_SCHEMAS: [*crm, *others], q.SCHEMAS: crm})
    assert read_schemas(rows, KNOWN) == {
        "dev": {"crm": Schema("crm", "admin"), "lake": Schema("lake", "user id 1", "external")},
        # The catalog may name no owner.
        "sales": {"crm": Schema("crm", "nobody", "shared")},
        "hidden": {"public": Schema("public", "linked_user")},
    }
    assert read_schemas(rows, KNOWN, "dev") == {"dev": {"crm": Schema("crm", "admin")}}


def test_a_schema_without_tables_is_there_too() -> None:
    query = (
        "SELECT schema_name, table_name, table_type, table_owner FROM svv_redshift_tables "
        "WHERE database_name = 'it''s' AND schema_name IN ('a\\\\b', 'crm', 'o''x')"
    )
    listed: Table = [["t", "TABLE", "u"], ["mv_tbl__v__0", "TABLE", None], ["mv_tbl__u", "VIEW", None]]
    rows = Answers({query: [["o'x", *one] for one in listed]})
    assert relation_names(rows, "it's", iter(["o'x", "crm", "a\\b"])) == {
        # A table behind a materialized view is Redshift's, a view of such a name somebody's.
        "o'x": frozenset({"t", "mv_tbl__u"}),
        "crm": frozenset(),
        "a\\b": frozenset(),
    }


def test_some_names_are_looked_for_in_every_schema_and_so_are_their_columns() -> None:
    named = "SELECT oid, relnamespace, relname, relkind FROM pg_class WHERE relkind IN ('r', 'v', 'm') AND relname IN "
    columns = "SELECT attrelid, attname FROM pg_attribute WHERE attrelid IN ('8', '9') AND attname IN ('id', 'o''x')"
    found: Table = [["9", "2", "t", "r"], [8, 3, "o'x", "v"], [7, 3, "t", "m"]]
    rows = Answers({named + "('o''x', 't')": found, columns: [["9", "id"], [8, "id"], [9, "o'x"]]})
    assert read_named(rows, ["t", "o'x"]) == {9: (2, "t", False), 8: (3, "o'x", True), 7: (3, "t", True)}
    assert read_columns(rows, [9, 8], ["o'x", "id"]) == {9: {"id", "o'x"}, 8: {"id"}}


def test_some_schemas_relations_are_read_and_no_others() -> None:
    query = "SELECT oid, relnamespace, relname, relkind FROM pg_class WHERE relkind IN ('r', 'v', 'm') AND "
    listed: Table = [["9", "2", "t", "r"], [8, 3, "mv_tbl__v__0", "r"], [7, 3, "mv_tbl__u", "v"], [6, 3, "m", "m"]]
    rows = Answers({query + "relnamespace IN ('2', '3')": listed})
    assert read_relations_of(rows, {3: "crm", 2: "o'x"}) == {
        9: Relation("o'x", "t", False, ""),
        7: Relation("crm", "mv_tbl__u", True, ""),
        6: Relation("crm", "m", True, ""),
    }


def test_many_pairs_are_asked_in_parts() -> None:
    pairs = [("etl", f"s{number:04d}") for number in range(501)]
    asked = [f"has_schema_privilege('etl', '{name}', 'create')" for _, name in pairs]
    first, second = (f"SELECT {', '.join(part)}" for part in (asked[:500], asked[500:]))
    rows = Answers({first: [[False, *[True] * 499]], second: [[False]]})
    assert creators(rows, reversed(pairs)) == set(pairs[1:500])
    assert rows.asked == [first, second]
    assert creators(refuse, []) == frozenset()


class TestPrivileges:
    """Each view's reader: names alone are asked for, and their kind is looked at afterwards."""

    # Identities of other kinds may be called as these are.
    strangers = (("group", "linked_role"), ("user", "linked_role"), ("role", "linked_user"), ("user", "another"))

    @pytest.mark.parametrize(
        ("read", "query", "listed", "strange", "grants", "unhandled"),
        [
            (
                database_grants,
                q.ON_DATABASES,
                [
                    [*q.ROLE, "dev", "temp", "DATABASE"],
                    [*q.ROLE, "dev", " create ", "database"],
                    [*q.USER, "sales", "SELECT", " tables "],
                    [*q.ROLE, "dev", "USAGE", "SCHEMAS"],
                    [*q.USER, "dev", "USAGE", "LANGUAGES"],
                ],
                ["dev", "CREATE", "DATABASE"],
                {
                    (ROLE, Grant(Scope.DATABASE, "TEMPORARY", database="dev")),
                    (ROLE, Grant(Scope.DATABASE, "CREATE", database="dev")),
                    (USER, Grant(Scope.DATABASE_TABLES, "SELECT", database="sales")),
                    (ROLE, Grant(Scope.SCHEMAS, "USAGE", database="dev")),
                },
                {("dev", "USAGE FOR LANGUAGES IN DATABASE dev (user linked_user)")},
            ),
            (
                schema_grants,
                q.ON_SCHEMAS,
                [
                    [*q.ROLE, "crm", "usage", "SCHEMA"],
                    [*q.USER, "crm", "SELECT", " tables "],
                    [*q.ROLE, "crm", "EXECUTE", "FUNCTIONS"],
                ],
                ["crm", "CREATE", "SCHEMA"],
                {(ROLE, Grant(Scope.SCHEMA, "USAGE", "crm")), (USER, Grant(Scope.TABLES, "SELECT", "crm"))},
                {("", "EXECUTE FOR FUNCTIONS IN SCHEMA crm (role linked_role)")},
            ),
            (
                relation_grants,
                q.ON_RELATIONS,
                [[*q.ROLE, "crm", "t", "select"]],
                ["crm", "t", "INSERT"],
                {(ROLE, Grant(Scope.TABLE, "SELECT", "crm", "t"))},
                (),
            ),
            (
                column_grants,
                q.ON_COLUMNS,
                [[*q.USER, "crm", "t", "c", "Update"]],
                ["crm", "t", "c", "SELECT"],
                {(USER, Grant(Scope.COLUMN, "UPDATE", "crm", "t", "c"))},
                (),
            ),
        ],
    )
    def test_on_what(self, read: Any, query: str, listed: Any, strange: Any, grants: Any, unhandled: Any) -> None:
        rows = Answers({query + q.OF_BOTH: [*listed, *([*stranger, *strange] for stranger in self.strangers)]})
        assert read(rows, of(ROLE, USER)) == Held(frozenset(grants), frozenset(unhandled))

    @pytest.mark.parametrize(
        ("read", "query", "listed"),
        [
            (database_grants, q.ON_DATABASES, ["dev", "CREATE", "DATABASE"]),
            (schema_grants, q.ON_SCHEMAS, ["crm", "USAGE", "SCHEMA"]),
            (relation_grants, q.ON_RELATIONS, ["crm", "t", "SELECT"]),
        ],
    )
    def test_what_may_be_given_to_others(self, read: Any, query: str, listed: list[str]) -> None:
        asked = query.replace(" FROM", ", admin_option FROM") + q.OF_BOTH
        rows = Answers({asked: [[*q.ROLE, *listed, False], [*q.USER, *listed, True]]})
        assert list(read(rows, of(ROLE, USER), grantable=True).by_holder()) == [USER]

    def test_on_later_tables(self) -> None:
        listed: Table = [
            [*q.ROLE, "loader", "None", "RELATION", "select"],
            # The schema is none where every schema is meant.
            [*q.ROLE, "loader", None, "relation", "INSERT"],
            [*q.ROLE, "loader", "crm", "FUNCTION", "EXECUTE"],
            ["group", "linked_role", "loader", "crm", "RELATION", "SELECT"],
            ["public", "public", "linked_user", "crm", "RELATION", "SELECT"],
            # That is there before anybody grants it.
            ["public", "public", "linked_user", None, "FUNCTION", "EXECUTE"],
        ]
        own = {
            (ROLE, Grant(Scope.DEFAULT, "SELECT", "None", writer="loader")),
            (ROLE, Grant(Scope.DEFAULT, "INSERT", "", writer="loader")),
        }
        unhandled = frozenset({("", "EXECUTE on later FUNCTIONS of loader (role linked_role)")})
        assert default_grants(Answers({q.DEFAULTS: listed}), of(ROLE)) == Held(frozenset(own), unhandled)
        made = (PUBLIC, Grant(Scope.DEFAULT, "SELECT", "crm", writer="linked_user"))
        query = q.DEFAULTS + " OR owner_name IN ('linked_user')"
        found = default_grants(Answers({query: listed}), of(ROLE), ["linked_user"])
        assert found == Held(frozenset({*own, made}), unhandled)

    def test_all_of_a_kind(self) -> None:
        listed = [["public", "any name", "crm", "USAGE", "SCHEMA"], ["group", "g", "crm", "USAGE", "SCHEMA"]]
        rows = Answers({q.ON_SCHEMAS + " WHERE identity_type IN ('group', 'public')": listed})
        usage = Grant(Scope.SCHEMA, "USAGE", "crm")
        found = schema_grants(rows, Who(kinds=("public", "group")))
        # The views call PUBLIC by different names.
        assert found.grants == {(PUBLIC, usage), (Identity("group", "g"), usage)}

    @pytest.mark.parametrize("read", [database_grants, schema_grants, relation_grants, column_grants, default_grants])
    def test_names_in_queries_are_literals(self, read: Any) -> None:
        asked: list[str] = []

        def rows(sql: str) -> Any:
            asked.append(sql)
            return []

        read(rows, of(Identity("user", "o'x\\"), Identity("role", "b"), Identity("role", "a")))
        (query,) = asked
        assert query.endswith("_name IN ('a', 'b', 'o''x\\\\')")

    def test_what_is_held_is_found_by_its_holder(self) -> None:
        usage, select = Grant(Scope.SCHEMA, "USAGE", "s"), Grant(Scope.TABLES, "SELECT", "s")
        held = Held(frozenset({(USER, usage), (ROLE, usage)})) | Held(
            frozenset({(ROLE, select)}), frozenset({("", "x")})
        )
        both, one = frozenset({usage, select}), frozenset({usage})
        assert (held.by(ROLE), held.by(USER), held.by(PUBLIC)) == (both, one, frozenset())
        assert list(held.by_holder().items()) == [(ROLE, both), (USER, one)]
        assert held.unhandled == {("", "x")}
