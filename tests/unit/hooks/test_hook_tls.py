"""How TLS verifies where a connection doesn't say it, and what is said of a connection that asks for less."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
from redshift_connector.error import InterfaceError

from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.hooks import connections
from airflow_provider_datagraph.hooks.faults import connect_error
from tests.unit.hooks.test_hook_connections import ADMIN, USER, admin, connection

FULL, AUTHORITY, PLAIN = {"sslmode": "verify-full"}, {"sslmode": "verify-ca"}, {"ssl": False}
LOOPBACK = ["127.0.0.1", "127.9.8.7", "localhost", "LocalHost"]
# What looks like this machine and may be another.
AWAY = "cluster.example.com 127.0.0.1.example.com localhost.example.com 10.0.0.1 0.0.0.0 127.1 local".split()


def tls(arguments: dict[str, Any]) -> dict[str, Any]:
    """The settings of TLS among the driver's arguments."""
    return {name: value for name, value in arguments.items() if name in connections.TLS_EXTRAS}


@pytest.mark.parametrize(
    ("host", "extra", "settings"),
    [
        *((host, {}, FULL) for host in AWAY),
        *((host, {}, AUTHORITY) for host in LOOPBACK),
        *((host, given, given) for host in (*AWAY, *LOOPBACK) for given in (FULL, AUTHORITY, PLAIN)),
        # As a connection's URI holds it.
        (AWAY[0], {"ssl": "false"}, PLAIN),
        (AWAY[0], {"ssl": "true"}, {"ssl": True, **FULL}),
    ],
)
def test_the_host_is_verified_unless_the_connection_says_less(
    host: str, extra: dict[str, Any], settings: dict[str, Any]
) -> None:
    arguments = admin(extra, host=host)
    assert tls(arguments) == settings
    assert tls(connections.user_arguments(connection(USER, extra, host=host), connection(ADMIN), None)) == settings
    assert tls(connections.user_arguments(connection(USER, extra), connection(ADMIN, host=host), None)) == settings
    # What is given up on the way is said.
    words = {"verify-ca": ("sslmode=verify-ca", "handed the password")}.get(settings.get("sslmode", ""), ())
    words = ("without TLS (ssl is false)", "reads the password") if settings == PLAIN else words
    weakness = connections.tls_weakness(arguments)
    assert (weakness is None) == (not words or host in LOOPBACK)
    assert weakness is None or all(word in weakness for word in (host, *words))


@pytest.mark.parametrize(
    ("host", "own", "lent", "settings"),
    [
        (None, {}, AUTHORITY, AUTHORITY),
        (None, {}, PLAIN, PLAIN),
        (None, {"timeout": 3}, PLAIN, PLAIN),
        # Either connection's settings, never one of each.
        (None, AUTHORITY, PLAIN, AUTHORITY),
        (None, {"ssl": True}, AUTHORITY, {"ssl": True, **FULL}),
        (None, PLAIN, FULL, PLAIN),
        ("proxy.example.com", {}, PLAIN, FULL),
        ("proxy.example.com", {}, AUTHORITY, FULL),
        ("cluster.example.com", {}, PLAIN, FULL),
        ("127.0.0.1", {}, FULL, AUTHORITY),
        # No host at all.
        (" ", {}, PLAIN, PLAIN),
    ],
)
def test_tls_is_lent_only_together_with_the_host(
    host: str | None, own: dict[str, Any], lent: dict[str, Any], settings: dict[str, Any]
) -> None:
    lender = connection(ADMIN, {**lent, "application_name": "mine"})
    arguments = connections.user_arguments(connection(USER, own, host=host), lender, None)
    assert (tls(arguments), arguments["application_name"]) == (settings, "mine")


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        *((code, "the certificate is for another name, so nothing was sent") for code in (62, 64)),
        *((code, "isn't valid at this machine's time, so nothing was sent") for code in (9, 10)),
        *((code, "SSL_CERT_FILE") for code in (19, 20)),
    ],
)
def test_what_is_wrong_with_a_certificate_is_told_apart(code: int, remedy: str) -> None:
    refused = ssl.SSLCertVerificationError("certificate verify failed")
    refused.verify_code = code
    target = {"host": "h", "port": 5439, "user": "u", "database": "d"}
    told = connect_error(InterfaceError("communication error", refused), "conn", target)
    assert isinstance(told, MisconfigurationError)
    assert remedy in str(told)
