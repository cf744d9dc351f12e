"""Ways to a connection that the hook inherits, and that go past what it takes care of."""

from __future__ import annotations

from typing import Any, NoReturn

from airflow_provider_datagraph.exceptions import MisconfigurationError


class DriverOnly:
    """A hook without SQLAlchemy: its engine would connect as the admin, and by another driver's TLS settings."""

    def get_uri(self) -> NoReturn:
        """Refuse to write the password into a text.

        :raises MisconfigurationError: always.
        """
        raise MisconfigurationError(
            f"{type(self).__name__} has no URI and no SQLAlchemy engine: they would hold the password, and not verify "
            "the host. Use get_conn."
        )

    def get_sqlalchemy_engine(self, engine_kwargs: dict[str, Any] | None = None) -> NoReturn:
        """Refuse, as :meth:`get_uri`.

        :raises MisconfigurationError: always.
        """
        self.get_uri()

    @property
    def sqlalchemy_url(self) -> NoReturn:
        """Refuse, as :meth:`get_uri`.

        :raises MisconfigurationError: always.
        """
        self.get_uri()
