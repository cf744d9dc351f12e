-- What the views show and nothing here can use: external schemas, and databases made from datashares or integrations.
-- A database of that kind is one that takes no connections.

CREATE TABLE pg_rs.external_schemas (name text PRIMARY KEY, owner oid NOT NULL, source text NOT NULL);

CREATE FUNCTION pg_rs.check_not_external(identity text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE taken text;
BEGIN
    SELECT name INTO taken FROM pg_rs.external_schemas WHERE identity IN (quote_ident(name), '"' || name || '"');
    IF taken IS NOT NULL THEN
        RAISE EXCEPTION 'Schema "%" already exists', taken USING ERRCODE = '42P06';
    END IF;
END $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_SCHEMA.html: for superusers and those who hold
-- CREATE on the database
CREATE FUNCTION pg_rs.create_external(wanted text, source text, missing_ok boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NOT has_database_privilege(session_user, current_database(), 'CREATE') THEN
        RAISE EXCEPTION 'permission denied for database %', current_database() USING ERRCODE = '42501';
    ELSIF EXISTS (SELECT FROM pg_namespace WHERE nspname = wanted)
        OR EXISTS (SELECT FROM pg_rs.external_schemas WHERE name = wanted)
    THEN
        IF NOT missing_ok THEN
            RAISE EXCEPTION 'Schema "%" already exists', wanted USING ERRCODE = '42P06';
        END IF;
        RETURN;
    END IF;
    INSERT INTO pg_rs.external_schemas VALUES (wanted, pg_rs.me(), source);
END $$;

CREATE FUNCTION pg_rs.drop_external(wanted text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_rs.external_schemas WHERE name = wanted) THEN
        RETURN false;
    ELSIF NOT EXISTS (SELECT FROM pg_rs.external_schemas WHERE name = wanted
                      AND (owner = pg_rs.me() OR pg_rs.is_super())) THEN
        RAISE EXCEPTION 'must be owner of schema %', wanted USING ERRCODE = '42501';
    END IF;
    DELETE FROM pg_rs.external_schemas WHERE name = wanted;
    RETURN true;
END $$;

-- Permissions on databases are for local ones here; USAGE is for the others only.
CREATE FUNCTION pg_rs.check_databases(names text[], usage boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE one record;
BEGIN
    FOR one IN SELECT n AS name, d.datallowconn FROM unnest(names) n LEFT JOIN pg_database d ON d.datname = n LOOP
        IF one.datallowconn IS NULL THEN
            RAISE EXCEPTION 'database "%" does not exist', one.name USING ERRCODE = '3D000';
        ELSIF NOT one.datallowconn THEN
            RAISE EXCEPTION 'local stand-in: permissions on the shared database %', one.name;
        ELSIF usage THEN
            RAISE EXCEPTION 'invalid privilege type USAGE for database' USING ERRCODE = '0LP01';
        END IF;
    END LOOP;
END $$;
