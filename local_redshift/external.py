"""Errors about what external schemas hold: all of it, but for tables that were made here, is unknown."""

from __future__ import annotations

import re

from local_redshift.backend import BackendError, Pool
from local_redshift.errors import Fields, Refused, unsupported
from local_redshift.text import OWNER

MISSING = ("42P01", "3F000")
_NAMED = re.compile(r'"([^"]+)"')


async def explained(fields: Fields, pool: Pool, database: str) -> Fields:
    """PostgreSQL's error, or ours where what it misses is an external schema."""
    name = _NAMED.search(fields.get("M", ""))
    if fields.get("C") not in MISSING or name is None:
        return fields
    try:
        async with pool.lent(database, OWNER) as owner:
            known = "SELECT id FROM pg_rs.external_schemas"
            rows = await owner.run(f"SELECT nspname FROM pg_namespace WHERE oid IN ({known})")
    except (BackendError, Refused, OSError, EOFError):
        return fields  # the database is gone, or the server
    for row in rows:
        if name.group(1) == row[0] or name.group(1).startswith(f"{row[0]}."):
            return {**fields, **unsupported(f"the external schema {row[0]}").fields()}
    return fields
