"""What existed before is adopted from a trusted owner only: the admin, a superuser, or whom the caller names. Pure.

An owner can join its role, reads its database, and drops what is made in its schema.
"""

from __future__ import annotations

from collections.abc import Collection

from airflow_provider_datagraph.access.plan import Fact, Finding, blocking, note
from airflow_provider_datagraph.redshift.statements import ChangeOwner
from airflow_provider_datagraph.redshift.values import Identities, Owned, Role


def is_trusted(owner: str, known: Identities, trusted: Collection[str]) -> bool:
    """Tell whether what somebody owns may be adopted. The catalog's owner may be nobody any more."""
    user = known.users.get(owner)
    return owner == known.session.user or (user is not None and (user.superuser or owner in trusted))


def untrusted(one: Owned, owner: str, known: Identities, trusted: Collection[str]) -> tuple[Finding, ...]:
    """Tell that a role or a database belongs to somebody who isn't trusted: one blocking finding, or none."""
    if is_trusted(owner, known, trusted):
        return ()
    gone: dict[str, Fact] = {} if owner in known.users else {"case": "gone"}
    take = ChangeOwner(one, known.session.user)
    return (blocking("untrusted_owner", one.name, kind=one.kind, owner=owner, statement=take, **gone),)


def untrusted_role(role: str, known: Identities, trusted: Collection[str]) -> tuple[Finding, ...]:
    """Tell that a role belongs to somebody who isn't trusted with what it is granted: see :func:`untrusted`."""
    found: Role | None = known.roles.get(role)
    return untrusted(Owned("role", role), found.owner, known, trusted) if found else ()


def schema_owner(
    schema: str, owner: str, named: str | None, known: Identities, trusted: Collection[str]
) -> tuple[Finding, ...]:
    """Tell whose an existing Reverse ETL schema is: another user of Segment's, whom the caller names, or trusts."""
    if named is not None and named != owner:
        return (blocking("untrusted_owner", schema, case="another", owner=owner, named=named),)
    if is_trusted(owner, known, {*trusted, named or ""}):
        return (note("reverse_etl_owner", schema, owner=owner),)
    return (blocking("untrusted_owner", schema, case="schema", owner=owner),)
