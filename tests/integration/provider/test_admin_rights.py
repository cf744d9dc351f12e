"""Admins of different rights and one plan: what it, or the check before it, says can be applied is, what it says can't
isn't tried, and giving what it names, which is all that is lacking and no more, makes it pass."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import MisconfigurationError
from tests.deep import usual_or_deep
from tests.integration.provider.admin_world import PERMISSIONS, World, rights
from tests.support.cluster import Cluster
from tests.support.redshift import PASSWORD
from tests.support.segment import RETL, Segment, execute, message

Atoms = set[tuple[str, str]]
SCOPED = f'SELECT, INSERT, UPDATE, DELETE, DROP FOR TABLES IN SCHEMA "{RETL}"'
OPTIONS = (
    'USAGE ON SCHEMA "crm"',
    'SELECT FOR TABLES IN SCHEMA "crm"',
    'USAGE ON SCHEMA "billing"',
    'SELECT ON TABLE "billing"."invoices"',
    'USAGE ON SCHEMA "events"',
    'SELECT ON TABLE "events"."clicks"',
    f'USAGE, CREATE ON SCHEMA "{RETL}"',
    SCOPED,
)
EVERYTHING = (*PERMISSIONS, "CREATEDB", *OPTIONS)
"""What the plan takes: the least admin's."""
CRM, BILLING = OPTIONS[:2], OPTIONS[2:4]
# Who the admin is: what it has of this, what else was done before, and what it lacks nonetheless or needs no more.
ADMINS: dict[str, tuple[tuple[str, ...], tuple[str, ...], Atoms]] = {
    "nobody": ((), (), set()),
    "least": (EVERYTHING, (), set()),
    "no scoped": (tuple(o for o in EVERYTHING if "FOR TABLES" not in o), (), set()),
    "no createdb": (tuple(o for o in EVERYTHING if o != "CREATEDB"), (), set()),
    "sees nothing of crm and retl": (tuple(o for o in EVERYTHING if "crm" not in o and RETL not in o), (), set()),
    "no identities": (EVERYTHING[2:], (), set()),
    "holds all without option": (PERMISSIONS, tuple(f"GRANT {one} TO {{admin}}" for one in OPTIONS), set()),
    "holds all by a role": (
        ("CREATEDB",),
        (
            "CREATE ROLE {other}",
            *(f"GRANT {one} TO ROLE {{other}}" for one in OPTIONS),
            "GRANT ROLE {other} TO {admin}",
        ),
        set(),
    ),
    "owns crm and billing": (
        PERMISSIONS,
        tuple(
            f"ALTER {what} OWNER TO {{admin}}"
            for what in ("SCHEMA crm", "TABLE crm.accounts", "SCHEMA billing", "TABLE billing.invoices")
        ),
        {(f"-{one.split()[0]}", one.partition(" ")[2]) for one in (CRM[0], *BILLING)},
    ),
    "writes events": (
        ("CREATE ROLE", "CREATE USER", "CREATEDB", *OPTIONS),
        ("ALTER SCHEMA events OWNER TO {admin}", "ALTER TABLE events.clicks OWNER TO {admin}"),
        {("-ALTER DEFAULT PRIVILEGES", "TO ROLE")},
    ),
    "passes the role on": (
        ("CREATE USER", *EVERYTHING[2:]),
        (
            "CREATE ROLE {role}",
            "GRANT ROLE {role} TO {admin} WITH ADMIN OPTION",
            "ALTER ROLE {role} OWNER TO {predecessor}",
        ),
        {("-CREATE ROLE", "TO ROLE")},
    ),
    "only holds the role": (
        EVERYTHING,
        ("CREATE ROLE {role}", "GRANT ROLE {role} TO {admin}", "ALTER ROLE {role} OWNER TO {predecessor}"),
        {("ROLE {role}", "WITH ADMIN OPTION")},
    ),
    "finds a database": (
        tuple(o for o in EVERYTHING if o != "CREATEDB"),
        ("CREATE DATABASE {checkpoint}", "ALTER DATABASE {checkpoint} OWNER TO {predecessor}"),
        {("-CREATEDB", ""), ("CREATE", 'ON DATABASE "{checkpoint}"')},
    ),
}
CHECKED = ("nobody", "sees nothing of crm and retl", "only holds the role", "finds a database")
"""Those of whom the check before a plan is tried; `make test-deep` tries both of each."""


