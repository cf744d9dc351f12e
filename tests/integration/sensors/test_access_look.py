"""The proof of access: where it connects, what it sends, and how it names what is refused."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.redshift.statements import EXACT_NAMES
from tests.integration.sensors.house import House
from tests.support.redshift import PASSWORD, SET_UP, connect, mark, run, unique
from tests.support.segment import codes
from tests.support.waiting import all_read, fire, plain, resumed, trigger_of


def sent_by_user(house: House, since: int) -> list[tuple[str, str]]:
    """Database and text of what the linked user sent, in order."""
    with closing(connect(house.server)) as connection:
        users = run(connection, f"SELECT usesysid FROM pg_user WHERE usename = '{house.user}'")
        rows = run(
            connection,
            "SELECT database_name, query_text FROM sys_query_history "
            f"WHERE user_id = {users[0][0]} AND query_id > {since} ORDER BY query_id",
        )
    return [(str(database).strip(), str(text)) for database, text in rows if not text.startswith(SET_UP)]


def look(house: House, **arguments: Any) -> dict[str, Any]:
    report: dict[str, Any] = house.access(wait=False, **arguments).execute({})
    return report


def batch(house: House, *tables: str) -> str:
    """The statement that reads tables of the customer's schema."""
    each = (
        f'SELECT 1 FROM (SELECT * FROM "{house.warehouse}"."{house.crm}"."{name}" WHERE FALSE) x' for name in tables
    )
    return " UNION ALL ".join(each)


@pytest.mark.parametrize("by_trigger", [False, True])
def test_it_reads_from_the_checkpoint_database_and_nothing_but_one(house: House, by_trigger: bool) -> None:
    house.fulfil("access")
    sensor = house.access(schemas=f"{house.warehouse}.{house.crm}", tables=[f"{house.crm}.accounts"])
    since = mark(house.server)
    report = resumed(sensor, fire(trigger_of(sensor))) if by_trigger else sensor.execute({})
    assert plain(report) == all_read(2)
    assert sent_by_user(house, since) == [(house.checkpoint, batch(house, "accounts", "contacts"))]
    proof = report["proof"]
    assert proof.pop("first") <= proof.pop("last")
    path = f"{house.warehouse}.{house.crm}"
    assert proof == {
        "login": house.user,
        "database": house.checkpoint,
        "read": 2,
        "tables": [f"{path}.accounts", f"{path}.contacts"],
        "schemas": {path: 2},
        "refused": 0,
        "unproved": 0,
    }


def test_without_a_database_it_is_the_user_connections_and_never_the_admins(house: House) -> None:
    # Segment connects to the checkpoint database.
    house.fulfil("access")
    given = {"checkpoint_database": None, "tables": [f"{house.crm}.accounts"]}
    with pytest.raises(MisconfigurationError, match="user connection segment_linked_user lacks schema"):
        house.access(**given).execute({})
    house.user_connection(schema=house.checkpoint)
    since = mark(house.server)
    house.access(**given).execute({})
    assert {database for database, _ in sent_by_user(house, since)} == {house.checkpoint}


def test_a_database_that_does_not_exist(house: House) -> None:
    for given, code in (
        ({"tables": ["atlantis.crm.t"]}, "database_missing"),
        ({"schemas": "atlantis.crm"}, "schema_missing"),
    ):
        (finding,) = look(house, **given)["findings"]
        assert (finding["code"], finding["object"].startswith("atlantis.crm")) == (code, True)


def test_a_refusal_is_told_by_its_cause_and_with_its_remedy(house: House) -> None:
    house.make_crm()
    path, where = f"{house.warehouse}.{house.crm}", f"Run in database {house.warehouse}: "
    (closed,) = look(house, schemas=house.crm, role=house.role)["findings"]
    give = f'GRANT USAGE ON SCHEMA "{house.crm}" TO ROLE "{house.role}"'
    assert (closed["code"], closed["object"], closed["remedy"]) == ("schema_closed", path, where + give)
    house.sql(give, f"GRANT SELECT ON TABLE {house.crm}.contacts TO ROLE {house.role}")
    report = look(house, schemas=house.crm, role=house.role)
    assert report["in_place"] == 1
    (lacking,) = report["findings"]
    give = f'GRANT SELECT FOR TABLES IN SCHEMA "{house.crm}" TO ROLE "{house.role}"'
    assert (lacking["code"], lacking["object"], lacking["remedy"]) == ("not_granted", path, where + give)
    (lacking,) = look(house, tables=[f"{house.crm}.accounts"], role=house.role)["findings"]
    give = f'GRANT SELECT ON TABLE "{house.crm}"."accounts" TO ROLE "{house.role}"'
    assert (lacking["code"], lacking["remedy"]) == ("not_granted", where + give)
    house.sql(give)
    assert look(house, schemas=house.crm)["findings"] == []


