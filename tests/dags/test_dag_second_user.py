"""docs/operations.md, "Another user, without a gap": Segment writes as either user, until a person has switched it."""

from __future__ import annotations

import json
from contextlib import closing

from tests.dags.airflow_process import Airflow, Outcome
from tests.dags.warehouse import Warehouse
from tests.support.redshift import connect, run, turned_away, unique
from tests.support.segment import RETL

PASSWORD = "Second-Reader-2"


def test_segment_is_never_locked_out(airflow: Airflow, warehouse: Warehouse) -> None:
    names, second = warehouse.names, unique("second")
    warehouse.make_identities(f"GRANT CREATE ON DATABASE {names.checkpoint} TO ROLE {names.role}")
    warehouse.run(
        names.analytics,
        f"GRANT USAGE ON SCHEMA crm TO ROLE {names.role}",
        f"GRANT SELECT FOR TABLES IN SCHEMA crm TO ROLE {names.role}",
    )

    def segment(user: str, password: str, *statements: str) -> None:
        with closing(connect(warehouse.server, names.checkpoint, user, password)) as connection:
            run(connection, *statements, f"SELECT * FROM {names.analytics}.crm.accounts WHERE FALSE")

    def again(**form: object) -> Outcome:
        login = {**json.loads(warehouse.connections()["segment_linked_user"]), "login": second, "password": PASSWORD}
        given = {**warehouse.connections(), "segment_second_user": json.dumps(login)}
        conf = {"role": names.role, "checkpoint_database": names.checkpoint, "schemas": [f"{names.analytics}.crm"]}
        return airflow.run("segment_second_user", {**conf, **form}, given, warehouse.listening())

    first = (names.user, warehouse.password)
    segment(*first, f"CREATE SCHEMA {RETL}", f"CREATE TABLE {RETL}.old (id int)")
    before = again()
    assert before.state == "success" and before.reports["first_leaves"]["changed"] == 0
    # Both write, in what either has made, before and since.
    segment(*first, f"CREATE TABLE {RETL}.later (id int)")
    segment(second, PASSWORD, f"INSERT INTO {RETL}.old VALUES (1)", f"INSERT INTO {RETL}.later VALUES (1)")
    segment(second, PASSWORD, f"CREATE TABLE {RETL}.new (id int)")
    segment(*first, f"INSERT INTO {RETL}.new VALUES (1)")
    after = again(switched=True)
    assert after.state == "success" and f'DROP USER "{names.user}"' in after.changes
    assert turned_away(warehouse.server, *first)
    segment(second, PASSWORD, *(f"DROP TABLE {RETL}.{table}" for table in ("old", "later", "new")))
    segment(second, PASSWORD, f"CREATE TABLE {RETL}.last (id int)")