def atoms(statement: str, admin: str) -> Iterator[tuple[str, str]]:
    if found := re.fullmatch(rf'GRANT ROLE "(.*)" TO "{admin}" WITH ADMIN OPTION', statement):
        yield f"ROLE {found[1]}", "WITH ADMIN OPTION"
    elif found := re.fullmatch(rf'GRANT ([A-Z ,]+) TO ROLE "{admin}_rights"', statement):
        yield from ((word, "TO ROLE") for word in found[1].split(", "))
    elif found := re.fullmatch(
        rf'GRANT ([A-Z, ]+?) ((?:ON|FOR) [A-Z ]+) (.*) TO "{admin}" WITH GRANT OPTION', statement
    ):
        yield from product(found[1].split(", "), (f"{found[2]} {path}" for path in found[3].split(", ")))
    elif found := re.fullmatch(rf'ALTER ROLE "(.*)" OWNER TO "{admin}"', statement):
        yield f"ROLE {found[1]}", "OWNER"
    elif statement == f'ALTER USER "{admin}" CREATEDB':
        yield "CREATEDB", ""
    else:
        assert statement in (f'CREATE ROLE "{admin}_rights"', f'GRANT ROLE "{admin}_rights" TO "{admin}"'), statement


def named(texts: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        match = re.search(r"run(?: in database (\S+))?: (.*?)(?:; or .*)?$", text)
        assert match, text
        found |= dict.fromkeys(match[2].split("; "), match[1] or "dev")
    return found


def given_for(cluster: Cluster, plan: Any, apply: Any) -> set[str]:
    """The statements that a plan names until it has no problem: before that, the apply changes nothing."""
    given = set[str]()
    for _ in range(3):
        report = execute(plan)
        if not any(row["blocking"] for row in report["findings"]):
            break
        with cluster.untouched(), pytest.raises(MisconfigurationError):
            execute(apply)
        lacks = (row["remedy"] for row in report["findings"] if row["code"] in ("admin_lacks", "schema_missing"))
        for statement, database in named(lacks).items():
            given.add(statement)
            cluster.sql(database, statement)
    assert execute(apply)["changed"]
    return given


def given_for_check(world: World) -> set[str]:
    """The same of the check of the whole form."""
    given = set[str]()
    entries = [f"{world.warehouse}.crm", f"{world.warehouse}.billing.invoices"]
    shared = {"reverse_etl_database": world.warehouse, "reverse_etl_owner": world.retl}
    for _ in range(3):
        try:
            with world.cluster.untouched():
                execute(world.check(schemas=entries, trusted_owners=[world.predecessor], **shared))
            break
        except MisconfigurationError as error:
            for statement, database in named(error.problems).items():
                given.add(statement)
                world.cluster.sql(database, statement)
    return given


@pytest.mark.parametrize(
    ("who", "checked"),
    [(who, checked) for who in ADMINS for checked in usual_or_deep((who in CHECKED,), (False, True))],
)
def test_what_is_named_is_what_it_takes(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, who: str, checked: bool
) -> None:
    has, before, otherwise = ADMINS[who]
    world = World(cluster, monkeypatch, has, before)
    admin, given = world.admin, given_for_check(world) if checked else set[str]()
    # The form doesn't name events, and a Reverse ETL schema that the check can't see may as well be missing.
    unforeseen = {4, 5} if "sees nothing" in who else {4}
    for at, (plan, apply) in enumerate(zip(world.tasks(plan_only=True), world.tasks(), strict=True)):
        more = given_for(cluster, plan, apply)
        assert not (checked and more) or at in unforeseen, more
        given |= more
        assert execute(apply)["changed"] == 0
    expected: Atoms = {atom for one in rights(admin, EVERYTHING) for atom in atoms(one, admin)}
    expected -= {atom for one in rights(admin, has) for atom in atoms(one, admin)}
    for word, on in otherwise:
        atom = word.format_map(world.names), on.format_map(world.names)
        expected = expected - {(atom[0][1:], atom[1])} if word[0] == "-" else expected | {atom}
    assert {atom for one in given for atom in atoms(one, admin)} == expected
    world.user_connection(schema=world.checkpoint)
    assert all(world.reads(*path) for path in (("crm", "accounts"), ("billing", "invoices"), ("events", "clicks")))


# What is done, what the admin has, and what it is told that it lacks.
LATER: dict[str, tuple[tuple[str, ...], Atoms]] = {
    "rotate": ((), {("ALTER USER", "TO ROLE")}),
    "rotates": (("GRANT ALTER USER TO ROLE {admin}_rights",), set()),
    "drop": ((), {("DROP USER", "TO ROLE"), ("ROLE {role}", "OWNER")}),
    "drops": (("GRANT DROP USER TO ROLE {admin}_rights", "ALTER ROLE {role} OWNER TO {admin}"), set()),
}


@pytest.mark.parametrize("what", LATER)
def test_rotating_and_leaving_name_what_they_take(linked: Segment, what: str) -> None:
    has, expected = LATER[what]
    cluster, admin = linked.cluster, linked.cluster.user("dgadmin", "SYSLOG ACCESS UNRESTRICTED")
    names = {"admin": admin, "role": linked.role}
    own = f"{admin}_rights"
    cluster.identities.append(own)
    linked.sql(f"CREATE ROLE {own}", f"GRANT ROLE {own} TO {admin}", f"GRANT ACCESS SYSTEM TABLE TO ROLE {own}")
    linked.sql("SELECT 1", *(one.format_map(names) for one in has))
    linked.admin_connection(login=admin, password=PASSWORD)
    make: Callable[..., Any] = linked.drop_role
    if what.startswith("rotate"):
        linked.user_connection(password="Another-Reader-2")
        make = linked.rotate
    cluster.close()
    given = given_for(cluster, make(plan_only=True), make())
    assert {atom for one in given for atom in atoms(one, admin)} == {
        (word.format_map(names), on) for word, on in expected
    }


def test_what_needs_no_scoped_permission_passes_without_one(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(cluster, monkeypatch, ("CREATE ROLE", "CREATE USER", "CREATEDB"), ())
    admin, trust = world.admin, {"schema_owner": world.retl}
    todays = (*OPTIONS[:1], 'SELECT ON TABLE "crm"."accounts"', *OPTIONS[2:])
    todays = (*todays[:-1], f'SELECT, INSERT, UPDATE, DELETE, DROP ON TABLE "{RETL}"."records"')
    world.sql(*rights(admin, todays))
    execute(world.create_role())
    for make, less in ((world.grant_schema, {}), (world.grant_reverse_etl, trust)):
        assert "or use future_tables='none'" in message(execute(make(plan_only=True, **less)), "admin_lacks")
        assert execute(make(future_tables="none", **less))["changed"]
    assert world.reads("crm", "accounts")
    assert world.reads(RETL, "records")


@pytest.mark.parametrize("schema", ["crm", "nowhere"])
def test_a_schema_that_the_admin_cannot_see_is_hidden_or_missing(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, schema: str
) -> None:
    world = World(cluster, monkeypatch, ("CREATE ROLE", "CREATE USER", "CREATEDB"), ())
    run = f'run in database {world.warehouse}: GRANT USAGE ON SCHEMA "{schema}" TO "{world.admin}" WITH GRANT OPTION'
    told = f"Schema {schema} is missing from database {world.warehouse}, or hidden.*{re.escape(run)}"
    execute(world.create_role())
    for task in (world.check(schemas=[f"{world.warehouse}.{schema}"]), world.grant_schema(schema=schema)):
        with pytest.raises(MisconfigurationError, match=told):
            execute(task)
