-- Permissions that PostgreSQL doesn't know are carried by an ACL that it does know, so that it stores, checks,
-- inherits and rolls them back as it does its own:
--   DROP and ALTER on a table are its TRIGGER and MAINTAIN bits (no statement here creates a trigger);
--   DROP and ALTER on a schema are those bits of the hidden table pg_rs."schema:<oid>";
--   a scoped permission is a bit of the hidden table pg_rs."tables:<oid>" (one schema), pg_rs."tables" or
--   pg_rs."schemas" (the database), and its effect is granted to the hidden role "scope:<oid of the identity>".
-- https://docs.aws.amazon.com/redshift/latest/dg/t_scoped-permissions.html

-- External schemas are PostgreSQL's, with a row here, and hold nothing that PostgreSQL makes: see 4_shared.sql.
CREATE TABLE pg_rs.external_schemas (id oid PRIMARY KEY, source text NOT NULL);
CREATE FUNCTION pg_rs.is_external(schema_id oid) RETURNS boolean STABLE LANGUAGE sql SECURITY DEFINER
    RETURN EXISTS (SELECT FROM pg_rs.external_schemas WHERE id = schema_id);

CREATE TABLE pg_rs.tables ();
CREATE TABLE pg_rs.schemas ();

CREATE FUNCTION pg_rs.new_schema(id oid) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE format('CREATE TABLE pg_rs.%I (); CREATE TABLE pg_rs.%I ()', 'schema:' || id, 'tables:' || id);
END $$;
SELECT pg_rs.new_schema('public'::regnamespace);

CREATE FUNCTION pg_rs.schema_id(wanted text) RETURNS oid STABLE LANGUAGE plpgsql AS $$
DECLARE found_id oid;
BEGIN
    SELECT oid INTO found_id FROM pg_namespace WHERE nspname = wanted;
    PERFORM pg_rs.refuse('3F000', format('schema "%s" does not exist', wanted)) WHERE found_id IS NULL;
    PERFORM pg_rs.refuse('42501', 'permission denied for schema ' || wanted)
        WHERE left(wanted, 3) = 'pg_' OR wanted = 'information_schema';
    PERFORM pg_rs.refuse('0A000', 'local stand-in: the external schema ' || wanted) WHERE pg_rs.is_external(found_id);
    RETURN found_id;
END $$;

-- A superuser may, and who holds every one of the bits with the grant option.
CREATE FUNCTION pg_rs.may_grant(carrier text, bits text[]) RETURNS boolean STABLE LANGUAGE sql RETURN (
    SELECT bool_and(has_table_privilege(session_user, carrier, flag || ' WITH GRANT OPTION')) FROM unnest(bits) flag);

CREATE FUNCTION pg_rs.change(granting boolean, bits text[], carrier text, grantee text, with_option boolean)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE named text := CASE grantee WHEN 'public' THEN 'PUBLIC' ELSE quote_ident(grantee) END;
BEGIN
    PERFORM pg_rs.id(grantee) WHERE grantee <> 'public';
    EXECUTE CASE
        WHEN granting THEN format('GRANT %s ON %s TO %s%s', array_to_string(bits, ', '), carrier, named,
            CASE WHEN with_option THEN ' WITH GRANT OPTION' END)
        ELSE format('REVOKE %s%s ON %s FROM %s', CASE WHEN with_option THEN 'GRANT OPTION FOR ' END,
            array_to_string(bits, ', '), carrier, named) END;
END $$;

-- DROP and ALTER on schemas.
CREATE FUNCTION pg_rs.on_schemas(granting boolean, bits text[], names text[], grantees text[], with_option boolean)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET client_min_messages = error AS $$
DECLARE wanted text; grantee text; carrier text; owner oid;
BEGIN
    FOREACH wanted IN ARRAY names LOOP
        carrier := format('pg_rs.%I', 'schema:' || pg_rs.schema_id(wanted));
        SELECT nspowner INTO owner FROM pg_namespace WHERE nspname = wanted;
        PERFORM pg_rs.refuse('42501', format('permission denied for schema %s', wanted))
            WHERE NOT (pg_has_role(session_user, owner, 'USAGE') OR pg_rs.may_grant(carrier, bits));
        FOREACH grantee IN ARRAY grantees LOOP
            PERFORM pg_rs.change(granting, bits, carrier, grantee, with_option);
        END LOOP;
    END LOOP;
END $$;

-- What the carriers say a hidden role should hold on one table or schema.
CREATE FUNCTION pg_rs.scoped_bits(carriers text[], identity oid) RETURNS text STABLE LANGUAGE sql RETURN (
    SELECT string_agg(DISTINCT a.privilege_type, ', ')
    FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
    WHERE c.relnamespace = 'pg_rs'::regnamespace AND c.relname = ANY (carriers)
    AND a.grantee = identity AND a.grantee <> c.relowner);

