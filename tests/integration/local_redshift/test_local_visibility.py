"""What each catalog view shows to whom.

Five users look at one database: a superuser, a plain user, one who may ACCESS SYSTEM TABLE, one with
SYSLOG ACCESS UNRESTRICTED, and one with both. All but the superuser hold the role `own`; nobody holds `other`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from local_redshift.running import Server
from tests.integration.redshift_helpers import PASSWORD, connect, run, unique

WHO = ("superuser", "plain", "access", "syslog", "both")


@dataclass
class Views:
    database: str
    own: str
    other: str
    names: dict[str, str]
    connections: dict[str, Any]

    def seen(self, sql: str) -> dict[str, set[Any]]:
        """The first column that each of them reads; two of the roles' names are said as `own` and `other`."""
        text = sql.format(own=self.own, other=self.other, database=self.database, **self.names)
        short = {self.own: "own", self.other: "other", **{name: who for who, name in self.names.items()}}
        return {
            who: {short.get(row[0], row[0]) for row in run(connection, text)}
            for who, connection in self.connections.items()
        }


Roles = tuple[str, str, str, str]


def statements(database: str, roles: Roles, names: dict[str, str]) -> tuple[str, ...]:
    """What the four roles and the five users are and hold."""
    own, other, access, third = roles
    return (
        f"CREATE ROLE {own}",
        f"CREATE ROLE {other}",
        f"CREATE ROLE {access}",
        f"GRANT ACCESS SYSTEM TABLE TO ROLE {access}",
        *(f"CREATE USER {name} PASSWORD '{PASSWORD}'" for name in names.values()),
        f"ALTER USER {names['superuser']} CREATEUSER",
        *(f"ALTER USER {names[who]} SYSLOG ACCESS UNRESTRICTED" for who in ("syslog", "both")),
        *(f"GRANT ROLE {access} TO {names[who]}" for who in ("access", "both")),
        *(f"GRANT ROLE {own} TO {names[who]}" for who in WHO[1:]),
        f"CREATE ROLE {third}",
        f"GRANT ROLE {other} TO ROLE {third}",
        f"GRANT CREATE USER TO ROLE {own}, ROLE {other}",
        "CREATE SCHEMA s",
        "CREATE TABLE s.one (a int, b int)",
        "CREATE TABLE s.two (a int, b int)",
        "CREATE SCHEMA t",
        "CREATE TABLE t.shut (a int)",
        "ALTER TABLE t.shut ROW LEVEL SECURITY ON",
        *(f"GRANT CREATE ON DATABASE {database} TO ROLE {role}" for role in (own, other)),
        *(f"GRANT USAGE ON SCHEMA s TO ROLE {role}" for role in (own, other)),
        f"GRANT SELECT ON s.one TO ROLE {own}",
        f"GRANT SELECT ON s.two TO ROLE {other}",
        *(f"GRANT UPDATE (b) ON s.one TO ROLE {role}" for role in (own, other)),
        *(f"ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO ROLE {role}" for role in (own, other)),
    )


@pytest.fixture(scope="module")
def views(server: Server) -> Iterator[Views]:
    names = {who: unique(who) for who in WHO}
    roles: Roles = (unique("own"), unique("other"), unique("access"), unique("third"))
    own, other, _, _ = roles
    database = unique("db")
    admin = connect(server)
    run(admin, f"CREATE DATABASE {database}")
    inside = connect(server, database)
    for sql in statements(database, roles, names):
        run(inside, sql)
    connections = {who: connect(server, database, name) for who, name in names.items()}
    yield Views(database, own, other, names, connections)
    for connection in (*connections.values(), inside):
        connection.close()
    run(admin, f"DROP DATABASE {database}")
    for name in names.values():
        run(admin, f"DROP USER {name}")
    for role in roles:
        run(admin, f"DROP ROLE {role} FORCE")
    admin.close()


OWN, ALL = {"own"}, {"own", "other"}


def with_access(found: dict[str, set[Any]]) -> bool:
    """Own rows; all of them with ACCESS SYSTEM TABLE."""
    return found == {"superuser": ALL, "plain": OWN, "access": ALL, "syslog": OWN, "both": ALL}


def test_svv_roles(views: Views) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_ROLES.html
    found = views.seen("SELECT role_name FROM svv_roles WHERE role_name IN ('{own}', '{other}')")
    assert found == dict.fromkeys(WHO, ALL)


def test_pg_user(views: Views) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_PG_USER.html
    found = views.seen("SELECT usename FROM pg_user WHERE usename IN ('{plain}', '{both}')")
    assert found == {key: {"plain", "both"} for key in WHO}


def test_svv_user_info(views: Views) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_USER_INFO.html
    found = views.seen("SELECT user_name FROM svv_user_info")
    assert set(WHO) <= found.pop("superuser")
    assert found == {who: {who} for who in WHO[1:]}


