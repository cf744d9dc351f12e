"""What offboarding asks the catalog, and what it makes of the answers."""

from __future__ import annotations

import pytest

from airflow_provider_datagraph.access.offboarding.read import read_cluster, read_holdings
from airflow_provider_datagraph.redshift.catalog.identities import METADATA_SECURITY
from airflow_provider_datagraph.redshift.values import PUBLIC, Grant, Identity, OpenSession, Owned, Scope, Session, User
from tests.unit.redshift import catalog_rows as q
from tests.unit.redshift.catalog_rows import Answers, Table

ROLE, USER = Identity("role", "linked_role"), Identity("user", "linked_user")
HELD_DATABASES, HELD_SCHEMAS = q.ON_DATABASES + q.OF_BOTH, q.ON_SCHEMAS + q.OF_BOTH
HELD_RELATIONS, HELD_COLUMNS = q.ON_RELATIONS + q.OF_BOTH, q.ON_COLUMNS + q.OF_BOTH
HELD_DEFAULTS = q.later("linked_role", "linked_user") + " OR owner_name IN ('linked_user')"
OWN_SCHEMAS = q.ALL_SCHEMAS + " WHERE database_name = 'db'"
SESSIONS = "SELECT process, user_name, db_name FROM stv_sessions"
SYSTEM = "SELECT system_privilege, identity_name, identity_type FROM svv_system_privileges"
SYSLOG = "SELECT user_name, syslog_access FROM svv_user_info"
THEIRS = q.RELATIONS + " AND relowner = '101'"
ALL_DATABASES = "SELECT datname, datdba FROM pg_database"
OWNERS = "SELECT datname, datdba FROM pg_database WHERE datname = 'db'"
SESSION = Session("admin", "db")
LINKED = User("linked_user", 101)
Rows = dict[str, Table]


def cluster_rows(more: Rows) -> Rows:
    asked = (q.DATABASES, q.USER_GRANTS, q.ROLE_GRANTS, SYSTEM, SESSIONS, HELD_DATABASES)
    return {**dict.fromkeys(asked, ()), **more}


def holdings_rows(more: Rows) -> Rows:
    asked = (HELD_DATABASES, HELD_SCHEMAS, HELD_RELATIONS, HELD_COLUMNS, HELD_DEFAULTS, OWN_SCHEMAS)
    return {**dict.fromkeys((*asked, q.NAMESPACES, q.RELATIONS, THEIRS, OWNERS), ()), **more}


def test_the_cluster_as_a_whole() -> None:
    rows = cluster_rows(
        {
            q.DATABASES: [["dev", 100, "local"], ["share", 100, "shared"]],
            q.USER_GRANTS: [["linked_user", "linked_role"], ["linked_user", "more"], ["x", "linked_role"]],
            q.ROLE_GRANTS: [["above", "linked_role"], ["linked_role", "below"], ["a", "b"]],
            SYSTEM: [["CREATE USER", "linked_role", "role"], ["DROP USER", "other", "role"]],
            SESSIONS: [[7, "linked_user" + " " * 39, "dev" + " " * 47]],
            HELD_DATABASES: [
                [*q.ROLE, "dev", "CREATE", "DATABASE"],
                [*q.USER, "dev", "TEMP", "DATABASE"],
                [*q.ROLE, "dev", "SELECT", "TABLES"],
            ],
        }
    )
    cluster = read_cluster(Answers(rows), SESSION, "linked_role", "linked_user")
    assert cluster.sees_all and set(cluster.databases) == {"dev", "share"}
    assert (cluster.session.user, cluster.users, cluster.roles) == ("admin", q.KNOWN_USERS, q.KNOWN_ROLES)
    assert cluster.members == {USER, Identity("user", "x"), Identity("role", "above")}
    assert cluster.granted_roles == {"below"}
    assert cluster.user_roles == {"linked_role", "more"}
    assert cluster.system == {"CREATE USER"}
    assert cluster.sessions == (OpenSession(7, "linked_user", "dev"),)
    assert cluster.on_databases == {
        (ROLE, Grant(Scope.DATABASE, "CREATE", database="dev")),
        (USER, Grant(Scope.DATABASE, "TEMPORARY", database="dev")),
        (ROLE, Grant(Scope.DATABASE_TABLES, "SELECT", database="dev")),
    }


@pytest.mark.parametrize(
    ("holder", "syslog", "sees", "catalog"),
    [
        (["ACCESS SYSTEM TABLE", "deeper", "role"], "UNRESTRICTED", True, False),
        (["ACCESS SYSTEM TABLE", "deeper", "role"], "RESTRICTED", False, False),
        (["ACCESS SYSTEM TABLE", "another", "role"], "UNRESTRICTED", False, False),
        (["ACCESS CATALOG", "deeper", "role"], "UNRESTRICTED", False, True),
    ],
)
def test_who_is_no_superuser_needs_permissions_to_see_all(
    holder: list[str], syslog: str, sees: bool, catalog: bool
) -> None:
    rows = cluster_rows(
        {
            q.USERS: [["admin", 100, False, False], ["linked_user", 101, False, False]],
            q.USER_GRANTS: [["admin", "sight"]],
            q.ROLE_GRANTS: [["sight", "deep"], ["deep", "deeper"], ["a_stranger", "another"]],
            SYSTEM: [holder],
            SYSLOG: [["admin", syslog]],
            METADATA_SECURITY: [["on"]],
            q.DATABASES: [["dev", 100, "local"]],
            ALL_DATABASES: [["dev", 100], ["unreached", 100], ["template1", 1]],
        }
    )
    # Where sessions can't be told, they aren't asked for.
    del rows[SESSIONS]
    cluster = read_cluster(Answers(rows), SESSION, "linked_role", "linked_user", sessions=False)
    assert cluster.sessions is None
    assert (cluster.sees_all, cluster.sees_catalog) == (sees, catalog)
    assert cluster.unseen == {"unreached"}


