"""The trigger form's entries: parsed, resolved against the warehouse, every problem at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_datagraph.access.database import DatabaseAccess
from airflow_provider_datagraph.access.messages import said
from airflow_provider_datagraph.access.plan import Finding, Level
from airflow_provider_datagraph.access.profiles_sync import REQUIRED_TABLES
from airflow_provider_datagraph.access.schemas.values import DesiredSchema, FutureTables
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.choosing import Path
from airflow_provider_datagraph.form.entries import (
    Resolver,
    Warehouse,
    as_tasks,
    desired_schemas,
    read_warehouse,
    relations_needed,
)
from airflow_provider_datagraph.form.patterns import patterns
from airflow_provider_datagraph.redshift.names import split_path
from airflow_provider_datagraph.redshift.values import Database, Grant, Schema, Scope, Session
from tests.unit.redshift import catalog_rows as q


def schemas(**kinds: str) -> dict[str, Schema]:
    return {name: Schema(name, "admin", kind) for name, kind in kinds.items()}


def seen(database: str = "dev", case_sensitive: bool = False, **kinds: str) -> DatabaseAccess:
    """What is known of the cluster where a session looks at it; ``kinds``: of databases that aren't local."""
    databases = {name: Database(name, "admin", kind) for name, kind in kinds.items()}
    return DatabaseAccess(Session("admin", database, case_sensitive=case_sensitive), databases=databases)


WAREHOUSE = Warehouse(
    seen(),
    {
        "dev": schemas(crm="local", ads="local", lake="external", Mixed="local"),
        "sales": schemas(crm="local", orders="local"),
        "partner": schemas(shared_crm="shared"),
        "empty": {},
    },
    {("dev", "crm"): frozenset({"accounts", "orders", "Notes"}), ("sales", "crm"): frozenset({"deals", "my.table"})},
)
HIDDEN = Warehouse(seen("hidden"), {"dev": schemas(crm="local")})
SENSITIVE = replace(WAREHOUSE, known=seen(case_sensitive=True))
CLERK = replace(WAREHOUSE, known=DatabaseAccess(Session("clerk", "dev", superuser=False)))


def resolved(*entries: str, warehouse: Warehouse = WAREHOUSE) -> tuple[list[Path], list[Finding], list[str]]:
    problems = Problems()
    opened, findings = Resolver(warehouse, problems).entries(map(split_path, entries), "r")
    assert all(map(said, findings))
    return opened, findings, problems.sentences


def problem(entry: str, warehouse: Warehouse = WAREHOUSE) -> str:
    opened, findings, (sentence,) = resolved(entry, warehouse=warehouse)
    assert (opened, findings) == ([], [])
    return sentence


@pytest.mark.parametrize(
    ("entries", "warehouse", "needed"),
    [
        (["crm", "dev.crm", "nowhere", "dev.nowhere"], WAREHOUSE, {}),
        (["dev.crm.t", "DEV.ADS.x", "sales.crm.deals"], WAREHOUSE, {"dev": {"crm", "ads"}, "sales": {"crm"}}),
        (["crm.accounts"], WAREHOUSE, {"dev": {"crm"}}),
        (["nowhere.accounts", "nowhere.crm.accounts", "dev.nowhere.accounts", "crm.ads.t"], WAREHOUSE, {}),
        (["partner.shared_crm.t", "lake.t"], WAREHOUSE, {"partner": {"shared_crm"}, "dev": {"lake"}}),
        ([], WAREHOUSE, {}),
        # Where names compare as they are stored, these mean nothing else.
        (["DEV.crm.t", "Mixed.t", "mixed.t", "dev.Mixed.t", "CRM.t", "dev.CRM.t"], SENSITIVE, {"dev": {"Mixed"}}),
        # The connected database may be hidden, and a database named like a schema.
        (["crm.t"], HIDDEN, {}),
        (["sales.crm"], replace(WAREHOUSE, schemas={**WAREHOUSE.schemas, "dev": schemas(sales="local")}), {}),
    ],
)
def test_only_tables_that_decide_have_to_be_read(
    entries: list[str], warehouse: Warehouse, needed: dict[str, set[str]]
) -> None:
    assert relations_needed(map(split_path, entries), warehouse) == needed


