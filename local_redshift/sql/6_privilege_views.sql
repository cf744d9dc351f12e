-- Who holds what. Columns and their order are those of the AWS pages cited; an owner's implied permissions appear
-- in no view, and a scoped permission is not among a relation's.

CREATE FUNCTION pg_rs.word(flag text) RETURNS text IMMUTABLE LANGUAGE sql RETURN
    CASE flag WHEN 'TRIGGER' THEN 'DROP' WHEN 'MAINTAIN' THEN 'ALTER' WHEN 'TEMPORARY' THEN 'TEMP' ELSE flag END;

CREATE FUNCTION pg_rs.schema_word(flag text) RETURNS text IMMUTABLE LANGUAGE sql RETURN
    CASE flag WHEN 'SELECT' THEN 'USAGE' WHEN 'INSERT' THEN 'CREATE' ELSE pg_rs.word(flag) END;

-- A regular user sees the rows of PUBLIC, of itself, and of the roles and groups that it holds or owns.
-- Not in SQL, as these three: PostgreSQL would write them into each part of a view, and takes longer to plan that
-- than to run it.
CREATE FUNCTION pg_rs.visible(identity oid) RETURNS boolean STABLE LANGUAGE plpgsql AS $$ BEGIN
    RETURN identity = 0 OR pg_rs.is_super() OR pg_rs.holds(pg_rs.me(), identity)
        OR pg_rs.note(identity, 'owner') = pg_rs.me()::text;
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

-- The level is a constant in each part, so that a view that asks for one is planned without the others.
CREATE VIEW pg_rs.held AS
    SELECT d.datname AS database_name, NULL::name AS schema_name, d.datname AS object_name, 'DATABASE' AS object_type,
        a.grantee, a.grantor, CASE WHEN d.datallowconn THEN pg_rs.word(a.privilege_type) ELSE 'USAGE' END AS privilege_type,
        a.is_grantable, 'DATABASE' AS scope, 'DATABASE' AS level
    FROM pg_rs.databases d CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
    WHERE a.grantee <> d.datdba AND CASE WHEN d.datallowconn
        THEN d.datname = current_database() AND a.privilege_type <> 'CONNECT' ELSE a.privilege_type = 'CREATE' END
    UNION ALL
    SELECT current_database(), NULL, current_database(), 'DATABASE', grantee, grantor,
        CASE what WHEN 'schemas' THEN pg_rs.schema_word(flag) ELSE pg_rs.word(flag) END, is_grantable, upper(what),
        'DATABASE'
    FROM pg_rs.carriers WHERE schema_id IS NULL
    UNION ALL
    SELECT current_database(), n.nspname, n.nspname, 'SCHEMA', a.grantee, a.grantor, a.privilege_type,
        a.is_grantable, 'SCHEMA', 'SCHEMA'
    FROM pg_catalog.pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) a WHERE a.grantee <> n.nspowner
    AND (n.oid IN (SELECT pg_rs.user_schemas()) OR n.oid IN (SELECT id FROM pg_rs.external_schemas))
    UNION ALL
    SELECT current_database(), n.nspname, n.nspname, 'SCHEMA', k.grantee, k.grantor, pg_rs.word(k.flag),
        k.is_grantable, upper(k.what), 'SCHEMA'
    FROM pg_rs.carriers k JOIN pg_rs.namespaces n ON n.oid = k.schema_id
    UNION ALL
    SELECT current_database(), nspname, relname,
        CASE WHEN relkind IN ('v', 'm') THEN 'VIEW' ELSE 'TABLE' END, grantee, grantor,
        pg_rs.word(flag), is_grantable, 'TABLE', 'RELATION'
    FROM pg_rs.relation_bits
    UNION ALL
    -- ALL reads back as ten rows on a cluster, with two that GRANT can't name.
    SELECT current_database(), nspname, relname, CASE WHEN relkind IN ('v', 'm') THEN 'VIEW' ELSE 'TABLE' END,
        grantee, grantor, unnest(ARRAY['RULE', 'TRIGGER']), bool_and(is_grantable), 'TABLE', 'RELATION'
    FROM pg_rs.relation_bits GROUP BY oid, nspname, relname, relkind, grantee, grantor HAVING count(*) = 8;

CREATE VIEW pg_rs.grants AS
    SELECT h.*, h.grantee::int AS identity_id, coalesce(pg_rs.shown(r.rolname), 'public') AS identity_name,
        coalesce(pg_rs.kind(r.rolname), 'public') AS identity_type, pg_get_userbyid(h.grantor)::text AS grantor_name
    FROM pg_rs.held h LEFT JOIN pg_catalog.pg_roles r ON r.oid = h.grantee
    WHERE h.grantee = 0 OR pg_rs.kind(r.rolname) IS NOT NULL;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_DATABASE_PRIVILEGES.html (the proxy adds other databases)
