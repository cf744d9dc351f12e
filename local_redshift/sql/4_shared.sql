-- External schemas and tables, and databases made from datashares or integrations: a database of that kind is one that
-- takes no connections, and USAGE on it is PostgreSQL's CREATE. An external table is a view without rows, which everyone
-- may select from: what counts is USAGE on its schema.

CREATE TABLE pg_rs.external_tables (id oid PRIMARY KEY, location text NOT NULL);

-- https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_SCHEMA.html: for superusers and those who hold
-- CREATE on the database
CREATE FUNCTION pg_rs.create_external(wanted text, source text, missing_ok boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET pg_rs.external = 'on' AS $$ BEGIN
    PERFORM pg_rs.refuse('42501', 'permission denied for database ' || current_database())
        WHERE NOT has_database_privilege(session_user, current_database(), 'CREATE');
    IF missing_ok AND EXISTS (SELECT FROM pg_namespace WHERE nspname = wanted) THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE SCHEMA %I AUTHORIZATION %I', wanted, session_user);
    INSERT INTO pg_rs.external_schemas SELECT oid, source FROM pg_namespace WHERE nspname = wanted;
    PERFORM pg_rs.new_schema(oid) FROM pg_namespace WHERE nspname = wanted;
END $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_TABLE.html
CREATE FUNCTION pg_rs.create_external_table(wanted_schema text, wanted text, columns text, location text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET pg_rs.external = 'on' AS $$
DECLARE schema_id oid := (SELECT oid FROM pg_namespace WHERE nspname = wanted_schema); made text;
BEGIN
    PERFORM pg_rs.refuse('3F000', format('schema "%s" is not an external schema', wanted_schema))
        WHERE NOT pg_rs.is_external(schema_id);
    PERFORM pg_rs.refuse('42501', 'permission denied for schema ' || wanted_schema)
        WHERE NOT has_schema_privilege(session_user, schema_id, 'CREATE');
    made := format('%I.%I', wanted_schema, wanted);
    EXECUTE format('CREATE VIEW %1$s AS SELECT %2$s WHERE false; GRANT SELECT ON %1$s TO PUBLIC', made, columns);
    INSERT INTO pg_rs.external_tables VALUES (made::regclass, location);
END $$;

-- Whether it's an external schema that GRANT or REVOKE names, and only USAGE, as AWS has it for users.
CREATE FUNCTION pg_rs.grants_external(names text[], only_usage boolean) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE known text := (
    SELECT max(nspname) FROM pg_namespace WHERE nspname = ANY (names) AND pg_rs.is_external(oid));
BEGIN
    PERFORM pg_rs.schema_id(known) WHERE known IS NOT NULL AND NOT only_usage;
    RETURN known IS NOT NULL;
END $$;

-- The words are those of a user's report: https://repost.aws/questions/QUAcXS4nSxQNiKTEmmyktfaw
CREATE FUNCTION pg_rs.check_not_external(relations regclass[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$ BEGIN
    PERFORM pg_rs.refuse('0A000', 'Operation not supported on external tables')
        WHERE EXISTS (SELECT FROM pg_rs.external_tables WHERE id = ANY (relations));
END $$;

-- USAGE is for shared databases, everything else for local ones.
CREATE FUNCTION pg_rs.check_databases(names text[], usage boolean) RETURNS void LANGUAGE sql AS $$
    SELECT CASE
        WHEN d.datallowconn IS NULL THEN pg_rs.refuse('3D000', format('database "%s" does not exist', n))
        WHEN NOT (d.datallowconn OR usage)
            THEN pg_rs.refuse('0A000', 'local stand-in: permissions on the shared database ' || n)
        WHEN d.datallowconn AND usage THEN pg_rs.refuse('0LP01', 'invalid privilege type USAGE for database') END
    FROM unnest(names) n LEFT JOIN pg_database d ON d.datname = n $$;
