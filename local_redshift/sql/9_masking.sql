-- Dynamic data masking: policies and attachments are kept and shown, and enforced by refusal. PostgreSQL can't mask,
-- so who is concerned by a policy can't read the relation at all; the proxy asks pg_rs.masked() before a statement runs.
-- https://docs.aws.amazon.com/redshift/latest/dg/t_ddm.html

CREATE TABLE pg_rs.masking_policies (name text PRIMARY KEY);
-- Columns by their numbers, which a new name doesn't change; grantee 0 is PUBLIC.
CREATE TABLE pg_rs.masking_attachments (
    policy text NOT NULL REFERENCES pg_rs.masking_policies, relation oid NOT NULL, outputs smallint[] NOT NULL,
    inputs smallint[] NOT NULL, grantor oid NOT NULL, grantee oid NOT NULL, priority int NOT NULL);
-- Carries a permission of each grantee, so that PostgreSQL refuses to drop one, from every database.
CREATE SEQUENCE pg_rs.masked_grantees;

CREATE FUNCTION pg_rs.check_masking() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_rs.refuse('42501', 'permission denied to manage masking policies') WHERE NOT pg_rs.is_super();
END $$;

CREATE FUNCTION pg_rs.check_masking_policy(wanted text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_rs.check_masking();
    PERFORM pg_rs.refuse('42704', format('masking policy "%s" does not exist', wanted))
        WHERE wanted NOT IN (SELECT name FROM pg_rs.masking_policies);
END $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_MASKING_POLICY.html
CREATE FUNCTION pg_rs.create_masking(wanted text, missing_ok boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$ BEGIN
    PERFORM pg_rs.check_masking();
    PERFORM pg_rs.refuse('42710', format('masking policy "%s" already exists', name)) FROM pg_rs.masking_policies
        WHERE name = wanted AND NOT missing_ok;
    INSERT INTO pg_rs.masking_policies VALUES (wanted) ON CONFLICT DO NOTHING;
END $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_MASKING_POLICY.html: not while it's attached
CREATE FUNCTION pg_rs.drop_masking(wanted text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$ BEGIN
    PERFORM pg_rs.check_masking_policy(wanted);
    PERFORM pg_rs.refuse('2BP01', format('cannot drop masking policy "%s" because it is attached', wanted))
        WHERE EXISTS (SELECT FROM pg_rs.masking_attachments WHERE policy = wanted);
    DELETE FROM pg_rs.masking_policies WHERE name = wanted;
END $$;

CREATE FUNCTION pg_rs.masked_columns(target oid, names text[]) RETURNS smallint[] LANGUAGE plpgsql AS $$
DECLARE wanted text; number smallint; numbers smallint[] := '{}';
BEGIN
    FOREACH wanted IN ARRAY names LOOP
        SELECT attnum INTO number FROM pg_attribute
            WHERE attrelid = target AND attname = wanted AND attnum > 0 AND NOT attisdropped;
        PERFORM pg_rs.refuse('42703', format('column "%s" of relation "%s" does not exist', wanted,
            (SELECT relname FROM pg_class WHERE oid = target))) WHERE number IS NULL;
        numbers := numbers || number;
    END LOOP;
    RETURN numbers;
END $$;

CREATE FUNCTION pg_rs.column_names(target oid, numbers smallint[]) RETURNS text STABLE LANGUAGE sql RETURN (
    SELECT json_agg(a.attname ORDER BY n.at)::text FROM unnest(numbers) WITH ORDINALITY n(number, at)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = target AND a.attnum = n.number);

-- https://docs.aws.amazon.com/redshift/latest/dg/r_ATTACH_MASKING_POLICY.html
CREATE FUNCTION pg_rs.attach_masking(wanted text, target regclass, outputs text[], inputs text[], who text,
                                     wanted_priority int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET client_min_messages = error AS $$
DECLARE to_whom oid := 0;
BEGIN
    PERFORM pg_rs.check_masking_policy(wanted);
    PERFORM pg_rs.refuse('0A000', format('local stand-in: masking policies on %s', target))
        WHERE target NOT IN (SELECT oid FROM pg_rs.relations);
    to_whom := CASE who WHEN 'public' THEN 0 ELSE pg_rs.id(who) END;
    INSERT INTO pg_rs.masking_attachments VALUES (wanted, target, pg_rs.masked_columns(target, outputs),
        pg_rs.masked_columns(target, inputs), pg_rs.me(), to_whom, wanted_priority);
    IF to_whom <> 0 THEN
        EXECUTE format('GRANT USAGE ON SEQUENCE pg_rs.masked_grantees TO %I', who);
    END IF;
END $$;

CREATE FUNCTION pg_rs.forget_mask_grantee(who oid) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    IF who <> 0 AND NOT EXISTS (SELECT FROM pg_rs.masking_attachments WHERE grantee = who) THEN
        EXECUTE format('REVOKE USAGE ON SEQUENCE pg_rs.masked_grantees FROM %I',
            (SELECT rolname FROM pg_roles WHERE oid = who));
    END IF;
END $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_DETACH_MASKING_POLICY.html
CREATE FUNCTION pg_rs.detach_masking(wanted text, target regclass, outputs text[], who text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET client_min_messages = error AS $$
DECLARE numbers smallint[]; from_whom oid := 0;
BEGIN
    PERFORM pg_rs.check_masking_policy(wanted);
    IF who <> 'public' THEN
        from_whom := pg_rs.id(who);
    END IF;
    numbers := pg_rs.masked_columns(target, outputs);
    DELETE FROM pg_rs.masking_attachments a WHERE a.policy = wanted AND a.relation = target
        AND a.grantee = from_whom AND a.outputs <@ numbers AND a.outputs @> numbers;
    PERFORM pg_rs.refuse('42704', format('masking policy "%s" is not attached to these columns', wanted))
        WHERE NOT FOUND;
    PERFORM pg_rs.forget_mask_grantee(from_whom);
END $$;

-- What keeps the session's user from reading these relations, or nothing. Views are looked through: a policy concerns
-- who reads, https://docs.aws.amazon.com/redshift/latest/dg/t_ddm-considerations.html
CREATE FUNCTION pg_rs.masked(ids oid[], several boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE found_name text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_rs.masking_attachments) THEN
        RETURN NULL;
    ELSIF several THEN
        -- An earlier one may change what a later one reads.
        RETURN 'several statements in one request, where masking policies are attached';
    END IF;
    SELECT a.relation::regclass::text INTO found_name FROM pg_rs.masking_attachments a
    WHERE a.relation = ANY (ids) AND (a.grantee = 0 OR pg_rs.holds(pg_rs.me(), a.grantee)) LIMIT 1;
    RETURN 'reading ' || found_name || ', to which a masking policy is attached';
END $$;

CREATE FUNCTION pg_rs.after_drop_masked() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET client_min_messages = error AS $$
DECLARE gone record; who oid;
BEGIN
    FOR gone IN SELECT objid FROM pg_event_trigger_dropped_objects()
                WHERE classid = 'pg_class'::regclass AND objsubid = 0 LOOP
        FOR who IN DELETE FROM pg_rs.masking_attachments a WHERE a.relation = gone.objid RETURNING a.grantee LOOP
            PERFORM pg_rs.forget_mask_grantee(who);
        END LOOP;
    END LOOP;
END $$;
CREATE EVENT TRIGGER pg_rs_after_drop_masked ON sql_drop EXECUTE FUNCTION pg_rs.after_drop_masked();

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_ATTACHED_MASKING_POLICY.html: regular users see no row
CREATE VIEW pg_rs.svv_attached_masking_policy AS
    SELECT a.policy AS policy_name, c.nspname::text AS schema_name, c.relname::text AS table_name,
        CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'table' END AS table_type,
        pg_get_userbyid(a.grantor)::text AS grantor, coalesce(pg_rs.shown(r.rolname), 'public') AS grantee,
        coalesce(pg_rs.kind(r.rolname), 'public') AS grantee_type, a.priority,
        pg_rs.column_names(a.relation, a.inputs) AS input_columns,
        pg_rs.column_names(a.relation, a.outputs) AS output_columns, false AS is_masking_datashare_on
    FROM pg_rs.masking_attachments a JOIN pg_rs.relations c ON c.oid = a.relation
    LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
    WHERE pg_rs.is_super();

GRANT SELECT ON pg_rs.svv_attached_masking_policy TO PUBLIC;
