"""The report: at most 100 rows of a kind in XCom, all of them in the log's table, and a plan as SQL."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_datagraph.access.messages import FindingRow, said
from airflow_provider_datagraph.access.plan import Change, Plan, Reason, Step, blocking, finding, note
from airflow_provider_datagraph.access.report import (
    UNPRINTABLE,
    ChangeRow,
    Report,
    change_rows,
    columns,
    join,
    script,
    table,
)
from airflow_provider_datagraph.redshift.statements import Create, Membership
from airflow_provider_datagraph.redshift.values import Identity
from tests.unit.redshift.reading import refusal

R = Identity("role", "r")
GIVE = Step(Membership(R, "a"), tuple(Change("grant", "role", (name,), Reason.LEAVES, ("X",), R) for name in "ab"))
TAKE = Step(Membership(R, "c", taken=True), (Change("revoke", "role", ("c",), Reason.LEAVES, identity=R),))
STOPS, ACTS = blocking("name_taken", "r", case="role"), finding("schema_empty", "d.s")
OWNED = [note("role_owner", role, owner="boss") for role in "rst"]
PARTIAL = note("partial_view", "admin")
STOP = FindingRow("stop", "d", "It stops.", "Let it go on.", blocking=True)
TOLD = FindingRow("told", "e", "It is told.")


def row(number: int = 0, action: str = "grant", *, applied: bool = False, **more: Any) -> ChangeRow:
    known = {"object": f"role {number}", "privileges": ["X"], "database": "d", "statement": f"S{number}"}
    return ChangeRow(action, **{**known, "text": f"{action} {number}", "applied": applied, **more})


def rows(count: int, **more: Any) -> tuple[ChangeRow, ...]:
    return tuple(row(number, **more) for number in range(count))


def findings(count: int) -> tuple[FindingRow, ...]:
    return tuple(FindingRow("c", str(number), f"Finding {number}.") for number in range(count))


@pytest.mark.parametrize("applied", [False, True])
def test_each_change_has_a_row_and_each_statement_stands_once(applied: bool) -> None:
    found = change_rows([GIVE, TAKE], "d", applied=applied)
    assert [(one.action, one.object, one.privileges, one.database, one.statement, one.applied) for one in found] == [
        ("grant", "role a", ["X"], "d", 'GRANT ROLE "a" TO ROLE "r"', applied),
        ("grant", "role b", ["X"], "d", "", applied),
        ("revoke", "role c", [], "d", 'REVOKE ROLE "c" FROM ROLE "r"', applied),
    ]
    verbs = ("granted", "granted", "revoked") if applied else ("grant", "grant", "revoke")
    assert tuple(one.text.split()[0] for one in found) == verbs


def test_a_report_holds_no_secret() -> None:
    step = Step(Create("user", "u", "md5canary"), (Change("create", "user", ("u",), Reason.MISSING),))
    report = Report.planned(Plan((step,)), "d")
    assert report.changes[0].statement == "CREATE USER \"u\" PASSWORD '<hash>'"
    assert "canary" not in repr(report) + table("It", report) + script(report)


def test_a_report_tells_a_plan() -> None:
    report = Report.planned(Plan((GIVE, TAKE), 7, (ACTS, *OWNED, STOPS, ACTS, PARTIAL)), "d")
    planned = tuple(change_rows([GIVE, TAKE], "d", applied=False))
    assert (report.changed, report.in_place, report.changes) == (0, 7, planned)
    # Each is told once, and notes are counted: the first of a code is told in the log.
    empty, taken = said(ACTS), said(STOPS)
    assert report.findings == (
        FindingRow("schema_empty", "d.s", empty.text, empty.remedy, blocking=False),
        FindingRow("name_taken", "r", taken.text, taken.remedy, blocking=True),
    )
    assert report.blocking == report.findings[1:]
    assert report.notes == {"role_owner": 3, "partial_view": 1}
    assert report.noted.keys() == report.notes.keys()
    assert report.noted["role_owner"] == said(OWNED[0])
    done = change_rows([GIVE], "d", applied=True)
    assert Report.of((), done, 2) == Report(2, 2, tuple(done))
    assert Report.of(()) == Report()


def test_a_report_is_json() -> None:
    report = Report(1, 2, (row(applied=True),), (STOP,), {"role_owner": 3}, {"role_owner": TOLD}, 4, 5)
    changed = {"action": "grant", "object": "role 0", "privileges": ["X"], "database": "d", "statement": "S0"}
    assert report.as_dict() == {
        "changed": 1,
        "in_place": 2,
        "changes": [{**changed, "text": "grant 0", "applied": True}],
        "findings": [{"code": "stop", "object": "d", "text": "It stops.", "remedy": "Let it go on.", "blocking": True}],
        "notes": {"role_owner": 3},
        "noted": {"role_owner": "It is told."},
        "omitted": {"changes": 4, "findings": 5},
    }
    assert json.loads(json.dumps(report.as_dict())) == report.as_dict()
    empty = {"changed": 0, "in_place": 0, "changes": [], "findings": [], "notes": {}, "noted": {}}
    assert Report().as_dict() == {**empty, "omitted": {"changes": 0, "findings": 0}}


@pytest.mark.parametrize(("count", "kept", "more"), [(99, 99, 0), (100, 100, 0), (101, 100, 1), (250, 100, 150)])
def test_a_report_holds_100_rows_of_a_kind(count: int, kept: int, more: int) -> None:
    report = Report(count, 0, rows(count), findings(count), {"c": count}).as_dict()
    assert [one["object"] for one in report["changes"]] == [f"role {number}" for number in range(kept)]
    assert [one["object"] for one in report["findings"]] == [str(number) for number in range(kept)]
    assert (report["changed"], report["notes"]) == (count, {"c": count})
    assert report["omitted"] == {"changes": more, "findings": more}
    # The two kinds are cut apart, and the log's table isn't cut.
    apart = Report(changes=rows(count), findings=(STOP,), more_findings=2)
    assert apart.as_dict()["omitted"] == {"changes": more, "findings": 2}
    assert len(table("All", Report(0, 0, rows(count), findings(count))).splitlines()) == 2 + 2 * count


NOTED = {"role_owner": FindingRow("role_owner", "", "It is told.")}
WHOLE = Report(3, 4, rows(2, applied=True), (STOP, TOLD), {"role_owner": 2, "b": 1}, NOTED, 5, 6)
VALUE = WHOLE.as_dict()


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in VALUE.items() if key != name}


def test_what_was_a_report_is_read_back() -> None:
    assert Report.parse(VALUE, "reports") == WHOLE
    assert Report.parse(json.loads(json.dumps(VALUE)), "reports") == WHOLE
    # What else an operator returns stands beside it, and isn't in it.
    assert Report.parse({**VALUE, "segment": {"host": "h"}}, "reports") == WHOLE
    assert Report.parse(without("noted"), "reports") == replace(WHOLE, noted={})
    cut = Report(changes=rows(130), findings=findings(120), more_changes=7)
    again = Report.parse(cut.as_dict(), "reports")
    assert (again.more_changes, again.more_findings, again.as_dict()) == (37, 20, cut.as_dict())


ROWS = ("changes", "findings")
NO_ROWS: tuple[Any, ...] = ("text", "", {}, [1], ["text"], None, [{}])
BAD: list[Any] = [
    *(None, 5, "abc", [], {}),
    *(without(name) for name in VALUE if name != "noted"),
    *({**VALUE, "noted": wrong} for wrong in ("text", None, [1], {"role_owner": 5}, {"else": "It counts nothing."})),
    *({**VALUE, name: wrong} for name in ("changed", "in_place") for wrong in ("1", None, 1.0, True)),
    *({**VALUE, name: wrong} for name in ROWS for wrong in NO_ROWS),
    {**VALUE, "changes": [{**VALUE["changes"][0], "more": 1}]},
    # Every field is of its kind: none breaks, or deceives, whoever reads it later.
    *(
        {**VALUE, kind: [{**VALUE[kind][0], name: wrong}]}
        for kind in ROWS
        for name in VALUE[kind][0]
        for wrong in (5, [5])
    ),
    {**VALUE, "findings": [{"code": "c", "object": "o"}]},
    *({**VALUE, "notes": wrong} for wrong in ("text", {"c": "1"}, [1])),
    *({**VALUE, "omitted": wrong} for wrong in ({}, 5, {"changes": 1}, {"changes": "1", "findings": 0})),
]


@pytest.mark.parametrize("value", BAD, ids=lambda value: repr(value)[:60])
def test_what_is_no_report_is_refused(value: Any) -> None:
    told = "reports holds something that isn't a report: give the outputs of the run's tasks."
    assert refusal(Report.parse, value, "reports") == (told,)


def test_reports_are_summed_and_each_finding_stands_once() -> None:
    one = Report(1, 2, rows(1), (TOLD, STOP), {"a": 1, "b": 2}, {"a": TOLD, "b": STOP}, 3, 4)
    two = Report(10, 20, rows(2), (STOP,), {"a": 10}, {"a": STOP}, 30, 40)
    assert join([one, two]) == Report(
        11, 22, (*rows(1), *rows(2)), (TOLD, STOP), {"a": 11, "b": 2}, {"a": TOLD, "b": STOP}, 33, 44
    )
    assert join([]) == Report()


def test_what_several_tasks_note_of_the_same_is_counted_once() -> None:
    first, other = (FindingRow("a", "", text) for text in ("It is told.", "Another is."))
    several = [Report(notes={"a": count}, noted={"a": row}) for count, row in ((1, first), (2, first), (4, other))]
    assert join(several).notes == {"a": 6}
    # Where what is noted isn't known, nothing tells that it is the same.
    assert join([*several, Report(notes={"a": 1}), Report(notes={"a": 1})]).notes == {"a": 8}


def test_a_parsed_report_joins_like_the_whole_one() -> None:
    # Read back from XCom, privileges are a list again, and rows still compare.
    parsed = Report.parse(json.loads(json.dumps(WHOLE.as_dict())), "reports")
    assert join([WHOLE, parsed]) == join([WHOLE, WHOLE])
    assert join([WHOLE, parsed]).notes == {"role_owner": 2, "b": 2}


def lines(*listed: str) -> str:
    return "\n".join(listed)


def test_a_table_shows_what_was_done() -> None:
    done = [row(at, action, applied=True) for at, action in enumerate(("create", "grant", "give", "revoke", "drop"))]
    report = Report(5, 12, tuple(done), (TOLD,))
    assert table("Schemas a, b", report) == lines(
        "Schemas a, b",
        "  +  done      create 0",
        "  +  done      grant 1",
        "  +  done      give 2",
        "  -  done      revoke 3",
        "  -  done      drop 4",
        "  =  in place  12 already as desired",
        "  !  told      It is told.",
    )


def test_a_table_shows_what_is_only_planned_and_what_stops_it() -> None:
    assert table("Plan", Report(0, 0, (row(),), (STOP,))) == lines(
        "Plan",
        "  +  planned   grant 0",
        "  =  in place  0 already as desired",
        "  x  stop      It stops.",
        "               → Let it go on.",
    )


def test_a_table_counts_notes_and_tells_the_first() -> None:
    notes = {"one": 1, "several": 2, "elsewhere": 2, "there": 1}
    noted = {"one": FindingRow("one", "d", "First."), "several": FindingRow("several", "d", "Second.", "Third.")}
    assert table("All", Report(0, 1, notes=notes, noted=noted)) == lines(
        "All",
        "     nothing   to change",
        "  =  in place  1 already as desired",
        "  i  one       First.",
        "  i  several   Second. (1 more)",
        "               → Third.",
        # What is known of an earlier task's is how many there were.
        "  i  notes     elsewhere (2), there (1): in the logs of the tasks",
    )


def test_a_table_never_shows_a_part_as_the_whole() -> None:
    # A run's summary has the rows that went through XCom.
    left_out = Report(changes=rows(1), more_changes=1, more_findings=2)
    assert table("All", left_out) == lines(
        "All",
        "  +  planned   grant 0",
        "     omitted   1 more change, in the logs of the tasks",
        "  =  in place  0 already as desired",
        "     omitted   2 more findings, in the logs of the tasks",
    )
    cut = Report.parse(Report(changes=rows(130), findings=findings(101)).as_dict(), "reports")
    shown = table("All", cut).splitlines()
    assert len(shown) == 1 + 100 + 1 + 1 + 100 + 1
    assert shown[101].strip() == "omitted   30 more changes, in the logs of the tasks"
    assert shown[-1].strip() == "omitted   1 more finding, in the logs of the tasks"


def test_a_table_without_changes_doesnt_speak_of_them() -> None:
    assert table("Proof of 3", Report(in_place=3), changes=False) == "Proof of 3"
    assert table("Proof", Report(in_place=3, findings=(TOLD,)), changes=False) == lines(
        "Proof", "  =  in place  3 already as desired", "  !  told      It is told."
    )


EVIL = "s\n  x  forged\x1b[31m\u2028"


def test_a_name_is_no_line_of_the_log_of_its_own() -> None:
    report = Report(
        changes=(row(text=f"grant {EVIL}", object=EVIL),),
        findings=(FindingRow("c", EVIL, f"Schema {EVIL}.", f"Drop {EVIL}."),),
        notes={"n": 1},
        noted={"n": FindingRow("n", EVIL, EVIL, EVIL)},
    )
    shown = table(f"Schema {EVIL}", report).split("\n")
    assert len(shown) == 7
    assert all(line.isprintable() for line in shown)


def test_a_long_name_makes_no_other_line_long() -> None:
    report = Report(changes=(row(text="x" * 1_000_000), *rows(99)))
    first, *others = table("All", report).splitlines()[1:]
    assert len(first) > 1_000_000 and max(map(len, others)) < 40


def test_columns_are_aligned() -> None:
    assert columns([("a", "bbb", "c"), ("aa", "b", "")]) == ["  a   bbb  c", "  aa  b"]
    assert columns(iter([["Host", "h"], ["Port", "5439"]])) == ["  Host  h", "  Port  5439"]
    assert columns([]) == []
    with pytest.raises(ValueError):
        columns([("a", "b"), ("a", "b", "c")])


EXACT = "SET enable_case_sensitive_identifier TO true;"


def test_a_script_has_a_section_for_each_database() -> None:
    listed = (row(1), row(2, statement=""), row(3), row(4, database="e"), row(5))
    assert script(Report(changes=listed, findings=(STOP, TOLD))) == lines(
        "-- This stops it: It stops. Let it go on.",
        "-- It is told.",
        "",
        *("-- Connect to database d", EXACT, "S1;", "S3;", ""),
        *("-- Connect to database e", EXACT, "S4;", ""),
        *("-- Connect to database d", EXACT, "S5;"),
    )
    assert script(Report(changes=(row(),))).startswith("-- Connect to database d\n")
    assert script(Report()) == ""


def test_a_script_says_what_stands_for_the_password() -> None:
    create = row(statement="CREATE USER \"u\" PASSWORD '<hash>'")
    found = script(Report(changes=(create, row(1)))).splitlines()
    at = found.index("CREATE USER \"u\" PASSWORD '<hash>';")
    assert found[at + 1].startswith("-- <hash> stands for the password's: 'md5' followed by the MD5")
    assert found[at + 2 :] == ["S1;"]
    assert sum("<hash>" in line for line in found) == 2


@pytest.mark.parametrize("end", ["\n", "\r", "\x0b", "\x85", "\u2028", "\x00"])
def test_no_name_ends_a_comment_of_a_script(end: str) -> None:
    name = f"d{end}DROP DATABASE dev;"
    told = FindingRow("c", name, f"Database {name} is.", f"Drop {name}.")
    found = script(Report(changes=(row(database=name),), findings=(told,))).splitlines()
    assert [line for line in found if not line.startswith("-- ")] == ["", EXACT, "S0;"]
    assert all(line.isprintable() for line in found)


@pytest.mark.parametrize("mark", ["\n", "\x1b[2J", "\u202e", "\u200b", "\u3164"])
def test_a_statement_that_cant_be_printed_is_a_comment_of_a_script(mark: str) -> None:
    evil = row(statement=f'GRANT x ON "a{mark}b" TO r')
    found = script(Report(changes=(evil, row(1))))
    assert found.splitlines() == [
        "-- Connect to database d",
        EXACT,
        f"-- {UNPRINTABLE}",
        f"""-- GRANT x ON "a{mark.encode("unicode_escape").decode()}b" TO r""",
        "S1;",
    ]


def test_a_part_of_a_plan_is_no_script() -> None:
    report = Report.parse(Report(changes=rows(101), findings=(STOP,)).as_dict(), "reports")
    rest = "than XCom holds, so no part of it is shown here. Each task's log has its own section whole."
    assert script(report) == f"-- This plan has 1 more change {rest}"
    assert script(replace(report, more_changes=2)) == f"-- This plan has 2 more changes {rest}"
    # What is left out of the findings is told in no statement.
    assert "S0;" in script(Report(changes=rows(1), more_findings=3))
