"""SegmentSummaryOperator: what to type into Segment, and the whole run's changes in one report."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from airflow_provider_datagraph.access.messages import FindingRow
from airflow_provider_datagraph.access.report import Report
from tests.support.redshift import PASSWORD
from tests.support.segment import RETL, Segment, codes, execute, notes


def summary(segment: Segment, reports: Any, **arguments: Any) -> dict[str, Any]:
    with segment.cluster.untouched():
        return execute(segment.summary(reports=reports, **arguments))


def test_the_password_is_in_neither_the_result_nor_the_log(
    segment: Segment, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    result = summary(segment, [])
    out, err = capfd.readouterr()
    shown = repr(result) + out + err + caplog.text
    assert "as in the Airflow connection segment_linked_user" in shown
    assert PASSWORD not in shown
    assert segment.server.password not in shown


def test_counts_add_up_and_a_proof_counts_nothing(segment: Segment) -> None:
    first, second = Report(2, 1, notes={"inherited": 2}), Report(0, 3, notes={"inherited": 1}, more_changes=4)
    proof = Report(in_place=40, findings=(FindingRow("z", "db.s", "No."),), more_findings=5).as_dict()
    result = summary(segment, [first.as_dict(), [second.as_dict(), None], None], proofs=[proof])
    assert (result["changed"], result["in_place"], codes(result)) == (2, 4, ["z"])
    assert (result["notes"], result["omitted"]) == ({"inherited": 3}, {"changes": 4, "findings": 5})


def run_all(segment: Segment, **form: Any) -> dict[str, dict[str, Any]]:
    segment.cluster.close()
    check = execute(segment.check(schemas=["crm", f"{segment.warehouse}.billing.invoices"], **form))
    owner = form.get("reverse_etl_owner")
    reports = {
        "check": check,
        "role": execute(segment.create_role()),
        "database": execute(segment.create_database(reverse_etl_owner=owner)),
        "grant": execute(segment.grant_schema(**check["grants"])),
    }
    if (shared := check["reverse_etl_database"]) is not None:
        reports["reverse_etl"] = execute(segment.grant_reverse_etl(database=shared, schema_owner=owner))
    validate = execute(segment.access(checkpoint_database=segment.checkpoint, **check["validate"]))
    return {
        **reports,
        "validate": validate,
        "summary": execute(segment.summary(reports=[*reports.values()], proofs=[validate])),
    }


@pytest.mark.parametrize("beside", [False, True])
def test_three_healthy_runs_have_no_finding(segment: Segment, beside: bool) -> None:
    cluster, form = segment.cluster, {}
    if beside:
        # The guide's step 2: another of Segment's users works in the checkpoint database.
        other = cluster.user("retl")
        segment.checkpoint = cluster.database(f"CREATE SCHEMA {RETL} AUTHORIZATION {other}")
        form = {"reverse_etl_owner": other}
    for again in range(3):
        reports = run_all(segment, **form)
        assert {task: report["findings"] for task, report in reports.items()} == {task: [] for task in reports}
        assert (reports["summary"]["changed"] == 0) is (again > 0)
        (proof,) = reports["summary"]["proofs"]
        assert proof == {**reports["validate"]["proof"], "refused": 0}
        assert (proof["login"], proof["read"]) == (segment.user, 3)
        assert reports["summary"]["noted"].keys() == reports["summary"]["notes"].keys()
        own = f"CREATE SCHEMA {RETL}" if not (beside or again) else f"CREATE TABLE {RETL}.run_{again} (id int)"
        # Segment goes to work.
        assert segment.refusal(own, segment.checkpoint) == ""
    shared = ["reverse_etl_closed", "reverse_etl_owner"] if beside else []
    assert notes(reports["summary"]) == ["lost_when_rebuilt", *shared]
    # What several tasks note is counted once.
    assert set(reports["summary"]["notes"].values()) <= {1}
