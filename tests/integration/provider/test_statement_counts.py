"""What a run costs: the statements and connections that the server receives, BEGIN, COMMIT and SET counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
import redshift_connector
from pytest_mock import MockerFixture

from local_redshift.faults_client import Faults
from local_redshift.running import Server
from tests.deep import usual_or_deep
from tests.support.cluster import Cluster
from tests.support.redshift import mark, statements
from tests.support.segment import OPERATORS, RETL, WAREHOUSE, Segment, execute

MANY = usual_or_deep(110, 1000)
SCHEMAS = [f"schema_{number:04d}" for number in range(MANY)]
TABLES = [f"table_{number:02d}" for number in range(20)]
CHANGING = ("grant", "revoke", "create", "drop", "alter")
TASKS = [name for name in OPERATORS if name != "check"]


@pytest.fixture(scope="module")
def large(server: Server) -> Iterator[str]:
    """A database of many schemas with 20 tables each, where PUBLIC, groups and other roles hold something, too."""
    made = Cluster(server)
    name = made.database()
    where = f"host={server.host} port={server.port} dbname={name} sslmode=disable"
    with closing(psycopg.connect(where, user=server.user, password=server.password, autocommit=True)) as connection:
        for schema in SCHEMAS:
            tables = "; ".join(f"CREATE TABLE {schema}.{table} (id int)" for table in TABLES)
            connection.execute(f"CREATE SCHEMA {schema}; {tables}".encode())
    yield name
    made.clear()


@pytest.fixture
def segment(server: Server, large: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Segment]:
    cluster = Cluster(server)
    cluster.shared.append(large)
    made = Segment(cluster, monkeypatch, large)
    made.make_identities()
    other = cluster.role("other")
    cluster.sql(large, *(f"GRANT USAGE ON SCHEMA {schema} TO ROLE {other}, PUBLIC" for schema in SCHEMAS[:50]))
    yield made
    cluster.sql(large, f"REVOKE ALL ON SCHEMA {', '.join(SCHEMAS[:50])} FROM ROLE {other}, PUBLIC")
    cluster.clear()


def counted(segment: Segment, mocker: MockerFixture, **arguments: Any) -> tuple[dict[str, Any], list[str]]:
    """Run the operator, by one connection; its report, and every statement that the server received meanwhile."""
    since, connects = mark(segment.server), mocker.spy(redshift_connector, "connect")
    report = execute(segment.grant_schema(**arguments))
    # The look at the server's log is one more connection, made by another name.
    names = [call.kwargs["application_name"] for call in connects.call_args_list]
    assert len([name for name in names if name.endswith("/grant")]) == 1
    mocker.stopall()
    return report, statements(segment.server, since)


def changing(sent: list[str]) -> list[str]:
    return [text for text in sent if text.lower().startswith(CHANGING)]


def test_a_first_run_over_100_schemas_takes_at_most_113_statements(segment: Segment, mocker: MockerFixture) -> None:
    report, sent = counted(segment, mocker, schema=SCHEMAS[:100])
    assert report["changed"] == 200
    assert len(sent) <= 113, sent[:8] + sent[-4:]
    assert len(changing(sent)) == 101
    assert segment.reads(SCHEMAS[0], TABLES[0])
    assert segment.reads(SCHEMAS[99], TABLES[19])
    assert not segment.reads(SCHEMAS[100], TABLES[0])


@pytest.mark.parametrize("form", ["whole", "listed"])
def test_a_converged_rerun_over_many_schemas_takes_at_most_8(
    segment: Segment, mocker: MockerFixture, form: str
) -> None:
    tables = None if form == "whole" else [f"{schema}.{table}" for schema in SCHEMAS for table in TABLES]
    first, sent = counted(segment, mocker, schema=SCHEMAS, tables=tables)
    changes = MANY * (2 if form == "whole" else 1 + len(TABLES))
    assert first["changed"] == changes
    # Whole schemas need a scoped permission each; 20,000 tables by name stand in few statements.
    assert len(changing(sent)) == (MANY + 1 if form == "whole" else usual_or_deep(2, 10))
    report, sent = counted(segment, mocker, schema=SCHEMAS, tables=tables)
    assert (report["changed"], report["changes"]) == (0, [])
    assert report["in_place"] == changes
    assert len(sent) <= 8, sent
    assert changing(sent) == []
    assert segment.reads(SCHEMAS[-1], TABLES[19])


@pytest.fixture
def small(faulty: Server, faults: Faults, monkeypatch: pytest.MonkeyPatch) -> Iterator[Segment]:
    """A warehouse on the server that counts exchanges; nothing is set up yet."""
    cluster = Cluster(faulty)
    owner = cluster.user("retl")
    retl = f"CREATE SCHEMA {RETL} AUTHORIZATION {owner}"
    yield Segment(cluster, monkeypatch, cluster.database(*WAREHOUSE, retl))
    cluster.clear()


def run(segment: Segment, name: str) -> list[str]:
    """Run an operator, and take the Reverse ETL schema's owner for trusted; what the server received."""
    task = OPERATORS[name](segment)
    if name == "reverse_etl":
        task.schema_owner = segment.cluster.identities[0]
    since = mark(segment.server)
    execute(task)
    return statements(segment.server, since)


def test_one_schema_for_the_first_time_takes_at_most_75_exchanges(small: Segment, faults: Faults) -> None:
    before = faults.exchanges
    for task in (small.create_role(), small.create_database(), small.grant_schema()):
        execute(task)
    # An older driver takes one more for each statement.
    assert faults.exchanges - before <= (75 if redshift_connector.version.__version__ >= "2.2" else 105)
    assert small.reads("crm", "accounts")


def test_a_converged_rerun_of_one_operator_takes_4_and_no_text_twice(small: Segment) -> None:
    for name in TASKS:
        sent = [text.lower() for text in run(small, name)]
        if name == "database":
            # What Redshift takes outside a transaction only, and one statement more.
            assert not {"begin transaction", "commit"} & set(sent)
            continue
        # Where something is lacking, it is read again in the transaction.
        inside = sent[sent.index("begin transaction") + 1 : sent.index("commit")]
        assert any("svv_roles" in text for text in inside)
        assert changing(sent) == changing(inside) != []
    again = {name: run(small, name) for name in OPERATORS}
    assert all(len(set(sent)) == len(sent) for sent in again.values()), again
    del again["check"]
    # A table by name takes two: today's tables, and what is held on them.
    assert {name: len(sent) for name, sent in again.items()} == dict.fromkeys(TASKS, 4) | {"schema": 6}, again
    execute(small.grant_schema())
    since = mark(small.server)
    execute(small.grant_schema())
    assert len(statements(small.server, since)) == 4
