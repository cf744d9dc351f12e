"""What each catalog view shows to whom.

Five users look at one database: a superuser, a plain user, one who may ACCESS SYSTEM TABLE, one with
SYSLOG ACCESS UNRESTRICTED, and one with both. All but the superuser hold the role `own`; nobody holds `other`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local_redshift.running import Server
from tests.integration.local_redshift.local_place import Place
from tests.support.cluster import Cluster

WHO = ("superuser", "plain", "access", "syslog", "both")
Seen = dict[str, set[str]]


@pytest.fixture(scope="module")
def seen(server: Server) -> Iterator[Callable[[str], Seen]]:
    """The first column that each of them reads of a SELECT."""
    cluster = Cluster(server)
    names = {who: cluster.user(who) for who in WHO}
    names |= {name: cluster.role(name) for name in ("own", "other", "may", "third")}
    names["database"] = database = cluster.database()

    def do(statement: str, *more: str) -> None:
        """Once for each of the further names, where the statement says `it`."""
        cluster.sql(database, *(statement.format(**names, it=names.get(it)) for it in more or ("",)))

    do("GRANT ACCESS SYSTEM TABLE TO ROLE {may}")
    do("ALTER USER {superuser} CREATEUSER")
    do("ALTER USER {it} SYSLOG ACCESS UNRESTRICTED", "syslog", "both")
    do("GRANT ROLE {may} TO {it}", "access", "both")
    do("GRANT ROLE {own} TO {it}", *WHO[1:])
    do("GRANT ROLE {other} TO ROLE {third}")
    do("CREATE SCHEMA s")
    do("CREATE TABLE s.one (a int, b int)")
    do("CREATE TABLE s.two (a int, b int)")
    do("CREATE SCHEMA t")
    do("CREATE TABLE t.shut (a int)")
    do("ALTER TABLE t.shut ROW LEVEL SECURITY ON")
    do("GRANT SELECT ON s.one TO ROLE {own}")
    do("GRANT SELECT ON s.two TO ROLE {other}")
    for statement in (
        "GRANT CREATE USER TO ROLE {it}",
        "GRANT CREATE ON DATABASE {database} TO ROLE {it}",
        "GRANT USAGE ON SCHEMA s TO ROLE {it}",
        "GRANT UPDATE (b) ON s.one TO ROLE {it}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO ROLE {it}",
    ):
        do(statement, "own", "other")
    short = {name: word for word, name in names.items()}

    def read(sql: str) -> Seen:
        text = sql.format(**names)
        rows = {who: cluster.sql(database, text, user=names[who]) for who in WHO}
        return {who: {short.get(row[0], row[0]) for row in found} for who, found in rows.items()}

    yield read
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


def with_access(rows: set[str] = ALL, own: set[str] = OWN) -> Seen:
    """ACCESS SYSTEM TABLE shows all rows."""
    return {"superuser": rows, "plain": own, "access": rows, "syslog": own, "both": rows}


def with_syslog(own: set[str], rows: set[str] = ALL) -> Seen:
    """SYSLOG ACCESS UNRESTRICTED does."""
    return {**everybody(rows), "plain": own, "access": own}


# What is asked, as pages of https://docs.aws.amazon.com/redshift/latest/dg/ tell of each view, and what each one sees.
TABLE: list[tuple[str, Seen]] = [
    (f"role_name FROM svv_roles WHERE role_name {NAMED}", everybody(ALL)),
    ("usename FROM pg_user WHERE usename IN ('{plain}', '{both}')", everybody({"plain", "both"})),
    (
        f"user_name FROM svv_user_info WHERE user_name IN ({USERS})",
        {**{who: {who} for who in WHO}, "superuser": set(WHO)},
    ),
    (
        "user_name FROM svv_user_grants WHERE role_name = '{own}'",
        {**with_access(MEMBERS), "plain": {"plain"}, "syslog": {"syslog"}},
    ),
    # What comes through another role is no explicit grant.
    ("role_name FROM svv_user_grants WHERE role_name = '{other}'", everybody(set())),
    (
        "granted_role_name FROM svv_role_grants WHERE granted_role_name = '{other}'",
        with_access({"other"}, set()),
    ),
    (f"identity_name FROM svv_database_privileges WHERE {HERE} AND identity_type = 'role'", with_access()),
    ("identity_name FROM svv_schema_privileges WHERE namespace_name = 's'", with_access()),
    ("identity_name FROM svv_column_privileges WHERE column_name = 'b'", with_access()),
    ("grantee_name FROM svv_default_privileges WHERE schema_name = 's'", with_access()),
    (f"identity_name FROM svv_system_privileges WHERE identity_name {NAMED}", with_access()),
    # With SYSLOG ACCESS UNRESTRICTED, not with ACCESS SYSTEM TABLE; the history's page is cm_chap_system-tables.
    ("identity_name FROM svv_relation_privileges WHERE namespace_name = 's'", with_syslog(OWN)),
    (
        "query_text FROM sys_query_history WHERE query_text = 'CREATE SCHEMA s' AND database_name = '{database}'",
        with_syslog(set(), {"CREATE SCHEMA s"}),
    ),
    # What SELECT covers.
    *(
        (f"table_name FROM {view} WHERE {HERE}", superuser({"one", "two", "shut"}, {"one"}))
        for view in ("svv_redshift_tables", "svv_all_tables")
    ),
    *(
        (f"column_name FROM {view} WHERE {HERE} AND table_name = 'two'", superuser({"a", "b"}, set()))
        for view in ("svv_redshift_columns", "svv_all_columns")
    ),
    (f"database_name FROM svv_redshift_databases WHERE {HERE}", everybody({"database"})),
    # Without USAGE and CREATE nothing but being a superuser shows a schema.
    *(
        (f"schema_name FROM {view} WHERE {HERE} AND schema_name IN ('s', 't')", superuser({"s", "t"}, {"s"}))
        for view in ("svv_redshift_schemas", "svv_all_schemas")
    ),
    ("relname FROM svv_rls_relation", superuser({"shut"}, set())),
]


@pytest.mark.parametrize(("query", "expected"), TABLE, ids=[row[0].split()[2] for row in TABLE])
def test_what_a_view_shows(seen: Callable[[str], Seen], query: str, expected: Seen) -> None:
    assert seen(f"SELECT {query}") == expected


def test_metadata_security_hides_what_nobody_granted(place: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/t_metadata_security.html
    schemas = "SELECT nspname FROM pg_namespace WHERE nspname IN ('s', 'public', 'pg_catalog') ORDER BY nspname"
    listed = "SELECT relname FROM pg_class WHERE relname IN ('one', 'two') ORDER BY relname"
    attributes = "SELECT attname FROM pg_attribute WHERE attname = 'b'"

    def sees(read: Callable[[str], list[tuple[Any, ...]]]) -> list[list[str]]:
        return [[row[0] for row in read(sql)] for sql in (schemas, listed, attributes)]

    everything = sees(place.do)
    assert (place.read("SHOW metadata_security"), sees(place.read)) == ([("off",)], everything)
    assert place.denied("ALTER SYSTEM SET metadata_security = on")[0] == "42501"
    place.do("ALTER SYSTEM SET metadata_security = true")
    try:
        assert (place.read("SHOW metadata_security"), sees(place.do)) == ([("on",)], everything)
        assert sees(place.read) == [["pg_catalog", "public"], [], []]
        place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
        place.do("GRANT SELECT (a) ON s.two TO {user}")
        assert sees(place.read) == [everything[0], ["two"], []]
        place.do("GRANT ACCESS CATALOG TO ROLE {role}")
        assert sees(place.read) == everything
    finally:
        place.do("ALTER SYSTEM SET metadata_security = false")
