-- Dropping and altering by who isn't the owner but holds DROP or ALTER, and the checks that GRANT makes.

CREATE FUNCTION pg_rs.holds_on_schema(schema_id oid, flag text) RETURNS boolean STABLE LANGUAGE sql RETURN
    has_table_privilege(session_user, format('pg_rs.%I', 'schema:' || schema_id), flag)
    OR has_table_privilege(session_user, 'pg_rs.schemas', flag);

-- MAINTAIN came with PostgreSQL 17.
CREATE FUNCTION pg_rs.holds_on_table(relation oid, flag text) RETURNS boolean STABLE LANGUAGE sql RETURN
    CASE WHEN flag = 'MAINTAIN' AND current_setting('server_version_num')::int < 170000 THEN false
    ELSE has_table_privilege(session_user, relation, flag) END;

CREATE FUNCTION pg_rs.as_owner(relation oid, flag text, statement text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$ BEGIN
    PERFORM pg_rs.refuse('42501', format('permission denied for relation %s', (SELECT relname FROM pg_class
        WHERE oid = relation))) WHERE NOT pg_rs.holds_on_table(relation, flag);
    EXECUTE format(statement, relation::regclass);
END $$;

-- `statement` has %s where the relation stands.
CREATE FUNCTION pg_rs.on_relation(target text, flag text, statement text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE relation regclass := to_regclass(target);
BEGIN
    PERFORM pg_rs.check_not_external(ARRAY[relation]);
    PERFORM pg_rs.loosen(ARRAY[relation::oid]) WHERE flag = 'TRIGGER';
    IF relation IS NULL
        OR pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = relation), 'USAGE')
        OR NOT pg_rs.holds_on_table(relation, flag)
    THEN
        EXECUTE format(statement, target);
    ELSE
        PERFORM pg_rs.as_owner(relation, flag, statement);
    END IF;
END $$;

