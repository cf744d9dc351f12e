"""Whether the admin sees what a role holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_datagraph.redshift.catalog.identities import (
    METADATA_SECURITY,
    ROLE_GRANTS,
    SYSLOG_ACCESS,
    SYSTEM_PRIVILEGES,
    USER_GRANTS,
    USERS,
    catalog_hides,
    sees_role,
)
from airflow_provider_datagraph.redshift.values import Identities, Role, Session
from tests.unit.redshift.catalog_rows import Table

ADMIN = Session("admin", "dev", superuser=False)
CURRENT = Identities(ADMIN, roles={"r": Role("r", "boss"), "mine": Role("mine", "admin")})
TABLES = "ACCESS SYSTEM TABLE"


def asked(grants: Table, system: Table, syslog: Table) -> dict[str, Any]:
    # Role a has role b, which has role c.
    between = [("a", "b"), ("b", "c")]
    return {USER_GRANTS: grants, ROLE_GRANTS: between, SYSTEM_PRIVILEGES: system, SYSLOG_ACCESS: syslog}


OPEN = [("other", "RESTRICTED"), ("admin", "UNRESTRICTED")]
CASES = {
    "a member of the role": (asked([("admin", "r")], [], []), True),
    "another user is the member": (asked([("other", "r")], [], []), False),
    "both permissions": (asked([], [(TABLES, "admin", "user")], OPEN), True),
    "in lower case": (asked([], [(TABLES, "admin", "user")], [("admin", "unrestricted")]), True),
    "through a role": (asked([("admin", "a")], [(TABLES, "a", "role")], OPEN), True),
    "through a role of a role's role": (asked([("admin", "a")], [(TABLES, "c", "role")], OPEN), True),
    "a role that holds the own one": (asked([("admin", "b")], [(TABLES, "a", "role")], OPEN), False),
    "through another's role": (asked([("other", "a")], [(TABLES, "a", "role")], OPEN), False),
    "a user named like the role": (asked([("admin", "a")], [(TABLES, "a", "user")], OPEN), False),
    "a role named like the admin": (asked([], [(TABLES, "admin", "role")], OPEN), False),
    "another permission": (asked([], [("CREATE USER", "admin", "user")], OPEN), False),
    "without the log": (asked([], [(TABLES, "admin", "user")], [("admin", "RESTRICTED")]), False),
    "no row of its own": (asked([], [(TABLES, "admin", "user")], [("other", "UNRESTRICTED")]), False),
    "only the log": (asked([], [], OPEN), False),
}


@pytest.mark.parametrize(("answers", "sees"), CASES.values(), ids=CASES)
def test_who_sees_a_role(answers: dict[str, Any], sees: bool) -> None:
    assert sees_role(answers.__getitem__, "r", CURRENT) is sees


@pytest.mark.parametrize(
    ("role", "session"), [("r", replace(ADMIN, superuser=True)), ("mine", ADMIN), ("not_there", ADMIN)]
)
def test_for_superusers_and_owners_nothing_is_asked(role: str, session: Session) -> None:
    def refuse(sql: str) -> Any:
        raise AssertionError(sql)

    assert sees_role(refuse, role, replace(CURRENT, session=session)) is True


def test_who_has_no_role_is_not_asked_for_roles_of_roles() -> None:
    answers = asked([("other", "a")], [], [])
    del answers[ROLE_GRANTS]
    assert sees_role(answers.__getitem__, "r", CURRENT) is False


CATALOG = "ACCESS CATALOG"


@pytest.mark.parametrize(
    ("user", "security", "grants", "system", "hides"),
    [
        *(("clerk", word, [], [], False) for word in ("off", " OFF ", "false", "f")),
        *((user, "on", [], [], user != "admin") for user in ("admin", "clerk", "one_without_a_row")),
        ("clerk", "on", [], [(CATALOG, "clerk", "user")], False),
        ("clerk", "on", [("clerk", "a")], [(CATALOG, "c", "role")], False),
        ("clerk", "on", [("clerk", "sys:dba")], [], False),
        # What others hold, or who is called alike, is no help.
        ("clerk", "on", [("other", "sys:dba")], [(CATALOG, "other", "user"), (CATALOG, "clerk", "role")], True),
        ("clerk", "on", [("clerk", "a")], [(CATALOG, "a", "user"), (TABLES, "clerk", "user")], True),
    ],
)
def test_from_whom_the_catalog_hides(user: str, security: str, grants: Table, system: Table, hides: bool) -> None:
    users = [("admin", 100, True, False), ("clerk", 101, False, True)]
    answers = {**asked(grants, system, []), USERS: users, METADATA_SECURITY: [[security]]}
    assert catalog_hides(answers.__getitem__, user) is hides
