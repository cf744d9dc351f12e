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
from tests.integration.local_redshift.local_place import Place
from tests.support.cluster import Cluster
from tests.support.redshift import PASSWORD

WHO = ("superuser", "plain", "access", "syslog", "both")
Seen = dict[str, set[str]]


@dataclass
class Views:
    cluster: Cluster
    database: str
    own: str
    other: str
    names: dict[str, str]

    def seen(self, sql: str) -> Seen:
        """The first column that each of them reads; two of the roles' names are said as `own` and `other`."""
        text = sql.format(own=self.own, other=self.other, database=self.database, **self.names)
        short = {self.own: "own", self.other: "other", self.database: "database"}
        short |= {name: who for who, name in self.names.items()}
        return {
            who: {short.get(row[0], row[0]) for row in self.cluster.sql(self.database, text, user=name)}
            for who, name in self.names.items()
        }


Roles = tuple[str, str, str, str]


def statements(database: str, roles: Roles, names: dict[str, str]) -> tuple[str, ...]:
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
    cluster = Cluster(server)
    names = {who: cluster.name(who) for who in WHO}
    roles: Roles = (cluster.name("own"), cluster.name("other"), cluster.name("access"), cluster.name("third"))
    database = cluster.database()
    cluster.sql(database, *statements(database, roles, names))
    yield Views(cluster, database, *roles[:2], names)
    cluster.clear()


OWN, ALL = {"own"}, {"own", "other"}
NAMED = "IN ('{own}', '{other}')"
HERE = "database_name = '{database}'"
USERS = ", ".join(f"'{{{who}}}'" for who in WHO)
MEMBERS = set(WHO[1:])


def everybody(rows: set[str]) -> Seen:
    return dict.fromkeys(WHO, rows)


def superuser(rows: set[str], others: set[str]) -> Seen:
    """Neither permission shows the others more."""
    return {**everybody(others), "superuser": rows}


def with_access(rows: Any = ALL, own: Any = OWN) -> Seen:
    """ACCESS SYSTEM TABLE shows all rows."""
    return {"superuser": rows, "plain": own, "access": rows, "syslog": own, "both": rows}


# The page of https://docs.aws.amazon.com/redshift/latest/dg/, what is asked, and what each of them sees.
TABLE: list[tuple[str, str, Seen]] = [
    ("SVV_ROLES", f"role_name FROM svv_roles WHERE role_name {NAMED}", everybody(ALL)),
    ("PG_USER", "usename FROM pg_user WHERE usename IN ('{plain}', '{both}')", everybody({"plain", "both"})),
    (
        "SVV_USER_INFO",
        f"user_name FROM svv_user_info WHERE user_name IN ({USERS})",
        {**{who: {who} for who in WHO}, "superuser": set(WHO)},
    ),
    (
        "SVV_USER_GRANTS",
        "user_name FROM svv_user_grants WHERE role_name = '{own}'",
        {**with_access(MEMBERS), "plain": {"plain"}, "syslog": {"syslog"}},
    ),
    # What comes through another role is no explicit grant.
    ("SVV_USER_GRANTS", "role_name FROM svv_user_grants WHERE role_name = '{other}'", everybody(set())),
    (
        "SVV_ROLE_GRANTS",
        "granted_role_name FROM svv_role_grants WHERE granted_role_name = '{other}'",
        with_access({"other"}, set()),
    ),
    (
        "SVV_DATABASE_PRIVILEGES",
        f"identity_name FROM svv_database_privileges WHERE {HERE} AND identity_type = 'role'",
        with_access(),
    ),
    ("SVV_SCHEMA_PRIVILEGES", "identity_name FROM svv_schema_privileges WHERE namespace_name = 's'", with_access()),
    ("SVV_COLUMN_PRIVILEGES", "identity_name FROM svv_column_privileges WHERE column_name = 'b'", with_access()),
    ("SVV_DEFAULT_PRIVILEGES", "grantee_name FROM svv_default_privileges WHERE schema_name = 's'", with_access()),
    ("SVV_SYSTEM_PRIVILEGES", f"identity_name FROM svv_system_privileges WHERE identity_name {NAMED}", with_access()),
    # With SYSLOG ACCESS UNRESTRICTED, not with ACCESS SYSTEM TABLE.
    (
        "SVV_RELATION_PRIVILEGES",
        "identity_name FROM svv_relation_privileges WHERE namespace_name = 's'",
        {**everybody(ALL), "plain": OWN, "access": OWN},
    ),
    # What SELECT covers.
    *(
        (view, f"table_name FROM {view} WHERE {HERE}", superuser({"one", "two", "shut"}, {"one"}))
        for view in ("SVV_REDSHIFT_TABLES", "SVV_ALL_TABLES")
    ),
    *(
        (view, f"column_name FROM {view} WHERE {HERE} AND table_name = 'two'", superuser({"a", "b"}, set()))
        for view in ("SVV_REDSHIFT_COLUMNS", "SVV_ALL_COLUMNS")
    ),
    ("SVV_REDSHIFT_DATABASES", f"database_name FROM svv_redshift_databases WHERE {HERE}", everybody({"database"})),
    # Without USAGE and CREATE nothing but being a superuser shows a schema.
    *(
        (view, f"schema_name FROM {view} WHERE {HERE} AND schema_name = '{schema}'", seen)
        for view in ("SVV_REDSHIFT_SCHEMAS", "SVV_ALL_SCHEMAS")
        for schema, seen in (("s", everybody({"s"})), ("t", superuser({"t"}, set())))
    ),
    ("SVV_RLS_RELATION", "relname FROM svv_rls_relation", superuser({"shut"}, set())),
]


