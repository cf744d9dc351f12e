"""The trigger form's entries: parsed, resolved against the warehouse, every problem at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_datagraph.access.database import DatabaseAccess
from airflow_provider_datagraph.access.messages import said
from airflow_provider_datagraph.access.plan import Finding, Level
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.entries import (
    Opening,
    Resolver,
    Warehouse,
    as_tasks,
    parse_entry,
    read_warehouse,
    relations_needed,
)
from airflow_provider_datagraph.form.patterns import patterns
from airflow_provider_datagraph.redshift.values import Database, Grant, Schema, Scope, Session
from tests.unit.redshift import catalog_rows as q
from tests.unit.redshift.reading import refusal


def schemas(**kinds: str) -> dict[str, Schema]:
    return {name: Schema(name, "admin", kind) for name, kind in kinds.items()}


WAREHOUSE = Warehouse(
    Session("admin", "dev"),
    {
        "dev": schemas(crm="local", ads="local", lake="external", Mixed="local"),
        "sales": schemas(crm="local", orders="local"),
        "partner": schemas(shared_crm="shared"),
        "empty": {},
    },
    {("dev", "crm"): frozenset({"accounts", "orders", "Notes"}), ("sales", "crm"): frozenset({"deals", "my.table"})},
)
HIDDEN = Warehouse(Session("admin", "hidden"), {"dev": schemas(crm="local")})
SENSITIVE = replace(WAREHOUSE, session=Session("admin", "dev", case_sensitive=True))


def resolved(*entries: str, warehouse: Warehouse = WAREHOUSE) -> tuple[list[Opening], list[Finding], list[str]]:
    """What is to be opened, what is found, and what is wrong."""
    problems = Problems()
    openings, findings = Resolver(warehouse, problems).entries([parse_entry(entry) for entry in entries], "r")
    assert all(map(said, findings))
    return openings, findings, problems.sentences


def problem(entry: str, warehouse: Warehouse = WAREHOUSE) -> str:
    """The one problem of the one entry."""
    openings, findings, (sentence,) = resolved(entry, warehouse=warehouse)
    assert (openings, findings) == ([], [])
    return sentence


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("crm", ("crm",)),
        (" Dev.CRM ", ("Dev", "CRM")),
        ('sales."my.schema"."t"', ("sales", "my.schema", "t")),
        ("dev.crm.pg_table", ("dev", "crm", "pg_table")),
        ("pg_db.crm", ("pg_db", "crm")),
        # A schema may be named like a database that nobody may name.
        ("template1", ("template1",)),
    ],
)
def test_an_entry_has_one_to_three_parts(text: str, parts: tuple[str, ...]) -> None:
    assert parse_entry(text) == parts


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "a.b.c.d",
            "'a.b.c.d' has 4 parts: write schema, database.schema or database.schema.table, with double quotes around "
            "a part that holds a dot.",
        ),
        ("a..b", "'a..b' has an empty part: write schema, database.schema or database.schema.table."),
        ("pg_catalog", "The schema 'pg_catalog' belongs to Redshift itself: name a schema of your own."),
        ("dev.pg_catalog", "The schema 'pg_catalog' belongs to Redshift itself: name a schema of your own."),
        ("dev.pg_toast.t", "The schema 'pg_toast' belongs to Redshift itself: name a schema of your own."),
        ("template1.crm", "The database 'template1' belongs to Redshift itself: name a database of your own."),
        ("template1.crm.t", "The database 'template1' belongs to Redshift itself: name a database of your own."),
        ("dev.crm.a\tb", "The table name 'a\\tb' holds a character that can't be printed: remove it."),
    ],
)
def test_what_is_no_entry_is_refused(text: str, sentence: str) -> None:
    assert refusal(parse_entry, text) == (sentence,)


@pytest.mark.parametrize(
    ("entries", "warehouse", "needed"),
    [
        (["crm", "dev.crm", "nowhere", "dev.nowhere"], WAREHOUSE, {}),
        (["dev.crm.t", "DEV.ADS.x", "sales.crm.deals"], WAREHOUSE, {"dev": {"crm", "ads"}, "sales": {"crm"}}),
        (["crm.accounts"], WAREHOUSE, {"dev": {"crm"}}),
        (["CRM.accounts", "crm.x"], WAREHOUSE, {"dev": {"crm"}}),
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
    assert relations_needed([parse_entry(entry) for entry in entries], warehouse) == needed


def test_openings_are_sorted_by_database_and_keep_their_order() -> None:
    entries = ["sales.orders", "crm", "SALES.CRM.Deals", "dev.ads", 'sales.crm."my.table"']
    assert resolved(*entries) == (
        [Opening("dev", ("crm", "ads"), {}), Opening("sales", ("orders", "crm"), {"crm": ("deals", "my.table")})],
        [],
        [],
    )


def test_a_case_sensitive_session_takes_names_as_stored() -> None:
    assert resolved("Mixed", "dev.crm.Notes", warehouse=SENSITIVE) == (
        [Opening("dev", ("Mixed", "crm"), {"crm": ("Notes",)})],
        [],
        [],
    )
    assert problem("Dev.crm", SENSITIVE) == "Dev.crm: there is no database Dev: did you mean dev?"
    assert problem("crm.Notes", SENSITIVE).endswith("but schema crm of dev has a table Notes: write dev.crm.Notes.")
    assert problem("CRM.accounts", SENSITIVE).startswith("CRM.accounts: there is no database CRM: ")
    assert problem("crm.notes", SENSITIVE) == (
        "crm.notes: there is no database crm, and schema crm of dev has no table notes."
    )


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            "CRM.Accounts",
            "CRM.Accounts: there is no database CRM, but schema crm of dev has a table accounts: write "
            "dev.crm.accounts.",
        ),
        ("crm.gone", "crm.gone: there is no database crm, and schema crm of dev has no table gone."),
        ("ads.t", "ads.t: there is no database ads, and schema ads of dev has no table t."),
        ("gone.crm", "gone.crm: there is no database gone: correct the name, or create it first."),
        ("crm.accounts.id", "crm.accounts.id: there is no database crm: correct the name, or create it first."),
        ("gone", "gone: database dev has no schema gone: correct the name, or create it first."),
        ("mixed", "mixed: database dev has no schema mixed: did you mean Mixed?"),
        ("sales.ads", "sales.ads: database sales has no schema ads: correct the name, or create it first."),
        ("empty.crm", "empty.crm: database empty has no schema crm: correct the name, or create it first."),
        ("sales.crm.x", "sales.crm.x: schema sales.crm has no table x: correct the name, or create it first."),
        ("dev.crm.notes", "dev.crm.notes: schema dev.crm has no table notes: did you mean Notes?"),
        ("dev.ads.t", "dev.ads.t: schema dev.ads has no table t: correct the name, or create it first."),
        ('dev.crm."a.b"', 'dev.crm."a.b": schema dev.crm has no table a.b: correct the name, or create it first.'),
    ],
)
def test_what_isnt_there_is_told_with_a_proposal(entry: str, sentence: str) -> None:
    assert problem(entry) == sentence


def test_the_first_of_several_alike_is_proposed() -> None:
    warehouse = Warehouse(Session("admin", "dev"), {"dev": schemas(Web="local", WEB="local")})
    assert problem("web", warehouse) == "web: database dev has no schema web: did you mean WEB?"


def test_proposals_are_quoted() -> None:
    names = {"my.crm": Schema("my.crm", "admin")}
    warehouse = Warehouse(Session("admin", "dev"), {"dev": names}, {("dev", "my.crm"): frozenset({"a.b"})})
    assert problem('"my.crm"."a.b"', warehouse) == (
        '"my.crm"."a.b": there is no database my.crm, but schema my.crm of dev has a table a.b: write '
        'dev."my.crm"."a.b".'
    )
    assert problem('dev."my.crm".c', warehouse) == (
        'dev."my.crm".c: schema dev."my.crm" has no table c: correct the name, or create it first.'
    )


def test_every_problem_is_told_at_once() -> None:
    openings, findings, sentences = resolved("gone", "crm", "empty.x", "gone")
    assert openings == [Opening("dev", ("crm",), {})]
    assert findings == []
    assert sentences == [
        "gone: database dev has no schema gone: correct the name, or create it first.",
        "empty.x: database empty has no schema x: correct the name, or create it first.",
    ]


@pytest.mark.parametrize(
    ("entries", "sentences"),
    [
        (["crm", "dev.crm"], ["dev.crm is named twice: name it once."]),
        (["crm", "CRM", "Dev.Crm"], ["dev.crm is named twice: name it once."]),
        (["dev.crm.orders", "DEV.crm.ORDERS"], ["dev.crm.orders is named twice: name it once."]),
        (['sales.crm."my.table"', 'sales.crm."my.table"'], ['sales.crm."my.table" is named twice: name it once.']),
        (["dev.crm.orders", "crm"], ["dev.crm.orders names one table, and dev.crm all of them: keep one of the two."]),
        (
            ["sales.crm", 'sales.crm."my.table"', "sales.crm.deals"],
            [
                'sales.crm."my.table" names one table, and sales.crm all of them: keep one of the two.',
                "sales.crm.deals names one table, and sales.crm all of them: keep one of the two.",
            ],
        ),
        (["sales.crm", "dev.crm.orders", "dev.crm.accounts"], []),
    ],
)
def test_contradictions_are_told(entries: list[str], sentences: list[str]) -> None:
    assert resolved(*entries)[2] == sentences


ELSEWHERE = replace(
    WAREHOUSE,
    schemas={**WAREHOUSE.schemas, "glue": {}, "sales": schemas(lake="external", crm="local")},
    kinds={"partner": "shared", "glue": "auto mounted catalog"},
)
MORE = 'WITH PERMISSIONS, then also: GRANT USAGE ON SCHEMA "partner"."{0}" TO ROLE "r"; GRANT SELECT '


@pytest.mark.parametrize(
    ("entry", "about", "statements"),
    [
        ("LAKE", "dev.lake", 'refuses the role: GRANT USAGE ON SCHEMA "lake" TO ROLE "r"'),
        # The catalog of tables doesn't list it.
        ("dev.lake.t", "dev.lake", 'refuses the role: GRANT USAGE ON SCHEMA "lake" TO ROLE "r"'),
        (
            "partner.shared_crm",
            "partner.shared_crm",
            MORE.format("shared_crm") + 'ON ALL TABLES IN SCHEMA "partner"."shared_crm" TO ROLE "r"',
        ),
        # Nor need that of schemas, for databases of datashares.
        ('partner."a""b".T', 'partner."a""b"', MORE.format('a""b') + 'ON TABLE "partner"."a""b"."t" TO ROLE "r"'),
        ("glue.web", "glue.web", "create an external schema for it in a local database, and name that one."),
    ],
)
def test_what_isnt_local_is_told_with_what_to_run_and_left_out(entry: str, about: str, statements: str) -> None:
    openings, (told,), problems = resolved(entry, entry, "crm", warehouse=ELSEWHERE)
    assert (openings, problems) == ([Opening("dev", ("crm",), {})], [])
    assert (told.code, told.object, told.level) == ("not_local", about, Level.FINDING)
    assert said(told).remedy.endswith(statements)


def test_what_the_role_holds_there_already_is_worth_a_note() -> None:
    held = {Grant(Scope.SCHEMA, "USAGE", "lake"), Grant(Scope.DATABASE, "USAGE", database="partner")}
    _, findings, _ = resolved("lake", "partner.x", "sales.lake", warehouse=replace(ELSEWHERE, held=frozenset(held)))
    # What it holds on schemas was read of the connected database alone.
    assert [(one.object, one.level) for one in findings] == [
        ("dev.lake", Level.NOTE),
        ("partner.x", Level.NOTE),
        ("sales.lake", Level.FINDING),
    ]


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


def test_a_connected_database_that_isnt_listed_is_named() -> None:
    assert problem("crm", HIDDEN) == "crm: there is no database hidden: correct the name, or create it first."
    assert problem("x.y", HIDDEN).startswith("x.y: there is no database x")
    upper = Warehouse(Session("admin", "Dev", case_sensitive=True), {"dev": schemas(crm="local")})
    assert problem("crm", upper) == "crm: there is no database Dev: did you mean dev?"


def test_the_warehouse_is_read_with_the_tables_that_decide() -> None:
    rows = q.Answers(
        {
            q.ALL_SCHEMAS: [["dev", "crm", 100, "LOCAL"], ["sales", "crm", None, "shared"]],
            q.tables_of("crm"): [["crm", "t", "TABLE", "admin"], ["crm", "mv_tbl__m__0", "TABLE", None]],
        }
    )
    known = DatabaseAccess(
        q.SEEN, q.KNOWN_ROLES, q.KNOWN_USERS, {"dev": Database("dev", "admin"), "empty": Database("empty", "admin")}
    )
    assert read_warehouse(rows, known, [("dev", "crm", "t"), ("sales", "crm")]) == Warehouse(
        q.SEEN,
        {"dev": {"crm": Schema("crm", "admin")}, "empty": {}, "sales": {"crm": Schema("crm", "nobody", "shared")}},
        {("dev", "crm"): frozenset({"t"})},
    )


def profiles(
    database: str, schema: str, *openings: Opening, warehouse: Warehouse = WAREHOUSE
) -> tuple[tuple[str, str] | None, list[str]]:
    problems = Problems()
    return Resolver(warehouse, problems).profiles_sync(database, schema, openings), problems.sentences


def test_the_schema_of_profiles_sync_may_still_be_missing() -> None:
    assert profiles("SALES", "CRM") == (("sales", "crm"), [])
    assert profiles("sales", "Profiles") == (("sales", "Profiles"), [])
    # In another database, a schema may have its name.
    assert profiles("sales", "crm", Opening("dev", ("crm",), {}), Opening("sales", ("orders",), {}))[1] == []


def test_the_schema_of_profiles_sync_is_not_opened_twice() -> None:
    told = "sales.CRM is in profiles_sync and in schemas: leave it in profiles_sync."
    assert profiles("Sales", "CRM", Opening("sales", ("orders", "crm"), {})) == (("sales", "crm"), [told])


def test_the_database_of_profiles_sync_has_to_be_there() -> None:
    told = "profiles_sync: there is no database gone: correct the name, as Segment shows it."
    assert profiles("gone", "crm") == (None, [told])
    assert profiles("SALES", "crm", warehouse=SENSITIVE)[0] is None
    # Where names compare as typed, this is a schema that is still missing.
    assert profiles("sales", "CRM", warehouse=SENSITIVE) == (("sales", "CRM"), [])
    opened = Opening("sales", ("crm",), {})
    assert profiles("sales", "CRM", opened, warehouse=SENSITIVE)[1] == []


@pytest.mark.parametrize(
    ("database", "warehouse", "found"),
    [
        ("SALES", WAREHOUSE, "sales"),
        ("SALES", SENSITIVE, None),
        ("gone", WAREHOUSE, None),
        # The checkpoint database may still be missing.
        ("check", WAREHOUSE, "check"),
        ("CHECK", WAREHOUSE, "check"),
        ("CHECK", SENSITIVE, None),
    ],
)
def test_the_database_of_reverse_etl_has_to_be_there(database: str, warehouse: Warehouse, found: str | None) -> None:
    problems = Problems()
    told = [f"reverse_etl_database: there is no database {database}: correct the name, or leave it empty."]
    assert Resolver(warehouse, problems).reverse_etl(database, "check") == found
    assert problems.sentences == ([] if found else told)


ONLY = "isn't allowed here: this DAG opens only sales.*, ads."


def test_what_isnt_allowed_is_told_among_all_others() -> None:
    allow, problems = patterns(["sales.*", "ads"], "allow"), Problems()
    listed = [
        parse_entry(one) for one in ("SALES.crm.deals", "crm", "dev.ads", "CRM.gone", "dev.crm.accounts", "sales.gone")
    ]
    openings, _ = Resolver(WAREHOUSE, problems, allow).entries(listed, "r")
    assert openings == [Opening("dev", ("ads",), {}), Opening("sales", ("crm",), {"crm": ("deals",)})]
    assert Resolver(WAREHOUSE, problems, allow).profiles_sync("Sales", "New", openings) == ("sales", "New")
    Resolver(WAREHOUSE, problems, allow).profiles_sync("dev", "gone.x", openings)
    assert Resolver(WAREHOUSE, problems, allow).reverse_etl("Sales", "check") == "sales"
    assert Resolver(WAREHOUSE, problems, allow).reverse_etl("Check", "check") == "check"
    Resolver(WAREHOUSE, problems, allow).reverse_etl("dev", "check")
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
    openings = [Opening("d.b", ("crm", "my.schema"), {"my.schema": ("t", "a.b")}), Opening("dev", ("ads",), {})]
    made = as_tasks(openings, ("d.b", "pro.files"), "d.b")
    own = ['"d.b"."crm"', '"dev"."ads"', '"d.b"."my.schema"."t"', '"d.b"."my.schema"."a.b"']
    asked = made.pop("asked")
    assert asked[:4] == own
    assert asked[-2:] == ['"d.b"."pro.files"', '"d.b"."__segment_reverse_etl"']
    assert made == {
        "grants": {
            "schema": ['"d.b".crm', '"d.b"."my.schema"', "dev.ads"],
            "tables": {'"d.b"."my.schema"': ["t", '"a.b"']},
        },
        "reverse_etl_database": "d.b",
        "profiles_sync": {"database": "d.b", "schema": '"pro.files"'},
        "validate": {
            "schemas": ['"d.b".crm', "dev.ads"],
            "tables": [
                '"d.b"."my.schema".t',
                '"d.b"."my.schema"."a.b"',
                '"d.b"."pro.files".external_id_mapping_updates',
                '"d.b"."pro.files".id_graph_updates',
                '"d.b"."pro.files".profile_traits_updates',
                '"d.b"."pro.files".profile_merges',
                '"d.b"."pro.files".user_identifiers',
                '"d.b"."pro.files".user_traits',
            ],
        },
    }
    assert as_tasks([Opening("dev", ("ads",), {})], None, None)["grants"] == {"schema": ["dev.ads"], "tables": True}
    nothing: dict[str, Any] = {"grants": None, "asked": [], "profiles_sync": None, "reverse_etl_database": None}
    assert as_tasks([], None, None) == {**nothing, "validate": None}
    # What is named, and can't be opened, isn't proved: the proof fails, and isn't skipped.
    assert as_tasks([], None, None, named=True) == {**nothing, "validate": {"schemas": [], "tables": []}}