def test_what_is_opened_is_sorted_by_database_and_keeps_its_order() -> None:
    entries = ["sales.orders", "crm", "SALES.CRM.Deals", "dev.ads", 'sales.crm."my.table"']
    sales = [("sales", "orders"), ("sales", "crm", "deals"), ("sales", "crm", "my.table")]
    opened = [("dev", "crm"), ("dev", "ads"), *sales]
    assert resolved(*entries) == (opened, [], [])
    orders, crm = DesiredSchema("orders"), DesiredSchema("crm", ("deals", "my.table"))
    whole = [DesiredSchema("crm"), DesiredSchema("ads")]
    assert desired_schemas([*opened, sales[1]]) == {"dev": whole, "sales": [orders, crm]}
    # Who names a schema whole has it whole.
    assert desired_schemas([*sales[1:], ("sales", "crm")], FutureTables.NONE) == {
        "sales": [DesiredSchema("crm", future=FutureTables.NONE)]
    }


def test_a_case_sensitive_session_takes_names_as_stored() -> None:
    opened = [("dev", "Mixed"), ("dev", "crm", "Notes")]
    assert resolved("Mixed", "dev.crm.Notes", warehouse=SENSITIVE) == (opened, [], [])
    assert problem("Dev.crm", SENSITIVE) == "Dev.crm: there is no database Dev: did you mean dev?"
    assert problem("crm.Notes", SENSITIVE).endswith("but schema crm of dev has a table Notes: write dev.crm.Notes.")
    assert problem("CRM.accounts", SENSITIVE).startswith("CRM.accounts: there is no database CRM: ")
    told = "there is no database crm, and schema crm of dev has no table notes."
    assert problem("crm.notes", SENSITIVE) == f"crm.notes: {told}"


CORRECT = ": correct the name, or create it first."
ALIKE = Warehouse(seen(), {"dev": schemas(Web="local", WEB="local")})
DOTTED = {"my.crm": Schema("my.crm", "admin")}
QUOTED = Warehouse(seen(), {"dev": DOTTED}, {("dev", "my.crm"): frozenset({"a.b"})})


@pytest.mark.parametrize(
    ("entry", "told", "warehouse"),
    [
        (
            "CRM.Accounts",
            "no database CRM, but schema crm of dev has a table accounts: write dev.crm.accounts.",
            WAREHOUSE,
        ),
        ("crm.gone", "no database crm, and schema crm of dev has no table gone.", WAREHOUSE),
        ("ads.t", "no database ads, and schema ads of dev has no table t.", WAREHOUSE),
        ("gone.crm", f"no database gone{CORRECT}", WAREHOUSE),
        ("crm.accounts.id", f"no database crm{CORRECT}", WAREHOUSE),
        ("gone", f"database dev has no schema gone{CORRECT}", WAREHOUSE),
        ("mixed", "database dev has no schema mixed: did you mean Mixed?", WAREHOUSE),
        ("sales.ads", f"database sales has no schema ads{CORRECT}", WAREHOUSE),
        ("empty.crm", f"database empty has no schema crm{CORRECT}", WAREHOUSE),
        ("sales.crm.x", f"schema sales.crm has no table x{CORRECT}", WAREHOUSE),
        ("dev.crm.notes", "schema dev.crm has no table notes: did you mean Notes?", WAREHOUSE),
        ("dev.ads.t", f"schema dev.ads has no table t{CORRECT}", WAREHOUSE),
        ('dev.crm."a.b"', f"schema dev.crm has no table a.b{CORRECT}", WAREHOUSE),
        # From who is no superuser it may be hidden, but for what shows in other capitals.
        ("mixed", "database dev has no schema mixed: did you mean Mixed?", CLERK),
        ("dev.crm.notes", "schema dev.crm has no table notes: did you mean Notes?", CLERK),
        (
            "sales.Gone",
            "Schema Gone is missing from database sales, or hidden from clerk, who isn't a superuser. Correct the "
            "name; or, if it exists, have a superuser run in database sales: "
            'GRANT USAGE ON SCHEMA "gone" TO "clerk" WITH GRANT OPTION',
            CLERK,
        ),
        # The first of several alike is proposed, and proposals are quoted.
        ("web", "database dev has no schema web: did you mean WEB?", ALIKE),
        (
            '"my.crm"."a.b"',
            'no database my.crm, but schema my.crm of dev has a table a.b: write dev."my.crm"."a.b".',
            QUOTED,
        ),
        ('dev."my.crm".c', f'schema dev."my.crm" has no table c{CORRECT}', QUOTED),
        # The connected database may not be listed.
        ("crm", f"no database hidden{CORRECT}", HIDDEN),
        ("x.y", f"no database x{CORRECT}", HIDDEN),
        (
            "crm",
            "no database Dev: did you mean dev?",
            replace(WAREHOUSE, known=seen("Dev", case_sensitive=True)),
        ),
    ],
)
def test_what_isnt_there_is_told_with_a_proposal(entry: str, told: str, warehouse: Warehouse) -> None:
    assert problem(entry, warehouse) == f"{entry}: {'there is ' if told.startswith('no ') else ''}{told}"


