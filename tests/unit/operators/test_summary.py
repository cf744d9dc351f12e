"""What the summary tells a person to type into Segment."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_mock import MockerFixture

from airflow_provider_datagraph.access.messages import FindingRow
from airflow_provider_datagraph.access.report import ChangeRow, Report
from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.operators.summary import SegmentSummaryOperator, merge
from airflow_provider_datagraph.xcom import from_xcom

SAID = """\
Unify > Data Graph > Connect warehouse > Redshift asks for:
Host      h.example
Port      5440
Database  segment_linked_profiles_db
Username  reader
Password  as in the Airflow connection segment_linked_user"""


def test_the_log_says_what_to_type(monkeypatch: pytest.MonkeyPatch, mocker: MockerFixture) -> None:
    known = {"conn_type": "redshift", "password": "Secret-1"}
    admin = {**known, "host": "h.example", "port": 5440, "login": "boss", "schema": "dev"}
    monkeypatch.setenv("AIRFLOW_CONN_REDSHIFT_DEFAULT", json.dumps(admin))
    monkeypatch.setenv("AIRFLOW_CONN_SEGMENT_LINKED_USER", json.dumps({**known, "login": "reader"}))
    log = mocker.patch.object(SegmentSummaryOperator, "log")
    report = SegmentSummaryOperator(task_id="summary", reports=[]).execute({})
    words, shown = log.info.call_args.args
    assert (words, [line.strip() for line in shown.splitlines()]) == ("%s", SAID.splitlines())
    database = "segment_linked_profiles_db"
    assert report["segment"] == {"host": "h.example", "port": 5440, "database": database, "username": "reader"}
    assert (report["proofs"], log.info.call_args_list[1].args[1]) == ([], "Nothing was proved by login.")
    # A plan can't be taken for a run.
    SegmentSummaryOperator(task_id="summary", reports=[], plan_only=True).execute({})
    plan, _, settings = [call.args[1].splitlines()[0] for call in log.info.call_args_list[-3:]]
    assert plan == "A plan of the whole run (plan only: nothing is changed)"
    assert settings == f"Nothing was changed. After a real run, {SAID.splitlines()[0]}"


PROOF: dict[str, Any] = {
    **{"login": "reader", "database": "cp", "first": "2026-11-27T15:40:12Z", "last": "2026-11-27T15:40:19Z"},
    **{"read": 3, "tables": ["d.crm.a", "d.crm.b", "d.ads.c"], "schemas": {"d.crm": 2, "d.ads": 1}},
    **{"refused": 0, "unproved": 1},
}
TOLD = """\
Proved by login:
As        reader, connected to cp
When      2026-11-27T15:40:12Z to 2026-11-27T15:40:19Z
Read      3 tables and views, every column and no row
          d.crm: 2
          d.ads: 1
