"""What an error of the driver or of AWS means, and what is said of it: the thing, the cause, the remedy."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from airflow_provider_datagraph import exceptions
from airflow_provider_datagraph.access.messages import said
from airflow_provider_datagraph.access.plan import blocking
from airflow_provider_datagraph.hooks.connections import VERIFY_CA
from airflow_provider_datagraph.redshift.names import one_line, quote, template

if TYPE_CHECKING:
    from redshift_connector.cursor import Cursor

CONFLICT_TEXTS = (
    "conflict with concurrent transaction",
    "tuple concurrently",
    "tuple already updated by self",
    "serializable isolation violation",
    "could not open relation with oid",
    "pg_defacl",
)
# Database, schema, relation, column, or identity: 42704 is PostgreSQL's, AWS documents none.
VANISHED = ("3D000", "3F000", "42P01", "42703", "42704")
NOT_LET_IN = "no pg_hba.conf entry"
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


STATES: Mapping[str, Fault] = {
    **dict.fromkeys(("28000", "28P01"), Fault.LOGIN),
    "3D000": Fault.DATABASE_MISSING,
    "42501": Fault.REFUSED,
    # 25P02 follows an error that ended the transaction; that one was the conflict. The last three are PostgreSQL's, not
    # documented by AWS: something was created by another run since the catalog was read.
    **dict.fromkeys(("40P01", "40001", "25P02", "42710", "42P04", "42P06"), Fault.CONFLICT),
    # 57014 is the time limit, or somebody who cancels it.
    **dict.fromkeys(("53300", "57014", "57P01", "57P02", "57P03"), Fault.PASSING),
}


def details(error: BaseException) -> tuple[str, str]:
    """Read a driver's error: SQLSTATE (empty where the server sent none), and the message with its detail, on one line.

    A server's error is a dict in its first argument.
    """
    first = error.args[0] if error.args else ""
    if isinstance(first, dict):
        message, detail = str(first.get("M", "")), str(first.get("D", ""))
        return str(first.get("C", "")), one_line(f"{message}: {detail}" if detail else message)
    inner = error.args[1] if len(error.args) > 1 else None
    return "", one_line(f"{first}: {inner}" if inner else str(first))


def words(error: BaseException) -> str:
    """Give what the server says, behind its code."""
    return ": ".join(filter(None, details(error)))


def vanished(error: BaseException) -> bool:
    """Tell whether something that a statement names isn't there."""
    return details(error)[0] in VANISHED


def lasts(error: BaseException) -> bool:
    """Tell whether a server's error is known to come again until a person does something: all others are waited out."""
    state, fault = details(error)[0], classify(error)
    # What it doesn't know or can't do, it won't the next time; PostgreSQL's code for what RESTRICT forbids.
    unable = state.startswith(("42", "0A", "2BP01")) and state not in VANISHED
    return fault in (Fault.LOGIN, Fault.MISCONFIGURED, Fault.REFUSED) or (unable and fault is Fault.OTHER)


def database_gone(error: BaseException) -> bool:
    """Tell whether an error of the hook says that there is no such database."""
    return error.__cause__ is not None and classify(error.__cause__) is Fault.DATABASE_MISSING