def test_a_table_that_may_be_hidden_is_opened_and_shows_in_its_database() -> None:
    opened = [("dev", "crm", "gone"), ("dev", "crm", "accounts")]
    assert resolved("dev.crm.Gone", "dev.crm.Accounts", warehouse=CLERK) == (opened, [], [])
    sensitive = replace(CLERK, known=DatabaseAccess(replace(CLERK.session, case_sensitive=True)))
    assert resolved("dev.crm.Gone", warehouse=sensitive) == ([("dev", "crm", "Gone")], [], [])


def test_every_problem_is_told_at_once() -> None:
    told = [f"gone: database dev has no schema gone{CORRECT}", f"empty.x: database empty has no schema x{CORRECT}"]
    assert resolved("gone", "crm", "empty.x", "gone") == ([("dev", "crm")], [], told)


TWICE, TABLE = "is named twice: name it once.", 'sales.crm."my.table"'
WHOLE = "{} names one table, and {} all of them: keep one of the two."


@pytest.mark.parametrize(
    ("entries", "sentences"),
    [
        (["crm", "dev.crm"], [f"dev.crm {TWICE}"]),
        (["crm", "CRM", "Dev.Crm"], [f"dev.crm {TWICE}"]),
        (["dev.crm.orders", "DEV.crm.ORDERS"], [f"dev.crm.orders {TWICE}"]),
        ([TABLE, TABLE], [f"{TABLE} {TWICE}"]),
        (["dev.crm.orders", "crm"], [WHOLE.format("dev.crm.orders", "dev.crm")]),
        (
            ["sales.crm", TABLE, "sales.crm.deals"],
            [WHOLE.format(one, "sales.crm") for one in (TABLE, "sales.crm.deals")],
        ),
        (["sales.crm", "dev.crm.orders", "dev.crm.accounts"], []),
    ],
)
def test_contradictions_are_told(entries: list[str], sentences: list[str]) -> None:
    assert resolved(*entries)[2] == sentences


ELSEWHERE = replace(
    WAREHOUSE,
    known=seen(dev="local", partner="shared", glue="auto mounted catalog"),
    schemas={**WAREHOUSE.schemas, "glue": {}, "sales": schemas(lake="external", crm="local")},
)
SHARED = "partner.shared_crm"
MORE = 'WITH PERMISSIONS, then also: GRANT USAGE ON SCHEMA "partner"."{0}" TO ROLE "r"; GRANT SELECT '


@pytest.mark.parametrize(
    ("entry", "about", "statements"),
    [
        ("LAKE", "dev.lake", 'refuses the role: GRANT USAGE ON SCHEMA "lake" TO ROLE "r"'),
        # The catalog of tables doesn't list it.
        ("dev.lake.t", "dev.lake", 'refuses the role: GRANT USAGE ON SCHEMA "lake" TO ROLE "r"'),
        (SHARED, SHARED, MORE.format("shared_crm") + 'ON ALL TABLES IN SCHEMA "partner"."shared_crm" TO ROLE "r"'),
        # Nor need that of schemas, for databases of datashares.
        ('partner."a""b".T', 'partner."a""b"', MORE.format('a""b') + 'ON TABLE "partner"."a""b"."t" TO ROLE "r"'),
        ("glue.web", "glue.web", "create an external schema for it in a local database, and name that one."),
    ],
)
def test_what_isnt_local_is_told_with_what_to_run_and_left_out(entry: str, about: str, statements: str) -> None:
    opened, (told,), problems = resolved(entry, entry, "crm", warehouse=ELSEWHERE)
    assert (opened, problems) == ([("dev", "crm")], [])
    assert (told.code, told.object, told.level) == ("not_local", about, Level.FINDING)
    assert said(told).remedy.endswith(statements)


