-- Identities, databases, schemas, tables and columns. Columns and their order are those of the AWS pages cited.

-- ACLs leave roles out, and a group's name has the prefix "group ". As in PostgreSQL, a name that holds anything but
-- letters, digits and _ is in quotes.
CREATE FUNCTION pg_rs.acl(items aclitem[]) RETURNS text STABLE LANGUAGE sql RETURN (
    SELECT string_agg(CASE pg_rs.kind(r.rolname) WHEN 'group'
        THEN regexp_replace(regexp_replace(i::text, '^"group:(\w+)"=', 'group \1='), '^"group:', 'group "')
        ELSE i::text END, '~')
    FROM unnest(items) i CROSS JOIN LATERAL (SELECT grantee FROM aclexplode(ARRAY[i]) LIMIT 1) x
    LEFT JOIN pg_catalog.pg_roles r ON r.oid = x.grantee
    WHERE x.grantee = 0 OR pg_rs.kind(r.rolname) IN ('user', 'group'));

-- https://docs.aws.amazon.com/redshift/latest/dg/r_PG_USER.html
CREATE VIEW pg_rs.pg_user AS
    SELECT usename::text, usesysid::int, usecreatedb, usesuper, usesuper AS usecatupd, passwd,
        valuntil::timestamp AS valuntil,
        -- Redshift's own parameters have a prefix inside PostgreSQL.
        (SELECT array_agg(regexp_replace(c, '^redshift\.', '')) FROM unnest(useconfig) c) AS useconfig
    FROM pg_catalog.pg_user WHERE pg_rs.kind(usename) = 'user';

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_USER_INFO.html: a regular user sees its own row
CREATE VIEW pg_rs.svv_user_info AS
    SELECT r.rolname::text AS user_name, r.oid::int AS user_id, r.rolcreatedb AS createdb, r.rolsuper AS superuser,
        r.rolsuper AS catalog_update, CASE r.rolconnlimit WHEN -1 THEN 'UNLIMITED' ELSE r.rolconnlimit::text END
        AS connection_limit, coalesce(pg_rs.note(r.oid, 'syslog_access'), CASE WHEN r.rolsuper THEN 'UNRESTRICTED'
        ELSE 'RESTRICTED' END) AS syslog_access, NULL::timestamp AS last_ddl_timestamp, 0 AS session_timeout,
        NULL::text AS external_user_id
    FROM pg_catalog.pg_roles r
    WHERE pg_rs.kind(r.rolname) = 'user' AND (pg_rs.is_super() OR r.oid = pg_rs.me());

CREATE VIEW pg_rs.pg_group AS
    SELECT pg_rs.shown(groname) AS groname, grosysid::int, grolist
    FROM pg_catalog.pg_group WHERE pg_rs.kind(groname) = 'group';

CREATE VIEW pg_rs.pg_database AS
    SELECT oid, datname, datdba, encoding, datistemplate, datallowconn, dattablespace, pg_rs.acl(datacl) AS datacl
    FROM pg_rs.databases;

-- https://docs.aws.amazon.com/redshift/latest/dg/t_metadata_security.html: kept for all databases with the owner's role
CREATE FUNCTION pg_rs.metadata_security() RETURNS text STABLE LANGUAGE sql
    RETURN coalesce(pg_rs.note(pg_rs.id('rdsdb'), 'metadata_security'), 'off');
