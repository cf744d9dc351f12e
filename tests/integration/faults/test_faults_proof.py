"""What a server may answer to the statements of a proof, and what becomes of the proof."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSensorTimeout
from pytest_mock import MockerFixture

from airflow_provider_datagraph.engine.looks import AccessProbe, Sessions, make_probe, take
from airflow_provider_datagraph.engine.looks import reading as reads
from airflow_provider_datagraph.exceptions import PassingFaultError
from airflow_provider_datagraph.hooks.redshift import DataGraphHook
from airflow_provider_datagraph.redshift.names import InvalidInput
from local_redshift.faults_client import Faults
from tests.deep import usual_or_deep
from tests.support.redshift import PASSWORD
from tests.support.segment import Segment, codes, message

BATCH, SINGLE = "^select 1 from \\(select", "^select \\* from"


@pytest.fixture
def opened(linked: Segment) -> Segment:
    """Two tables and two others, and a checkpoint database without Segment's schema."""
    for schema in ("crm", "billing", "payroll"):
        linked.open(schema)
    linked.checkpoint = linked.cluster.database()
    linked.writes(linked.checkpoint)
    return linked


@pytest.fixture
def probe(opened: Segment) -> Iterator[AccessProbe]:
    arguments = opened.access(
        checkpoint_database=opened.checkpoint, schemas=["crm", "billing", "payroll"], role=opened.role, batch_size=2
    )._parse()[-1]
    made = make_probe("access", arguments, Sessions(DataGraphHook))
    assert isinstance(made, AccessProbe)
    yield made
    made.sessions.close()


def reading(segment: Segment, since: str) -> list[str]:
    """What was sent to read tables."""
    return [text for text in segment.cluster.received(since) if "WHERE FALSE" in text]


def test_a_cluster_without_cross_database_queries(
    probe: AccessProbe, faults: Faults, opened: Segment, mocker: MockerFixture
) -> None:
    faults.error(f"{BATCH}|{SINGLE}", "0A000", "cross-database reference to database is not supported", times=None)
    explained = mocker.spy(reads.Reading, "_unexplained")
    for enough in (reads.ENOUGH, 1):
        mocker.patch.object(reads, "ENOUGH", enough)
        since = opened.cluster.mark()
        look = take(probe)
        assert not look.done
        assert set(codes(look.as_dict())) == {"cross_database_refused"}
        assert "RA3" in look.problems[0]
    # It gives up where nothing but that is answered.
    assert len([text for text in reading(opened, since) if text.startswith("SELECT *")]) == 1
    assert (look.more["proof"]["refused"], look.more["proof"]["unproved"]) == (1, 3)
    # Two refused batches and one: what waits is gone through after the first one alone.
    assert explained.call_count == (2 + 1) + 2


def test_an_object_that_refuses_it_is_told_beside_what_was_read(
    probe: AccessProbe, faults: Faults, opened: Segment
) -> None:
    faults.error(f"{BATCH}.*accounts|{SINGLE}.*accounts", "0A000", "not supported", times=None)
    look = take(probe)
    assert look.done
    assert (look.report.in_place, codes(look.as_dict())) == (3, ["cross_database_refused"])
    assert look.report.blocking == ()
    opened.sql(f"REVOKE SELECT FOR TABLES IN SCHEMA payroll FROM ROLE {opened.role}")
    probe.proved.clear()
    since = opened.cluster.mark()
    assert set(codes(take(probe).as_dict())) == {"cross_database_refused", "not_granted"}
    # That refusal proves nothing of what the privileges say of another table.
    assert any(text.startswith("SELECT *") and "salaries" in text for text in reading(opened, since))


def test_a_broken_view_is_no_matter_of_access(probe: AccessProbe, faults: Faults, opened: Segment) -> None:
    view = opened.cluster.name("v")
    opened.sql(f"CREATE VIEW crm.{view} AS SELECT id FROM crm.accounts")
    try:
        faults.error(view, "42P01", 'relation "below" does not exist', times=None)
        look = take(probe)
        assert (look.done, look.report.in_place, codes(look.as_dict())) == (True, 4, ["view_broken"])
        probe.broken_views = "fail"
        look = take(probe)
        assert (look.done, len(look.problems)) == (False, 1)
        faults.clear()
        # The server's own trouble says nothing of the view.
        faults.error(view, "53200", "out of memory", times=None)
        look = take(probe)
        assert (look.done, look.problems) == (False, ())
    finally:
        faults.clear()
        opened.sql(f"DROP VIEW crm.{view}")


def test_what_only_fails_together_is_read_alone(probe: AccessProbe, faults: Faults, opened: Segment) -> None:
    faults.error(BATCH, "54001", "statement too complex", times=None)
    since = opened.cluster.mark()
    assert take(probe).message.endswith(", can read every one of 4 tables.")
    # The first batch is tried, and from then on each alone.
    assert [text[:10] for text in reading(opened, since)] == ["SELECT 1 F", *["SELECT * F"] * 4]


