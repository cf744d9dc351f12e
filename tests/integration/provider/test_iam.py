"""IAM logins: real boto3, an endpoint on loopback, and temporary passwords that end and are for one database."""

from __future__ import annotations

import inspect
import threading
from contextlib import closing, suppress
from importlib import import_module
from typing import Any
from urllib.parse import quote

import pytest
import redshift_connector
from airflow.providers.common.compat.sdk import DAG
from pytest_mock import MockerFixture

from airflow_provider_datagraph.exceptions import LoginRefusedError, MisconfigurationError, PassingFaultError
from airflow_provider_datagraph.hooks.redshift import DataGraphHook
from airflow_provider_datagraph.operators.role import desired_user
from airflow_provider_datagraph.redshift.passwords import HASHES
from tests.support.iam import CLUSTER, NEAR_ITS_END, WORKGROUP, sign_in, with_iam
from tests.support.redshift import run, turned_away, unique
from tests.support.segment import CONNECTING, MakeTask, Segment, changes, drop, execute, gone, grant, sent


def whom(hook: DataGraphHook) -> tuple[Any, ...]:
    with closing(hook.get_conn()) as connection:
        return run(connection, "SELECT current_user, current_database()")[0]


@pytest.mark.parametrize(
    ("extra", "named", "action", "parameters"),
    [
        (CLUSTER, True, "GetClusterCredentials", {"ClusterIdentifier": "main", "AutoCreate": "false"}),
        (CLUSTER, False, "GetClusterCredentialsWithIAM", {"ClusterIdentifier": "main"}),
        (WORKGROUP, False, "GetCredentials", {"workgroupName": "group"}),
    ],
)
def test_a_temporary_password_is_for_the_database_that_is_opened(
    segment: Segment, extra: dict[str, Any], named: bool, action: str, parameters: dict[str, str]
) -> None:
    who = with_iam(segment, extra, login=segment.server.user if named else None)
    in_redshift = segment.server.user if named else who
    if named:
        parameters = {**parameters, "DbUser": in_redshift}
    name = "dbName" if extra is WORKGROUP else "DbName"
    for database in (None, "dev"):
        hook = DataGraphHook(database=database)
        # Neither an argument nor the look at them asks AWS.
        assert "password" not in hook.arguments and segment.server.asked_of_aws() == []
        opened = database or segment.warehouse
        assert whom(hook) == (in_redshift, opened) and hook.login == in_redshift
        inspect.signature(redshift_connector.connect).bind(**hook.arguments)
        (asked,) = segment.server.asked_of_aws()
        assert asked.pop("token") == hook.arguments["password"]
        assert asked == {"action": action, "region": "us-east-1", "who": who, name: opened, **parameters}


def test_a_statement_is_cancelled_by_a_login_with_the_same_temporary_password(segment: Segment) -> None:
    with_iam(segment, CLUSTER, login=None)
    hook = DataGraphHook()
    with pytest.raises(PassingFaultError, match="57014"), hook.connected() as connection:
        timer = threading.Timer(0.3, hook.cancel, [connection])
        timer.start()
        run(connection, "SELECT pg_sleep(10)")
    timer.join()
    assert len(segment.server.asked_of_aws()) == 1


def test_it_is_asked_for_again_only_near_its_end(segment: Segment) -> None:
    with_iam(segment, CLUSTER, login=segment.server.user)
    for life, asked in ((None, 1), (NEAR_ITS_END, 3)):
        segment.server.asked_of_aws(life)
        hook = DataGraphHook()
        for _ in range(3):
            whom(hook)
        assert len(segment.server.asked_of_aws()) == asked


def test_a_connection_after_its_end_is_made_with_a_new_one(segment: Segment) -> None:
    with_iam(segment, CLUSTER, login=segment.server.user)
    segment.server.asked_of_aws(NEAR_ITS_END)
    hook = DataGraphHook()
    whom(hook)
    user, old = hook.arguments["user"], hook.arguments["password"]
    segment.server.asked_of_aws(NEAR_ITS_END, over=True)
    # The server takes neither the old one nor, for another database, the new one.
    assert "authentication failed" in turned_away(segment.server, user, old)
    assert whom(hook)[1] == segment.warehouse
    assert hook.arguments["password"] != old
    assert "authentication failed" in turned_away(segment.server, user, hook.arguments["password"])


