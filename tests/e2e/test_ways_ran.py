"""By IAM in two databases; and sensors that wait go on when a token ends, a password rotates and an endpoint moves."""

from __future__ import annotations

from tests.e2e.scene import Evidence
from tests.e2e.ways import DAG_ID, DATABASES, FIRST, SENSORS, USER
from tests.support.redshift import connect, turned_away


def test_every_task_succeeded_at_its_first_try(evidence: Evidence) -> None:
    tasks = {task.task_id: (task.state, task.tries) for task in evidence.tasks if task.dag_id == DAG_ID}
    assert tasks == dict.fromkeys((*SENSORS, *FIRST), ("success", 1))


def test_each_database_had_temporary_passwords_of_its_own_and_none_after_its_end(evidence: Evidence) -> None:
    ways = evidence.ways
    assert {(asked["DbUser"], asked["DbName"]) for asked in ways.before} == {("awsuser", name) for name in DATABASES}
    # When the server came back, none of those before let anybody in; see Ways.change.
    assert {asked["DbName"] for asked in ways.since} == {"second"}


def test_the_user_has_the_new_password(evidence: Evidence) -> None:
    ways = evidence.ways
    assert "authentication failed" in turned_away(ways.server, USER, ways.old)
    connect(ways.server, user=USER, password=ways.new).close()
