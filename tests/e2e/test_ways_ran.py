"""By IAM in two databases; and sensors that wait go on when a token ends, a password rotates and an endpoint moves."""

from __future__ import annotations

from tests.e2e.scene import Evidence
from tests.e2e.ways import DAG_ID, DATABASES, FIRST, OTHER, SENSORS, USER
from tests.support.redshift import connect, turned_away


def test_every_task_but_one_succeeded_at_its_first_try(evidence: Evidence) -> None:
    tasks = {task.task_id: (task.state, task.tries) for task in evidence.tasks if task.dag_id == DAG_ID}
    # AWS gives a temporary password to who is no user of Redshift's, too.
    assert tasks == {**dict.fromkeys((*SENSORS, *FIRST), ("success", 1)), "iam_refused": ("failed", 1)}


def test_each_database_had_temporary_passwords_of_its_own(evidence: Evidence) -> None:
    before = {(asked["DbUser"], asked["DbName"]) for asked in evidence.ways.before}
    assert before == {*(("awsuser", database) for database in ("dev", *DATABASES)), ("nobody", "dev")}


def test_the_sensor_went_on_with_a_new_one(evidence: Evidence) -> None:
    # When the server came back, none of those before let anybody in; see Ways.change.
    assert {asked["DbName"] for asked in evidence.ways.since} == {"second"}


def test_both_users_have_the_new_password(evidence: Evidence) -> None:
    ways = evidence.ways
    for user in (USER, OTHER):
        assert "authentication failed" in turned_away(ways.server, user, ways.old)
        connect(ways.server, user=user, password=ways.new).close()


def test_the_endpoint_moved(evidence: Evidence) -> None:
    query = "SELECT port FROM connection WHERE conn_id = 'ways_moved'"
    assert evidence.left.metadata.run(query) == [(evidence.ways.server.port,)]
