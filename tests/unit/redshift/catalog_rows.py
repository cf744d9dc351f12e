"""A stand-in for a connection: the answers of the catalog, by the exact text of the query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_datagraph.redshift.values import Role, Session, User

Table = Sequence[Sequence[Any]]
USERS = "SELECT usename, usesysid, usesuper, usecreatedb FROM pg_user"
ROLES = "SELECT role_name, role_owner FROM svv_roles"
USER_GRANTS = "SELECT user_name, role_name FROM svv_user_grants"
ROLE_GRANTS = "SELECT role_name, granted_role_name FROM svv_role_grants"
DATABASES = "SELECT database_name, database_owner, database_type FROM svv_redshift_databases"
ALL_SCHEMAS = "SELECT database_name, schema_name, schema_owner, schema_type FROM svv_all_schemas"
SCHEMAS = ALL_SCHEMAS + " WHERE database_name = 'dev'"
NAMESPACES = "SELECT oid, nspname, nspowner FROM pg_namespace"
RELATIONS = "SELECT relnamespace, relname, relowner FROM pg_class WHERE relkind IN ('r', 'v', 'm')"
ALL_RELATIONS = "SELECT oid, relnamespace, relname, relowner, relkind FROM pg_class WHERE relkind IN ('r', 'v', 'm')"
DEPENDENCIES = (
    "SELECT DISTINCT objid, refobjid, deptype FROM pg_depend "
    "WHERE refclassid = 1259 AND classid NOT IN (1247, 1259) AND deptype IN ('i', 'n')"
)

WHO = "SELECT identity_type, identity_name, "
ON_DATABASES = WHO + "database_name, privilege_type, privilege_scope FROM svv_database_privileges"
ON_SCHEMAS = WHO + "namespace_name, privilege_type, privilege_scope FROM svv_schema_privileges"
ON_RELATIONS = WHO + "namespace_name, relation_name, privilege_type FROM svv_relation_privileges"
ON_COLUMNS = WHO + "namespace_name, relation_name, column_name, privilege_type FROM svv_column_privileges"
ON_LATER = (
    "SELECT grantee_type, grantee_name, owner_name, schema_name, object_type, privilege_type "
    "FROM svv_default_privileges"
)


def of(*names: str, column: str = "identity_name") -> str:
    """The condition on whose privileges are asked for: names alone."""
    return f" WHERE {column} IN ({', '.join(repr(name) for name in sorted(names))})"


ROLE, USER = ("role", "linked_role"), ("user", "linked_user")
OF_ROLE, OF_BOTH = of("linked_role"), of("linked_role", "linked_user")
OF_ALL_ON_SCHEMAS = ON_SCHEMAS + " WHERE identity_type IN ('group', 'public', 'role')"
OF_OTHERS_ON_RELATIONS = ON_RELATIONS + " WHERE identity_type IN ('group', 'public')"
LATE_VIEWS = (
    "SELECT view_schema, view_name FROM pg_get_late_binding_view_cols() "
    "cols(view_schema name, view_name name, col_name name, col_type varchar, col_num int)"
)
SECURED = "SELECT relschema, relname FROM svv_rls_relation WHERE is_rls_on = true AND datname = 'dev'"
MASKED = "SELECT schema_name, table_name, grantee, grantee_type FROM svv_attached_masking_policy"


def later(*names: str) -> str:
    return ON_LATER + of(*names, column="grantee_name")


DEFAULTS = later("linked_role")
SESSION = Session("admin", "dev", superuser=False)
SEEN = Session("admin", "dev")
"""The same, once the catalog has told that it is a superuser's."""
KNOWN_USERS = {"admin": User("admin", 100, True, True), "linked_user": User("linked_user", 101)}
KNOWN_ROLES = {"linked_role": Role("linked_role", "admin"), "sys:dba": Role("sys:dba", "rdsdb")}


class Answers:
    """Answers known queries and refuses any other; remembers what was asked.

    :param rows: the rows by query; users and roles have default answers.
    """

    def __init__(self, rows: Mapping[str, Table]) -> None:
        self.rows: dict[str, Table] = {
            USERS: [["admin", 100, True, True], ["linked_user", 101, False, False]],
            ROLES: [["linked_role", "admin"], ["sys:dba", "rdsdb"]],
            **rows,
        }
        self.asked: list[str] = []

    def __call__(self, sql: str) -> Table:
        self.asked.append(sql)
        return self.rows[sql]


def tables_of(*schemas: str, database: str = "dev") -> str:
    listed = ", ".join(repr(name) for name in sorted(schemas))
    return (
        "SELECT schema_name, table_name, table_type, table_owner FROM svv_redshift_tables "
        f"WHERE database_name = '{database}' AND schema_name IN ({listed})"
    )
