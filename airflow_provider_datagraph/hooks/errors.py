"""What a driver's error means: a misconfiguration, a passing fault, a conflict, or something else."""

from __future__ import annotations

import ssl
from enum import Enum

CONFLICT_TEXTS = (
    "conflict with concurrent transaction",
    "tuple concurrently",
    "serializable isolation violation",
    "could not open relation with oid",
    "pg_defacl",
)
# Database, schema, relation, column, or identity: 42704 is PostgreSQL's, AWS documents none.
VANISHED = ("3D000", "3F000", "42P01", "42703", "42704")
GONE_TEXTS = ("connection is closed", "brokenpipe", "socket closed", "connection time out", "communication error")


class Fault(Enum):
    """The kinds of errors that are handled differently."""

    LOGIN = "login refused"
    DATABASE_MISSING = "database missing"
    MISCONFIGURED = "misconfigured"
    REFUSED = "permission denied"
    PASSING = "passing"
    CONFLICT = "conflict"
    OTHER = "other"


def details(error: BaseException) -> tuple[str, str]:
    """Read a driver's error; a server's error is a dict in its first argument.

    :param error: the error.
    :return: SQLSTATE (empty where the server sent none) and the message with its detail.
    """
    first = error.args[0] if error.args else ""
    if isinstance(first, dict):
        message, detail = str(first.get("M", "")), str(first.get("D", ""))
        return str(first.get("C", "")), f"{message}: {detail}" if detail else message
    inner = error.args[1] if len(error.args) > 1 else None
    return "", f"{first}: {inner}" if inner else str(first)


def vanished(error: BaseException) -> bool:
    """Tell whether something that a statement names isn't there.

    :param error: a driver's error.
    :return: whether that is so.
    """
    return details(error)[0] in VANISHED


def classify(error: BaseException) -> Fault:
    """Tell what kind of error it is.

    :param error: an error of the driver or the socket below it.
    :return: its kind. XX000 is Redshift's word for any internal error, so it takes a known text to be a conflict.
    """
    state, message = details(error)
    text = message.lower()
    if state:
        return _by_state(state, text)
    inner = next((arg for arg in error.args if isinstance(arg, ssl.SSLError)), None)
    # A server that hangs up during the handshake is going away, not set up wrongly.
    if isinstance(inner or error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Fault.PASSING
    if inner is not None or isinstance(error, ssl.SSLError) or "refuses ssl" in text:
        return Fault.MISCONFIGURED
    if isinstance(error, OSError) or any(gone in text for gone in GONE_TEXTS):
        return Fault.PASSING
    return Fault.OTHER


def _by_state(state: str, text: str) -> Fault:
    known = {
        "28000": Fault.LOGIN,
        "28P01": Fault.LOGIN,
        "3D000": Fault.DATABASE_MISSING,
        "42501": Fault.REFUSED,
        "40P01": Fault.CONFLICT,
        "40001": Fault.CONFLICT,
        # What follows an error that ended the transaction; that one was the conflict.
        "25P02": Fault.CONFLICT,
        # Created by another run since the catalog was read; these three codes are PostgreSQL's, not documented by AWS.
        "42710": Fault.CONFLICT,
        "42P04": Fault.CONFLICT,
        "42P06": Fault.CONFLICT,
        "53300": Fault.PASSING,
        "57P01": Fault.PASSING,
        "57P02": Fault.PASSING,
        "57P03": Fault.PASSING,
    }
    if state in known:
        return known[state]
    if state in ("XX000", "23505") and (any(t in text for t in CONFLICT_TEXTS) or text.startswith("1023")):
        return Fault.CONFLICT
    return Fault.PASSING if state.startswith("08") else Fault.OTHER