def test_what_the_role_holds_there_already_is_worth_a_note() -> None:
    held = {Grant(Scope.SCHEMA, "USAGE", "lake"), Grant(Scope.DATABASE, "USAGE", database="partner")}
    holding = replace(ELSEWHERE, known=replace(ELSEWHERE.known, grants=frozenset(held)))
    _, findings, _ = resolved("sales.lake", "partner.x", "partner.a", "lake", warehouse=holding)
    # What it holds on schemas was read of the connected database alone. They are sorted by database, and no further.
    noted = [(name, Level.NOTE) for name in ("dev.lake", "partner.x", "partner.a")]
    assert [(one.object, one.level) for one in findings] == [*noted, ("sales.lake", Level.FINDING)]


def test_nothing_connects_to_a_database_that_isnt_local() -> None:
    problems = Problems()
    Resolver(ELSEWHERE, problems).profiles_sync("partner", "profiles", [])
    Resolver(ELSEWHERE, problems).profiles_sync("dev", "lake", [])
    Resolver(ELSEWHERE, problems).reverse_etl("glue", "check")
    told = "and Segment writes Profiles Sync to a local schema: name that one."
    assert [one.split(" To have")[0] for one in problems.sentences] == [
        f"profiles_sync: partner.profiles is shared, {told}",
        f"profiles_sync: dev.lake is external, {told}",
        "reverse_etl_database: Database glue is auto mounted catalog, not local, so Segment can't write to it. Name "
        "another database.",
    ]


def test_the_warehouse_is_read_with_the_tables_that_decide() -> None:
    tables: q.Table = [["crm", "t", "TABLE", "admin"], ["crm", "mv_tbl__m__0", "TABLE", None]]
    listed: q.Table = [["dev", "crm", 100, "LOCAL"], ["sales", "crm", None, "shared"]]
    rows = q.Answers({q.ALL_SCHEMAS: listed, q.tables_of("crm"): tables})
    databases = {name: Database(name, "admin") for name in ("dev", "empty")}
    known = DatabaseAccess(q.SEEN, q.KNOWN_ROLES, q.KNOWN_USERS, databases)
    assert read_warehouse(rows, known, [("dev", "crm", "t"), ("sales", "crm")]) == Warehouse(
        known,
        {"dev": {"crm": Schema("crm", "admin")}, "empty": {}, "sales": {"crm": Schema("crm", "nobody", "shared")}},
        {("dev", "crm"): frozenset({"t"})},
    )


def profiles(database: str, schema: str, *opened: Path, warehouse: Warehouse = WAREHOUSE) -> Any:
    problems = Problems()
    return Resolver(warehouse, problems).profiles_sync(database, schema, opened), problems.sentences


def test_the_schema_of_profiles_sync_may_still_be_missing_and_its_database_may_not() -> None:
    assert profiles("SALES", "CRM") == (("sales", "crm"), [])
    assert profiles("sales", "Profiles") == (("sales", "Profiles"), [])
    # In another database, a schema may have its name.
    assert profiles("sales", "crm", ("dev", "crm"), ("sales", "orders"))[1] == []
    told = "sales.CRM is in profiles_sync and in schemas: leave it in profiles_sync."
    for opened in (("sales", "crm"), ("sales", "crm", "deals")):
        assert profiles("Sales", "CRM", ("sales", "orders"), opened) == (("sales", "crm"), [told])
    told = "profiles_sync: there is no database gone: correct the name, as Segment shows it."
    assert profiles("gone", "crm") == (None, [told])
    # Where names compare as typed, this is a schema that is still missing.
    assert profiles("SALES", "crm", warehouse=SENSITIVE)[0] is None
    assert profiles("sales", "CRM", ("sales", "crm"), warehouse=SENSITIVE) == (("sales", "CRM"), [])


