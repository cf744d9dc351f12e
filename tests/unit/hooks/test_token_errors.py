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


LASTING = [
    *(refused(code, 403) for code in ("AccessDenied", "InvalidClientTokenId")),
    *(refused("ClusterNotFound", 404), refused("ExpiredToken", 400)),
    ClientError({"Error": {"Code": "AccessDenied"}}, "GetClusterCredentials"),
    NoCredentialsError(),
]
PASSING = [
    *(refused(code, 400) for code in ("Throttling", "ThrottlingException")),
    *(refused("TooManyRequestsException", 429), refused("InternalFailure", 500), refused("ServiceUnavailable", 503)),
    *(kind(endpoint_url="https://a.example.com") for kind in (EndpointConnectionError, ConnectTimeoutError)),
]


@pytest.mark.parametrize("error", [*LASTING, *PASSING], ids=lambda error: str(error)[:60])
def test_what_a_person_has_to_correct_is_never_retried_and_the_rest_is(error: Exception) -> None:
    told, lasts = token_error(error, "redshift_default"), error in LASTING
    assert isinstance(told, MisconfigurationError if lasts else PassingFaultError)
    assert isinstance(told, AirflowFailException) is lasts
    assert str(told).startswith(f"Connection redshift_default: AWS gives no temporary password ({error})")
    advice = "correct its extra, or the AWS connection that it uses" if lasts else "It will be tried again"
    assert advice in str(told)
