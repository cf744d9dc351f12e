-- Late-binding views. They are PostgreSQL's views here, with a mark (pg_rs.is_late). What one names is looked up again
-- when it's read (pg_rs.bind): PostgreSQL's view is then made anew where a name has come to mean another relation.

CREATE TABLE pg_rs.late_views (view oid PRIMARY KEY, definition text NOT NULL, names text[] NOT NULL);

CREATE FUNCTION pg_rs.keep_late(made regclass, wanted text, named text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$ BEGIN
    INSERT INTO pg_rs.late_views VALUES (made, wanted, named)
        ON CONFLICT (view) DO UPDATE SET definition = wanted, names = named;
END $$;

CREATE VIEW pg_rs.late_references AS
    SELECT r.ev_class AS view, d.refobjid AS relation FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d
        ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
    WHERE pg_rs.is_late(r.ev_class) AND d.refobjid <> r.ev_class;

-- Takes what is to be dropped out of the views that bind late: nothing keeps it for them.
CREATE FUNCTION pg_rs.loosen(gone oid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET client_min_messages = error AS $$
DECLARE loose oid;
BEGIN
    FOR loose IN SELECT DISTINCT view FROM pg_rs.late_references WHERE relation = ANY (gone) AND view <> ALL (gone) LOOP
        EXECUTE format('CREATE OR REPLACE VIEW %s WITH (security_barrier = false) AS SELECT ', loose::regclass) || (
            SELECT string_agg(format('NULL::%s AS %I', format_type(atttypid, atttypmod), attname), ', ' ORDER BY attnum)
            FROM pg_attribute WHERE attrelid = loose AND attnum > 0);
    END LOOP;
END $$;

-- Whether one of these views had to be made anew; the words of a missing relation are PostgreSQL's.
CREATE FUNCTION pg_rs.bind(ids oid[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE one record; missing text; bound boolean := false;
BEGIN
    FOR one IN SELECT * FROM pg_rs.late_views v WHERE v.view = ANY (ids) AND pg_rs.is_late(v.view) LOOP
        SELECT n INTO missing FROM unnest(one.names) n WHERE to_regclass(n) IS NULL;
        IF FOUND THEN
            RAISE EXCEPTION 'relation "%" does not exist', replace(missing, '"', '') USING ERRCODE = '42P01';
        ELSIF EXISTS (SELECT FROM unnest(one.names) n WHERE to_regclass(n) NOT IN (
            SELECT relation FROM pg_rs.late_references WHERE view = one.view))
        THEN
            EXECUTE format('CREATE OR REPLACE VIEW %s %s', one.view::regclass, one.definition);
            bound := true;
        END IF;
    END LOOP;
    RETURN bound;
END $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/PG_GET_LATE_BINDING_VIEW_COLS.html says nothing of who sees what:
-- a regular user gets the views that USAGE and SELECT cover. A view that lacks a relation has no columns.
CREATE FUNCTION pg_rs.pg_get_late_binding_view_cols()
RETURNS TABLE (view_schema name, view_name name, col_name name, col_type varchar, col_num int)
STABLE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnum::int
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind = 'v' AND pg_rs.is_late(c.oid)
    AND NOT EXISTS (SELECT FROM pg_rs.late_views l CROSS JOIN unnest(l.names) named
                    WHERE l.view = c.oid AND to_regclass(named) IS NULL)
    AND has_schema_privilege(session_user, n.oid, 'USAGE') AND has_table_privilege(session_user, c.oid, 'SELECT')
    ORDER BY c.oid, a.attnum $$;
