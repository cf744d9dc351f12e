"""Errors of the driver and of AWS -> this provider's, in a sentence: the thing, the cause, the remedy."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_datagraph.exceptions import (
    DriftRemainsError,
    MisconfigurationError,
    PassingFaultError,
    VanishedError,
)
from airflow_provider_datagraph.hooks.connections import VERIFY_CA
from airflow_provider_datagraph.hooks.errors import Fault, classify, details

# X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH, which the ssl module doesn't name:
# https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
OTHER_NAME = (62, 64)
# X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED.
OUT_OF_DATE = (9, 10)


def connect_error(
    error: Exception,
    who: str,
    target: Mapping[str, Any],
    refused: type[MisconfigurationError] = MisconfigurationError,
) -> Exception:
    """Translate what went wrong while connecting.

    :param error: the error of the driver or the socket.
    :param who: the connection's id.
    :param target: the driver's arguments; the password isn't read.
    :param refused: what a refused login or database is; default an ordinary misconfiguration.
    :return: the error to raise; the same one where it isn't known.
    """
    place = f"{target['host']}:{target['port']}"
    fault, (state, text) = classify(error), details(error)
    if fault is Fault.LOGIN:
        return refused(
            f"Connection {who}: {place} refuses the login or password of user {target['user']} ({state}): "
            "correct the connection."
        )
    if fault is Fault.DATABASE_MISSING:
        return refused(f"Connection {who}: there is no database {target['database']} at {place}: correct the name.")
    if fault is Fault.MISCONFIGURED:
        return MisconfigurationError(f"Connection {who}: TLS with {place} fails ({text}): {_tls_remedy(error)}")
    if fault is Fault.PASSING:
        return PassingFaultError(
            f"Connection {who}: {place} can't be reached ({text}): it is tried again; if it stays so, check the host, "
            "the port, and that the cluster runs and lets this machine in."
        )
    return error


def _tls_remedy(error: Exception) -> str:
    if "refuses SSL" in details(error)[1]:
        return "the server speaks no TLS there: correct host and port. Only for a server of your own: ssl set to false."
    refused = next((one for one in (error, *error.args) if isinstance(one, ssl.SSLCertVerificationError)), None)
    if refused is None:
        return "correct ssl or sslmode."
    if refused.verify_code in OTHER_NAME:
        return (
            "the certificate is for another name, so nothing was sent. Connect by a name that it holds, as the "
            "cluster's endpoint; or, if it has to be this one (a proxy, a DNS name of your own), set sslmode=verify-ca "
            f"in the extra, and know what that gives up: {VERIFY_CA}"
        )
    if refused.verify_code in OUT_OF_DATE:
        return "the certificate isn't valid at this machine's time, so nothing was sent: renew it, or set the clock."
    return (
        "this machine doesn't trust the certificate, so nothing was sent. If an authority of your own signs, let the "
        "environment variable SSL_CERT_FILE name a file with its certificate."
    )


def statement_error(error: Exception, user: str, database: str) -> Exception:
    """Translate what went wrong in a statement.

    :param error: the error of the driver or the socket.
    :param user: the login.
    :param database: the connected database.
    :return: the error to raise; the same one where it isn't known.
    """
    fault, (state, text) = classify(error), details(error)
    if fault is Fault.REFUSED:
        return MisconfigurationError(
            f"Redshift refuses user {user} in database {database}: {text}. The transaction was rolled "
            "back: give the admin connection a superuser, or the rights that the README lists."
        )
    # PostgreSQL's code for what RESTRICT forbids; Redshift has no CASCADE here.
    if state == "2BP01":
        return MisconfigurationError(
            f"Redshift refuses it in database {database}: {text}. Whoever loses a privilege now granted it to others "
            "(WITH GRANT OPTION), and it can't be taken back before what they gave: revoke that first, as they or as a "
            "superuser. The transaction was rolled back."
        )
    if fault is Fault.PASSING:
        return PassingFaultError(
            f"The connection to database {database} broke ({state or text}): the next try finds in place what was "
            "committed; the rest was rolled back."
        )
    return error


def vanished_error(error: Exception, database: str) -> VanishedError:
    """Tell that something that a statement names isn't there.

    :param error: the driver's error.
    :param database: the connected database.
    :return: the error.
    """
    return VanishedError(
        f"In database {database}: {details(error)[1]}. It was there when the catalog was read, so somebody dropped or "
        "renamed it since. The transaction was rolled back: the next try looks again."
    )


def token_error(error: Exception, who: str) -> Exception:
    """Translate why AWS gave no temporary password.

    :param error: an error of botocore.
    :param who: the connection's id.
    :return: the error to raise.
    """
    from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

    text = f"Connection {who}: AWS gives no temporary password ({error})"
    status = 0
    if isinstance(error, ClientError):
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    throttled = "Throttl" in str(error) or "TooManyRequests" in str(error)
    if isinstance(error, ConnectionError | HTTPClientError) or throttled or status >= 500:
        return PassingFaultError(f"{text}: it is tried again; if it stays so, check the network.")
    return MisconfigurationError(f"{text}: correct its extra, or the AWS connection that it uses.")


def drift_remains(remaining: Sequence[str], login: str, database: str) -> DriftRemainsError:
    """Tell that the catalog doesn't show what was done.

    :param remaining: what is still to be changed, a sentence each.
    :param login: the admin's login.
    :param database: the connected database.
    :return: the error.
    """
    return DriftRemainsError(
        f"Redshift took every statement in database {database}, and the catalog still lacks {len(remaining)} changes, "
        f"the first: {remaining[0]}. Either {login} may not do it, which Redshift passes over; or another user granted "
        "the same, which only that user takes back (SHOW GRANTS names the grantor); or another run changes it at the "
        "same time."
    )
