"""The hook, as far as it reaches no server: what it is told, whose connections it takes, and what it warns of."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import Connection
from pytest_mock import MockerFixture
from redshift_connector.error import InterfaceError

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.hooks.redshift import PATIENCE, DataGraphHook, application_name, connect


def hook(user: str | None = None, extra: str | None = None, own: str | None = None, **given: Any) -> DataGraphHook:
    known: dict[str, Any] = {"conn_type": "redshift", "password": "Secret-1"}
    admin = Connection(conn_id="a", host="h.example", login="boss", schema="dev", extra=extra, **known)
    linked = Connection(conn_id="u", login="reader", schema=own, **known)
    return DataGraphHook("a", user_conn_id=user, loaded={"a": admin, "u": linked}, **given)


def test_airflow_s_hook_is_told_whose_connections_it_uses() -> None:
    told = DataGraphHook("mine", aws_conn_id="other")
    # A statement may hold a hash.
    assert (told.redshift_conn_id, told.aws_conn_id, told.log_sql) == ("mine", "other", False)
    default = DataGraphHook()
    assert (default.redshift_conn_id, default.aws_conn_id) == ("redshift_default", None)


@pytest.mark.parametrize(
    ("given", "database"),
    [
        ({}, "dev"),
        ({"database": "other"}, "other"),
        ({"user": "u", "own": "profiles"}, "profiles"),
        ({"user": "u", "own": "profiles", "database": "other"}, "other"),
    ],
)
def test_which_database_it_connects_to(given: dict[str, Any], database: str) -> None:
    made = hook(**given)
    assert (made.arguments["database"], made.login) == (database, "reader" if given.get("user") else "boss")
    assert (made.arguments["host"], made.arguments["application_name"]) == ("h.example", "airflow-provider-datagraph")
    # What it forgets is looked up again.
    made.loaded = hook(own="late").loaded
    made.forget()
    assert made.arguments["database"] == ("late" if database == "profiles" else database)


def test_cancelling_is_waited_for_no_longer_than_it_may_take(mocker: MockerFixture) -> None:
    mocker.patch.object(DataGraphHook, "cancel_here")
    joined = mocker.spy(Thread, "join")
    hook().cancel(mocker.sentinel.connection)
    assert joined.call_args.args[1] <= PATIENCE


@pytest.mark.parametrize(
    ("dag", "task", "named"),
    [
        ("segment_data_graph", "role", "/segment_data_graph/role"),
        ("münchen\n", "it's", r"/m\xfcnchen\n/it's"),
        ("d" * 99, "task", f"/{'d' * 31}/task"),
        ("d" * 99, "t" * 99, f"/{'d' * 18}/{'t' * 17}"),
        ("dag", "t" * 99, f"/dag/{'t' * 32}"),
    ],
)
def test_a_session_names_provider_dag_and_task(dag: str, task: str, named: str) -> None:
    name = application_name(dag, task)
    assert name == f"airflow-provider-datagraph{named}" and len(name.encode()) <= 63
    assert hook(application_name=name).arguments["application_name"] == name
    assert hook(application_name=name, extra='{"application_name": "mine"}').arguments["application_name"] == "mine"


IS = "an Airflow connection of type redshift"


@pytest.mark.parametrize(
    ("conn_id", "conn_type", "told"),
    [
        ("u", None, f"The user connection u isn't defined: create {IS} with this id."),
        ("u", "postgres", "The user connection u is of type postgres: make it one of type redshift."),
        ("u", "", "The user connection u is of type none: make it one of type redshift."),
        ("  ", "redshift", f"The id of the user connection is '  ': give the id of {IS}, as text."),
        (5, "redshift", f"The id of the user connection is 5: give the id of {IS}, as text."),
    ],
)
def test_a_connection_that_is_looked_up_is_one_of_redshift_s(conn_id: Any, conn_type: str | None, told: str) -> None:
    known = {} if conn_type is None else {"u": Connection(conn_id="u", conn_type=conn_type)}
    with pytest.raises(MisconfigurationError) as caught:
        _ = DataGraphHook("a", user_conn_id=conn_id, loaded=known).arguments
    assert caught.value.problems == (told,)


def test_what_the_driver_refuses_before_it_has_a_socket_is_told_as_it_is() -> None:
    with pytest.raises(InterfaceError, match="application_name"):
        connect({"user": "u", "password": "Secret-1", "database": "dev", "host": "h.example", "application_name": 5})


@pytest.mark.parametrize("way", ["conn", "connection"])
def test_no_connection_is_the_admin_s_for_somebody_else(way: str) -> None:
    admin = Connection(conn_id="a", conn_type="redshift")
    assert getattr(DataGraphHook("a", loaded={"a": admin}), way) is admin
    for given in ({"user_conn_id": "a"}, {"database": "other"}):
        with pytest.raises(MisconfigurationError, match="no Airflow connection that holds its login"):
            getattr(DataGraphHook("a", loaded={"a": admin}, **given), way)


@pytest.mark.parametrize("way", ["get_uri", "get_sqlalchemy_engine", "sqlalchemy_url", "inspector"])
@pytest.mark.parametrize("given", [{}, {"user_conn_id": "u"}, {"database": "other"}])
def test_no_uri_and_no_engine_holds_a_password(way: str, given: dict[str, Any]) -> None:
    admin: dict[str, Any] = {"host": "h", "login": "l", "password": "Canary-1-Secret", "schema": "dev"}
    known = {name: Connection(conn_id=name, conn_type="redshift", **admin) for name in "au"}
    with pytest.raises(MisconfigurationError, match="has no URI and no SQLAlchemy engine") as caught:
        getattr(DataGraphHook("a", loaded=known, **given), way)()
    assert "Canary-1-Secret" not in repr(caught.value)
