"""SYS_QUERY_HISTORY: what the server received, and what came of it."""

from __future__ import annotations

from contextlib import closing

from local_redshift.running import Server
from tests.integration.local_redshift.local_place import Place
from tests.support.redshift import connect, mark, refused, run, statements


def test_every_statement_as_received_with_its_transaction(server: Server) -> None:
    since = mark(server)
    with closing(connect(server, autocommit=False)) as connection:
        run(connection, "SELECT  1 -- as it is")
        run(connection, "SELECT  1 -- as it is")
        refused(connection, "COPY t FROM 's3://b'")
        connection.rollback()
        connection.autocommit = True
        refused(connection, "SELECT 1 FROM nowhere")
        refused(connection, "FROBNICATE 'x'")
        run(connection, "SET query_group TO 'x'")
        asked = f"SELECT transaction_id FROM sys_query_history WHERE query_id > {since} ORDER BY query_id"
        numbers = [row[0] for row in run(connection, asked)]
    assert statements(server, since)[:-1] == [
        "begin transaction",
        "SELECT  1 -- as it is",
        "SELECT  1 -- as it is",
        "COPY t FROM 's3://b'",
        "rollback",
        "SELECT 1 FROM nowhere",
        "FROBNICATE 'x'",
        "SET query_group TO 'x'",
    ]
    assert len(set(numbers[:5])) == 1 and len(set(numbers)) == 4


def test_status_type_and_whose(place: Place) -> None:
    since = mark(place.server)
    place.read("SELECT 41 + 1")
    place.denied("SELECT a FROM s.one")
    place.do("GRANT USAGE ON SCHEMA s TO ROLE {role}")
    query = (
        "SELECT query_type, status, database_name, error_message FROM sys_query_history "
        f"WHERE query_id > {since} ORDER BY query_id"
    )
    assert place.do(query) == [
        ("SELECT", "success", place.database, ""),
        ("SELECT", "failed", place.database, "permission denied for schema s"),
        ("DDL", "success", place.database, ""),
    ]
    # Reading it is recorded, too.
    assert [row[0] for row in place.do(query)] == ["SELECT", "SELECT", "DDL", "SELECT"]
