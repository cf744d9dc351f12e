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
from airflow_provider_datagraph.redshift.names import one_line
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


def test_a_report_tells_a_plan() -> None:
    report = Report.planned(Plan((GIVE, TAKE), 7, (ACTS, *OWNED, STOPS, ACTS, PARTIAL)), "d")
    planned = tuple(change_rows([GIVE, TAKE], "d", applied=False))
    assert (report.changed, report.in_place, report.changes) == (0, 7, planned)
    # Each is told once, and notes are counted: the first of a code is told in the log.
    assert report.findings == (said(ACTS), said(STOPS))
    assert report.blocking == report.findings[1:]
    assert report.notes == {"role_owner": 3, "partial_view": 1}
    assert report.noted == {"role_owner": said(OWNED[0]), "partial_view": said(PARTIAL)}
    done = change_rows([GIVE], "d", applied=True)
    assert (Report.of((), done, 2), Report.of(())) == (Report(2, 2, tuple(done)), Report())


def test_a_report_is_json_of_100_rows_of_a_kind_at_most() -> None:
    report = Report(1, 2, (row(applied=True),), (STOP,), {"role_owner": 3}, {"role_owner": TOLD}, 4, 5)
    changed = {"action": "grant", "object": "role 0", "privileges": ["X"], "database": "d", "statement": "S0"}
    assert json.loads(json.dumps(report.as_dict())) == {
        "changed": 1,
        "in_place": 2,
        "changes": [{**changed, "text": "grant 0", "applied": True}],
        "findings": [{"code": "stop", "object": "d", "text": "It stops.", "remedy": "Let it go on.", "blocking": True}],
        "notes": {"role_owner": 3},
        "noted": {"role_owner": "It is told."},
        "omitted": {"changes": 4, "findings": 5},
    }
    for changes, told, omitted in ((99, 100, (0, 0)), (101, 250, (1, 150))):
        cut = Report(0, 0, rows(changes), findings(told)).as_dict()
        assert [one["object"] for one in cut["changes"]] == [f"role {number}" for number in range(min(changes, 100))]
        assert [one["object"] for one in cut["findings"]] == [str(number) for number in range(100)]
        assert tuple(cut["omitted"].values()) == omitted


NOTED = {"role_owner": FindingRow("role_owner", "", "It is told.")}
WHOLE = Report(3, 4, rows(2, applied=True), (STOP, TOLD), {"role_owner": 2, "b": 1}, NOTED, 5, 6)
VALUE = WHOLE.as_dict()


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in VALUE.items() if key != name}


def test_what_was_a_report_is_read_back() -> None:
    # What else an operator returns stands beside it, and isn't in it.
    assert Report.parse(json.loads(json.dumps({**VALUE, "segment": {"host": "h"}})), "reports") == WHOLE
    assert Report.parse(without("noted"), "reports") == replace(WHOLE, noted={})
    cut = Report(changes=rows(130), findings=findings(120), more_changes=7)
    again = Report.parse(cut.as_dict(), "reports")
    assert (again.more_changes, again.more_findings, again.as_dict()) == (37, 20, cut.as_dict())