def test_svv_user_grants(views: Views) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_USER_GRANTS.html
    found = views.seen("SELECT user_name FROM svv_user_grants WHERE role_name = '{own}'")
    everyone = set(WHO[1:])
    assert found == {
        "superuser": everyone,
        "plain": {"plain"},
        "access": everyone,
        "syslog": {"syslog"},
        "both": everyone,
    }
    # What comes through another role is no explicit grant.
    through = views.seen("SELECT role_name FROM svv_user_grants WHERE role_name = '{other}'")
    assert through == {key: set() for key in WHO}


def test_svv_role_grants(views: Views) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_ROLE_GRANTS.html
    found = views.seen("SELECT granted_role_name FROM svv_role_grants WHERE granted_role_name = '{other}'")
    assert found == {"superuser": {"other"}, "plain": set(), "access": {"other"}, "syslog": set(), "both": {"other"}}


def test_svv_database_privileges(views: Views) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_DATABASE_PRIVILEGES.html
    mine = "database_name = '{database}' AND identity_type = 'role'"
    assert with_access(views.seen(f"SELECT identity_name FROM svv_database_privileges WHERE {mine}"))


def test_svv_schema_privileges(views: Views) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_SCHEMA_PRIVILEGES.html
    assert with_access(views.seen("SELECT identity_name FROM svv_schema_privileges WHERE namespace_name = 's'"))


def test_svv_column_privileges(views: Views) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_COLUMN_PRIVILEGES.html
    assert with_access(views.seen("SELECT identity_name FROM svv_column_privileges WHERE column_name = 'b'"))


def test_svv_default_privileges(views: Views) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_DEFAULT_PRIVILEGES.html
    assert with_access(views.seen("SELECT grantee_name FROM svv_default_privileges WHERE schema_name = 's'"))


def test_svv_system_privileges(views: Views) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_SYSTEM_PRIVILEGES.html
    sql = "SELECT identity_name FROM svv_system_privileges WHERE identity_name IN ('{own}', '{other}')"
    assert with_access(views.seen(sql))


def test_svv_relation_privileges(views: Views) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_RELATION_PRIVILEGES.html: with SYSLOG ACCESS UNRESTRICTED,
    # not with ACCESS SYSTEM TABLE
    found = views.seen("SELECT identity_name FROM svv_relation_privileges WHERE namespace_name = 's'")
    assert found == {"superuser": ALL, "plain": OWN, "access": OWN, "syslog": ALL, "both": ALL}


def test_svv_redshift_tables_and_the_like(views: Views) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_REDSHIFT_TABLES.html: what SELECT covers, and neither
    # permission widens it
    for view in ("svv_redshift_tables", "svv_all_tables"):
        found = views.seen(f"SELECT table_name FROM {view} WHERE database_name = '{{database}}'")
        assert found.pop("superuser") == {"one", "two", "shut"}
        assert found == {key: {"one"} for key in WHO[1:]}


def test_svv_all_columns(views: Views) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_ALL_COLUMNS.html
    for view in ("svv_redshift_columns", "svv_all_columns"):
        found = views.seen(
            f"SELECT column_name FROM {view} WHERE database_name = '{{database}}' AND table_name = 'two'"
        )
        assert found.pop("superuser") == {"a", "b"}
        assert found == {key: set() for key in WHO[1:]}


def test_svv_redshift_databases_and_schemas(views: Views) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_REDSHIFT_SCHEMAS.html
    sql = "SELECT database_name FROM svv_redshift_databases WHERE database_name = '{database}'"
    assert views.seen(sql) == {key: {views.database} for key in WHO}
    for view in ("svv_redshift_schemas", "svv_all_schemas"):
        sql = f"SELECT schema_name FROM {view} WHERE database_name = '{{database}}' AND schema_name = 's'"
        assert views.seen(sql) == {key: {"s"} for key in WHO}
        # Without USAGE and CREATE nothing but being a superuser shows it.
        found = views.seen(f"SELECT schema_name FROM {view} WHERE database_name = '{{database}}' AND schema_name = 't'")
        assert found.pop("superuser") == {"t"}
        assert found == {key: set() for key in WHO[1:]}


def test_svv_rls_relation(views: Views) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_RLS_RELATION.html
    found = views.seen("SELECT relname FROM svv_rls_relation")
    assert found.pop("superuser") == {"shut"}
    assert found == {key: set() for key in WHO[1:]}


def test_sys_query_history(views: Views) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_system-tables.html: own rows; all with SYSLOG ACCESS
    run(views.connections["superuser"], "SELECT 'of the superuser'")
    found = views.seen("SELECT query_text FROM sys_query_history WHERE query_text = 'SELECT ''of the superuser'''")
    seeing = {who for who, rows in found.items() if rows}
    assert seeing == {"superuser", "syslog", "both"}
