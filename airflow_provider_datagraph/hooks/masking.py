"""Secrets that Airflow doesn't know: a password's hash, and AWS's temporary passwords."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

MASKERS = ("airflow.sdk.log", "airflow.sdk.execution_time.secrets_masker", "airflow.utils.log.secrets_masker")
"""Where Airflow's masker is: since 3.1, in 3.0, and in 2."""


def mask(secret: str) -> None:
    """Let Airflow write ``***`` for a secret in the log of the task that runs; it does so in no other place.

    It talks to the task's supervisor, which a trigger's thread can't.

    https://airflow.apache.org/docs/apache-airflow/stable/security/secrets/mask-sensitive-values.html
    """
    for name in MASKERS:
        with suppress(ImportError, AttributeError):
            import_module(name).mask_secret(secret)
            return
