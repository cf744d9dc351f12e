-- Who holds what. Columns and their order are those of the AWS pages cited; an owner's implied permissions appear
-- in no view, and a scoped permission is not among a relation's.

CREATE FUNCTION pg_rs.word(flag text) RETURNS text IMMUTABLE LANGUAGE sql RETURN
    CASE flag WHEN 'TRIGGER' THEN 'DROP' WHEN 'MAINTAIN' THEN 'ALTER' WHEN 'TEMPORARY' THEN 'TEMP' ELSE flag END;

CREATE FUNCTION pg_rs.schema_word(flag text) RETURNS text IMMUTABLE LANGUAGE sql RETURN
    CASE flag WHEN 'SELECT' THEN 'USAGE' WHEN 'INSERT' THEN 'CREATE' ELSE pg_rs.word(flag) END;

-- The identities whose rows one sees: a regular user's are PUBLIC, itself, and the roles and groups that it holds or
-- owns. Not in SQL, as the two below: PostgreSQL would write them into each part of a view, and takes longer to plan
-- that than to run it. Views ask each of them once, in a SELECT of its own.
CREATE FUNCTION pg_rs.seen() RETURNS SETOF oid STABLE LANGUAGE plpgsql AS $$ BEGIN
    RETURN QUERY WITH RECURSIVE chain(id) AS (
        SELECT pg_rs.me() UNION SELECT m.roleid FROM pg_auth_members m JOIN chain ON m.member = chain.id)
        SELECT 0::oid UNION ALL SELECT id FROM chain
        UNION ALL SELECT oid FROM pg_roles WHERE pg_rs.is_super()
        UNION ALL SELECT objoid FROM pg_shdescription
        WHERE classoid = 'pg_authid'::regclass AND description::json ->> 'owner' = pg_rs.me()::text;
END $$;

-- Most of these views show all rows to who may ACCESS SYSTEM TABLE, SVV_RELATION_PRIVILEGES to who has
-- SYSLOG ACCESS UNRESTRICTED: each page says which.
CREATE FUNCTION pg_rs.accesses() RETURNS boolean STABLE LANGUAGE plpgsql AS $$ BEGIN
    RETURN pg_rs.may('ACCESS SYSTEM TABLE');
END $$;

CREATE FUNCTION pg_rs.unrestricted() RETURNS boolean STABLE LANGUAGE plpgsql AS $$ BEGIN
    RETURN pg_rs.is_super() OR coalesce(pg_rs.note(pg_rs.me(), 'syslog_access') = 'UNRESTRICTED', false);
END $$;

CREATE VIEW pg_rs.databases AS
    SELECT * FROM pg_catalog.pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1');

CREATE VIEW pg_rs.namespaces AS
    SELECT n.* FROM pg_catalog.pg_namespace n WHERE n.oid IN (SELECT pg_rs.user_schemas());

CREATE VIEW pg_rs.relations AS
    SELECT c.*, n.nspname FROM pg_catalog.pg_class c JOIN pg_rs.namespaces n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm');

CREATE VIEW pg_rs.carriers AS
    SELECT split_part(c.relname, ':', 1) AS what, nullif(split_part(c.relname, ':', 2), '')::oid AS schema_id,
        a.grantee, a.grantor, a.privilege_type AS flag, a.is_grantable
    FROM pg_catalog.pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
    WHERE c.relnamespace = 'pg_rs'::regnamespace AND c.relkind = 'r' AND a.grantee <> c.relowner;

CREATE VIEW pg_rs.relation_bits AS
    SELECT c.oid, c.nspname, c.relname, c.relkind, a.grantee, a.grantor, a.privilege_type AS flag, a.is_grantable
    FROM pg_rs.relations c CROSS JOIN LATERAL aclexplode(c.relacl) a WHERE a.grantee <> c.relowner;

CREATE VIEW pg_rs.identities AS
    SELECT oid, pg_rs.shown(rolname) AS identity_name, pg_rs.kind(rolname) AS identity_type FROM pg_catalog.pg_roles
    WHERE pg_rs.kind(rolname) IS NOT NULL
    UNION ALL SELECT 0, 'public', 'public';