def mine(segment: Segment) -> None:
    """Define a second connection to AWS."""
    endpoint = quote(segment.server.endpoint, safe="")
    uri = f"aws://mine:Secret-of-aws@/?region_name=us-west-2&endpoint_url={endpoint}"
    segment.monkeypatch.setenv("AIRFLOW_CONN_MINE", uri)


@pytest.mark.parametrize("iam", ["true", "True"])
def test_a_uri_says_what_an_extra_does(segment: Segment, iam: str) -> None:
    with_iam(segment, CLUSTER, login=segment.server.user)
    at = f"{segment.server.user}@{segment.server.host}:{segment.server.port}/{segment.warehouse}"
    uri = f"redshift://{at}?iam={iam}&cluster_identifier=main&ssl=false&region=eu-west-1"
    segment.monkeypatch.setenv("AIRFLOW_CONN_REDSHIFT_DEFAULT", uri)
    execute(segment.create_role(plan_only=True))
    (asked,) = segment.server.asked_of_aws()
    assert (asked["region"], asked["ClusterIdentifier"]) == ("eu-west-1", "main")


@pytest.mark.parametrize(
    ("extra", "argument", "region", "who"),
    [
        ({"region": "eu-west-1"}, None, "eu-west-1", "IAM"),
        ({"region": ""}, None, "us-east-1", "IAM"),
        ({}, "mine", "us-west-2", "mine"),
        ({"aws_conn_id": "mine"}, None, "us-west-2", "mine"),
        ({"aws_conn_id": "nobodys"}, "{{ params.aws }}", "us-west-2", "mine"),
    ],
)
def test_where_and_as_whom_aws_is_asked(
    segment: Segment, extra: dict[str, Any], argument: Any, region: str, who: str
) -> None:
    with_iam(segment, {**CLUSTER, **extra}, login=segment.server.user)
    mine(segment)
    task = segment.create_role(plan_only=True, **({"aws_conn_id": argument} if argument else {}))
    execute(task, aws="mine")
    (asked,) = segment.server.asked_of_aws()
    assert asked["region"] == region and asked["who"].startswith(who)


EVERY: dict[str, MakeTask] = {
    **CONNECTING,
    "access": lambda segment: segment.access(tables=["crm.accounts"], wait=False),
    "profiles": lambda segment: segment.profiles(schema="crm", wait=False),
}


@pytest.mark.parametrize("name", EVERY)
def test_every_task_asks_by_its_own_aws_connection_and_names_its_sessions(
    linked: Segment, name: str, mocker: MockerFixture
) -> None:
    with_iam(linked, CLUSTER, login=linked.server.user)
    mine(linked)
    opened = mocker.spy(redshift_connector, "connect")
    with DAG("reading", schedule=None, default_args={"aws_conn_id": "mine"}):
        task = EVERY[name](linked)
    # Whether it succeeds is no matter here.
    with suppress(MisconfigurationError):
        execute(task)
    assert {asked["who"] for asked in linked.server.asked_of_aws()} == {"mine"}
    named = {call.kwargs["application_name"] for call in opened.call_args_list}
    assert named - {"tests"} == {f"airflow-provider-datagraph/reading/{task.task_id}"}


def test_offboarding_asks_for_each_database_and_before_each_connection(
    warehouse: Segment, mocker: MockerFixture
) -> None:
    home, other = warehouse.writable_database(), warehouse.cluster.database("CREATE SCHEMA ads")
    warehouse.open("crm")
    warehouse.cluster.sql(other, f"GRANT USAGE ON SCHEMA ads TO ROLE {warehouse.role}")
    with_iam(warehouse, CLUSTER, login=warehouse.server.user)
    warehouse.server.asked_of_aws(NEAR_ITS_END)
    opened = mocker.spy(redshift_connector, "connect")
    drop(warehouse, checkpoint_database=home)
    databases = [call.kwargs["database"] for call in opened.call_args_list]
    assert {warehouse.warehouse, home, other} <= set(databases)
    assert [asked["DbName"] for asked in warehouse.server.asked_of_aws()] == databases
    assert gone(warehouse)


