"""Roles, users and groups, through the real driver and real logins."""

from __future__ import annotations

from typing import Any

from local_redshift.running import Server
from tests.integration.local_redshift.local_place import Place
from tests.support.redshift import PASSWORD, connect, refused, run, turned_away, unique


def test_role_and_user_share_one_name_space_groups_do_not(admin: Any) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_ROLE.html
    name = unique("name")
    run(admin, f'CREATE ROLE "{name}"')
    assert run(admin, f"SELECT role_name, role_owner FROM svv_roles WHERE role_name = '{name}'") == [(name, "awsuser")]
    assert refused(admin, f"CREATE ROLE {name}") == ("42710", f'role "{name}" already exists')
    assert refused(admin, f"CREATE USER {name} PASSWORD '{PASSWORD}'")[0] == "42710"
    run(admin, f"DROP ROLE {name}")
    assert refused(admin, f"DROP ROLE {name}") == ("42704", f'role "{name}" does not exist')
    run(admin, f"CREATE USER {name} PASSWORD '{PASSWORD}'")
    assert refused(admin, f"CREATE ROLE {name}") == ("42710", f'user "{name}" already exists')
    # https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html: nobody is called public
    for reserved in ("public", '"Public"'):
        for sql in (
            f"CREATE USER {reserved} PASSWORD '{PASSWORD}'",
            f"ALTER USER {name} RENAME TO {reserved}",
            f"CREATE ROLE {reserved}",
        ):
            assert refused(admin, sql)[0] == "42939"
    run(admin, f"CREATE GROUP {name}")
    run(admin, f"DROP GROUP {name}")
    run(admin, f"DROP USER {name}")


def test_disabled_password_and_kept_case(server: Server, admin: Any) -> None:
    user = unique("MiXed")
    run(admin, f'CREATE USER "{user}" PASSWORD DISABLE')
    for name in (user, user.lower(), "rdsdb", "role:x"):
        turned_away(server, name, "anything")
    run(admin, f"ALTER USER \"{user}\" PASSWORD '{PASSWORD}' CREATEDB CONNECTION LIMIT 3")
    connect(server, user=user).close()
    rows = run(admin, f"SELECT usename, usecreatedb, usesuper, passwd FROM pg_user WHERE usename = '{user}'")
    assert rows == [(user, True, False, "********")]
    info = run(admin, f"SELECT connection_limit, syslog_access FROM svv_user_info WHERE user_name = '{user}'")
    assert info == [("3", "RESTRICTED")]
    run(admin, f'DROP USER "{user}"')


def test_memberships_of_users_and_roles(place: Place) -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/t_role_assignment.html
    inner = unique("role")
    place.do(f"CREATE ROLE {inner}")
    place.do(f"GRANT ROLE {inner} TO ROLE {{role}}")
    place.do(f"GRANT ROLE {inner} TO ROLE {{role}}")
    grants = "SELECT granted_role_name FROM svv_role_grants WHERE role_name = '{role}'"
    assert place.do(grants) == [(inner,)]
    # DROP ROLE: https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_ROLE.html
    assert place.refused(f"DROP ROLE {inner}") == ("55006", "cannot drop this role since it depends on another role")
    assert place.refused("DROP ROLE {role}") == ("55006", "cannot drop this role since it has been granted on a user")
    assert place.refused(f"GRANT ROLE {{role}} TO ROLE {inner}")[0] == "0LP01"
    place.do(f"DROP ROLE {inner} FORCE")
    assert place.do(grants) == []
    assert place.denied("GRANT ROLE {role} TO awsuser")[0] == "42501"
    place.do("GRANT ROLE {role} TO {user} WITH ADMIN OPTION")
    place.read("GRANT ROLE {role} TO awsuser")
    place.do("REVOKE ADMIN OPTION FOR ROLE {role} FROM {user}")
    assert place.denied("REVOKE ROLE {role} FROM awsuser")[0] == "42501"
    assert place.do("SELECT admin_option FROM svv_user_grants WHERE user_name = '{user}'") == [(False,)]
    place.do("REVOKE ROLE {role} FROM awsuser, {user}")
    place.do("REVOKE ROLE {role} FROM {user}")
    assert place.read("SELECT role_name FROM svv_user_grants") == []


def test_drop_of_who_still_holds_something(place: Place) -> None:
    place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
    held = ("55006", f'role "{place.role}" cannot be dropped because the role has a privilege on some object')
    assert place.refused("DROP ROLE {role} FORCE") == held
    place.do("REVOKE USAGE ON SCHEMA s FROM ROLE {role}")
    place.do("GRANT SELECT ON s.one TO {user}")
    held = ("55006", f'user "{place.user}" cannot be dropped because the user has a privilege on some object')
    assert place.refused("DROP USER {user}") == held
    place.do("REVOKE SELECT ON s.one FROM {user}")
    place.do("ALTER SCHEMA s OWNER TO {user}")
    owns = ("55006", f'user "{place.user}" cannot be dropped because the user owns some object')
    assert place.refused("DROP USER {user}") == owns
    place.do("ALTER SCHEMA s OWNER TO awsuser")
    # Memberships don't keep a user from being dropped, they go with it.
    place.do("DROP USER {user}")
    place.do("DROP ROLE {role}")


def test_groups(place: Place) -> None:
    group = unique("group")
    place.do(f"CREATE GROUP {group} WITH USER {{user}}")
    place.do(f"GRANT USAGE ON SCHEMA s TO GROUP {group}")
    place.do(f"GRANT SELECT ON s.one TO GROUP {group}, ROLE {{role}}, PUBLIC, {{user}}")
    assert place.read("SELECT a FROM s.one") == [(1,)]
    rows = place.do("SELECT identity_type, identity_name FROM svv_relation_privileges ORDER BY identity_type")
    assert rows == [("group", group), ("public", "public"), ("role", place.role), ("user", place.user)]
    assert place.refused(f"GRANT SELECT ON s.one TO {group}") == ("42704", f'user "{group}" does not exist')
    place.do(f"ALTER GROUP {group} DROP USER {{user}}")
    assert place.denied("SELECT a FROM s.one")[1] == "permission denied for schema s"
    place.do(f"REVOKE USAGE ON SCHEMA s FROM GROUP {group}")
    place.do(f"REVOKE ALL ON s.one FROM GROUP {group}")
    place.do(f"DROP GROUP {group}")


def test_identities_and_grants_roll_back_together(place: Place) -> None:
    other = unique("role")
    made = f"SELECT role_name FROM svv_roles WHERE role_name = '{other}'"
    for refusal in (("GRANT USAGE ON SCHEMA nowhere TO PUBLIC", "3F000"), ("COPY t FROM 's3://b'", "0A000")):
        place.do("BEGIN")
        place.do(f"CREATE ROLE {other}")
        assert place.do(made) == [(other,)]
        # A refusal of the stand-in's own ends the transaction, too.
        assert place.refused(refusal[0])[0] == refusal[1]
        assert place.refused("SELECT 1")[0] == "25P02"
        place.do("ROLLBACK")
        assert place.do(made) == []