def test_an_empty_schema_is_told_and_does_not_hold_up(house: House) -> None:
    house.fulfil("access")
    empty = f"{house.crm}_empty"
    house.sql(f"CREATE SCHEMA {empty}")
    report = house.access(schemas=[house.crm, empty]).execute({})
    assert report["in_place"] == 2
    (finding,) = report["findings"]
    assert (finding["code"], finding["object"]) == ("schema_empty", f"{house.warehouse}.{empty}")


def test_a_table_that_is_named_twice_is_read_once(house: House) -> None:
    house.fulfil("access")
    path = f"{house.crm}.accounts"
    assert look(house, tables=[path, f"{house.warehouse}.{path}"], schemas=house.crm)["in_place"] == 2


def test_names_that_need_quotes(house: House) -> None:
    house.sql(f'CREATE SCHEMA "{house.crm}.x"', f'CREATE TABLE "{house.crm}.x"."or""der 1" (id int)')
    house.open(f"{house.crm}.x")
    assert look(house, schemas=f'{house.warehouse}."{house.crm}.x"')["in_place"] == 1
    assert look(house, tables=[f'"{house.crm}.x"."or""der 1"'])["in_place"] == 1


def test_views_and_mixed_case(house: House) -> None:
    house.sql(f"CREATE SCHEMA {house.crm}", f'CREATE TABLE {house.crm}."MixedCase" (id int)')
    house.sql(f"CREATE VIEW {house.crm}.few AS SELECT id FROM {house.crm}.mixedcase")
    house.open(house.crm)
    assert plain(look(house, schemas=house.crm.upper())) == all_read(2)
    assert look(house, tables=[f"{house.crm}.MIXEDCASE"])["in_place"] == 1


def exactly(house: House, *statements: str, user: str | None = None) -> None:
    """Statements whose names keep their capitals."""
    house.sql(EXACT_NAMES, *statements, EXACT_NAMES.replace("true", "false"), user=user)


def told(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(finding["code"], finding["object"].rpartition(".")[2]) for finding in report["findings"]]


def test_a_name_that_the_user_s_session_folds_is_told_and_holds_nothing_up(house: House) -> None:
    house.fulfil("access")
    # Where the one is folded to the other, reading that other one proves nothing.
    exactly(house, *(f'CREATE TABLE {house.crm}."{name}" (id int)' for name in ("Accounts", "Other")))
    since = mark(house.server)
    report = house.access(schemas=house.crm).execute({})
    assert (report["in_place"], told(report)) == (2, [("unreachable_name", name) for name in ("Accounts", "Other")])
    assert batch(house, "accounts", "contacts") in [text for _, text in sent_by_user(house, since)]
    # It isn't the admin's session that counts.
    house.sql(f"ALTER USER {house.user} SET enable_case_sensitive_identifier TO true")
    assert plain(house.access(schemas=house.crm).execute({})) == all_read(4)


def test_a_database_with_capitals_is_the_one_that_the_admin_is_in(house: House) -> None:
    name = unique("Sales")
    house.cluster.exactly("dev", f'CREATE DATABASE "{name}"')
    house.cluster.exactly(name, "CREATE SCHEMA crm", "CREATE TABLE crm.t (id int)")
    house.admin_connection(schema=name)
    try:
        for given in ({"schemas": "crm"}, {"schemas": "cr*"}, {"tables": ["crm.t"]}):
            (finding,) = look(house, **given)["findings"]
            assert (finding["code"], finding["object"]) == ("unreachable_name", f"{name}.crm.t")
    finally:
        house.cluster.exactly("dev", f'DROP DATABASE "{name}"')