CREATE VIEW pg_rs.svv_database_privileges AS
    SELECT database_name::text, privilege_type, identity_id, identity_name, identity_type,
        is_grantable AS admin_option, scope AS privilege_scope
    FROM pg_rs.grants WHERE level = 'DATABASE' AND (pg_rs.accesses() OR pg_rs.visible(grantee));

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_SCHEMA_PRIVILEGES.html
CREATE VIEW pg_rs.svv_schema_privileges AS
    SELECT schema_name::text AS namespace_name, privilege_type, identity_id, identity_name, identity_type,
        is_grantable AS admin_option, scope AS privilege_scope
    FROM pg_rs.grants WHERE level = 'SCHEMA' AND (pg_rs.accesses() OR pg_rs.visible(grantee));

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_RELATION_PRIVILEGES.html
CREATE VIEW pg_rs.svv_relation_privileges AS
    SELECT schema_name::text AS namespace_name, object_name::text AS relation_name, privilege_type, identity_id,
        identity_name, identity_type, is_grantable AS admin_option
    FROM pg_rs.grants WHERE level = 'RELATION'
    AND (pg_rs.unrestricted() OR pg_rs.visible(grantee));

CREATE VIEW pg_rs.column_grants AS
    SELECT c.nspname, c.relname, t.attname, a.*, coalesce(pg_rs.shown(r.rolname), 'public') AS identity_name,
        coalesce(pg_rs.kind(r.rolname), 'public') AS identity_type
    FROM pg_rs.relations c JOIN pg_catalog.pg_attribute t ON t.attrelid = c.oid AND NOT t.attisdropped
    CROSS JOIN LATERAL aclexplode(t.attacl) a LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_COLUMN_PRIVILEGES.html
CREATE VIEW pg_rs.svv_column_privileges AS
    SELECT nspname::text AS namespace_name, relname::text AS relation_name, attname::text AS column_name,
        privilege_type, grantee::int AS identity_id, identity_name, identity_type
    FROM pg_rs.column_grants WHERE pg_rs.accesses() OR pg_rs.visible(grantee);

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_DEFAULT_PRIVILEGES.html
CREATE VIEW pg_rs.svv_default_privileges AS
    SELECT n.nspname::text AS schema_name, 'RELATION' AS object_type, d.defaclrole::int AS owner_id,
        pg_get_userbyid(d.defaclrole)::text AS owner_name, 'user' AS owner_type,
        pg_rs.word(a.privilege_type) AS privilege_type, a.grantee::int AS grantee_id,
        coalesce(pg_rs.shown(r.rolname), 'public') AS grantee_name,
        coalesce(pg_rs.kind(r.rolname), 'public') AS grantee_type, a.is_grantable AS admin_option
    FROM pg_catalog.pg_default_acl d LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
    CROSS JOIN LATERAL aclexplode(d.defaclacl) a LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
    WHERE d.defaclobjtype = 'r' AND a.grantee <> d.defaclrole
    AND (pg_rs.accesses() OR pg_rs.visible(a.grantee));

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
    AND (pg_rs.accesses() OR u.oid = pg_rs.me());

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_ROLE_GRANTS.html
CREATE VIEW pg_rs.svv_role_grants AS
    SELECT u.oid::int AS role_id, pg_rs.shown(u.rolname) AS role_name, r.oid::int AS granted_role_id,
        pg_rs.shown(r.rolname) AS granted_role_name
    FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles u ON u.oid = m.member
    JOIN pg_catalog.pg_roles r ON r.oid = m.roleid
    WHERE pg_rs.kind(u.rolname) = 'role' AND pg_rs.kind(r.rolname) = 'role'
    AND (pg_rs.accesses() OR pg_rs.visible(u.oid));

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_SYSTEM_PRIVILEGES.html
CREATE VIEW pg_rs.svv_system_privileges AS
    SELECT substr(p.rolname, 5) AS system_privilege, r.oid::int AS identity_id, pg_rs.shown(r.rolname) AS identity_name,
        pg_rs.kind(r.rolname) AS identity_type
    FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles p ON p.oid = m.roleid
    JOIN pg_catalog.pg_roles r ON r.oid = m.member
    WHERE p.rolname LIKE 'may:%' AND (pg_rs.accesses() OR pg_rs.visible(r.oid));