CREATE FUNCTION pg_rs.secure_metadata(wanted boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$ BEGIN
    PERFORM pg_rs.refuse('42501', 'must be superuser to alter the system') WHERE NOT pg_rs.is_super();
    PERFORM pg_rs.set_note(pg_rs.id('rdsdb'), 'metadata_security', CASE WHEN wanted THEN 'on' ELSE 'off' END);
END $$;
CREATE FUNCTION pg_rs.sees_all() RETURNS boolean STABLE LANGUAGE sql
    RETURN pg_rs.metadata_security() = 'off' OR pg_rs.may('ACCESS CATALOG');

CREATE VIEW pg_rs.pg_namespace AS
    SELECT oid, nspname, nspowner, pg_rs.acl(nspacl) AS nspacl FROM pg_catalog.pg_namespace
    WHERE nspname <> 'pg_rs' AND nspname NOT LIKE 'pg~_t%' ESCAPE '~' AND ((SELECT pg_rs.sees_all())
        OR has_schema_privilege(session_user, oid, 'USAGE') OR has_schema_privilege(session_user, oid, 'CREATE'));

CREATE VIEW pg_rs.pg_class AS
    SELECT oid, relname, relnamespace, reltype, relowner, relam, relfilenode, reltablespace, relpages, reltuples,
        relhasindex, relkind, relnatts, pg_rs.acl(relacl) AS relacl
    FROM pg_catalog.pg_class WHERE relnamespace NOT IN ('pg_rs'::regnamespace, 'pg_toast'::regnamespace)
    AND relnamespace NOT IN (SELECT id FROM pg_rs.external_schemas) AND ((SELECT pg_rs.sees_all())
        OR has_table_privilege(session_user, oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        OR has_any_column_privilege(session_user, oid, 'SELECT, UPDATE'));

CREATE VIEW pg_rs.pg_attribute AS
    SELECT attrelid, attname, atttypid, coalesce(attstattarget, -1)::int AS attstattarget, attlen, attnum,
        attndims::int, -1 AS attcacheoff, atttypmod, attbyval, attstorage, attalign, attnotnull, atthasdef,
        attisdropped, attislocal, attinhcount::int
    FROM pg_catalog.pg_attribute WHERE attrelid IN (SELECT oid FROM pg_rs.pg_class);

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_REDSHIFT_DATABASES.html: the mounted catalog is known by its name,
-- as in others' answers of clusters; that it has no owner is a guess.
CREATE VIEW pg_rs.svv_redshift_databases AS
    SELECT datname::text AS database_name,
        CASE WHEN datallowconn OR datname <> 'awsdatacatalog' THEN datdba::int END AS database_owner,
        CASE WHEN datallowconn THEN 'local' WHEN datname = 'awsdatacatalog' THEN 'auto mounted catalog' ELSE 'shared' END
        AS database_type, CASE WHEN datallowconn THEN pg_rs.acl(datacl) END AS database_acl, ''::text AS database_options,
        'Snapshot Isolation'::text AS database_isolation_level
    FROM pg_rs.databases
    WHERE datallowconn OR has_database_privilege(session_user, oid, 'CREATE');

CREATE VIEW pg_rs.shown_schemas AS
    SELECT * FROM pg_catalog.pg_namespace
    WHERE oid IN (SELECT pg_rs.user_schemas()) OR nspname IN ('pg_catalog', 'information_schema');

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_REDSHIFT_SCHEMAS.html: local and shared ones. Of a shared
-- database nothing but a schema `public` is made up.
CREATE VIEW pg_rs.svv_redshift_schemas AS
    SELECT current_database()::text AS database_name, nspname::text AS schema_name, nspowner::int AS schema_owner,
        'local' AS schema_type, pg_rs.acl(nspacl) AS schema_acl, NULL::text AS schema_option
    FROM pg_rs.shown_schemas
    WHERE has_schema_privilege(session_user, oid, 'USAGE') OR has_schema_privilege(session_user, oid, 'CREATE')
    UNION ALL
    SELECT database_name, 'public', database_owner, 'shared', NULL, NULL FROM pg_rs.svv_redshift_databases
    WHERE database_type <> 'local';

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_ALL_SCHEMAS.html: these, and the external ones
CREATE VIEW pg_rs.svv_all_schemas AS
    SELECT database_name, schema_name, schema_owner, schema_type, schema_acl, NULL::text AS source_database,
        schema_option
    FROM pg_rs.svv_redshift_schemas
    UNION ALL
    SELECT current_database(), nspname, nspowner::int, 'external', pg_rs.acl(nspacl), source, NULL
    FROM pg_rs.external_schemas e JOIN pg_catalog.pg_namespace n ON n.oid = e.id
    WHERE has_schema_privilege(session_user, n.oid, 'USAGE');

-- A late-binding view carries an option that has no effect: so it's kept, replaced and rolled back with the view.
CREATE FUNCTION pg_rs.is_late(relation oid) RETURNS boolean STABLE LANGUAGE sql RETURN coalesce(
    (SELECT 'security_barrier=false' = ANY (reloptions) FROM pg_catalog.pg_class WHERE oid = relation), false);

-- A late-binding view depends on nothing, and a materialized one, on a cluster, on its own hidden table alone:
-- https://github.com/awslabs/amazon-redshift-utils/issues/499
CREATE VIEW pg_rs.pg_depend AS
    SELECT d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid, d.deptype
    FROM pg_catalog.pg_depend d
    LEFT JOIN pg_catalog.pg_rewrite w ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND w.oid = d.objid
    LEFT JOIN pg_catalog.pg_class c ON c.oid = w.ev_class
    WHERE d.deptype = 'i' OR c.oid IS NULL OR (c.relkind <> 'm' AND NOT pg_rs.is_late(c.oid));

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_REDSHIFT_TABLES.html: what USAGE and SELECT cover
CREATE VIEW pg_rs.shown_tables AS
    SELECT current_database()::text AS database_name, nspname::text AS schema_name, relname::text AS table_name,
        CASE WHEN relkind IN ('v', 'm') THEN 'VIEW' ELSE 'TABLE' END AS table_type, pg_rs.acl(relacl) AS table_acl,
        coalesce(obj_description(oid, 'pg_class'), '') AS remarks, pg_get_userbyid(relowner)::text AS table_owner,
        has_table_privilege(session_user, oid, 'SELECT') AS is_read_whole,
        CASE WHEN pg_rs.is_late(oid) THEN 'LATE BINDING VIEW' WHEN relkind IN ('v', 'm') THEN 'REGULAR VIEW'
             ELSE 'REGULAR TABLE' END AS table_subtype
    FROM pg_rs.relations
    WHERE has_schema_privilege(session_user, relnamespace, 'USAGE')
    AND has_any_column_privilege(session_user, oid, 'SELECT');
CREATE VIEW pg_rs.svv_redshift_tables AS
    SELECT database_name, schema_name, table_name, table_type, table_acl, remarks, table_owner
    FROM pg_rs.shown_tables WHERE is_read_whole;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_RLS_RELATION.html: a regular user sees its own data
CREATE VIEW pg_rs.svv_rls_relation AS
    SELECT current_database()::text AS datname, r.nspname::text AS relschema, r.relname::text AS relname,
        CASE WHEN r.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END AS relkind, true AS is_rls_on,
        false AS is_rls_datashare_on, 'and'::char(3) AS rls_conjunction_type,
        'and'::char(3) AS rls_datashare_conjunction_type
    FROM pg_rs.relations r JOIN pg_catalog.pg_class c ON c.oid = r.oid
    WHERE c.relrowsecurity AND (pg_rs.is_super() OR c.relowner = pg_rs.me());

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_EXTERNAL_TABLES.html: what USAGE covers
CREATE VIEW pg_rs.external_relations AS
    SELECT c.*, n.nspname, e.location FROM pg_rs.external_tables e JOIN pg_catalog.pg_class c ON c.oid = e.id
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE has_schema_privilege(session_user, n.oid, 'USAGE');
CREATE VIEW pg_rs.svv_external_tables AS
    SELECT current_database()::text AS redshift_database_name, nspname::text AS schemaname, relname::text AS tablename,
        'TABLE'::text AS tabletype, location, ''::text AS input_format, ''::text AS output_format,
        ''::text AS serialization_lib, ''::text AS serde_parameters, 0 AS compressed, ''::text AS parameters
    FROM pg_rs.external_relations;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_ALL_TABLES.html
CREATE VIEW pg_rs.svv_all_tables AS
    SELECT database_name, schema_name, table_name, table_acl, table_type, remarks FROM pg_rs.svv_redshift_tables
    UNION ALL SELECT redshift_database_name, schemaname, tablename, NULL, 'EXTERNAL TABLE', ''
    FROM pg_rs.svv_external_tables;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_ALL_COLUMNS.html
CREATE VIEW pg_rs.svv_all_columns AS
    SELECT current_database()::text AS database_name, i.table_schema::text AS schema_name,
        i.table_name::text AS table_name, i.column_name::text AS column_name, i.ordinal_position::int,
        i.column_default::text, i.is_nullable::text, i.data_type::text, i.character_maximum_length::int,
        i.numeric_precision::int, i.numeric_scale::int, ''::text AS remarks
    FROM information_schema.columns i JOIN (
            SELECT oid, relname, relnamespace, nspname FROM pg_rs.relations
            UNION ALL SELECT oid, relname, relnamespace, nspname FROM pg_rs.external_relations) c
        ON c.nspname = i.table_schema AND c.relname = i.table_name
    WHERE has_schema_privilege(session_user, c.relnamespace, 'USAGE')
    AND has_column_privilege(session_user, c.oid, i.ordinal_position::smallint, 'SELECT');

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_REDSHIFT_COLUMNS.html
CREATE VIEW pg_rs.svv_redshift_columns AS
    SELECT database_name, schema_name, table_name, column_name, ordinal_position, data_type, column_default,
        is_nullable, ''::text AS encoding, false AS distkey, coalesce((
            -- Of an interleaved key "alternately positive or negative": r_PG_TABLE_DEF. That the first one is negative is
            -- a user's report, https://qiita.com/bebeken0815/items/af0cd89795f76a1c4131
            SELECT array_position(k.columns, c.ordinal_position::smallint) * CASE WHEN k.interleaved
                AND array_position(k.columns, c.ordinal_position::smallint) % 2 = 1 THEN -1 ELSE 1 END
            FROM pg_rs.sort_keys k JOIN pg_rs.relations r ON r.oid = k.relation
            WHERE r.nspname = c.schema_name AND r.relname = c.table_name), 0) AS sortkey,
        ''::text AS column_acl, remarks
    FROM pg_rs.svv_all_columns c
    WHERE (schema_name, table_name) NOT IN (SELECT nspname, relname FROM pg_rs.external_relations);

-- https://docs.aws.amazon.com/redshift/latest/dg/SYS_QUERY_HISTORY.html, without what only a cluster can measure;
-- the rows come from the proxy.
CREATE TYPE pg_rs.sys_query_history AS (
    user_id int, query_id bigint, transaction_id bigint, session_id int, database_name text, query_type text,
    status text, start_time timestamp, end_time timestamp, elapsed_time bigint, error_message text, query_text text);

-- https://docs.aws.amazon.com/redshift/latest/dg/r_STV_SESSIONS.html: names are padded; the rows come from the proxy.
CREATE TYPE pg_rs.stv_sessions AS (
    starttime timestamp, process int, user_name character(50), db_name character(50), timeout_sec int);