CREATE FUNCTION pg_rs.apply_tables(schema_id oid, identity oid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    bits text := pg_rs.scoped_bits(ARRAY['tables', 'tables:' || schema_id], identity);
    nsp text := schema_id::regnamespace::text;
BEGIN
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %s FROM %I', nsp, 'scope:' || identity);
    IF bits IS NOT NULL THEN
        EXECUTE format('GRANT %s ON ALL TABLES IN SCHEMA %s TO %I', bits, nsp, 'scope:' || identity);
    END IF;
END $$;

-- USAGE and CREATE on a schema are the bits SELECT and INSERT of pg_rs.schemas.
CREATE FUNCTION pg_rs.apply_schema(schema_id oid, identity oid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    bits text := pg_rs.scoped_bits(ARRAY['schemas'], identity);
    nsp text := schema_id::regnamespace::text;
BEGIN
    EXECUTE concat_ws('; ', format('REVOKE ALL ON SCHEMA %s FROM %I', nsp, 'scope:' || identity),
        CASE WHEN bits LIKE '%SELECT%' THEN format('GRANT USAGE ON SCHEMA %s TO %I', nsp, 'scope:' || identity) END,
        CASE WHEN bits LIKE '%INSERT%' THEN format('GRANT CREATE ON SCHEMA %s TO %I', nsp, 'scope:' || identity) END);
END $$;

CREATE FUNCTION pg_rs.user_schemas() RETURNS SETOF oid STABLE LANGUAGE sql SECURITY DEFINER AS $$
    SELECT oid FROM pg_namespace WHERE left(nspname, 3) <> 'pg_' AND nspname <> 'information_schema'
    AND oid NOT IN (SELECT id FROM pg_rs.external_schemas) $$;

-- GRANT or REVOKE ... FOR {TABLES | SCHEMAS} IN {SCHEMA in_schema | DATABASE}
CREATE FUNCTION pg_rs.scoped(granting boolean, what text, bits text[], in_schema text, grantees text[],
                             with_option boolean)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET client_min_messages = error AS $$
DECLARE
    one_schema oid := CASE WHEN in_schema IS NOT NULL THEN pg_rs.schema_id(in_schema) END;
    carrier text := format('pg_rs.%I', concat_ws(':', what, one_schema));
    grantee text; schema_id oid;
BEGIN
    PERFORM pg_rs.refuse('42501', format('permission denied for %s', coalesce('schema ' || in_schema,
        'database ' || current_database()))) WHERE NOT (pg_rs.is_super() OR pg_rs.may_grant(carrier, bits));
    FOREACH grantee IN ARRAY grantees LOOP
        PERFORM pg_rs.change(granting, bits, carrier, grantee, with_option);
        FOR schema_id IN SELECT s FROM pg_rs.user_schemas() s WHERE one_schema IS NULL OR s = one_schema LOOP
            IF what = 'tables' THEN
                PERFORM pg_rs.apply_tables(schema_id, pg_rs.id(grantee));
            ELSE
                PERFORM pg_rs.apply_schema(schema_id, pg_rs.id(grantee));
            END IF;
        END LOOP;
    END LOOP;
END $$;

-- Objects made later: a new schema gets its carriers, and new objects what the carriers say.
CREATE FUNCTION pg_rs.after_create() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET client_min_messages = error AS $$
DECLARE made record; held record;
BEGIN
    IF current_setting('pg_rs.external', true) = 'on' THEN
        RETURN;
    END IF;
    FOR made IN SELECT DISTINCT objid, object_type, schema_name, object_identity FROM pg_event_trigger_ddl_commands()
                WHERE object_type IN ('schema', 'table', 'view', 'materialized view')
                AND coalesce(left(schema_name, 3), '') <> 'pg_' AND object_identity NOT LIKE 'pg~_%' ESCAPE '~' LOOP
        IF made.object_type = 'schema' THEN
            PERFORM pg_rs.new_schema(made.objid);
        ELSE
            PERFORM pg_rs.schema_id(nspname) FROM pg_namespace WHERE quote_ident(nspname) = quote_ident(made.schema_name);
        END IF;
        FOR held IN
            SELECT DISTINCT a.grantee FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
            WHERE c.relnamespace = 'pg_rs'::regnamespace AND a.grantee <> c.relowner AND c.relname = ANY (
                CASE made.object_type WHEN 'schema' THEN ARRAY['schemas']
                ELSE ARRAY['tables', 'tables:' || quote_ident(made.schema_name)::regnamespace::oid] END)
        LOOP
            IF made.object_type = 'schema' THEN
                PERFORM pg_rs.apply_schema(made.objid, held.grantee);
            ELSE
                EXECUTE format('GRANT %s ON %s TO %I', pg_rs.scoped_bits(
                    ARRAY['tables', 'tables:' || quote_ident(made.schema_name)::regnamespace::oid], held.grantee),
                    made.objid::regclass, 'scope:' || held.grantee);
            END IF;
        END LOOP;
    END LOOP;
END $$;
CREATE EVENT TRIGGER pg_rs_after_create ON ddl_command_end
    WHEN TAG IN ('CREATE SCHEMA', 'CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'CREATE VIEW',
                 'CREATE MATERIALIZED VIEW')
    EXECUTE FUNCTION pg_rs.after_create();

CREATE FUNCTION pg_rs.after_drop() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET client_min_messages = error AS $$
DECLARE gone record;
BEGIN
    FOR gone IN SELECT objid FROM pg_event_trigger_dropped_objects() WHERE object_type = 'schema' LOOP
        EXECUTE format('DROP TABLE IF EXISTS pg_rs.%I, pg_rs.%I', 'schema:' || gone.objid, 'tables:' || gone.objid);
    END LOOP;
END $$;
CREATE EVENT TRIGGER pg_rs_after_drop ON sql_drop EXECUTE FUNCTION pg_rs.after_drop();
