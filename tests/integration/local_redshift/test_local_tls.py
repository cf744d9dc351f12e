"""TLS with the unmodified driver, which verifies the certificate as it does a cluster's."""

from __future__ import annotations

import os
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


@pytest.mark.parametrize(("host", "sslmode"), [("127.0.0.1", "verify-ca"), ("localhost", "verify-full")])
def test_the_driver_verifies_the_certificate(
    secured: Server, monkeypatch: pytest.MonkeyPatch, host: str, sslmode: str
) -> None:
    # The driver trusts the machine's authorities besides AWS's: OpenSSL reads them from this file.
    monkeypatch.setenv("SSL_CERT_FILE", secured.authority)
    assert hello(secured, host, sslmode) == 1


def test_without_tls_it_is_refused_and_with_it_not_required(secured: Server, server: Server) -> None:
    with pytest.raises(errors.InterfaceError, match="refuses SSL"):
        hello(server, "127.0.0.1", "verify-ca")
    with closing(connect(secured)) as plain:
        assert run(plain, "SELECT 1") == [(1,)]


def test_only_the_certificate_is_left_to_read(secured: Server) -> None:
    place = Path(secured.authority).parent
    assert not (place / "authority.key").exists()
    assert place.stat().st_mode & 0o077 == 0
    assert os.access(secured.authority, os.R_OK)
