"""AWS's temporary passwords: asked for one database, and asked for again before they end; and masking."""

from __future__ import annotations

import logging
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from importlib import import_module
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from airflow.providers.common.compat.sdk import Connection

from airflow_provider_datagraph.hooks.connections import TokenRequest, extra_of
from airflow_provider_datagraph.hooks.faults import token_error

MARGIN = timedelta(minutes=5)
"""How long before its end a temporary password isn't used any more: the clocks of this machine and of AWS may differ by
as much, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html."""
MASKERS = ("airflow.sdk.log", "airflow.sdk.execution_time.secrets_masker", "airflow.utils.log.secrets_masker")
"""Where Airflow's masker is: since 3.1, in 3.0, and in 2."""
_asking: ContextVar[bool] = ContextVar("_asking", default=False)


def _unread(_: logging.LogRecord) -> bool:
    """Whether a line of botocore's may be logged: at DEBUG it holds AWS's answer, and the temporary password."""
    return not _asking.get()


def mask(secret: str) -> None:
    """Let Airflow write ``***`` for a secret that it doesn't know, in the log of the task that runs.

    It talks to the task's supervisor, which a trigger's thread can't.

    https://airflow.apache.org/docs/apache-airflow/stable/security/secrets/mask-sensitive-values.html
    """
    for name in MASKERS:
        with suppress(ImportError, AttributeError):
            import_module(name).mask_secret(secret)
            return


class Tokens:
    """Gives the temporary passwords of one connection to one database.

    :param who: the admin connection's id, for messages; ``masked``: whether Airflow is told to mask the passwords.
    """

    def __init__(self, request: TokenRequest, aws: Connection, who: str, *, masked: bool) -> None:
        self.request, self.aws, self.who, self.masked = request, aws, who, masked
        self._known = ("", "")
        self._end = datetime.min.replace(tzinfo=UTC)

    def asks_as(self, other: Tokens) -> bool:
        """Tell whether another asks the same of the same: then its password still does."""
        fields = attrgetter("conn_id", "host", "login", "password", "schema", "extra")
        return self.request == other.request and fields(self.aws) == fields(other.aws)

    def current(self) -> tuple[str, str]:
        """Give a user's name and password; AWS is asked where there is none yet, or it is near its end."""
        from botocore.exceptions import BotoCoreError, ClientError

        if datetime.now(UTC) + MARGIN >= self._end:
            logging.getLogger("botocore.parsers").addFilter(_unread)
            asking = _asking.set(True)
            try:
                answer = getattr(self._client(), self.request.call)(**self.request.parameters)
            except (BotoCoreError, ClientError) as error:
                raise token_error(error, self.who) from error
            finally:
                _asking.reset(asking)
            # A cluster's answer is written DbUser, a workgroup's dbUser.
            answer = {key[:1].lower() + key[1:]: value for key, value in answer.items()}
            self._known, self._end = (answer["dbUser"], answer["dbPassword"]), answer["expiration"]
            if self.masked:
                mask(answer["dbPassword"])
        return self._known

    def _client(self) -> Any:
        """boto3's client, without looking anything up: a trigger's thread can't."""
        from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
        from airflow.providers.amazon.aws.utils.connection_wrapper import AwsConnectionWrapper

        extra = extra_of(self.aws)
        if self.request.profile:
            extra["profile_name"] = self.request.profile
        hook = AwsBaseHook(self.aws.conn_id, client_type=self.request.client)
        fields = {name: getattr(self.aws, name) for name in ("conn_id", "conn_type", "login", "password", "schema")}
        # The connection's own extra_dejson would call Airflow's supervisor.
        connection: Any = SimpleNamespace(**fields, extra_dejson=extra)
        hook.conn_config = AwsConnectionWrapper(connection, region_name=self.request.region)
        return hook.get_conn()