def classify(error: BaseException) -> Fault:
    """Tell what kind an error of the driver, or of the socket below it, is.

    XX000 is Redshift's word for any internal error, so it takes a known text to be a conflict.
    """
    state, message = details(error)
    text = message.lower()
    if state:
        return _by_state(state, text)
    if _lacks_md5(error):
        return Fault.MISCONFIGURED
    inner = next((arg for arg in error.args if isinstance(arg, ssl.SSLError)), None)
    # A server that hangs up during the handshake is going away, not set up wrongly.
    if isinstance(inner or error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Fault.PASSING
    if inner is not None or isinstance(error, ssl.SSLError) or "refuses ssl" in text:
        return Fault.MISCONFIGURED
    if isinstance(error, OSError) or any(gone in text for gone in GONE_TEXTS):
        return Fault.PASSING
    return Fault.OTHER


def _lacks_md5(error: BaseException) -> bool:
    """Tell whether this machine forbids the md5 that the driver answers a server with (FIPS)."""
    text = str(error).lower()
    return isinstance(error, ValueError) and ("fips" in text or "digital envelope" in text)


def _by_state(state: str, text: str) -> Fault:
    if NOT_LET_IN in text:
        # 28000 as well, and no password was looked at.
        return Fault.MISCONFIGURED
    if state in STATES:
        return STATES[state]
    if state in ("XX000", "23505") and (any(t in text for t in CONFLICT_TEXTS) or text.startswith("1023")):
        return Fault.CONFLICT
    return Fault.PASSING if state.startswith("08") else Fault.OTHER


# X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH, which the ssl module doesn't name:
# https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
OTHER_NAME = (62, 64)
# X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED.
OUT_OF_DATE = (9, 10)


def connect_error(error: Exception, who: str, target: Mapping[str, Any], *, linked: bool = False) -> Exception:
    """Translate what went wrong while connecting.

    :param target: the driver's arguments; the password isn't read.
    :param linked: whether it is the linked user's login.
    """
    place, user, database = f"{target['host']}:{target['port']}", target["user"], target["database"]
    fault, (state, text), who = classify(error), details(error), f"Connection {who}"
    if "cannot connect to" in text.lower():
        return exceptions.MisconfigurationError(f"{who}: {text}. {_not_local(text, database)}")
    about = f"user {user}"
    if fault is Fault.LOGIN:
        rotate = ", or change the user's password with RotateSegmentPasswordOperator" if linked else ""
        told = (
            f"{who}: {place} refuses the login or password of user {user} ({state}): correct the connection{rotate}. "
            f"It says: {text}. Redshift answers the same where the password is disabled, or its VALID UNTIL is over."
        )
    elif state == "42704":
        told = (
            f"{who}: {place} knows no such user ({words(error)}): correct the login, or create the user. An IAM login "
            "needs a user that exists."
        )
    elif fault is Fault.DATABASE_MISSING:
        about, told = f"database {database}", f"{who}: there is no database {database} at {place}: correct the name."
    elif fault is Fault.MISCONFIGURED:
        return exceptions.MisconfigurationError(f"{who}: {_set_up(error, target)}")
    elif lasts(error):
        return exceptions.MisconfigurationError(f"{who}: {place} refuses the login of user {user} ({words(error)}).")
    else:
        return exceptions.PassingFaultError(f"{who}: {_passing(error, place)}")
    if not linked:
        return exceptions.MisconfigurationError(told)
    refused = exceptions.LoginRefusedError(told)
    refused.about = about
    return refused


def _not_local(text: str, database: str) -> str:
    if "auto" in text.lower():
        return "Redshift mounts it for IAM identities: create an external schema for it in a local database."
    return (
        "What is in a datashare's database is granted, and revoked, from a local one: "
        f"GRANT USAGE ON DATABASE {quote(database)} TO ROLE <the linked role>"
    )


def _set_up(error: Exception, target: Mapping[str, Any]) -> str:
    place, user, said = f"{target['host']}:{target['port']}", target["user"], words(error)
    if NOT_LET_IN in said.lower():
        remedy = "it lets in nobody like this: correct host, login and database."
        if target.get("ssl") is False and "ssl off" in said.lower():
            remedy = "it takes no login without TLS (require_ssl): take ssl out of the connection's extra."
        return f"{place} refuses the way of the login ({said}): {remedy}"
    if _lacks_md5(error):
        return (
            f"this machine forbids md5 ({said}), which the driver has to answer with for user {user}: give the user a "
            'password that is kept as a sha256 hash (for the linked user: password_hash="sha256").'
        )
    return f"TLS with {place} fails ({said}): {_tls_remedy(error)}"


def _passing(error: Exception, place: str) -> str:
    (state, _), said = details(error), words(error)
    if "too many connections for" in said:
        told = f"{place} lets in no more ({said}), by a CONNECTION LIMIT of the user's or the database's own"
        remedy = "end other sessions, or raise the limit (ALTER USER … CONNECTION LIMIT UNLIMITED)"
    elif state == "53300":
        # https://docs.aws.amazon.com/redshift/latest/mgmt/amazon-redshift-limits.html
        told = f"{place} is full ({said}): it has as many connections as it takes"
        remedy = "end sessions that nobody needs (STV_SESSIONS lists them)"
    elif state:
        told, remedy = f"{place} can't take a login now ({said})", "look at the cluster's state in the AWS console"
    else:
        silence = ": no answer yet, as from a cluster that is resuming" if silent(error) else ""
        told = f"{place} can't be reached{silence} ({said})"
        remedy = "check host and port, and that the cluster runs and lets this machine in"
    return f"{told}. It will be tried again; if it stays so, {remedy}."


def _tls_remedy(error: Exception) -> str:
    if "refuses SSL" in details(error)[1]:
        return "the server speaks no TLS there: correct host and port. Only for a server of your own: ssl set to false."
    refused = next((one for one in (error, *error.args) if isinstance(one, ssl.SSLCertVerificationError)), None)
    if refused is None:
        return "correct ssl or sslmode."
    if refused.verify_code in OUT_OF_DATE:
        return "the certificate isn't valid at this machine's time, so nothing was sent: renew it, or set the clock."
    if refused.verify_code in OTHER_NAME:
        return (
            "the certificate is for another name, so nothing was sent. Connect by a name that it holds, as the "
            "cluster's endpoint; or, if it has to be this one (a proxy, a DNS name of your own), set sslmode=verify-ca "
            f"in the extra, and know what that gives up: {VERIFY_CA}"
        )
    return (
        "this machine doesn't trust the certificate, so nothing was sent. If an authority of your own signs, let the "
        "environment variable SSL_CERT_FILE name a file with its certificate."
    )


def statement_error(error: Exception, user: str, database: str) -> Exception:
    """Translate what went wrong in a statement, which is a note of the error where it is known.

    :return: the error to raise; the same one for a conflict, which is tried again.
    """
    fault, (state, text) = classify(error), details(error)
    if fault is Fault.CONFLICT:
        return error
    if fault is Fault.REFUSED:
        return exceptions.MisconfigurationError(
            f"Redshift refuses user {user} in database {database}: {text}. The transaction was rolled "
            "back: give the admin connection a superuser, or the rights that the README lists."
        )
    # PostgreSQL's code for what RESTRICT forbids; Redshift has no CASCADE here.
    if state == "2BP01":
        return exceptions.MisconfigurationError(
            f"Redshift refuses it in database {database}: {text}. Whoever loses a privilege now granted it to others "
            "(WITH GRANT OPTION), and it can't be taken back before what they gave: revoke that first, as they or as a "
            "superuser. The transaction was rolled back."
        )
    if fault is Fault.PASSING and state != "57014":
        return exceptions.PassingFaultError(
            f"The connection to database {database} broke ({state or text}): the next try finds in place what was "
            "committed; the rest was rolled back."
        )
    verb = "ended" if state == "57014" else "refuses"
    told = [f"Redshift {verb} a statement in database {database} ({words(error)})."]
    told.append("What wasn't committed was rolled back.")
    which = [f"The statement: {one}" for one in getattr(error, "__notes__", ())]
    if lasts(error) and any(" FOR TABLES IN SCHEMA " in one for one in which):
        told.append('If it knows no scoped permissions, choose future_tables="default_privileges" or "none".')
    kind = exceptions.MisconfigurationError if lasts(error) else exceptions.PassingFaultError
    return kind(" ".join([*told, *which]))


def execute(cursor: Cursor, sql: str) -> None:
    """Run a statement; an error bears its template as a note, for :func:`statement_error`."""
    try:
        cursor.execute(sql)
    except Exception as error:
        error.add_note(template(sql))
        raise


def conflict_error(error: Exception, tries: int) -> exceptions.PassingFaultError:
    """Tell that another transaction conflicted at every try."""
    return exceptions.PassingFaultError(
        f"Another transaction conflicts ({words(error)}), also at try {tries} of {tries}. "
        "What wasn't committed was rolled back: run it again when the other is over, or raise tries."
    )


def vanished_error(error: Exception, database: str) -> exceptions.DataGraphError:
    """Tell that something that a statement names isn't there."""
    if old_patch(error):
        return exceptions.MisconfigurationError(str(said(blocking("old_patch", database))))
    return exceptions.VanishedError(
        f"In database {database}: {details(error)[1]}. It was there when the catalog was read, so somebody dropped or "
        "renamed it since. The transaction was rolled back: the next try looks again."
    )


def in_use(error: BaseException) -> bool:
    """Tell whether something is needed and can't be dropped. PostgreSQL's code; AWS documents it for DROP USER."""
    return details(error)[0] == "55006"


def still_needed(error: BaseException, database: str) -> exceptions.MisconfigurationError:
    """Tell why a role or a user may not be dropped, although nothing was found that keeps it."""
    return exceptions.MisconfigurationError(
        f"Redshift refuses it: {details(error)[1]}. It may be about what this task doesn't look at (functions, "
        "procedures, datashares, ASSUMEROLE, the user's default privileges for itself) in database "
        f"{database}: revoke that, or give it away."
    )


def lookup_error(conn_id: str, why: str) -> exceptions.PassingFaultError:
    """Tell that Airflow, or its secrets backend, doesn't give a connection."""
    return exceptions.PassingFaultError(f"Connection {conn_id} can't be looked up now ({why}). It will be tried again.")


def token_error(error: Exception, who: str) -> Exception:
    """Translate why AWS gave no temporary password: an error of botocore."""
    from botocore.exceptions import ConnectionError, HTTPClientError

    text = f"Connection {who}: AWS gives no temporary password ({error})"
    # Errors of the connection have it, and nothing in it.
    answer: Mapping[str, Any] = getattr(error, "response", None) or {}
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    throttled = "Throttl" in str(error) or "TooManyRequests" in str(error)
    if isinstance(error, ConnectionError | HTTPClientError) or throttled or status >= 500:
        return exceptions.PassingFaultError(f"{text}. It will be tried again; if it stays so, check the network.")
    return exceptions.MisconfigurationError(f"{text}: correct its extra, or the AWS connection that it uses.")


def drift_remains(remaining: Sequence[str], login: str, database: str) -> exceptions.DriftRemainsError:
    """Tell that the catalog doesn't show what was done: ``remaining`` is a sentence for each change."""
    return exceptions.DriftRemainsError(
        f"Redshift took every statement in database {database}, and the catalog still lacks {len(remaining)} changes, "
        f"the first: {remaining[0]}. Either {login} may not do it, which Redshift passes over; or another user granted "
        "the same, which only that user takes back (SHOW GRANTS names the grantor); or another run changes it at the "
        "same time."
    )


def old_patch(error: BaseException | None) -> bool:
    """Tell whether the views of privileges lack the column that came with patch 183, and scoped permissions with it.

    https://docs.aws.amazon.com/redshift/latest/mgmt/cluster-versions.html
    """
    state, text = details(error) if error else ("", "")
    return state == "42703" and "privilege_scope" in text


def silent(error: BaseException | None) -> bool:
    """Tell whether nothing answered, and nothing refused either."""
    return any(isinstance(one, TimeoutError) for one in (error, *(error.args if error else ())))