Unproved  1, as the findings tell""".replace("\n", "\n  ")


def summed(mocker: MockerFixture, *proofs: Any, **arguments: Any) -> tuple[dict[str, Any], list[str]]:
    """What a summary returns, and the blocks that it logs between the report and the settings."""
    log = mocker.patch.object(SegmentSummaryOperator, "log")
    mocker.patch.object(SegmentSummaryOperator, "_settings", return_value={})
    looks = [{**Report().as_dict(), "proof": proof} for proof in proofs]
    report = SegmentSummaryOperator(task_id="summary", reports=[], proofs=looks, **arguments).execute({})
    return report, [call.args[1] for call in log.info.call_args_list[1:-1]]


def test_the_summary_holds_the_proof(mocker: MockerFixture) -> None:
    report, blocks = summed(mocker, None, {**PROOF, "more": "later"})
    assert (report["proofs"], blocks) == ([PROOF], [TOLD])
    second = {**PROOF, "login": "x\n  Read"}
    report, (first, other) = summed(mocker, PROOF, second)
    assert (report["proofs"], first) == ([PROOF, second], TOLD)
    assert "As        x\\n  Read, connected to cp" in other
    none, (block,) = summed(mocker, {**PROOF, "read": 0, "refused": 3, "schemas": {}, "tables": []})
    assert (none["proofs"][0]["refused"], block.splitlines()[0]) == (3, "Nothing was proved by login.")
    # A report's proof names at most 100 schemas.
    many, (block,) = summed(mocker, {**PROOF, "read": 109, "schemas": {f"d.s{at}": 1 for at in range(102)}})
    assert block.splitlines()[-2].strip() == "in further schemas: 9" and len(many["proofs"][0]["schemas"]) == 102


@pytest.mark.parametrize(
    "wrong",
    [
        *(5, [], "proof", {}),
        *({**PROOF, name: wrong} for name in PROOF for wrong in (None, True, 1.5)),
        {name: value for name, value in PROOF.items() if name != "read"},
        *({**PROOF, "tables": wrong} for wrong in ([5], {"d": 1}, "d")),
        *({**PROOF, "schemas": wrong} for wrong in ({"d": "1"}, {5: 1}, {"d": True}, ["d"])),
    ],
    ids=lambda value: repr(value)[-60:],
)
def test_what_is_no_proof_is_refused(mocker: MockerFixture, wrong: Any) -> None:
    with pytest.raises(MisconfigurationError, match="proofs holds a proof"):
        summed(mocker, wrong)


def test_the_summary_tells_what_more_can_be_read(mocker: MockerFixture) -> None:
    report = Report(notes={"readable_beyond": 3}, noted={"readable_beyond": FindingRow("", "", "SELECT\non d.pay")})
    told = "More can be read than was asked:\n    SELECT\\non d.pay\n    and 2 more, in the log of the audit"
    assert summed(mocker, audit={**report.as_dict(), "matrix": [{}]})[1][1] == told
    exact = Report(findings=(FindingRow("readable_beyond", "d.pay", "It is open.", blocking=True),))
    found, (_, block) = summed(mocker, audit=exact.as_dict())
    assert (found["findings"][0]["code"], block.splitlines()[1].strip()) == ("readable_beyond", "It is open.")
    assert summed(mocker, audit=Report().as_dict())[1][1] == "Nothing more can be read than was asked."


def test_only_what_the_run_creates_is_not_missing() -> None:
    made = ("create role r", "create database d", "grant role g", "grant schema d.s", "grant tables d.s")
    split = (one.partition(" ") for one in (*made, "grant table d.t.one"))
    changes = tuple(ChangeRow(action, about, [], "", "", "", applied=False) for action, _, about in split)
    comes = {"role_missing": ["r"], "not_ready": ["database d"], "checkpoint_closed": ["d"]}
    comes |= {"schema_closed": ["d.s"], "not_granted": ["d.s", "d.t"]}
    stays = {"role_missing": ["g"], "not_ready": ["schema d.s"], "database_owner": ["database d"]}
    stays |= {"schema_closed": ["d.t2"], "not_granted": ["d.t2"]}
    gone, left = (
        tuple(FindingRow(code, about, "") for code, named in known.items() for about in named)
        for known in (comes, stays)
    )
    report = merge([Report(changes=changes, findings=gone + left)])
    assert (report.changes, report.findings) == (changes, left)


def test_in_a_list_a_mapped_task_stands_for_all_of_its_instances() -> None:
    def pull(task_ids: str, map_indexes: int | None = None) -> Any:
        alone = {"check": {"report": 1}}.get(task_ids)
        return alone if map_indexes == -1 else [{"report": 2}, {"report": 3}]

    reports = [from_xcom("check"), from_xcom("mapped"), from_xcom("check", "report"), "as it is"]
    operator = SegmentSummaryOperator(task_id="summary", reports=reports)
    context: Any = {"ti": SimpleNamespace(xcom_pull=pull)}
    operator.take_arguments(context)
    assert operator.reports == [{"report": 1}, [{"report": 2}, {"report": 3}], 1, "as it is"]
