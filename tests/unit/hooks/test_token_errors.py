"""Why AWS gave no temporary password: what a person has to correct, and what is waited out."""

from __future__ import annotations

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, NoCredentialsError

from airflow_provider_datagraph.exceptions import MisconfigurationError, PassingFaultError
from airflow_provider_datagraph.hooks.faults import token_error


def refused(code: str, status: int) -> ClientError:
    answer = {"Error": {"Code": code, "Message": "It says why."}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GetClusterCredentials")


@pytest.mark.parametrize(
    "error",
    [
        *(refused(code, 403) for code in ("AccessDenied", "InvalidClientTokenId")),
        *(refused("ClusterNotFound", 404), refused("ExpiredToken", 400)),
        ClientError({"Error": {"Code": "AccessDenied"}}, "GetClusterCredentials"),
        NoCredentialsError(),
    ],
    ids=lambda error: str(error)[:60],
)
def test_what_a_person_has_to_correct_is_never_retried(error: Exception) -> None:
    told = token_error(error, "redshift_default")
    assert isinstance(told, MisconfigurationError) and isinstance(told, AirflowFailException)
    assert str(told).startswith("Connection redshift_default: AWS gives no temporary password (")
    assert str(error) in str(told)
    assert "correct its extra, or the AWS connection that it uses" in str(told)


@pytest.mark.parametrize(
    "error",
    [
        *(refused(code, 400) for code in ("Throttling", "ThrottlingException")),
        *(
            refused("TooManyRequestsException", 429),
            refused("InternalFailure", 500),
            refused("ServiceUnavailable", 503),
        ),
        *(kind(endpoint_url="https://a.example.com") for kind in (EndpointConnectionError, ConnectTimeoutError)),
    ],
    ids=lambda error: str(error)[:60],
)
def test_what_passes_is_waited_out(error: Exception) -> None:
    told = token_error(error, "redshift_default")
    assert isinstance(told, PassingFaultError) and not isinstance(told, AirflowFailException)
    assert str(error) in str(told)
    assert "It will be tried again" in str(told)
