-- Late-binding views. They are PostgreSQL's views here, with a mark (pg_rs.is_late).

-- https://docs.aws.amazon.com/redshift/latest/dg/PG_GET_LATE_BINDING_VIEW_COLS.html says nothing of who sees what:
-- a regular user gets the views that USAGE and SELECT cover.
CREATE FUNCTION pg_rs.pg_get_late_binding_view_cols()
RETURNS TABLE (view_schema name, view_name name, col_name name, col_type varchar, col_num int)
STABLE LANGUAGE sql AS $$
    SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnum::int
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind = 'v' AND pg_rs.is_late(c.oid)
    AND has_schema_privilege(session_user, n.oid, 'USAGE') AND has_table_privilege(session_user, c.oid, 'SELECT')
    ORDER BY c.oid, a.attnum $$;
