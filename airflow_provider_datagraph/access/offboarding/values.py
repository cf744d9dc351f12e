"""The values of offboarding: who leaves, what the cluster knows of them, and what one database holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow_provider_datagraph.redshift import values


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who leaves, and how: ``role`` is empty where it stays, and only the user leaves; then ``stays`` is it.

    :param drop: the checkpoint database, where it is to be dropped.
    :param named: the one that the user connection names; ``home``: the one in which the setup grants CREATE, if known.
    :param new_owner: who gets what the user owns; None: what it owns stands in the way.
    :param heirs: who may get it, beside the admin and superusers; None: anybody.
    :param confirmed: the database in which also what belongs to others is dropped.
    :param force: whether what the setup never gave is taken away too.
    """

    role: str
    user: str
    drop: str | None = None
    named: str | None = None
    home: str | None = None
    new_owner: str | None = None
    heirs: tuple[str, ...] | None = None
    confirmed: str | None = None
    force: bool = False
    stays: str = ""


@dataclass(frozen=True)
class Cluster(values.Identities):
    """What belongs to the whole cluster.

    :param unseen: databases of which the admin knows no more than the name.
    :param sees_all: whether the admin sees everybody's privileges; ``sees_catalog``: and what everybody owns.
    :param members: who holds the role; ``granted_roles``: the roles that it holds itself.
    :param sessions: who is logged in; None where that can't be told.
    """

    databases: Mapping[str, values.Database] = field(default_factory=dict)
    unseen: frozenset[str] = frozenset()
    sees_all: bool = True
    sees_catalog: bool = True
    members: frozenset[values.Identity] = frozenset()
    granted_roles: frozenset[str] = frozenset()
    user_roles: frozenset[str] = frozenset()
    system: frozenset[str] = frozenset()
    on_databases: frozenset[tuple[values.Identity, values.Grant]] = frozenset()
    sessions: tuple[values.OpenSession, ...] | None = None


@dataclass(frozen=True)
class Holdings:
    """What role and user hold in the connected database; ``others``: what others own; None where that wasn't read.

    :param held: their privileges, with those on tables that others create later.
    :param made: what others will hold on the tables that the user creates later.
    :param unhandled: privileges of kinds that aren't handled, a phrase each.
    :param stuck: writers of default privileges that can't create in the schema any more, as (writer, schema).
    """

    session: values.Session
    held: frozenset[tuple[values.Identity, values.Grant]] = frozenset()
    made: frozenset[tuple[values.Identity, values.Grant]] = frozenset()
    unhandled: frozenset[str] = frozenset()
    external: frozenset[str] = frozenset()
    stuck: frozenset[tuple[str, str]] = frozenset()
    owned: frozenset[values.Owned] = frozenset()
    others: frozenset[tuple[values.Owned, int]] | None = None
