"""What the tests of offboarding share: the operators, and what is left of somebody in any database."""

from __future__ import annotations

from typing import Any

from airflow_provider_datagraph.operators.offboard import DropSegmentRoleOperator, RevokeSchemaOperator
from tests.integration.provider.support import Cluster, Segment, run

# Views and the columns in which a role's or user's name may stand.
CLUSTER_WIDE = {
    "svv_roles": ("role_name", "role_owner"),
    "pg_user": ("usename",),
    "svv_user_grants": ("user_name", "role_name"),
    "svv_role_grants": ("role_name", "granted_role_name"),
    "svv_system_privileges": ("identity_name",),
}
IN_A_DATABASE = {
    "svv_database_privileges": ("identity_name",),
    "svv_schema_privileges": ("identity_name",),
    "svv_relation_privileges": ("identity_name",),
    "svv_column_privileges": ("identity_name",),
    "svv_default_privileges": ("owner_name", "grantee_name"),
    "svv_redshift_tables": ("table_owner",),
}


def drop(segment: Segment, **arguments: Any) -> dict[str, Any]:
    """Run the operator, while no test's connection keeps a database from being dropped."""
    segment.cluster.close()
    return run(DropSegmentRoleOperator(task_id="drop", **{"role": segment.role, **arguments}))


def close(segment: Segment, schema: Any, **arguments: Any) -> dict[str, Any]:
    """Run the operator."""
    return run(RevokeSchemaOperator(task_id="close", schema=schema, **{"role": segment.role, **arguments}))


def databases(cluster: Cluster) -> list[str]:
    """The databases of the cluster."""
    return sorted(str(row[0]) for row in cluster.sql("dev", "SELECT database_name FROM svv_redshift_databases"))


def traces(cluster: Cluster, *names: str) -> set[tuple[str, str]]:
    """Where somebody's name still stands, as (database, view)."""
    listed = ", ".join(f"'{name}'" for name in names)

    def found(database: str, view: str, columns: tuple[str, ...]) -> bool:
        where = " OR ".join(f"{column} IN ({listed})" for column in columns)
        return bool(cluster.sql(database, f"SELECT {columns[0]} FROM {view} WHERE {where}"))

    left = {("dev", view) for view, columns in CLUSTER_WIDE.items() if found("dev", view, columns)}
    for database in databases(cluster):
        left |= {(database, view) for view, columns in IN_A_DATABASE.items() if found(database, view, columns)}
    return left


def gone(segment: Segment) -> bool:
    """Whether nothing is left of the role and user in any database."""
    return traces(segment.cluster, segment.role, segment.user) == set()