-- A view for each level, since to plan all of them takes longer than to run one.
CREATE VIEW pg_rs.held_on_databases AS
    SELECT d.datname AS database_name, NULL::name AS schema_name, d.datname AS object_name, 'DATABASE' AS object_type,
        a.grantee, a.grantor, CASE WHEN d.datallowconn THEN pg_rs.word(a.privilege_type) ELSE 'USAGE' END AS privilege_type,
        a.is_grantable, 'DATABASE' AS scope
    FROM pg_rs.databases d CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
    WHERE a.grantee <> d.datdba AND CASE WHEN d.datallowconn
        THEN d.datname = current_database() AND a.privilege_type <> 'CONNECT' ELSE a.privilege_type = 'CREATE' END
    UNION ALL
    SELECT current_database(), NULL, current_database(), 'DATABASE', grantee, grantor,
        CASE what WHEN 'schemas' THEN pg_rs.schema_word(flag) ELSE pg_rs.word(flag) END, is_grantable, upper(what)
    FROM pg_rs.carriers WHERE schema_id IS NULL;

CREATE VIEW pg_rs.held_on_schemas AS
    SELECT current_database() AS database_name, n.nspname AS schema_name, n.nspname AS object_name,
        'SCHEMA' AS object_type, a.grantee, a.grantor, a.privilege_type, a.is_grantable, 'SCHEMA' AS scope
    FROM pg_catalog.pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) a WHERE a.grantee <> n.nspowner
    AND (n.oid IN (SELECT pg_rs.user_schemas()) OR n.oid IN (SELECT id FROM pg_rs.external_schemas))
    UNION ALL
    SELECT current_database(), n.nspname, n.nspname, 'SCHEMA', k.grantee, k.grantor, pg_rs.word(k.flag),
        k.is_grantable, upper(k.what)
    FROM pg_rs.carriers k JOIN pg_rs.namespaces n ON n.oid = k.schema_id;

CREATE VIEW pg_rs.held_on_relations AS
    SELECT current_database() AS database_name, nspname AS schema_name, relname AS object_name,
        CASE WHEN relkind IN ('v', 'm') THEN 'VIEW' ELSE 'TABLE' END AS object_type, grantee, grantor,
        pg_rs.word(flag) AS privilege_type, is_grantable, 'TABLE' AS scope
    FROM pg_rs.relation_bits
    UNION ALL
    -- ALL reads back as ten rows on a cluster, with two that GRANT can't name.
    SELECT current_database(), nspname, relname, CASE WHEN relkind IN ('v', 'm') THEN 'VIEW' ELSE 'TABLE' END,
        grantee, grantor, unnest(ARRAY['RULE', 'TRIGGER']), bool_and(is_grantable), 'TABLE'
    FROM pg_rs.relation_bits GROUP BY oid, nspname, relname, relkind, grantee, grantor HAVING count(*) = 8;

CREATE VIEW pg_rs.grants AS
    SELECT h.*, h.grantee::int AS identity_id, i.identity_name, i.identity_type,
        pg_get_userbyid(h.grantor)::text AS grantor_name
    FROM (SELECT * FROM pg_rs.held_on_databases UNION ALL SELECT * FROM pg_rs.held_on_schemas
          UNION ALL SELECT * FROM pg_rs.held_on_relations) h JOIN pg_rs.identities i ON i.oid = h.grantee;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_DATABASE_PRIVILEGES.html (the proxy adds other databases)
CREATE VIEW pg_rs.svv_database_privileges AS
    SELECT database_name::text, privilege_type, grantee::int AS identity_id, identity_name, identity_type,
        is_grantable AS admin_option, scope AS privilege_scope
    FROM pg_rs.held_on_databases JOIN pg_rs.identities i ON i.oid = grantee
    WHERE (SELECT pg_rs.accesses()) OR grantee IN (SELECT pg_rs.seen());

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_SCHEMA_PRIVILEGES.html
CREATE VIEW pg_rs.svv_schema_privileges AS
    SELECT schema_name::text AS namespace_name, privilege_type, grantee::int AS identity_id, identity_name,
        identity_type, is_grantable AS admin_option, scope AS privilege_scope
    FROM pg_rs.held_on_schemas JOIN pg_rs.identities i ON i.oid = grantee
    WHERE (SELECT pg_rs.accesses()) OR grantee IN (SELECT pg_rs.seen());

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_RELATION_PRIVILEGES.html
CREATE VIEW pg_rs.svv_relation_privileges AS
    SELECT schema_name::text AS namespace_name, object_name::text AS relation_name, privilege_type,
        grantee::int AS identity_id, identity_name, identity_type, is_grantable AS admin_option
    FROM pg_rs.held_on_relations JOIN pg_rs.identities i ON i.oid = grantee
    WHERE (SELECT pg_rs.unrestricted()) OR grantee IN (SELECT pg_rs.seen());

