"""What a run costs: the statements and connections that the server receives, BEGIN, COMMIT and SET counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

from local_redshift.running import Server
from tests.deep import usual_or_deep
from tests.support.cluster import Cluster
from tests.support.redshift import mark, statements
from tests.support.segment import Segment, execute

MANY = usual_or_deep(110, 1000)
SCHEMAS = [f"schema_{number:04d}" for number in range(MANY)]
TABLES = [f"table_{number:02d}" for number in range(20)]
CHANGING = ("grant", "revoke", "create", "drop", "alter")


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


def counted(segment: Segment, **arguments: Any) -> tuple[dict[str, Any], list[str]]:
    """Run the operator; its report, and every statement that the server received meanwhile."""
    since = mark(segment.server)
    report = execute(segment.grant_schema(**arguments))
    return report, statements(segment.server, since)


def changing(sent: list[str]) -> list[str]:
    return [text for text in sent if text.lower().startswith(CHANGING)]


def test_a_first_run_over_100_schemas_takes_at_most_112_statements(segment: Segment, mocker: Any) -> None:
    import redshift_connector

    connects = mocker.spy(redshift_connector, "connect")
    report, sent = counted(segment, schema=SCHEMAS[:100])
    assert report["changed"] == 200
    assert len(sent) <= 112, sent[:8] + sent[-4:]
    # The look at the server's log is one more connection, made by another name.
    named = [c for c in connects.call_args_list if c.kwargs["application_name"].endswith("/grant")]
    assert len(named) == 1
    assert len(changing(sent)) == 101
    assert segment.reads(SCHEMAS[0], TABLES[0])
    assert segment.reads(SCHEMAS[99], TABLES[19])
    assert not segment.reads(SCHEMAS[100], TABLES[0])


@pytest.mark.parametrize("form", ["whole", "listed"])
def test_a_converged_rerun_over_many_schemas_takes_at_most_8(segment: Segment, mocker: Any, form: str) -> None:
    import redshift_connector

    tables = None if form == "whole" else {schema: TABLES for schema in SCHEMAS}
    first, sent = counted(segment, schema=SCHEMAS, tables=tables)
    changes = MANY * (2 if form == "whole" else 1 + len(TABLES))
    assert first["changed"] == changes
    # Whole schemas need a scoped permission each; 20,000 tables by name stand in few statements.
    assert len(changing(sent)) == (MANY + 1 if form == "whole" else usual_or_deep(2, 10))
    connects = mocker.spy(redshift_connector, "connect")
    report, sent = counted(segment, schema=SCHEMAS, tables=tables)
    named = [c for c in connects.call_args_list if c.kwargs["application_name"].endswith("/grant")]
    assert (report["changed"], report["changes"], len(named)) == (0, [], 1)
    assert report["in_place"] == changes
    assert len(sent) <= 8, sent
    assert changing(sent) == []
    assert segment.reads(SCHEMAS[-1], TABLES[19])
