"""Airflow's API server, asked by a person who was shown the password, and by a web page whose name led to it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Any

import httpx

from tests.e2e.compose import SERVICES
from tests.e2e.services import Installation

SHOWN = re.compile(r"Password for user 'admin': (\w+)")
PUBLIC = {name: str(value) for name, value in SERVICES["api-server"]["environment"].items()}


def signed(token: str, key: str) -> str:
    """A token, signed once more."""
    claims = token.rpartition(".")[0]
    signature = base64.urlsafe_b64encode(hmac.digest(key.encode(), claims.encode(), hashlib.sha512))
    return f"{claims}.{signature.decode().rstrip('=')}"


class Web:
    """The API server.

    :param port: where it listens.
    """

    def __init__(self, airflow: Installation, port: str) -> None:
        self.airflow = airflow
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Host": "page.example"}, timeout=60)
        [self.password] = SHOWN.findall(airflow.log.with_name("api-server.log").read_text())
        self.token = self.log_in(self.password).json()["access_token"]
        self.key = (airflow.home / "secrets" / "key").read_text()

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def log_in(self, password: str) -> httpx.Response:
        """Ask for a token."""
        return self.client.post("/auth/token", json={"username": "admin", "password": password})

    def ask(self, path: str, token: str, body: dict[str, Any] | None = None, method: str = "POST") -> int:
        """Ask for something, or to do something.

        :param method: where there is a body.
        :return: the answer's status.
        """
        method, headers = method if body is not None else "GET", {"Authorization": f"Bearer {token}"}
        return self.client.request(method, f"/api/v2/{path}", headers=headers, json=body).status_code

    def trigger(self, dag_id: str, run_id: str, **conf: Any) -> None:
        """Start a run as a person would, as soon as the DAG is there."""
        query = "SELECT 1 FROM dag WHERE dag_id = %s"
        self.airflow.wait(lambda: bool(self.airflow.metadata.run(query, dag_id)), f"the DAG {dag_id}", 120)
        given = {"dag_run_id": run_id, "logical_date": None, "conf": conf}
        assert self.ask(f"dags/{dag_id}/dagRuns", self.token, given) == 200

    def answers(self) -> dict[str, int]:
        """What it answers, by who asks for what."""
        assert signed(self.token, self.key) == self.token
        stored = {"connection_id": "redshift_default", "conn_type": "redshift"}
        return {
            "who is logged in": self.ask("connections", self.token),
            "who is logged in, for a test": self.ask("connections/test", self.token, stored),
            "a page, for a token": self.client.get("/auth/token").status_code,
            "a page, to be logged in": self.client.get("/auth/token/login").status_code,
            **{f"a page that guesses {name}": self.log_in(text).status_code for name, text in PUBLIC.items()},
            **{
                f"a page that signs with {name}": self.ask("connections", signed(self.token, text))
                for name, text in PUBLIC.items()
            },
        }