def test_a_look_goes_on_where_the_last_one_stopped(probe: AccessProbe, faults: Faults, opened: Segment) -> None:
    faults.error(BATCH, "57014", "canceled on user's request", nth=2)
    with pytest.raises(PassingFaultError):
        take(probe)
    since = opened.cluster.mark()
    look = take(probe)
    assert (look.done, look.report.in_place) == (True, 4)
    # What took too long is read in smaller pieces.
    assert [text[:10] for text in reading(opened, since)] == ["SELECT * F"] * 2
    # What was read too long ago is read again, and what a look reads slowly isn't proved at its end.
    probe.proved.update({path: when - timedelta(hours=1) for path, when in probe.proved.items()})
    since = opened.cluster.mark()
    assert take(probe).done
    assert len(reading(opened, since)) == 4
    probe.max_proof_age = -1
    assert not take(probe).done


def test_privileges_that_are_told_wrong_refuse_nothing(
    probe: AccessProbe, opened: Segment, mocker: MockerFixture
) -> None:
    # A cluster whose functions don't know of scoped permissions can't run here.
    mocker.patch.object(reads, "granted_relations", return_value=frozenset())
    opened.sql(f"REVOKE SELECT FOR TABLES IN SCHEMA payroll FROM ROLE {opened.role}")
    look = take(probe)
    assert (look.done, look.report.in_place, codes(look.as_dict())) == (False, 3, ["not_readable"])


def test_only_a_cluster_that_knows_no_metadata_security_is_taken_to_hide_nothing(
    probe: AccessProbe, opened: Segment, faults: Faults
) -> None:
    opened.admin_connection(login=opened.cluster.user("dba"), password=PASSWORD)
    asked = {"checkpoint_database": opened.checkpoint, "schemas": ["crm"], "deferrable": False, "timeout": 0}
    faults.error("show metadata_security", "XX000", "internal error", times=None)
    with pytest.raises(AirflowSensorTimeout, match="internal error"):
        opened.access(**asked).execute({})
    faults.clear()
    faults.error("show metadata_security", "42704", 'unrecognized configuration parameter "metadata_security"')
    assert opened.access(**asked).execute({})["in_place"] == 2
    # It is asked once a session.
    faults.error("show metadata_security", "42704", "unrecognized configuration parameter", times=None)
    since = opened.cluster.mark()
    for _ in range(2):
        assert take(probe).done
    probe.admin.close()
    assert take(probe).done
    assert len([text for text in opened.cluster.received(since) if "metadata_security" in text]) == 2


def test_an_entry_that_is_no_name_is_told_and_keeps_the_rest_from_being_a_proof(probe: AccessProbe) -> None:
    # As another version stored it.
    probe.schemas = ["crm", "a.b.c"]
    with pytest.raises(InvalidInput, match=r"schemas has the entry 'a\.b\.c'"):
        take(probe)


def test_an_empty_schema_is_no_missing_one_where_the_admin_may_not_use_it(probe: AccessProbe, opened: Segment) -> None:
    opened.admin_connection(login=opened.cluster.user("dba"), password=PASSWORD)
    probe.schemas = [empty := opened.cluster.name("empty")]
    opened.sql(f"CREATE SCHEMA {empty}")
    assert codes(take(probe).as_dict()) == ["schema_empty"]
    opened.sql(f"DROP SCHEMA {empty}")


@pytest.mark.parametrize("failing", ["", "^create schema", "^create table", "^insert", "^select id"])
def test_writing_is_tried_and_nothing_stays(probe: AccessProbe, faults: Faults, opened: Segment, failing: str) -> None:
    probe.probe_checkpoint = True
    before = opened.snapshot()
    if failing:
        # What the server has no room for is waited out.
        faults.error(failing, "53200", "out of memory")
        with pytest.raises(PassingFaultError, match="53200"):
            take(probe)
        faults.error(failing, "42501", "permission denied")
    look, session = take(probe), probe.user.connection
    # What it asks next begins no transaction.
    assert session is not None and session.autocommit
    probe.sessions.close()
    assert opened.snapshot() == before
    assert look.done is not bool(failing)
    report: dict[str, Any] = look.as_dict()
    assert codes(report) == ["checkpoint_closed"] * bool(failing)
    if failing:
        assert "was tried, and fails: permission denied" in message(report, "checkpoint_closed")
    assert take(probe).done


def costs(segment: Segment, faults: Faults, places: int, tables: int, opened: bool) -> int:
    """How many exchanges the proof of new schemas with so many tables each takes, whether they are open or not."""
    made = [segment.cluster.name(f"s{at}") for at in range(places)]
    for name in made:
        segment.sql(f"CREATE SCHEMA {name}", *(f"CREATE TABLE {name}.t{at} (id int)" for at in range(tables)))
        if opened:
            segment.open(name)
    before = faults.exchanges
    report = segment.access(checkpoint_database=segment.checkpoint, schemas=made, wait=False).execute({})
    found = faults.exchanges - before
    assert (report["in_place"], codes(report)) == ((places * tables, []) if opened else (0, ["schema_closed"]))
    segment.sql(*(f"DROP SCHEMA {name} CASCADE" for name in made))
    return found


def test_what_a_proof_costs(opened: Segment, faults: Faults) -> None:
    tables, most = usual_or_deep((300, 100), (10_000, 250))
    few, many = (costs(opened, faults, places, tables // places, True) for places in (tables // 100, tables // 10))
    # A list in a condition holds 500 names: there is a statement more for a thousand schemas, new to the server.
    assert few + usual_or_deep(0, 2) == many < most
    # Refusals of few tables, and of many.
    assert costs(opened, faults, 1, 1, False) == costs(opened, faults, 1, usual_or_deep(150, 10_000), False)
