"""A stand-in for a connection: the answers of the catalog, by the exact text of the query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

USERS = "SELECT usename, usesysid, usesuper, usecreatedb FROM pg_user"
ROLES = "SELECT role_name, role_owner FROM svv_roles"
USER_GRANTS = "SELECT user_name, role_name FROM svv_user_grants"
ROLE_GRANTS = "SELECT role_name, granted_role_name FROM svv_role_grants"
DATABASES = "SELECT database_name, database_owner, database_type FROM svv_redshift_databases"
ALL_SCHEMAS = "SELECT database_name, schema_name, schema_owner, schema_type FROM svv_all_schemas"
SCHEMAS = ALL_SCHEMAS + " WHERE database_name = 'dev'"

OF_ROLE = " WHERE identity_type = 'role' AND identity_name = 'linked_role'"
OF_USER = " WHERE identity_type = 'user' AND identity_name = 'linked_user'"
ON_DATABASES = "SELECT database_name, privilege_type, privilege_scope FROM svv_database_privileges"
ON_SCHEMAS = "SELECT namespace_name, privilege_type, privilege_scope FROM svv_schema_privileges"
ON_RELATIONS = "SELECT namespace_name, relation_name, privilege_type FROM svv_relation_privileges"
ON_COLUMNS = "SELECT namespace_name, relation_name, column_name, privilege_type FROM svv_column_privileges"
OF_ALL_ON_SCHEMAS = (
    "SELECT namespace_name, privilege_type, privilege_scope, identity_type, identity_name FROM svv_schema_privileges "
    "WHERE identity_type IN ('role', 'group', 'public')"
)
OF_OTHERS_ON_RELATIONS = (
    "SELECT namespace_name, relation_name, privilege_type, identity_type, identity_name FROM svv_relation_privileges "
    "WHERE identity_type IN ('group', 'public')"
)
LATE_VIEWS = (
    "SELECT view_schema, view_name FROM pg_get_late_binding_view_cols() "
    "cols(view_schema name, view_name name, col_name name, col_type varchar, col_num int)"
)
SECURED = "SELECT relschema, relname FROM svv_rls_relation WHERE is_rls_on = true AND datname = 'dev'"
MASKED = "SELECT schema_name, table_name, grantee, grantee_type FROM svv_attached_masking_policy"
DEFAULTS = (
    "SELECT schema_name, owner_name, privilege_type FROM svv_default_privileges "
    "WHERE grantee_type = 'role' AND grantee_name = 'linked_role' AND object_type = 'RELATION'"
)


def of_users(query: str, listed: str = "'linked_user', 'root'") -> str:
    """The same query for users."""
    return query.split(" WHERE ")[0] + f" WHERE identity_type = 'user' AND identity_name IN ({listed})"


class Answers:
    """Answers known queries and refuses any other; remembers what was asked.

    :param rows: the rows by query; users and roles have default answers.
    """

    def __init__(self, rows: Mapping[str, Sequence[Sequence[Any]]]) -> None:
        self.rows: dict[str, Sequence[Sequence[Any]]] = {
            USERS: [["admin", 100, True, True], ["linked_user", 101, False, False]],
            ROLES: [["linked_role", "admin"], ["sys:dba", "rdsdb"]],
            **rows,
        }
        self.asked: list[str] = []

    def __call__(self, sql: str) -> Sequence[Sequence[Any]]:
        self.asked.append(sql)
        return self.rows[sql]


def tables_of(listed: str, more: str = ", table_type, table_owner") -> str:
    """The query for the tables of some schemas."""
    return (
        f"SELECT schema_name, table_name{more} FROM svv_redshift_tables "
        f"WHERE database_name = 'dev' AND schema_name IN ({listed})"
    )
