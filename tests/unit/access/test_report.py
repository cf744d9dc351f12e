"""The report: at most 100 rows of a kind in XCom, all of them in the log's table."""

from __future__ import annotations

import json

import pytest

from airflow_provider_datagraph.access.plan import Change, Finding, Plan, Reason, Step
from airflow_provider_datagraph.access.report import Report, columns, table
from airflow_provider_datagraph.redshift.statements import Membership
from airflow_provider_datagraph.redshift.values import Identity

R = Identity("role", "r")
STEPS = tuple(
    Step(Membership(R, role, taken=taken), (Change(verb, "role", (role,), Reason.LEAVES, identity=R),))
    for verb, role, taken in (("grant", "a", False), ("revoke", "c", True))
)
CHANGES = ("grant role a to role r: it leaves", "revoke role c from role r: it leaves")
FINDING = Finding("role_owner", "r", "Role r existed before.", blocking=True)


def test_a_report_tells_a_plan() -> None:
    report = Report.of(Plan(STEPS, 7, (FINDING,)), 2)
    assert report == Report(2, 7, CHANGES, (FINDING,))
    assert report.as_dict() == {
        "changed": 2,
        "in_place": 7,
        "planned": list(CHANGES),
        "findings": [{"code": "role_owner", "object": "r", "message": "Role r existed before."}],
    }


def test_an_empty_report_is_json_too() -> None:
    assert json.dumps(Report().as_dict()) == '{"changed": 0, "in_place": 0, "planned": [], "findings": []}'


@pytest.mark.parametrize(("count", "rows", "more"), [(99, 99, []), (100, 100, []), (101, 100, [1]), (250, 100, [150])])
def test_a_report_holds_100_rows_of_a_kind(count: int, rows: int, more: list[int]) -> None:
    sentences = tuple(f"grant {number}" for number in range(count))
    findings = tuple(Finding("c", str(number), f"Finding {number}.") for number in range(count))
    report = Report(count, 0, sentences, findings).as_dict()
    listed = [{"code": "c", "object": str(number), "message": f"Finding {number}."} for number in range(rows)]
    rest = [{"code": "more", "object": "", "message": f"{number} more findings."} for number in more]
    assert report == {
        "changed": count,
        "in_place": 0,
        "planned": [*sentences[:rows], *(f"{number} more changes" for number in more)],
        "findings": [*listed, *rest],
    }


def test_the_two_kinds_are_cut_apart() -> None:
    report = Report(planned=("grant a",) * 101, findings=(FINDING,)).as_dict()
    assert (len(report["planned"]), len(report["findings"])) == (101, 1)


def lines(*listed: str) -> str:
    return "\n".join(listed)


def test_a_table_shows_what_was_done() -> None:
    planned = ("grant a on b", "revoke c on d", "drop user u")
    report = Report(2, 12, planned, (Finding("not_local", "x", "Schema x is external."),))
    assert table("Schemas a, b", report) == lines(
        "Schemas a, b",
        "  +  done       grant a on b",
        "  -  done       revoke c on d",
        "  -  done       drop user u",
        "  =  in place   12 already as desired",
        "  !  not_local  Schema x is external.",
    )


def test_a_table_shows_what_is_only_planned() -> None:
    assert table("Plan", Report(0, 0, ("create role r: it doesn't exist",))) == lines(
        "Plan",
        "  +  planned   create role r: it doesn't exist",
        "  =  in place  0 already as desired",
    )


def test_a_table_shows_that_nothing_changes() -> None:
    assert table("All", Report(in_place=3)) == lines(
        "All",
        "     nothing   to change",
        "  =  in place  3 already as desired",
    )


def test_a_table_without_changes_doesnt_speak_of_them() -> None:
    assert table("Proof of 3", Report(in_place=3), changes=False) == "Proof of 3"
    assert table("Proof", Report(in_place=3, findings=(FINDING,)), changes=False) == lines(
        "Proof",
        "  =  in place    3 already as desired",
        "  x  role_owner  Role r existed before.",
    )


def test_a_table_isnt_cut() -> None:
    report = Report(150, 0, tuple(f"grant {number}" for number in range(150)), (FINDING,) * 150)
    assert len(table("All", report).splitlines()) == 302


def test_columns_are_aligned() -> None:
    assert columns([("a", "bbb", "c"), ("aa", "b", "")]) == ["  a   bbb  c", "  aa  b"]
    assert columns(iter([["Host", "h"], ["Port", "5439"]]), indent="> ") == ["> Host  h", "> Port  5439"]
    assert columns([]) == []
    with pytest.raises(ValueError):
        columns([("a", "b"), ("a", "b", "c")])
