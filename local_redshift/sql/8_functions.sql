-- Functions that statements name; the proxy puts the schema before them.

-- https://docs.aws.amazon.com/redshift/latest/dg/r_VERSION.html
CREATE FUNCTION pg_rs.version() RETURNS text IMMUTABLE LANGUAGE sql RETURN
    'PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2, Redshift 1.0.0 (local stand-in)';

-- https://docs.aws.amazon.com/redshift/latest/dg/r_GETDATE.html
CREATE FUNCTION pg_rs.getdate() RETURNS timestamp STABLE LANGUAGE sql RETURN date_trunc('second', now() AT TIME ZONE 'UTC');

CREATE FUNCTION pg_rs.user_id(wanted text) RETURNS oid STABLE LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_rs.refuse('42704', format('user "%s" does not exist', wanted))
        WHERE pg_rs.kind(wanted::name) IS DISTINCT FROM 'user';
    RETURN pg_rs.id(wanted);
END $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_HAS_DATABASE_PRIVILEGE.html: users only, as in the two below
CREATE FUNCTION pg_rs.has_database_privilege(who text, wanted text, privilege text) RETURNS boolean
STABLE LANGUAGE sql RETURN has_database_privilege(pg_rs.user_id(who), wanted, CASE
    WHEN upper(trim(privilege)) IN ('CREATE', 'TEMP', 'TEMPORARY') THEN privilege ELSE 'unknown' END);
CREATE FUNCTION pg_rs.has_database_privilege(wanted text, privilege text) RETURNS boolean
STABLE LANGUAGE sql RETURN pg_rs.has_database_privilege(session_user::text, wanted, privilege);

-- https://docs.aws.amazon.com/redshift/latest/dg/r_HAS_SCHEMA_PRIVILEGE.html
CREATE FUNCTION pg_rs.has_schema_privilege(who text, wanted text, privilege text) RETURNS boolean
STABLE LANGUAGE plpgsql AS $$
DECLARE flag text := CASE upper(trim(privilege)) WHEN 'DROP' THEN 'TRIGGER' WHEN 'ALTER' THEN 'MAINTAIN' END;
BEGIN
    IF flag IS NULL THEN
        RETURN has_schema_privilege(pg_rs.user_id(who), wanted, privilege);
    END IF;
    RETURN has_table_privilege(pg_rs.user_id(who), format('pg_rs.%I', 'schema:' || pg_rs.schema_id(wanted)), flag)
        OR has_table_privilege(pg_rs.user_id(who), 'pg_rs.schemas', flag);
END $$;
CREATE FUNCTION pg_rs.has_schema_privilege(wanted text, privilege text) RETURNS boolean
STABLE LANGUAGE sql RETURN pg_rs.has_schema_privilege(session_user::text, wanted, privilege);

-- https://docs.aws.amazon.com/redshift/latest/dg/r_HAS_TABLE_PRIVILEGE.html has names alone; the form with an oid, as
-- PG_CLASS shows it, is PostgreSQL 8.0's.
CREATE FUNCTION pg_rs.table_flag(privilege text) RETURNS text IMMUTABLE LANGUAGE sql RETURN CASE
    WHEN upper(trim(privilege)) = 'DROP' THEN 'TRIGGER'
    WHEN upper(trim(privilege)) = 'ALTER' THEN 'MAINTAIN'
    WHEN upper(trim(privilege)) IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'REFERENCES', 'TRUNCATE') THEN privilege
    ELSE 'unknown' END;
CREATE FUNCTION pg_rs.has_table_privilege(who text, wanted text, privilege text) RETURNS boolean
STABLE LANGUAGE sql RETURN has_table_privilege(pg_rs.user_id(who), wanted, pg_rs.table_flag(privilege));
CREATE FUNCTION pg_rs.has_table_privilege(wanted text, privilege text) RETURNS boolean
STABLE LANGUAGE sql RETURN has_table_privilege(session_user, wanted, pg_rs.table_flag(privilege));
CREATE FUNCTION pg_rs.has_table_privilege(who text, wanted oid, privilege text) RETURNS boolean
STABLE LANGUAGE sql RETURN has_table_privilege(pg_rs.user_id(who), wanted, pg_rs.table_flag(privilege));
CREATE FUNCTION pg_rs.has_table_privilege(wanted oid, privilege text) RETURNS boolean
STABLE LANGUAGE sql RETURN has_table_privilege(session_user, wanted, pg_rs.table_flag(privilege));

