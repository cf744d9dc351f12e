"""System permissions of roles, and the settings of users."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from typing import Any

from local_redshift.running import Server
from tests.integration.local_redshift.local_place import Place
from tests.support.redshift import PASSWORD, connect, refused, run, unique


def test_create_role(place: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_roles-system-privileges.html
    made = unique("role")
    assert place.denied(f"CREATE ROLE {made}")[0] == "42501"
    assert place.denied("GRANT CREATE ROLE TO ROLE {role}")[0] == "42501"
    place.do("GRANT CREATE ROLE TO ROLE {role}")
    place.read(f"CREATE ROLE {made}")
    assert place.read(f"SELECT role_owner FROM svv_roles WHERE role_name = '{made}'") == [(place.user,)]
    # Its owner may grant and drop it.
    place.read(f"GRANT ROLE {made} TO {{user}}")
    place.read(f"DROP ROLE {made} FORCE")
    place.do("REVOKE CREATE ROLE FROM ROLE {role}")
    assert place.denied(f"CREATE ROLE {made}")[0] == "42501"
    assert place.do("SELECT * FROM svv_system_privileges WHERE identity_name = '{role}'") == []


def test_users_are_managed_but_no_superusers(place: Place) -> None:
    made = unique("user")
    changes = f"CREATE USER {made} PASSWORD '{PASSWORD}'", f"ALTER USER {made} CREATEDB", f"DROP USER {made}"
    for sql in (*changes, "DROP USER IF EXISTS nobody_here"):
        assert place.denied(sql)[0] in ("42501", "42704")
    place.do("GRANT CREATE USER, ALTER USER, DROP USER TO ROLE {role}")
    rows = place.do("SELECT system_privilege FROM svv_system_privileges WHERE identity_name = '{role}' ORDER BY 1")
    assert rows == [("ALTER USER",), ("CREATE USER",), ("DROP USER",)]
    place.read(changes[0])
    for sql in (
        f"CREATE USER {made}2 PASSWORD '{PASSWORD}' CREATEUSER",
        f"ALTER USER {made} CREATEUSER",
        f"ALTER USER {made} SYSLOG ACCESS UNRESTRICTED",
        "ALTER USER {user} SYSLOG ACCESS UNRESTRICTED",
        "ALTER USER awsuser NOCREATEUSER",
        f"ALTER USER awsuser PASSWORD '{PASSWORD}'",
        "DROP USER awsuser",
    ):
        assert place.denied(sql)[0] == "42501", sql
    for sql in changes[1:]:
        place.read(sql)


def test_a_setting_of_a_user_begins_with_the_next_session(place: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_USER.html
    shown = "SHOW enable_case_sensitive_identifier"
    place.do("ALTER USER {user} SET search_path TO s, public")
    place.do("ALTER USER {user} SET enable_case_sensitive_identifier TO true")
    assert place.read(shown) == [("off",)]
    assert place.denied("ALTER USER {user} SET search_path TO public")[0] == "42501"
    with closing(connect(place.server, place.database, place.user)) as later:
        assert run(later, "SHOW search_path") == [("s, public",)]
        assert run(later, shown) == [("on",)]
        run(later, "SET enable_case_sensitive_identifier TO off", "RESET enable_case_sensitive_identifier")
        assert run(later, shown) == [("on",)]
    config = place.do("SELECT useconfig FROM pg_user WHERE usename = '{user}'")[0][0]
    assert config == ["search_path=s, public", "enable_case_sensitive_identifier=on"]
    place.do("ALTER USER {user} RESET enable_case_sensitive_identifier")
    with closing(connect(place.server, place.database, place.user)) as later:
        assert run(later, shown) == [("off",)]


def test_names_of_roles_and_users_in_both_settings(admin: Any) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_enable_case_sensitive_identifier.html
    role, user = unique("Role"), unique("User")
    run(admin, f'CREATE ROLE "{role}"')
    run(admin, f"CREATE USER \"{user}\" PASSWORD '{PASSWORD}'")
    assert run(admin, f"SELECT role_name FROM svv_roles WHERE role_name = '{role.lower()}'") == [(role.lower(),)]
    run(admin, f'GRANT ROLE {role.upper()} TO "{user}"')
    assert refused(admin, f"GRANT ROLE {role} TO {user}") == ("42704", f'user "{user.lower()}" does not exist')
    run(admin, f'DROP ROLE "{role}" FORCE')
    run(admin, "SET enable_case_sensitive_identifier TO true")
    run(admin, f'CREATE ROLE "{role}"')
    assert refused(admin, f"DROP ROLE {role}") == ("42704", f'role "{role.lower()}" does not exist')
    run(admin, f'DROP ROLE "{role}"')
    run(admin, f'DROP USER "{user}"')


def test_column_grants_are_shown_apart(place: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_COLUMN_GRANTS.html
    place.do("GRANT SELECT (a), UPDATE (b) ON s.one TO ROLE {role}, PUBLIC")
    rows = place.do("SHOW COLUMN GRANTS ON TABLE {db}.s.one FOR ROLE {role}")
    assert [(row[3], row[4], row[5], row[7], row[8], row[10], row[11]) for row in rows] == [
        ("a", "COLUMN", "SELECT", place.role, "role", "COLUMN", "awsuser"),
        ("b", "COLUMN", "UPDATE", place.role, "role", "COLUMN", "awsuser"),
    ]
    assert len(place.read("SHOW COLUMN GRANTS ON TABLE s.one FOR PUBLIC LIMIT 1")) == 1
    assert place.do("SHOW GRANTS ON TABLE s.one") == []
    # One column is enough for SHOW TABLES, https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_TABLES.html
    place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
    assert [row[2] for row in place.read("SHOW TABLES FROM SCHEMA s")] == ["one"]
    assert place.read("SELECT table_name FROM svv_redshift_tables WHERE database_name = '{db}'") == []
    place.do("GRANT ALL (a) ON s.two TO ROLE {role}")
    assert [row[5] for row in place.do("SHOW COLUMN GRANTS ON TABLE s.two")] == ["SELECT", "UPDATE"]


def test_show_has_the_documented_columns(place: Place) -> None:
    # r_SHOW_SCHEMAS, r_SHOW_TABLES, r_SHOW_COLUMNS, r_SHOW_GRANTS, r_SHOW_COLUMN_GRANTS
    who = "privilege_type identity_id identity_name identity_type admin_option privilege_scope"
    for sql, expected in {
        "SHOW SCHEMAS FROM DATABASE {db}": "database_name schema_name schema_owner schema_type schema_acl "
        "source_database schema_option",
        "SHOW TABLES FROM SCHEMA s": "database_name schema_name table_name table_type table_acl remarks owner "
        "last_altered_time last_modified_time dist_style table_subtype",
        "SHOW COLUMNS FROM TABLE s.one": "database_name schema_name table_name column_name ordinal_position "
        "column_default is_nullable data_type character_maximum_length numeric_precision numeric_scale remarks "
        "sort_key_type sort_key dist_key encoding collation",
        "SHOW GRANTS ON TABLE s.one": f"schema_name object_name object_type {who} database_name grantor_name",
        "SHOW GRANTS ON DATABASE {db}": f"database_name {who} grantor_name",
        "SHOW GRANTS FOR ROLE {role}": f"database_name schema_name object_name object_type {who} grantor_name",
        "SHOW COLUMN GRANTS ON TABLE s.one": f"database_name schema_name table_name column_name object_type {who} "
        "grantor_name",
    }.items():
        cursor = place.admin.cursor()
        cursor.execute(place.named(sql))
        assert " ".join(column[0] for column in cursor.description) == expected, sql


def test_sessions_show_to_superusers_and_their_user_until_they_end(server: Server, admin: Any) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_STV_SESSIONS.html
    user = unique("visitor")
    run(admin, f"CREATE USER {user} PASSWORD '{PASSWORD}'")
    visitor = connect(server, user=user)
    process = run(visitor, "SELECT pg_backend_pid()")[0][0]
    query = f"SELECT process, user_name, db_name, timeout_sec FROM stv_sessions WHERE user_name = '{user}'"
    # Names are padded to the columns' width.
    assert run(admin, query) == run(visitor, query) == [(process, user.ljust(50), "dev".ljust(50), 0)]
    assert run(visitor, "SELECT process FROM stv_sessions") == [(process,)]
    visitor.close()
    for _ in range(100):
        if not run(admin, query):
            break
        time.sleep(0.02)
    assert run(admin, query) == []
    run(admin, f"DROP USER {user}")


def test_a_user_cancels_its_own_sessions_and_a_superuser_all(place: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/PG_CANCEL_BACKEND.html
    with closing(connect(place.server, place.database, place.user)) as running:
        set_up = "SELECT set_config('statement_timeout', '15000', false), pg_backend_pid()"
        asks = f"SELECT pg_cancel_backend({run(running, set_up)[0][1]})"
        for ask in (place.read, place.do):
            # Nothing runs, so nothing happens; it returns nothing.
            assert ask(asks) == [(None,)]
            timer = threading.Timer(0.3, ask, [asks])
            timer.start()
            began = time.monotonic()
            assert refused(running, "SELECT pg_sleep(10)")[0] == "57014"
            assert time.monotonic() - began < 5
            timer.join()
    process = place.do("SELECT pg_backend_pid()")[0][0]
    assert place.denied(f"SELECT pg_cancel_backend({process})")[0] == "42501"
    assert place.refused("SELECT pg_cancel_backend(1)")[1].startswith("Session 1 does not exist. ")