def test_everything_that_is_held_in_a_database() -> None:
    rows = holdings_rows(
        {
            HELD_DATABASES: [
                [*q.ROLE, "db", "CREATE", "DATABASE"],
                [*q.ROLE, "elsewhere", "CREATE", "DATABASE"],
                [*q.USER, "db", "USAGE", "LANGUAGES"],
                [*q.USER, "elsewhere", "USAGE", "LANGUAGES"],
            ],
            HELD_SCHEMAS: [[*q.ROLE, "crm", "USAGE", "SCHEMA"], [*q.ROLE, "crm", "EXECUTE", "FUNCTIONS"]],
            HELD_RELATIONS: [[*q.USER, "crm", "t", "select"]],
            HELD_COLUMNS: [[*q.ROLE, "crm", "t", "c", "UPDATE"]],
            OWN_SCHEMAS: [["db", "lake", None, "EXTERNAL"], ["db", "crm", 100, "local"]],
        }
    )
    found = read_holdings(Answers(rows), SESSION, "linked_role", LINKED)
    assert found.held == {
        (ROLE, Grant(Scope.DATABASE, "CREATE", database="db")),
        (ROLE, Grant(Scope.SCHEMA, "USAGE", "crm")),
        (USER, Grant(Scope.TABLE, "SELECT", "crm", "t")),
        (ROLE, Grant(Scope.COLUMN, "UPDATE", "crm", "t", "c")),
    }
    assert found.external == {"lake"}
    assert found.unhandled == {
        "USAGE FOR LANGUAGES IN DATABASE db (user linked_user)",
        "EXECUTE FOR FUNCTIONS IN SCHEMA crm (role linked_role)",
    }


def test_default_privileges_of_reader_and_writer() -> None:
    asked = "SELECT has_schema_privilege('etl', 'crm', 'create'), has_schema_privilege('linked_user', 'crm', 'create')"
    rows = holdings_rows(
        {
            HELD_DEFAULTS: [
                [*q.ROLE, "etl", "crm", "RELATION", "SELECT"],
                [*q.ROLE, "etl", None, "RELATION", "SELECT"],
                ["public", "public", "linked_user", "crm", "RELATION", "SELECT"],
                # This needs no writer that can create.
                [*q.ROLE, "etl", None, "PROCEDURE", "EXECUTE"],
            ],
            asked: [[False, True]],
        }
    )
    found = read_holdings(Answers(rows), SESSION, "linked_role", LINKED)
    assert found.held == {
        (ROLE, Grant(Scope.DEFAULT, "SELECT", "crm", writer="etl")),
        (ROLE, Grant(Scope.DEFAULT, "SELECT", "", writer="etl")),
    }
    assert found.made == {(PUBLIC, Grant(Scope.DEFAULT, "SELECT", "crm", writer="linked_user"))}
    assert found.stuck == {("etl", "crm")}
    assert found.unhandled == {"EXECUTE on later PROCEDURES of etl (role linked_role)"}


def test_what_is_owned_comes_from_tables_that_hide_nothing() -> None:
    rows = holdings_rows(
        {
            OWNERS: [["db", 101]],
            q.NAMESPACES: [[1, "crm", 101], [2, "ads", 100], [3, "pg_temp_7", 101], [4, "pg_catalog", 1]],
            q.RELATIONS: [[1, "t", 100], [2, "v", 101], [3, "temp", 101], [2, "mv_tbl__m__0", 101], [4, "pg_x", 1]],
        }
    )
    found = read_holdings(Answers(rows), SESSION, "linked_role", LINKED, others=True)
    assert found.owned == {Owned("database", "db"), Owned("schema", "crm"), Owned("table", "ads", "v")}
    assert found.others == frozenset({(Owned("schema", "ads"), 100), (Owned("table", "crm", "t"), 100)})
    # Where nobody asks for others', only the user's are read.
    answers = Answers({**rows, q.RELATIONS: (), THEIRS: [[2, "v", 101]]})
    found_alone = read_holdings(answers, SESSION, "linked_role", LINKED)
    assert (found_alone.owned, found_alone.others) == (found.owned, None)
    assert THEIRS in answers.asked and q.RELATIONS not in answers.asked


def test_nobody_is_looked_for_where_nobody_leaves() -> None:
    answers = Answers({})
    assert read_holdings(answers, SESSION, None, None).held == frozenset()
    assert answers.asked == []


def test_what_others_own_is_read_without_a_user_too() -> None:
    answers = Answers(holdings_rows({OWNERS: [["db", 7]]}))
    found = read_holdings(answers, SESSION, None, None, others=True)
    assert (found.owned, found.others) == (frozenset(), frozenset({(Owned("database", "db"), 7)}))
    # External schemas matter only to who holds something on schemas.
    assert read_holdings(answers, SESSION, "linked_role", LINKED).external == frozenset()
    assert OWN_SCHEMAS not in answers.asked