ROWS = ("changes", "findings")
NO_ROWS: tuple[Any, ...] = ("text", "", {}, [1], None, [{}])
BAD: list[Any] = [
    *(None, 5, "abc", [], {}),
    *(without(name) for name in VALUE if name != "noted"),
    *({**VALUE, "noted": wrong} for wrong in ("text", None, {"role_owner": 5}, {"else": "It counts nothing."})),
    *({**VALUE, name: wrong} for name in ("changed", "in_place") for wrong in ("1", None, True)),
    *({**VALUE, name: wrong} for name in ROWS for wrong in NO_ROWS),
    {**VALUE, "changes": [{**VALUE["changes"][0], "more": 1}]},
    # Every field is of its kind: none breaks, or deceives, whoever reads it later.
    *({**VALUE, kind: [{**VALUE[kind][0], name: [5]}]} for kind in ROWS for name in VALUE[kind][0]),
    *({**VALUE, "notes": wrong} for wrong in ("text", {"c": "1"}, [1])),
    *({**VALUE, "omitted": wrong} for wrong in (5, {"changes": 1}, {"changes": "1", "findings": 0})),
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
    # One that was read back from XCom joins like the whole one.
    parsed = join([WHOLE, Report.parse(VALUE, "reports")])
    assert parsed == join([WHOLE, WHOLE]) and parsed.notes == {"role_owner": 2, "b": 2}


def test_what_several_tasks_note_of_the_same_is_counted_once() -> None:
    first, other = (FindingRow("a", "", text) for text in ("It is told.", "Another is."))
    several = [Report(notes={"a": count}, noted={"a": row}) for count, row in ((2, first), (1, first), (4, other))]
    assert join(several).notes == {"a": 6}
    # Where what is noted isn't known, nothing tells that it is the same.
    assert join([*several, Report(notes={"a": 1}), Report(notes={"a": 1})]).notes == {"a": 8}


DONE = [row(at, action, applied=True) for at, action in enumerate(("create", "grant", "give", "revoke", "drop"))]
NOTES = {"one": 1, "several": 2, "elsewhere": 2, "there": 1}
FIRST = {"one": FindingRow("one", "d", "First."), "several": FindingRow("several", "d", "Second.", "Third.")}
TABLES: dict[str, tuple[Report, str]] = {
    "what was done": (
        Report(5, 12, tuple(DONE), (TOLD,)),
        """
  +  done      create 0
  +  done      grant 1
  +  done      give 2
  -  done      revoke 3
  -  done      drop 4
  =  in place  12 already as desired
  !  told      It is told.""",
    ),
    "a plan, and what stops it": (
        Report(0, 0, (row(),), (STOP,)),
        """
  +  planned   grant 0
  =  in place  0 already as desired
  x  stop      It stops.
               → Let it go on.""",
    ),
    "notes: of an earlier task's, how many there were": (
        Report(0, 1, notes=NOTES, noted=FIRST),
        """
     nothing   to change
  =  in place  1 already as desired
  i  one       First.
  i  several   Second. (1 more)
               → Third.
  i  notes     elsewhere (2), there (1): in the logs of the tasks""",
    ),
    "a part, which isn't the whole": (
        Report(changes=rows(1), more_changes=1, more_findings=2),
        """
  +  planned   grant 0
     omitted   1 more change, in the logs of the tasks
  =  in place  0 already as desired
     omitted   2 more findings, in the logs of the tasks""",
    ),
}


@pytest.mark.parametrize("what", TABLES)
def test_a_table_shows(what: str) -> None:
    report, shown = TABLES[what]
    assert table("Title", report) == f"Title{shown}"


def test_a_sensors_table_doesnt_speak_of_changes() -> None:
    assert table("Proof of 3", Report(in_place=3), changes=False) == "Proof of 3"
    shown = "Proof\n  =  in place  3 already as desired\n  !  told      It is told."
    assert table("Proof", Report(in_place=3, findings=(TOLD,)), changes=False) == shown


def test_a_name_makes_no_other_line_and_no_other_line_long() -> None:
    evil = "s\n  x  forged\x1b[31m\u2028"
    report = Report(
        changes=(row(text=f"grant {evil}", object=evil), row(text="x" * 1_000_000), *rows(99)),
        findings=(FindingRow("c", evil, f"Schema {evil}.", f"Drop {evil}."),),
        notes={"n": 1},
        noted={"n": FindingRow("n", evil, evil, evil)},
    )
    shown = table(f"Schema {evil}", report).split("\n")
    assert (len(shown), sum(len(line) > 80 for line in shown)) == (107, 1)
    assert all(line.isprintable() for line in shown)


def test_columns_are_aligned() -> None:
    assert columns([("a", "bbb", "c"), ("aa", "b", "")]) == ["  a   bbb  c", "  aa  b"]
    assert columns(iter([["Host", "h"], ["Port", "5439"]])) == ["  Host  h", "  Port  5439"]
    assert columns([]) == []
    with pytest.raises(ValueError):
        columns([("a", "b"), ("a", "b", "c")])


EXACT = "SET enable_case_sensitive_identifier TO true;"


def test_a_script_has_a_section_for_each_database() -> None:
    listed = (row(1), row(2, statement=""), row(3), row(4, database="e"), row(5))
    assert script(Report(changes=listed, findings=(STOP, TOLD), more_findings=3)).splitlines() == [
        "-- This stops it: It stops. Let it go on.",
        "-- It is told.",
        "",
        *("-- Connect to database d", EXACT, "S1;", "S3;", ""),
        *("-- Connect to database e", EXACT, "S4;", ""),
        *("-- Connect to database d", EXACT, "S5;"),
    ]
    assert script(Report(changes=(row(),))).startswith("-- Connect to database d\n")
    assert script(Report()) == ""


def test_a_report_holds_no_secret_and_a_script_says_what_stands_for_it() -> None:
    create = Step(Create("user", "u", "md5canary"), (Change("create", "user", ("u",), Reason.MISSING),))
    report = Report.planned(Plan((create, TAKE)), "d")
    assert "canary" not in repr(report) + table("It", report) + script(report)
    lines = script(report).splitlines()
    at = lines.index("CREATE USER \"u\" PASSWORD '<hash>';")
    assert lines[at + 1].startswith("-- <hash> stands for the password's: 'md5' followed by the MD5")
    assert sum("<hash>" in line for line in lines[at:]) == 2 and len(lines[at:]) == 3


@pytest.mark.parametrize("mark", ["\n", "\r", "\x0b", "\x85", "\u2028", "\x00", "\x1b[2J", "\u202e", "\u3164"])
def test_no_name_ends_a_comment_and_what_cant_be_printed_is_one(mark: str) -> None:
    name = f"d{mark}DROP DATABASE dev;"
    told = FindingRow("c", name, f"Database {name} is.", f"Drop {name}.")
    evil = row(database=name, statement=f'GRANT x ON "a{mark}b" TO r')
    found = script(Report(changes=(evil, row(1, database=name)), findings=(told,))).splitlines()
    assert [line for line in found if not line.startswith("-- ")] == ["", EXACT, "S1;"]
    assert found[-3:-1] == [f"-- {UNPRINTABLE}", f'-- GRANT x ON "a{one_line(mark)}b" TO r']
    assert all(line.isprintable() for line in found)


def test_a_part_of_a_plan_is_no_script() -> None:
    report = Report.parse(Report(changes=rows(101), findings=(STOP,)).as_dict(), "reports")
    rest = "than XCom holds, so no part of it is shown here. Each task's log has its own section whole."
    assert script(report) == f"-- This plan has 1 more change {rest}"
    assert script(replace(report, more_changes=2)) == f"-- This plan has 2 more changes {rest}"