CREATE FUNCTION pg_rs.as_schema_owner(schema_id oid, flag text, statement text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$ BEGIN
    PERFORM pg_rs.refuse('42501', format('permission denied for schema %s', schema_id::regnamespace))
        WHERE NOT pg_rs.holds_on_schema(schema_id, flag);
    EXECUTE format(statement, schema_id::regnamespace);
END $$;

CREATE FUNCTION pg_rs.on_schema(target text, flag text, statement text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE found_id oid := (SELECT oid FROM pg_namespace WHERE nspname = target);
BEGIN
    IF flag = 'TRIGGER' AND pg_rs.is_external(found_id) THEN
        -- What it showed isn't its own.
        statement := 'DROP SCHEMA %s CASCADE';
    END IF;
    PERFORM pg_rs.loosen(ARRAY(SELECT oid FROM pg_class WHERE relnamespace = found_id)) WHERE flag = 'TRIGGER';
    IF found_id IS NULL OR target LIKE 'pg~_%' ESCAPE '~' OR target = 'information_schema'
        OR pg_has_role(session_user, (SELECT nspowner FROM pg_namespace WHERE oid = found_id), 'USAGE')
        OR NOT pg_rs.holds_on_schema(found_id, flag)
    THEN
        EXECUTE format(statement, quote_ident(target));
    ELSE
        PERFORM pg_rs.as_schema_owner(found_id, flag, statement);
    END IF;
END $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/t_Sorting_data.html; columns by their numbers, as new names don't
-- change them.
CREATE TABLE pg_rs.sort_keys (relation oid PRIMARY KEY, columns smallint[] NOT NULL, interleaved boolean NOT NULL);
CREATE FUNCTION pg_rs.keep_sort_key(target regclass, names text[], is_interleaved boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$ BEGIN
    -- Not of one that IF NOT EXISTS has found.
    INSERT INTO pg_rs.sort_keys SELECT oid, pg_rs.masked_columns(oid, names), is_interleaved FROM pg_class
        WHERE oid = target AND xmin = pg_current_xact_id()::xid;
END $$;

CREATE FUNCTION pg_rs.check_not_interleaved(parent regclass) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$ BEGIN
    PERFORM pg_rs.refuse('0A000', 'local stand-in: LIKE of a table with an interleaved sort key')
        FROM pg_rs.sort_keys WHERE relation = parent AND interleaved;
END $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT-usage-notes.html: a table-level grant of what is already
-- held on a column is an error. Neither its text nor its code is known.
CREATE FUNCTION pg_rs.check_no_columns(relations regclass[], bits text[], grantees text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE clash record;
BEGIN
    SELECT c.relname, a.privilege_type, coalesce(pg_rs.shown(r.rolname), 'public') AS grantee INTO clash
    FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid CROSS JOIN LATERAL aclexplode(t.attacl) a
    LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE t.attrelid = ANY (relations) AND NOT t.attisdropped
    AND (a.privilege_type = ANY (bits) OR 'ALL' = ANY (bits)) AND coalesce(r.rolname, 'public') = ANY (grantees)
    LIMIT 1;
    PERFORM pg_rs.refuse('0LP01', format('cannot grant %s on relation "%s": "%s" already holds it on a column',
        clash.privilege_type, clash.relname, clash.grantee)) WHERE FOUND;
END $$;

CREATE FUNCTION pg_rs.relations_in(schemas text[]) RETURNS regclass[] STABLE LANGUAGE sql RETURN (
    SELECT coalesce(array_agg(oid::regclass), '{}') FROM pg_class
    WHERE relkind IN ('r', 'p', 'v', 'm') AND relnamespace IN (SELECT pg_rs.schema_id(s) FROM unnest(schemas) s));

CREATE FUNCTION pg_rs.holds_table_level(relation regclass, flag text, who text) RETURNS boolean STABLE LANGUAGE sql
RETURN EXISTS (
    SELECT FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE c.oid = relation AND a.privilege_type = flag AND coalesce(r.rolname, 'public') = who);

-- One column privilege to one grantee: without effect where the table-level one is held; a single column of a
-- table-level grant can't be revoked.
CREATE FUNCTION pg_rs.on_columns(granting boolean, relation regclass, flag text, columns text, grantee text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE named text := CASE grantee WHEN 'public' THEN 'PUBLIC' ELSE quote_ident(grantee) END;
BEGIN
    IF grantee <> 'public' THEN
        PERFORM pg_rs.id(grantee);
    END IF;
    PERFORM pg_rs.check_not_external(ARRAY[relation]);
    -- https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT-usage-notes.html; text and code aren't known.
    PERFORM pg_rs.refuse('0A000', 'column privileges are not supported on late-binding views')
        WHERE pg_rs.is_late(relation);
    IF pg_rs.holds_table_level(relation, flag, grantee) THEN
        PERFORM pg_rs.refuse('0LP01', format('cannot revoke %s on a column of relation "%s": it is held on the table', flag,
            (SELECT relname FROM pg_class WHERE oid = relation))) WHERE NOT granting;
    ELSE
        EXECUTE format(CASE WHEN granting THEN 'GRANT %s (%s) ON %s TO %s' ELSE 'REVOKE %s (%s) ON %s FROM %s' END,
            flag, columns, relation, named);
    END IF;
END $$;

-- The creator of later objects must be able to create in the schema, or the default is refused, a superuser's too.
-- As seen in production by others; the code is not recorded, 42501 is inferred.
-- Others' take the permission: https://docs.aws.amazon.com/redshift/latest/dg/r_roles-system-privileges.html
CREATE FUNCTION pg_rs.alter_defaults(creators text[], change text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$ BEGIN
    IF creators <> ARRAY[session_user::text] THEN
        PERFORM pg_rs.check_may('ALTER DEFAULT PRIVILEGES', 'permission denied to change default privileges');
    END IF;
    EXECUTE change;
END $$;

CREATE FUNCTION pg_rs.check_creates(creator text, schemas text[]) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_rs.schema_id(wanted) FROM unnest(schemas) wanted;
    PERFORM pg_rs.refuse('42501', 'permission denied for schema ' || wanted) FROM unnest(schemas) wanted
        WHERE NOT has_schema_privilege(pg_rs.id(creator), wanted, 'CREATE');
END $$;
