-- What is asked before a statement reads relations: PostgreSQL's own checks come after it.

-- The named relations, as far as the session's user may select from them. (Nothing here is in SQL: it would be planned
-- at each call.)
CREATE FUNCTION pg_rs.named(schemas text[], names text[], path name[]) RETURNS oid[] STABLE LANGUAGE plpgsql AS $$ BEGIN
    RETURN (SELECT array_agg(c.oid) FROM unnest(schemas, names) w(nsp, rel) JOIN pg_class c ON c.relname = w.rel
        JOIN pg_namespace n ON n.oid = c.relnamespace AND (n.nspname = w.nsp OR (w.nsp IS NULL AND n.nspname = ANY (path)))
        WHERE has_schema_privilege(session_user, n.oid, 'USAGE') AND has_any_column_privilege(session_user, c.oid, 'SELECT'));
END $$;

-- These, and what lies below those that are views.
CREATE FUNCTION pg_rs.below(named oid[]) RETURNS oid[] STABLE LANGUAGE plpgsql AS $$ BEGIN
    RETURN (WITH RECURSIVE below(id) AS (
        SELECT unnest(named)
        UNION
        SELECT d.refobjid FROM below JOIN pg_rewrite r ON r.ev_class = below.id
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass)
    SELECT array_agg(id) FROM below);
END $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/cross-database_limitation.html; the code, the texts, and that tables
-- below a view count are guesses.
CREATE FUNCTION pg_rs.check_crossing(ids oid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE relation text; why text;
BEGIN
    SELECT attrelid::regclass::text, 'column-level privileges' INTO relation, why FROM pg_attribute
        WHERE attrelid = ANY (ids) AND NOT attisdropped AND EXISTS (SELECT FROM aclexplode(attacl)) LIMIT 1;
    IF relation IS NULL THEN
        SELECT k.relation::regclass::text, 'an interleaved sort key' INTO relation, why FROM pg_rs.sort_keys k
            WHERE k.relation = ANY (ids) AND k.interleaved LIMIT 1;
    END IF;
    PERFORM pg_rs.refuse('0A000', format('Cross-database queries are not supported on relation "%s", which has %s',
        relation, why)) WHERE relation IS NOT NULL;
END $$;

-- Who reads a late-binding view needs USAGE on the schemas of what it names:
-- https://github.com/aws-samples/amazon-redshift-dynamic-data-masking/issues/2
CREATE FUNCTION pg_rs.check_late(ids oid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE closed text;
BEGIN
    SELECT c.relnamespace::regnamespace INTO closed FROM pg_rs.late_references l JOIN pg_class c ON c.oid = l.relation
        WHERE l.view = ANY (ids) AND NOT has_schema_privilege(session_user, c.relnamespace, 'USAGE') LIMIT 1;
    PERFORM pg_rs.refuse('42501', format('permission denied for schema %s', closed)) WHERE closed IS NOT NULL;
END $$;

-- What a statement can't be honoured for, or nothing; what a cluster refuses is raised.
CREATE FUNCTION pg_rs.unreadable(schemas text[], names text[], path name[], takes text, crossing boolean,
                                 several boolean) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET client_min_messages = error AS $$
DECLARE wanted oid[] := pg_rs.named(schemas, names, path); ids oid[] := wanted;
BEGIN
    IF EXISTS (SELECT FROM pg_class WHERE oid = ANY (ids) AND relkind IN ('v', 'm')) THEN
        LOOP
            ids := pg_rs.below(wanted);
            EXIT WHEN NOT pg_rs.bind(ids);
        END LOOP;
        PERFORM pg_rs.check_late(ids);
        IF several AND EXISTS (SELECT FROM pg_rs.late_references WHERE view = ANY (ids)) THEN
            -- An earlier one may drop what it names.
            RETURN 'several statements in one request, where a late-binding view is read';
        END IF;
    END IF;
    PERFORM pg_rs.check_crossing(ids) WHERE crossing;
    IF takes <> 'nothing' AND EXISTS (SELECT FROM pg_rs.external_tables WHERE id = ANY (ids)) THEN
        RETURN 'reading external tables';
    END IF;
    RETURN CASE takes WHEN 'values' THEN pg_rs.masked(ids, several) END;
END $$;