ENDLESS = "SELECT count(*) AS n FROM " + ", ".join(f"{{0}}.many t{at}" for at in range(12))


@pytest.mark.parametrize("query", [ENDLESS, f"{ENDLESS} ORDER BY 1 LIMIT 1", "SELECT 1 / id AS n FROM {0}.many"])
@pytest.mark.parametrize("binding", ["", " WITH NO SCHEMA BINDING"])
def test_a_view_is_not_computed(house: House, query: str, binding: str) -> None:
    house.make_crm()
    house.sql(f"CREATE TABLE {house.crm}.many (id int)")
    house.sql(f"INSERT INTO {house.crm}.many VALUES {', '.join(f'({at})' for at in range(100))}")
    house.sql(f"CREATE VIEW {house.crm}.v AS {query.format(house.crm)}{binding}")
    house.open(house.crm)
    house.admin_connection(extra={"ssl": False, "timeout": 10})
    assert plain(house.access(schemas=house.crm).execute({})) == all_read(4)


def test_a_revoked_table_is_seen_at_the_next_look(house: House) -> None:
    house.fulfil("access")
    sensor = house.access(schemas=house.crm, wait=False)
    assert codes(sensor.execute({})) == []
    house.sql(f"REVOKE SELECT FOR TABLES IN SCHEMA {house.crm} FROM ROLE {house.role}")
    assert codes(sensor.execute({})) == ["not_granted"]


def test_a_late_binding_view_whose_table_is_gone_is_told_and_holds_nothing_up(house: House) -> None:
    house.make_crm()
    house.sql(
        f"CREATE TABLE {house.crm}.gone (id int)",
        f"CREATE VIEW {house.crm}.late AS SELECT id FROM {house.crm}.gone WITH NO SCHEMA BINDING",
    )
    house.open(house.crm)
    assert house.access(schemas=house.crm).execute({})["in_place"] == 4
    house.sql(f"DROP TABLE {house.crm}.gone")
    report = house.access(schemas=house.crm).execute({})
    assert (report["in_place"], told(report)) == (2, [("view_broken", "late")])
    strict = fire(trigger_of(house.access(schemas=house.crm, broken_views="fail")))
    assert (strict["status"], codes(strict["report"])) == ("misconfigured", ["view_broken"])


@pytest.mark.parametrize("listed", [True, False])
def test_an_external_schema_is_read_from_where_it_is_listed(house: House, listed: bool) -> None:
    house.fulfil("access")
    lake = house.cluster.name("lake")
    house.sql(
        f"CREATE EXTERNAL SCHEMA {lake} FROM DATA CATALOG DATABASE 'd' IAM_ROLE 'arn:aws:iam::123456789012:role/r'"
    )
    if listed:
        house.sql(f"CREATE EXTERNAL TABLE {lake}.t (id int) STORED AS PARQUET LOCATION 's3://b/t/'")
    try:
        report = look(house, schemas=[house.crm, lake])
        assert (report["in_place"], codes(report)) == (2, ["schema_closed" if listed else "schema_unlisted"])
        house.sql(f"GRANT USAGE ON SCHEMA {lake} TO ROLE {house.role}")
        if listed:
            assert look(house, schemas=[house.crm, lake])["in_place"] == 3
    finally:
        house.sql(f"DROP SCHEMA {lake} CASCADE")


def test_what_is_hidden_from_the_admin_is_no_proof(house: House) -> None:
    house.fulfil("access")
    dba = house.cluster.user("dba")
    house.sql(f"GRANT USAGE ON SCHEMA {house.crm} TO {dba}", f"GRANT SELECT ON {house.crm}.accounts TO {dba}")
    house.admin_connection(login=dba, password=PASSWORD)
    assert house.access(schemas=house.crm).execute({})["in_place"] == 2
    house.sql("ALTER SYSTEM SET metadata_security = TRUE")
    try:
        report = look(house, schemas=house.crm)
        assert (codes(report), report["in_place"], report["findings"][0]["blocking"]) == (["hidden"], 1, True)
        house.sql(f"GRANT ACCESS CATALOG TO ROLE {house.role}", f"GRANT ROLE {house.role} TO {dba}")
    finally:
        house.sql("ALTER SYSTEM SET metadata_security = FALSE")
