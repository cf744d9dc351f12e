"""What PostgreSQL alone wouldn't keep a statement from reading: asked before it runs, where it will run."""

from __future__ import annotations

from local_redshift.backend import Backend, BackendError
from local_redshift.errors import Refused, reworded, unsupported
from local_redshift.exchange import Prepared
from local_redshift.plan import Masking, Query
from local_redshift.text import literal


def several(touched: list[Prepared]) -> bool:
    """Whether a request has several statements, of which none may be about masking policies."""
    if len({one.text for one in touched}) < 2:
        return False
    if any(isinstance(one.plan, Masking) for one in touched):
        raise unsupported("masking policies in a request of several statements")
    return True


async def check(plan: Query, among_several: bool, backend: Backend) -> None:
    """Refuse a statement that a cluster refuses, or that would read masked values or external tables."""
    schemas = ", ".join(literal(one[0]) if len(one) > 1 else "NULL" for one in plan.reads)
    names = ", ".join(literal(one[-1]) for one in plan.reads)
    asked = f"ARRAY[{schemas}]::text[], ARRAY[{names}]::text[], current_schemas(true)"
    how = f"{literal(plan.takes)}, {plan.database is not None}, {among_several}"
    try:
        rows = await backend.run(f"SELECT pg_rs.unreadable({asked}, {how})")
    except BackendError as failure:
        fields = reworded(failure.fields)
        raise Refused(fields["C"], fields["M"]) from failure
    if rows[0][0] is not None:
        raise unsupported(rows[0][0])