@pytest.mark.parametrize(("page", "query", "seen"), TABLE, ids=[row[0] for row in TABLE])
def test_what_a_view_shows(views: Views, page: str, query: str, seen: Seen) -> None:
    assert views.seen(f"SELECT {query}") == seen, page


def test_sys_query_history(views: Views) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_system-tables.html: own rows; all with SYSLOG ACCESS
    views.cluster.sql(views.database, "SELECT 'of the superuser'", user=views.names["superuser"])
    found = views.seen("SELECT query_text FROM sys_query_history WHERE query_text = 'SELECT ''of the superuser'''")
    assert {who for who, rows in found.items() if rows} == {"superuser", "syslog", "both"}


def test_metadata_security_hides_what_nobody_granted(place: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/t_metadata_security.html
    listed = "SELECT relname FROM pg_class WHERE relname IN ('one', 'two') ORDER BY relname"
    schemas = "SELECT nspname FROM pg_namespace WHERE nspname IN ('s', 'public', 'pg_catalog') ORDER BY nspname"
    attributes = "SELECT attname FROM pg_attribute WHERE attname = 'b'"
    assert place.read("SHOW metadata_security") == [("off",)]
    everything = [place.do(sql) for sql in (listed, schemas, attributes)]
    assert [place.read(sql) for sql in (listed, schemas, attributes)] == everything
    assert place.denied("ALTER SYSTEM SET metadata_security = on")[0] == "42501"
    place.do("ALTER SYSTEM SET metadata_security = true")
    try:
        assert place.read("SHOW metadata_security") == [("on",)]
        assert [place.do(sql) for sql in (listed, schemas, attributes)] == everything
        assert place.read(schemas) == [("pg_catalog",), ("public",)]
        assert place.read(listed) == place.read(attributes) == []
        place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
        place.do("GRANT SELECT (a) ON s.two TO {user}")
        assert place.read(schemas) == everything[1]
        assert place.read(listed) == [("two",)]
        place.do("GRANT ACCESS CATALOG TO ROLE {role}")
        assert [place.read(sql) for sql in (listed, schemas, attributes)] == everything
    finally:
        place.do("ALTER SYSTEM SET metadata_security = false")
    assert place.refused("SET metadata_security TO on")[0] == "42704"
    assert place.refused("ALTER SYSTEM SET data_catalog_auto_mount = false")[0] == "0A000"
