"""The columns that AWS documents for each catalog view: nothing else may be named.

https://docs.aws.amazon.com/redshift/latest/dg/c_intro_system_views.html
https://docs.aws.amazon.com/redshift/latest/dg/c_intro_catalog_views.html
"""

from __future__ import annotations

# The page of each is https://docs.aws.amazon.com/redshift/latest/dg/r_NAME.html, for SYS_QUERY_HISTORY without the r_.
# Those from pg_group on are described by PostgreSQL 8.0's manual; c_intro_catalog_views names them.
COLUMNS: dict[str, tuple[str, ...]] = {
    name.strip(): tuple(columns.split())
    for name, columns in (
        view.split(":")
        for view in """svv_roles: role_id role_name role_owner external_id
    |svv_user_grants: user_id user_name role_id role_name admin_option
    |svv_role_grants: role_id role_name granted_role_id granted_role_name
    |svv_database_privileges: database_name privilege_type identity_id identity_name identity_type admin_option
    privilege_scope
    |svv_schema_privileges: namespace_name privilege_type identity_id identity_name identity_type admin_option
    privilege_scope
    |svv_relation_privileges: namespace_name relation_name privilege_type identity_id identity_name identity_type
    admin_option
    |svv_column_privileges: namespace_name relation_name column_name privilege_type identity_id identity_name
    identity_type
    |svv_default_privileges: schema_name object_type owner_id owner_name owner_type privilege_type grantee_id
    grantee_name grantee_type admin_option
    |svv_system_privileges: system_privilege identity_id identity_name identity_type
    |svv_redshift_databases: database_name database_owner database_type database_acl database_options
    database_isolation_level
    |svv_redshift_schemas: database_name schema_name schema_owner schema_type schema_acl schema_option
    |svv_redshift_tables: database_name schema_name table_name table_type table_acl remarks table_owner
    |svv_redshift_columns: database_name schema_name table_name column_name ordinal_position data_type
    column_default is_nullable encoding distkey sortkey column_acl remarks
    |svv_all_schemas: database_name schema_name schema_owner schema_type schema_acl source_database schema_option
    |svv_all_tables: database_name schema_name table_name table_acl table_type remarks
    |svv_external_tables: redshift_database_name schemaname tablename tabletype location input_format output_format
    serialization_lib serde_parameters compressed parameters
    |svv_all_columns: database_name schema_name table_name column_name ordinal_position column_default is_nullable
    data_type character_maximum_length numeric_precision numeric_scale remarks
    |svv_user_info: user_name user_id createdb superuser catalog_update connection_limit syslog_access
    last_ddl_timestamp session_timeout external_user_id
    |svv_rls_relation: datname relschema relname relkind is_rls_on is_rls_datashare_on rls_conjunction_type
    rls_datashare_conjunction_type
    |svv_attached_masking_policy: policy_name schema_name table_name table_type grantor grantee grantee_type
    priority input_columns output_columns is_masking_datashare_on
    |sys_query_history: user_id query_id transaction_id session_id database_name query_type status start_time
    end_time elapsed_time error_message query_text
    |stv_sessions: starttime process user_name db_name timeout_sec
    |pg_user: usename usesysid usecreatedb usesuper usecatupd passwd valuntil useconfig
    |pg_group: groname grosysid grolist
    |pg_database: oid datname datdba encoding datistemplate datallowconn dattablespace datacl
    |pg_namespace: oid nspname nspowner nspacl
    |pg_class: oid relname relnamespace reltype relowner relam relfilenode reltablespace relpages reltuples
    relhasindex relkind relnatts relacl
    |pg_attribute: attrelid attname atttypid attstattarget attlen attnum attndims attcacheoff atttypmod attbyval
    attstorage attalign attnotnull atthasdef attisdropped attislocal attinhcount
    |pg_depend: classid objid objsubid refclassid refobjid refobjsubid deptype""".split("|")
    )
}

# Documented, and not here: only a cluster can measure it. SYS_QUERY_HISTORY
UNMEASURED = frozenset(
    """query_label result_cache_hit queue_time execution_time returned_rows returned_bytes redshift_version
    usage_limit compute_type compile_time planning_time lock_wait_time service_class_id service_class_name
    query_priority short_query_accelerated user_query_hash generic_query_hash query_hash_version
    result_cache_query_id username""".split()
)
ABSENT_COLUMNS = {"sys_query_history": UNMEASURED, "pg_database": frozenset({"datlastsysoid", "datconfig"})}

# Functions of one value that run on every node: r_LOWER, r_UPPER, r_TRIM, r_BTRIM, r_LTRIM, r_RTRIM, r_LEN (LENGTH)
EVERYWHERE = {name: (1, 1) for name in ("lower", "upper", "trim", "btrim", "ltrim", "rtrim", "length", "len")}
# Leader node-only ones, with how many arguments they take: PG_ tables are on the leader, SVV_ and SYS_ views aren't.
# https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_functions_leader_node_only.html
LEADER_ONLY = {
    "has_database_privilege": (2, 3),  # r_HAS_DATABASE_PRIVILEGE
    "has_schema_privilege": (2, 3),  # r_HAS_SCHEMA_PRIVILEGE
    "has_table_privilege": (2, 3),  # r_HAS_TABLE_PRIVILEGE
    "current_schema": (0, 0),  # r_CURRENT_SCHEMA
    "current_schemas": (1, 1),  # r_CURRENT_SCHEMAS
}
# r_CAST_function, of values that the catalog holds
CASTS = frozenset("text varchar char name oid int integer int4 bigint int8 smallint boolean bool timestamp".split())