@pytest.mark.parametrize(
    ("extra", "argument", "told"),
    [
        ({"iam": True, "is_serverless": True}, None, "lacks serverless_work_group"),
        ({**CLUSTER, "port": 1, "database": "x", "stray": 1}, None, "its field port is"),
        (CLUSTER, "nobodys", "The AWS connection nobodys isn't defined"),
        (CLUSTER, "segment_linked_user", "is of type redshift: make it one of type aws"),
        ({}, "{{ params.none }}", "aws_conn_id is '': give a text that isn't empty"),
        ({**CLUSTER, "profile": "x"}, "profiled", "names the profile 'x', and that of the AWS connection profiled"),
    ],
)
def test_what_is_wrong_is_told_before_aws_is_asked(
    segment: Segment, extra: dict[str, Any], argument: Any, told: str
) -> None:
    with_iam(segment, extra, login=segment.server.user)
    segment.monkeypatch.setenv("AIRFLOW_CONN_PROFILED", "aws://?profile_name=y")
    task = segment.create_role(role="Upper", **({"aws_conn_id": argument} if argument else {}))
    with pytest.raises(MisconfigurationError) as failure:
        execute(task, none="")
    assert told in str(failure.value)
    # With what is wrong elsewhere.
    assert "'Upper'" in str(failure.value)
    if "stray" in extra:
        assert "stray" in str(failure.value) and "its field schema is" in str(failure.value)
    assert segment.server.asked_of_aws() == []


def test_whom_aws_refuses_is_told_once(segment: Segment) -> None:
    with_iam(segment, {**CLUSTER, "db_groups": ["ops"]}, login=segment.server.user)
    with pytest.raises(MisconfigurationError, match=r"AWS gives no temporary password .*local stand-in"):
        DataGraphHook().get_conn()
    (asked,) = segment.server.asked_of_aws()
    assert asked["DbGroups.DbGroup.1"] == "ops"


def test_owners_whom_iam_has_named_are_writers(warehouse: Segment) -> None:
    role = sign_in(warehouse, "IAMR:dbt-prod")
    own = warehouse.cluster.user("etl")
    warehouse.sql(*(f'GRANT USAGE, CREATE ON SCHEMA crm TO "{who}"' for who in (role, own)))
    sign_in(warehouse, role, "CREATE TABLE crm.models (id int)")
    warehouse.sql("CREATE TABLE crm.loads (id int)", user=own)
    report = grant(warehouse, future_tables="default_privileges")
    assert report["findings"] == []
    assert f'FOR USER "{role}", "awsuser", "{own}" IN SCHEMA' in sent(report)[-1]
    sign_in(warehouse, role, "CREATE TABLE crm.later (id int)")
    assert warehouse.reads("crm", "models") and warehouse.reads("crm", "later")
    given = grant(warehouse, future_tables="default_privileges", writers=[role])
    assert changes(given) == []


def masked(text: str) -> str:
    """A line of a task's log, as Airflow's masker writes it."""
    with suppress(ImportError):
        return str(import_module("airflow.sdk.log").redact(text))
    return str(import_module("airflow.utils.log.secrets_masker").redact(text))


def test_a_temporary_password_and_a_hash_are_masked_and_in_no_text(
    linked: Segment, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with_iam(linked, CLUSTER, login=linked.server.user)
    # A trigger's thread can't talk to the task's supervisor.
    loaded = {name: DataGraphHook().get_connection(name) for name in ("redshift_default", "aws_default")}
    hooks = [DataGraphHook(loaded=loaded), DataGraphHook()]
    for hook, shown in zip(hooks, (False, True), strict=True):
        whom(hook)
        token = hook.arguments["password"]
        assert masked(f"token {token}.") == f"token {'***' if shown else token}."
        assert token not in "".join(map(repr, (hook, hook.tokens, vars(hook.tokens)["request"], hook.admin_connection)))
        # botocore would log AWS's answer at DEBUG.
        assert "botocore" in caplog.text and token not in caplog.text
    hook = hooks[1]
    hook.tokens, hook.tried = None, False
    hook.arguments["password"] = token = f"Canary+{unique('token')}"
    with pytest.raises(MisconfigurationError) as failure:
        hook.get_conn()
    assert not isinstance(failure.value, LoginRefusedError) and token not in repr(failure.value)
    linked.user_connection(password=unique("Canary1"))
    for kind in HASHES:
        user = desired_user(DataGraphHook(user_conn_id="segment_linked_user", database="dev"), kind)
        assert masked(f"PASSWORD '{user.password_hash}'") == "PASSWORD '***'"
