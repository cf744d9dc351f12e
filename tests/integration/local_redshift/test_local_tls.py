"""TLS with the unmodified driver, which verifies the certificate as it does a cluster's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redshift_connector
from redshift_connector import error as errors

from airflow_provider_datagraph.hooks.redshift import close_half_made
from local_redshift.running import Server, started
from tests.support.redshift import connect, run


@pytest.fixture(scope="module")
def secured() -> Iterator[Server]:
    with started(tls=True) as running:
        yield running


def hello(server: Server, host: str, sslmode: str) -> object:
    given: dict[str, Any] = {"user": server.user, "password": server.password, "database": server.database}
    try:
        connection = redshift_connector.connect(host=host, port=server.port, ssl=True, sslmode=sslmode, **given)
    except errors.Error as error:
        close_half_made(error)
        raise
    with closing(connection):
        return run(connection, "SELECT 1, repeat('x', 300000)")[0][0]


def test_the_driver_verifies_the_certificate(secured: Server, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    # The driver trusts the machine's authorities besides AWS's: OpenSSL reads them from this file.
    monkeypatch.setenv("SSL_CERT_FILE", secured.authority)
    for host, sslmode in (("127.0.0.1", "verify-ca"), ("localhost", "verify-full")):
        assert hello(secured, host, sslmode) == 1
    with pytest.raises(errors.InterfaceError, match="refuses SSL"):
        hello(server, "127.0.0.1", "verify-ca")
    # It isn't required.
    connect(secured).close()
    place = Path(secured.authority).parent
    assert [path.name for path in place.iterdir()] == ["authority.pem"]  # no key
    assert place.stat().st_mode & 0o077 == 0