@pytest.mark.parametrize(
    ("warehouse", "found"),
    [
        # The checkpoint database may still be missing.
        (WAREHOUSE, {"SALES": "sales", "gone": None, "check": "check", "CHECK": "check"}),
        (SENSITIVE, {"SALES": None, "CHECK": None, "check": "check"}),
    ],
)
def test_the_database_of_reverse_etl_has_to_be_there(warehouse: Warehouse, found: dict[str, str | None]) -> None:
    told = "reverse_etl_database: there is no database {}: correct the name, or leave it empty."
    problems = Problems()
    assert {name: Resolver(warehouse, problems).reverse_etl(name, "check") for name in found} == found
    assert problems.sentences == [told.format(name) for name, one in found.items() if one is None]


ONLY = "isn't allowed here: this DAG opens only sales.*, ads."


def test_what_isnt_allowed_is_told_among_all_others() -> None:
    allow, problems = patterns(["sales.*", "ads"], "allow"), Problems()
    typed = ("SALES.crm.deals", "crm", "dev.ads", "CRM.gone", "dev.crm.accounts", "sales.gone")
    resolver = Resolver(WAREHOUSE, problems, allow)
    opened, _ = resolver.entries(map(split_path, typed), "r")
    assert opened == [("dev", "ads"), ("sales", "crm", "deals")]
    assert resolver.profiles_sync("Sales", "New", opened) == ("sales", "New")
    resolver.profiles_sync("dev", "gone.x", opened)
    assert resolver.reverse_etl("Sales", "check") == "sales"
    assert resolver.reverse_etl("Check", "check") == "check"
    resolver.reverse_etl("dev", "check")
    assert problems.sentences == [
        # Whether it exists isn't told.
        f"crm {ONLY}",
        f"CRM.gone {ONLY}",
        f"dev.crm.accounts {ONLY}",
        "sales.gone: database sales has no schema gone: correct the name, or create it first.",
        f'profiles_sync: dev."gone.x" {ONLY}',
        f"reverse_etl_database: dev.__segment_reverse_etl {ONLY}",
    ]


def test_the_tasks_that_follow_read_every_name_back_as_it_is() -> None:
    listed = [("d.b", "my.schema", "t"), ("d.b", "my.schema", "a.b")]
    made = as_tasks([("d.b", "crm"), *listed, ("dev", "ads")], ("d.b", "pro.files"), "d.b")
    own = ['"d.b"."crm"', '"dev"."ads"', '"d.b"."my.schema"."t"', '"d.b"."my.schema"."a.b"']
    asked = made.pop("asked")
    assert asked[:4] == own
    assert asked[-2:] == ['"d.b"."pro.files"', '"d.b"."__segment_reverse_etl"']
    assert made == {
        "grants": {
            "schema": ['"d.b".crm', '"d.b"."my.schema"', "dev.ads"],
            "tables": ['"d.b"."my.schema".t', '"d.b"."my.schema"."a.b"'],
        },
        "reverse_etl_database": "d.b",
        "profiles_sync": {"database": "d.b", "schema": '"pro.files"'},
        "validate": {
            "schemas": ['"d.b".crm', "dev.ads"],
            "tables": [
                *('"d.b"."my.schema".t', '"d.b"."my.schema"."a.b"'),
                *(f'"d.b"."pro.files".{name}' for name in REQUIRED_TABLES),
            ],
        },
    }
    alone = as_tasks([("dev", "ads")], None, None)
    assert alone["grants"] == {"schema": ["dev.ads"], "tables": True}
    assert alone["validate"] == {"schemas": ["dev.ads"], "tables": []}
    nothing: dict[str, Any] = {"grants": None, "asked": [], "profiles_sync": None, "reverse_etl_database": None}
    assert as_tasks([], None, None) == {**nothing, "validate": None}
    # What is named, and can't be opened, isn't proved: the proof fails, and isn't skipped.
    assert as_tasks([], None, None, named=True) == {**nothing, "validate": {"schemas": [], "tables": []}}
