"""Operators: each says what access should be, and changes only what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_datagraph.lazy import lazily

if TYPE_CHECKING:
    from airflow_provider_datagraph.operators.audit import AuditAccessOperator
    from airflow_provider_datagraph.operators.check import CheckWarehouseOperator
    from airflow_provider_datagraph.operators.database import CreateCheckpointDatabaseOperator
    from airflow_provider_datagraph.operators.offboard import DropSegmentRoleOperator, RevokeSchemaOperator
    from airflow_provider_datagraph.operators.preflight import PreflightOperator
    from airflow_provider_datagraph.operators.reverse_etl import GrantReverseEtlOperator
    from airflow_provider_datagraph.operators.role import CreateSegmentRoleOperator
    from airflow_provider_datagraph.operators.rotate import RotateSegmentPasswordOperator
    from airflow_provider_datagraph.operators.schema import GrantSchemaOperator
    from airflow_provider_datagraph.operators.summary import SegmentSummaryOperator
    from airflow_provider_datagraph.operators.warehouse import OpenWarehouseOperator

__all__ = [
    "AuditAccessOperator",
    "CheckWarehouseOperator",
    "CreateCheckpointDatabaseOperator",
    "CreateSegmentRoleOperator",
    "DropSegmentRoleOperator",
    "GrantReverseEtlOperator",
    "GrantSchemaOperator",
    "OpenWarehouseOperator",
    "PreflightOperator",
    "RevokeSchemaOperator",
    "RotateSegmentPasswordOperator",
    "SegmentSummaryOperator",
]
__getattr__ = lazily(
    __name__,
    {
        "AuditAccessOperator": "audit",
        "CheckWarehouseOperator": "check",
        "CreateCheckpointDatabaseOperator": "database",
        "CreateSegmentRoleOperator": "role",
        "DropSegmentRoleOperator": "offboard",
        "GrantReverseEtlOperator": "reverse_etl",
        "GrantSchemaOperator": "schema",
        "OpenWarehouseOperator": "warehouse",
        "PreflightOperator": "preflight",
        "RevokeSchemaOperator": "offboard",
        "RotateSegmentPasswordOperator": "rotate",
        "SegmentSummaryOperator": "summary",
    },
)
