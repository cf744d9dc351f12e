"""How facts are written into a sentence. The sentences themselves stand in docs/findings.md."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from airflow_provider_datagraph.access import messages
from airflow_provider_datagraph.access.messages import (
    FindingRow,
    by_cause,
    change_text,
    counted,
    describe_grants,
    few,
    object_name,
    said,
)
from airflow_provider_datagraph.access.plan import Change, Fact, Reason, finding, note
from airflow_provider_datagraph.redshift.statements import Create
from airflow_provider_datagraph.redshift.values import Grant, Scope

SIX = tuple("abcdef")


def test_privileges_are_described_in_a_phrase() -> None:
    grants = [
        Grant(Scope.DATABASE, "CREATE", database="dev"),
        Grant(Scope.DATABASE, "TEMPORARY", database="dev"),
        Grant(Scope.DATABASE, "TEMPORARY", database="other"),
        Grant(Scope.SCHEMA, "USAGE", "crm"),
        Grant(Scope.SCHEMA, "USAGE", "ads"),
        Grant(Scope.SCHEMA, "USAGE", "web"),
        Grant(Scope.TABLES, "SELECT", "crm"),
        Grant(Scope.TABLES, "INSERT", "crm"),
        Grant(Scope.TABLES, "INSERT", "ads"),
        Grant(Scope.TABLE, "SELECT", "crm", "accounts"),
        Grant(Scope.TABLE, "DELETE", "crm", "accounts"),
        Grant(Scope.TABLE, "DELETE", "crm", "orders"),
        Grant(Scope.COLUMN, "SELECT", "crm", "accounts", "id"),
    ]
    wide, own = Grant(Scope.DEFAULT, "SELECT", writer="etl"), Grant(Scope.DEFAULT, "INSERT", "my.schema", writer="etl")
    text = (
        "SELECT on column crm.accounts.id, CREATE on database dev, TEMPORARY on 2 databases, "
        'INSERT on later tables of etl in "my.schema", SELECT on later tables of etl in all schemas, '
        "USAGE on 3 schemas, DELETE on 2 tables, SELECT on table crm.accounts, INSERT on the tables of 2 schemas, "
        "SELECT on the tables of schema crm"
    )
    assert describe_grants([*grants, wide, own]) == describe_grants([wide, own, *reversed(grants), *grants]) == text
    assert describe_grants([]) == ""
    more = [wide, Grant(Scope.DEFAULT, "SELECT", "crm", writer="etl"), Grant(Scope.TABLE, "SELECT", "a", "b.c")]
    assert describe_grants(more) == 'SELECT on later tables, in 2 cases, SELECT on table a."b.c"'


def test_names_are_few_and_what_is_counted_is_in_the_singular_where_it_is_one() -> None:
    assert [few([f"t{n}" for n in range(count)]) for count in (1, 5)] == ["t0", "t0, t1, t2, t3, t4"]
    assert few([f"t{n}" for n in range(26)]) == "t0, t1, t2, t3, t4 and 21 more"
    assert [counted(n, "change") for n in range(3)] == ["0 changes", "1 change", "2 changes"]
    assert [counted(n, "table or view", "both") for n in (1, 2)] == ["1 table or view", "2 both"]


@pytest.mark.parametrize(
    ("template", "facts", "text"),
    [
        ("{object} {fact}", {"fact": "word"}, "it word"),
        ("{fact}", {"fact": 5}, "5"),
        ("{fact}", {"fact": SIX}, "a, b, c, d, e and 1 more"),
        ("{fact:all}", {"fact": SIX}, "a, b, c, d, e, f"),
        ("{fact:statements}", {"fact": SIX[:2]}, "a; b"),
        ("role{fact:s}", {"fact": SIX[:1]}, "role"),
        ("role{fact:s}", {"fact": SIX[:2]}, "roles"),
        ("{fact:quoted}", {"fact": 'a"b'}, '"a""b"'),
        ("{fact:capital}", {"fact": "user U"}, "User U"),
        ("{fact:capital}", {"fact": ""}, ""),
        ("{fact}", {"fact": frozenset({Grant(Scope.SCHEMA, "USAGE", "s")})}, "USAGE on schema s"),
        # A hash is a secret, in whatever it stands.
        ("{fact}", {"fact": Create("user", "u", "md5canary")}, "CREATE USER \"u\" PASSWORD '<hash>'"),
        # Who looks is what it is about, unless that is told.
        ("{user}", {}, "it"),
        ("{user}", {"user": "u"}, "u"),
        # A name that looks like one of ours is written as it is.
        ("{fact}", {"fact": "{object}"}, "{object}"),
    ],
)
def test_how_a_fact_is_written(
    monkeypatch: pytest.MonkeyPatch, template: str, facts: Mapping[str, Fact], text: str
) -> None:
    monkeypatch.setattr(messages, "FINDINGS", {"code": (template, template), "code case": ("Another.", "")})
    assert said(finding("code", "it", **facts)) == FindingRow("code", "it", text, text)
    assert said(finding("code", "it", case="case", **facts)) == FindingRow("code", "it", "Another.")


@pytest.mark.parametrize("kind", ["role", "user", "database", "permission", "schema", "tables"])
def test_a_name_of_one_part_stands_as_it_is(kind: str) -> None:
    of_cluster = kind in ("role", "user", "database", "permission")
    name = object_name(Change("drop", kind, ("a.b",), Reason.LEAVES))
    assert name == (f"{kind} a.b" if of_cluster else f'{kind} "a.b"')
    assert ('"a.b"' in change_text(Change("give", kind, ("a.b",), Reason.LEAVES))) is not of_cluster


def test_names_with_braces_are_written_as_they_are_and_few_of_them() -> None:
    change = Change("grant", "todays tables", ("{d}", "{of}"), Reason.NOT_HELD, ("SELECT",), names=("{names}", *SIX))
    assert change_text(change).endswith('"{d}"."{of}" ({names}, a, b, c, d and 2 more)')
    assert "user {of}, " in change_text(Change("drop", "role", ("r",), Reason.WRITER_LEAVES, of="{of}"))


def test_sentences_are_read_by_code_and_case_each_with_what_to_do() -> None:
    text = "# What is: read\ncode: Told: so.\n→ Do: this.\ncode case: Another.\n→ Do that.\n# No: more\nnote: Known.\n"
    read = {"code": ("Told: so.", "Do: this."), "code case": ("Another.", "Do that."), "note": ("Known.", "")}
    assert messages._read(text) == read


def test_each_cause_is_told_once_with_all_that_it_goes_for() -> None:
    lost = [finding("table_missing", f"dev.crm.t{n}", case="reading", reason="no", state="42P01") for n in range(103)]
    refused = finding("not_readable", "dev.crm.x", case="reading", reason="no", state="XX000")
    cut = finding("table_missing", "dev.crm.cut", case="reading", reason="no", state="XX000")
    schemas = [finding("schema_missing", f"dev.{name}", case="reading it") for name in ("ads", "ops")]
    unsynced = finding("schema_missing", "dev.profiles", case="unsynced")
    told = by_cause([*lost, refused, refused, cut, note("can_create", "dev"), *schemas, unsynced])
    names = ", ".join(f"dev.crm.t{n}" for n in range(1, 101))
    assert told == (
        f"Reading dev.crm.t0 fails: no (42P01). The same goes for {names} and 2 more. "
        "Reading dev.crm.x fails: no (XX000). Reading dev.crm.cut fails: no (XX000). "
        f"There is no schema dev.ads. The same goes for dev.ops. {said(unsynced)}"
    )
    tables = tuple(f"t{n}" for n in range(7))
    closed = [
        finding("not_granted", f"dev.{name}", login="l", database="dev", tables=tables, statement="G") for name in "ab"
    ]
    assert by_cause(closed).count(f"on {', '.join(tables)}. Run in database dev: G") == 2
    listed = [finding("masking", f"dev.{name}", tables=tables, role="r") for name in "ab"]
    assert "same" not in by_cause([*listed, *(finding("user_createdb", name, statement="G") for name in "uv")])
