"""AWS's temporary passwords: an endpoint on loopback that gives them, and what a login with one is.

An access key is called as who asks: ``IAMR:name`` for a role, and any other name for a user. Nothing is signed for.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

PREFIXES = ("IAM:", "IAMR:")
"""How the names begin that only an IAM sign-in gives, https://docs.aws.amazon.com/redshift/latest/mgmt/generating-user-credentials.html"""
ORDERS = "/orders"
"""Where tests say how long a temporary password lasts (``{"life": seconds}``), end those that were given (``{"over":
true}``), and read what was asked for since."""


@dataclass(frozen=True, slots=True)
class Token:
    """A temporary password.

    :param user: who is sent with it.
    :param role: who that is in the database; the first sign-in of an IAM identity makes it.
    :param database: the only one that it opens.
    :param end: seconds since the epoch.
    """

    user: str
    role: str
    database: str
    end: float


class NotAnswered(Exception):
    """What AWS answers instead, as (code, message)."""


@dataclass
class Iam:
    """Gives temporary passwords."""

    tokens: dict[str, Token] = field(default_factory=dict)
    life: float | None = None
    """Seconds; None: as asked for, else 900."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    server: ThreadingHTTPServer | None = None

    def start(self) -> str:
        """Listen; return the endpoint's address."""
        handler = type("Handler", (_Handler,), {"iam": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def stop(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()

    def let_in(self, user: str, database: str, password: str) -> str:
        """Who logs in with a temporary password; nobody where it is another's, for another database, or at its end."""
        token = self.tokens.get(password)
        if token is None or (token.user, token.database) != (user, database) or token.end <= time.time():
            return ""
        return token.role

    def give(self, action: str, given: dict[str, Any], who: str, region: str) -> dict[str, Any]:
        """Answer an action, under the names of a workgroup's answer."""
        self.asked.append(known := {"action": action, "region": region, "who": who, **given})
        lower = {key[:1].lower() + key[1:]: value for key, value in given.items()}
        seconds = self.life or float(lower.get("durationSeconds", 900))
        end, password = int(time.time() + seconds), "Token/" + secrets.token_urlsafe(200)
        role = who if who.startswith(PREFIXES) else f"IAM:{who}"
        user = role
        if action == "GetClusterCredentials":
            if lower.get("autoCreate") == "true" or any(key.startswith("dbGroups") for key in lower):
                raise NotAnswered("InvalidParameterValue", "local stand-in: AutoCreate, DbGroups")
            role = str(lower["dbUser"])
            user = f"IAM:{role}"
        elif action not in ("GetClusterCredentialsWithIAM", "GetCredentials"):
            raise NotAnswered("InvalidAction", f"local stand-in: {action}")
        known["token"] = password
        self.tokens[password] = Token(user, role, str(lower.get("dbName", "")), end)
        return {"dbUser": user, "dbPassword": password, "expiration": end}


class _Handler(BaseHTTPRequestHandler):
    iam: Iam

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.path == ORDERS:
            order = json.loads(body)
            self.iam.life = order["life"]
            if order["over"]:
                self.iam.tokens.clear()
            asked, self.iam.asked = self.iam.asked, []
            self._answer(200, json.dumps(asked))
            return
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html
        who, _, region = self.headers["Authorization"].partition("Credential=")[2].split("/")[:3]
        target = self.headers.get("X-Amz-Target", "")
        given = json.loads(body) if target else dict(parse_qsl(body))
        action = target.partition(".")[2] or given.pop("Action")
        given.pop("Version", None)
        try:
            answer = self.iam.give(action, given, who, region)
        except NotAnswered as refusal:
            code, message = refusal.args
            error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
            self._answer(400, f"<ErrorResponse>{error}</ErrorResponse>")
            return
        if target:
            self._answer(200, json.dumps(answer))
            return
        answer["expiration"] = f"{datetime.fromtimestamp(answer['expiration'], UTC):%Y-%m-%dT%H:%M:%SZ}"
        named = {key[:1].upper() + key[1:]: escape(value) for key, value in answer.items()}
        fields = "".join(f"<{key}>{value}</{key}>" for key, value in named.items())
        self._answer(200, f"<{action}Response><{action}Result>{fields}</{action}Result></{action}Response>")

    def _answer(self, status: int, body: str) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