CREATE FUNCTION pg_rs.check_identity(who_type text, who text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_rs.id(CASE who_type WHEN 'role' THEN 'role:' ELSE '' END || who) WHERE who_type IN ('user', 'role');
END $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_SCHEMAS.html
CREATE FUNCTION pg_rs.show_schemas(pattern text)
RETURNS TABLE (database_name text, schema_name text, schema_owner int, schema_type text, schema_acl text,
               source_database text, schema_option text)
STABLE LANGUAGE sql AS $$
    SELECT * FROM pg_rs.svv_all_schemas s
    WHERE s.schema_name LIKE pattern AND s.schema_name NOT IN ('pg_catalog', 'information_schema') ORDER BY 2 $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_TABLES.html: SELECT on one column is enough
CREATE FUNCTION pg_rs.show_tables(wanted text, pattern text)
RETURNS TABLE (database_name text, schema_name text, table_name text, table_type text, table_acl text, remarks text,
               owner text, last_altered_time timestamp, last_modified_time timestamp, dist_style text,
               table_subtype text)
STABLE LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_rs.schema_id(wanted);
    RETURN QUERY SELECT t.database_name, t.schema_name, t.table_name, t.table_type, t.table_acl, t.remarks,
        t.table_owner, NULL::timestamp, NULL::timestamp, CASE t.table_type WHEN 'TABLE' THEN 'AUTO (ALL)' END,
        t.table_subtype
        FROM pg_rs.shown_tables t WHERE t.schema_name = wanted AND t.table_name LIKE pattern ORDER BY 3;
END $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_COLUMNS.html
CREATE FUNCTION pg_rs.show_columns(wanted_schema text, wanted text, pattern text)
RETURNS TABLE (database_name text, schema_name text, table_name text, column_name text, ordinal_position int,
               column_default text, is_nullable text, data_type text, character_maximum_length int,
               numeric_precision int, numeric_scale int, remarks text, sort_key_type text, sort_key int,
               dist_key int, encoding text, "collation" text)
STABLE LANGUAGE plpgsql AS $$ BEGIN
    PERFORM format('%I.%I', wanted_schema, wanted)::regclass;
    RETURN QUERY SELECT c.database_name, c.schema_name, c.table_name, c.column_name, c.ordinal_position,
        c.column_default, c.is_nullable, c.data_type, c.character_maximum_length, c.numeric_precision,
        c.numeric_scale, c.remarks, NULL::text, NULL::int, NULL::int, NULL::text, NULL::text
        FROM pg_rs.svv_all_columns c
        WHERE c.schema_name = wanted_schema AND c.table_name = wanted AND c.column_name LIKE pattern ORDER BY 5;
END $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_COLUMN_GRANTS.html
CREATE FUNCTION pg_rs.show_column_grants(wanted_schema text, wanted text, who_type text, who text)
RETURNS TABLE (database_name text, schema_name text, table_name text, column_name text, object_type text,
               privilege_type text, identity_id int, identity_name text, identity_type text, admin_option boolean,
               privilege_scope text, grantor_name text)
STABLE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$ BEGIN
    PERFORM format('%I.%I', wanted_schema, wanted)::regclass;
    PERFORM pg_rs.check_identity(who_type, who);
    RETURN QUERY SELECT current_database()::text, g.nspname::text, g.relname::text, g.attname::text, 'COLUMN',
        g.privilege_type, g.grantee::int, g.identity_name, g.identity_type, g.is_grantable, 'COLUMN',
        pg_get_userbyid(g.grantor)::text
        FROM pg_rs.column_grants g
        WHERE g.nspname = wanted_schema AND g.relname = wanted AND g.grantee IN (SELECT pg_rs.seen())
        AND (who_type IS NULL OR (g.identity_type = who_type AND (who IS NULL OR g.identity_name = who)))
        ORDER BY 4, 8, 6;
END $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_GRANTS.html
CREATE FUNCTION pg_rs.show_grants(wanted_type text, wanted_schema text, wanted text, who_type text, who text)
RETURNS TABLE (database_name text, schema_name text, object_name text, object_type text, privilege_type text,
               identity_id int, identity_name text, identity_type text, admin_option boolean, privilege_scope text,
               grantor_name text)
STABLE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$ BEGIN
    PERFORM pg_rs.schema_id(wanted) WHERE wanted_type = 'SCHEMA';
    PERFORM format('%I.%I', wanted_schema, wanted)::regclass WHERE wanted_type = 'TABLE';
    PERFORM pg_rs.check_identity(who_type, who);
    RETURN QUERY SELECT g.database_name::text, g.schema_name::text, g.object_name::text, g.object_type,
        g.privilege_type, g.identity_id, g.identity_name, g.identity_type, g.is_grantable, g.scope, g.grantor_name
    FROM pg_rs.grants g
    WHERE g.grantee IN (SELECT pg_rs.seen())
    AND (wanted_type IS NULL OR g.object_type = wanted_type OR (wanted_type = 'TABLE' AND g.object_type = 'VIEW'))
    AND (wanted_type IS NULL OR (g.object_name = wanted AND g.schema_name IS NOT DISTINCT FROM
        CASE wanted_type WHEN 'SCHEMA' THEN wanted ELSE wanted_schema END))
    AND (who_type IS NULL OR (g.identity_type = who_type AND (who IS NULL OR g.identity_name = who)))
    ORDER BY 2, 3, 4, 7, 5;
END $$;

GRANT SELECT ON
    pg_rs.svv_database_privileges, pg_rs.svv_schema_privileges, pg_rs.svv_relation_privileges,
    pg_rs.svv_column_privileges, pg_rs.svv_default_privileges, pg_rs.svv_roles, pg_rs.svv_user_grants,
    pg_rs.svv_role_grants, pg_rs.svv_system_privileges, pg_rs.pg_user, pg_rs.svv_user_info, pg_rs.pg_group, pg_rs.pg_database,
    pg_rs.pg_namespace, pg_rs.pg_class, pg_rs.pg_attribute, pg_rs.pg_depend, pg_rs.svv_redshift_databases, pg_rs.svv_all_schemas,
    pg_rs.svv_redshift_schemas, pg_rs.shown_tables, pg_rs.svv_redshift_tables, pg_rs.svv_rls_relation,
    pg_rs.svv_external_tables, pg_rs.svv_all_tables, pg_rs.svv_all_columns,
    pg_rs.svv_redshift_columns
TO PUBLIC;