CREATE VIEW pg_rs.column_grants AS
    SELECT c.nspname, c.relname, t.attname, a.*, i.identity_name, i.identity_type
    FROM pg_rs.relations c JOIN pg_catalog.pg_attribute t ON t.attrelid = c.oid AND NOT t.attisdropped
    CROSS JOIN LATERAL aclexplode(t.attacl) a JOIN pg_rs.identities i ON i.oid = a.grantee;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_COLUMN_PRIVILEGES.html
CREATE VIEW pg_rs.svv_column_privileges AS
    SELECT nspname::text AS namespace_name, relname::text AS relation_name, attname::text AS column_name,
        privilege_type, grantee::int AS identity_id, identity_name, identity_type
    FROM pg_rs.column_grants WHERE (SELECT pg_rs.accesses()) OR grantee IN (SELECT pg_rs.seen());

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_DEFAULT_PRIVILEGES.html
CREATE VIEW pg_rs.svv_default_privileges AS
    SELECT n.nspname::text AS schema_name, 'RELATION' AS object_type, d.defaclrole::int AS owner_id,
        pg_get_userbyid(d.defaclrole)::text AS owner_name, 'user' AS owner_type,
        pg_rs.word(a.privilege_type) AS privilege_type, a.grantee::int AS grantee_id,
        i.identity_name AS grantee_name, i.identity_type AS grantee_type, a.is_grantable AS admin_option
    FROM pg_catalog.pg_default_acl d LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
    CROSS JOIN LATERAL aclexplode(d.defaclacl) a JOIN pg_rs.identities i ON i.oid = a.grantee
    WHERE d.defaclobjtype = 'r' AND a.grantee <> d.defaclrole
    AND ((SELECT pg_rs.accesses()) OR a.grantee IN (SELECT pg_rs.seen()));

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_ROLES.html: all rows for everyone
CREATE VIEW pg_rs.svv_roles AS
    SELECT oid::int AS role_id, pg_rs.shown(rolname) AS role_name,
        pg_get_userbyid(pg_rs.note(oid, 'owner')::oid)::text AS role_owner, NULL::text AS external_id
    FROM pg_catalog.pg_roles WHERE pg_rs.kind(rolname) = 'role';

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_USER_GRANTS.html
CREATE VIEW pg_rs.svv_user_grants AS
    SELECT u.oid::int AS user_id, u.rolname::text AS user_name, r.oid::int AS role_id,
        pg_rs.shown(r.rolname) AS role_name, m.admin_option
    FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles u ON u.oid = m.member
    JOIN pg_catalog.pg_roles r ON r.oid = m.roleid
    WHERE pg_rs.kind(u.rolname) = 'user' AND pg_rs.kind(r.rolname) = 'role'
    AND ((SELECT pg_rs.accesses()) OR u.oid = pg_rs.me());

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_ROLE_GRANTS.html
CREATE VIEW pg_rs.svv_role_grants AS
    SELECT u.oid::int AS role_id, pg_rs.shown(u.rolname) AS role_name, r.oid::int AS granted_role_id,
        pg_rs.shown(r.rolname) AS granted_role_name
    FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles u ON u.oid = m.member
    JOIN pg_catalog.pg_roles r ON r.oid = m.roleid
    WHERE pg_rs.kind(u.rolname) = 'role' AND pg_rs.kind(r.rolname) = 'role'
    AND ((SELECT pg_rs.accesses()) OR u.oid IN (SELECT pg_rs.seen()));

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_SYSTEM_PRIVILEGES.html
CREATE VIEW pg_rs.svv_system_privileges AS
    SELECT substr(p.rolname, 5) AS system_privilege, r.oid::int AS identity_id, pg_rs.shown(r.rolname) AS identity_name,
        pg_rs.kind(r.rolname) AS identity_type
    FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles p ON p.oid = m.roleid
    JOIN pg_catalog.pg_roles r ON r.oid = m.member
    WHERE p.rolname LIKE 'may:%' AND ((SELECT pg_rs.accesses()) OR r.oid IN (SELECT pg_rs.seen()));
