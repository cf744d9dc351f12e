"""A role and a user that are to leave a cluster."""

from __future__ import annotations

from airflow_provider_datagraph.access.offboarding.values import Cluster, Holdings, Leaving
from airflow_provider_datagraph.redshift.values import Database, Identity, Role, Session, User

ROLE, USER = Identity("role", "r"), Identity("user", "u")
ADMIN = User("admin", 100, superuser=True)
LEAVING = Leaving("r", "u", home="cp")
CLUSTER = Cluster(
    Session("admin", "dev"),
    roles={"r": Role("r", "admin"), "sys:dba": Role("sys:dba", "rdsdb")},
    users={"admin": ADMIN, "u": User("u", 101), "heir": User("heir", 102)},
    databases={name: Database(name, "admin") for name in ("dev", "cp", "template1")},
    members=frozenset({USER}),
    user_roles=frozenset({"r"}),
)
EMPTY = Holdings(Session("admin", "cp"))
