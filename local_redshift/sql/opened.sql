-- Only with `--catalog open`: PostgreSQL's catalog with what Redshift's clients look for in it.

CREATE OR REPLACE FUNCTION pg_catalog.version() RETURNS text STABLE LANGUAGE sql RETURN pg_rs.version();

-- The views of the closed grammar, with rows of the connected database alone.
DO $$
DECLARE found text;
BEGIN
    FOR found IN SELECT relname FROM pg_class WHERE relnamespace = 'pg_rs'::regnamespace AND relkind = 'v'
                 AND relname LIKE 'svv~_%' ESCAPE '~' LOOP
        EXECUTE format('CREATE VIEW pg_catalog.%1$I AS SELECT * FROM pg_rs.%1$I; GRANT SELECT ON pg_catalog.%1$I TO PUBLIC', found);
    END LOOP;
END $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_TABLES.html
CREATE VIEW pg_catalog.svv_tables AS
    SELECT database_name AS table_catalog, schema_name AS table_schema, table_name,
        CASE table_type WHEN 'TABLE' THEN 'BASE TABLE' ELSE table_type END AS table_type, remarks FROM pg_rs.svv_all_tables;
-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_COLUMNS.html
CREATE VIEW pg_catalog.svv_columns AS
    SELECT database_name AS table_catalog, schema_name AS table_schema, table_name, column_name, ordinal_position,
        column_default, is_nullable, data_type, character_maximum_length, numeric_precision, numeric_scale,
        NULL::text AS domain_name, remarks FROM pg_rs.svv_all_columns;
-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_EXTERNAL_SCHEMAS.html
CREATE VIEW pg_catalog.svv_external_schemas AS
    SELECT n.oid AS esoid, 1 AS eskind, n.nspname::text AS schemaname, n.nspowner::int AS esowner,
        e.source AS databasename, ''::text AS esoptions
    FROM pg_rs.external_schemas e JOIN pg_catalog.pg_namespace n ON n.oid = e.id
    WHERE has_schema_privilege(session_user, n.oid, 'USAGE');
-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_EXTERNAL_COLUMNS.html
CREATE VIEW pg_catalog.svv_external_columns AS
    SELECT current_database()::text AS redshift_database_name, r.nspname::text AS schemaname, r.relname::text AS tablename,
        a.attname::text AS columnname, format_type(a.atttypid, a.atttypmod) AS external_type, a.attnum::int AS columnnum,
        0 AS part_key, ''::text AS is_nullable
    FROM pg_rs.external_relations r JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0;

-- What is read in the place of PostgreSQL's own.
CREATE SCHEMA pg_opened;
GRANT USAGE ON SCHEMA pg_opened TO PUBLIC;
CREATE VIEW pg_opened.pg_namespace AS SELECT * FROM pg_catalog.pg_namespace WHERE nspname NOT IN ('pg_rs', 'pg_opened');
CREATE VIEW pg_opened.pg_class AS SELECT *, 10 AS reldiststyle FROM pg_catalog.pg_class
    WHERE oid NOT IN (SELECT id FROM pg_rs.external_tables);
CREATE VIEW pg_opened.pg_attribute AS
    SELECT *, 0 AS attencodingtype, false AS attisdistkey, 0 AS attsortkeyord FROM pg_catalog.pg_attribute;
CREATE VIEW pg_opened.pg_attrdef AS SELECT *, pg_get_expr(adbin, adrelid) AS adsrc FROM pg_catalog.pg_attrdef;
-- What a view that binds late reads doesn't hold it.
CREATE VIEW pg_opened.pg_rewrite AS SELECT * FROM pg_catalog.pg_rewrite WHERE NOT pg_rs.is_late(ev_class);
CREATE VIEW pg_opened.pg_auth_members AS SELECT * FROM pg_catalog.pg_auth_members WHERE member IN (SELECT pg_rs.seen());
CREATE VIEW pg_opened.pg_roles AS SELECT * FROM pg_catalog.pg_roles WHERE pg_rs.kind(rolname) = 'user';
-- The column that psql 15 and 16 ask for went with PostgreSQL 17.
DO $$ BEGIN
    EXECUTE 'CREATE VIEW pg_opened.pg_database AS SELECT *' || CASE
        WHEN current_setting('server_version_num')::int < 170000 THEN '' ELSE ', NULL::text AS daticulocale' END
        || ' FROM pg_rs.databases';
END $$;
GRANT SELECT ON ALL TABLES IN SCHEMA pg_opened TO PUBLIC;
GRANT SELECT ON pg_catalog.svv_tables, pg_catalog.svv_columns, pg_catalog.svv_external_schemas,
    pg_catalog.svv_external_columns TO PUBLIC;
CREATE FUNCTION pg_catalog.format_encoding(encoding int) RETURNS text IMMUTABLE LANGUAGE sql RETURN 'none';
CREATE FUNCTION pg_catalog.pg_get_late_binding_view_cols() RETURNS SETOF record STABLE LANGUAGE sql
    AS 'SELECT * FROM pg_rs.pg_get_late_binding_view_cols()';
CREATE FUNCTION pg_catalog.regexp_replace(source text, pattern text) RETURNS text IMMUTABLE LANGUAGE sql
    RETURN regexp_replace(source, pattern, '', 'g');
CREATE FUNCTION pg_catalog.charindex(wanted text, within text) RETURNS int IMMUTABLE LANGUAGE sql
    RETURN strpos(within, wanted);
