-- Roles, users and groups. A role r is PostgreSQL's "role:r", a group g is "group:g", a user keeps its name.
-- Every role and user also has a hidden role "scope:<oid>", which carries what scoped permissions give it.

CREATE SCHEMA pg_rs;
GRANT USAGE ON SCHEMA pg_rs TO PUBLIC;
ALTER SCHEMA public OWNER TO rdsdb;
-- https://docs.aws.amazon.com/redshift/latest/dg/r_Schemas_and_tables.html: PUBLIC has CREATE and USAGE on it.
GRANT CREATE, USAGE ON SCHEMA public TO PUBLIC;

-- Where it's called for, as by WHERE.
CREATE FUNCTION pg_rs.refuse(code text, words text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION '%', words USING ERRCODE = code;
END $$;

CREATE FUNCTION pg_rs.kind(rolname name) RETURNS text IMMUTABLE LANGUAGE sql RETURN CASE
    WHEN rolname LIKE 'role:%' THEN 'role'
    WHEN rolname LIKE 'group:%' THEN 'group'
    WHEN rolname IS NULL OR rolname LIKE 'scope:%' OR rolname LIKE 'may:%' OR left(rolname, 3) = 'pg_'
        THEN NULL
    ELSE 'user' END;

CREATE FUNCTION pg_rs.shown(rolname name) RETURNS text IMMUTABLE LANGUAGE sql RETURN CASE
    WHEN rolname LIKE 'role:%' THEN substr(rolname, 6)
    WHEN rolname LIKE 'group:%' THEN substr(rolname, 7)
    ELSE rolname::text END;

CREATE FUNCTION pg_rs.me() RETURNS oid STABLE LANGUAGE sql
    RETURN (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user);

CREATE FUNCTION pg_rs.is_super() RETURNS boolean STABLE LANGUAGE sql
    RETURN (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = session_user);

-- What PostgreSQL has no place for is kept in the comment of the role: comments are shared and transactional.
CREATE FUNCTION pg_rs.note(id oid, key text) RETURNS text STABLE LANGUAGE sql
    RETURN shobj_description(id, 'pg_authid')::json ->> key;

CREATE FUNCTION pg_rs.set_note(id oid, key text, value text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE format('COMMENT ON ROLE %I IS %L', (SELECT rolname FROM pg_roles WHERE oid = id),
        coalesce(shobj_description(id, 'pg_authid'), '{}')::jsonb || jsonb_build_object(key, value));
END $$;

CREATE FUNCTION pg_rs.id(wanted text) RETURNS oid STABLE LANGUAGE plpgsql AS $$
DECLARE found_id oid;
BEGIN
    SELECT oid INTO found_id FROM pg_catalog.pg_roles WHERE rolname = wanted;
    PERFORM pg_rs.refuse('42704', format('role "%s" does not exist', wanted)) WHERE found_id IS NULL;
    RETURN found_id;
END $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_ROLE.html: a role can't be called as a user is.
CREATE FUNCTION pg_rs.check_free(wanted text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE taken text;
BEGIN
    -- https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html: "The user name can't be PUBLIC." The code is
    -- PostgreSQL's.
    PERFORM pg_rs.refuse('42939', format('user name "%s" is reserved', wanted)) WHERE lower(wanted) = 'public';
    SELECT rolname INTO taken FROM pg_catalog.pg_roles WHERE rolname IN (wanted, 'role:' || wanted) LIMIT 1;
    PERFORM pg_rs.refuse('42710', format('role "%s" already exists', taken)) WHERE taken IS NOT NULL;
END $$;

-- Whether a role or group is held, directly or through others; a superuser isn't counted as holding every role.
CREATE FUNCTION pg_rs.holds(who oid, held oid) RETURNS boolean STABLE LANGUAGE sql RETURN held IN (
    WITH RECURSIVE chain(id) AS (
        SELECT who UNION SELECT m.roleid FROM pg_auth_members m JOIN chain ON m.member = chain.id)
    SELECT id FROM chain);

-- A system permission p is PostgreSQL's role "may:p", which is granted to roles: so it's stored, inherited and rolled
-- back as a membership. https://docs.aws.amazon.com/redshift/latest/dg/r_roles-system-privileges.html
CREATE FUNCTION pg_rs.may(permission text) RETURNS boolean STABLE LANGUAGE sql RETURN
    pg_rs.is_super() OR pg_rs.holds(pg_rs.me(),
        (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = 'may:' || permission));

CREATE FUNCTION pg_rs.check_may(permission text, refusal text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_rs.refuse('42501', refusal) WHERE NOT pg_rs.may(permission);
END $$;

CREATE FUNCTION pg_rs.new_identity(rolname text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE format('CREATE ROLE %I NOLOGIN', 'scope:' || pg_rs.id(rolname));
    EXECUTE format('GRANT %I TO %I', 'scope:' || pg_rs.id(rolname), rolname);
END $$;

CREATE FUNCTION pg_rs.create_role(wanted text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET client_min_messages = error AS $$ BEGIN
    PERFORM pg_rs.check_may('CREATE ROLE', 'permission denied to create role');
    PERFORM pg_rs.check_free(wanted);
    EXECUTE format('CREATE ROLE %I NOLOGIN', 'role:' || wanted);
    PERFORM pg_rs.new_identity('role:' || wanted);
    PERFORM pg_rs.set_note(pg_rs.id('role:' || wanted), 'owner', pg_rs.me()::text);
END $$;

CREATE FUNCTION pg_rs.check_manages(id oid) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_rs.refuse('42501', format('must have admin option on role "%s"', r.rolname)) FROM pg_roles r
        WHERE r.oid = id AND NOT pg_rs.is_super() AND pg_rs.note(id, 'owner') IS DISTINCT FROM pg_rs.me()::text
        AND NOT EXISTS (SELECT FROM pg_auth_members WHERE roleid = id AND member = pg_rs.me() AND admin_option);
END $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/t_role_assignment.html
CREATE FUNCTION pg_rs.assign(granting boolean, role_name text, grantee text, option boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET client_min_messages = error AS $$ BEGIN
    PERFORM pg_rs.check_manages(pg_rs.id(role_name));
    PERFORM pg_rs.id(grantee);
    EXECUTE CASE
        WHEN granting THEN format('GRANT %I TO %I%s', role_name, grantee, CASE WHEN option THEN ' WITH ADMIN OPTION' END)
        ELSE format('REVOKE %s%I FROM %I', CASE WHEN option THEN 'ADMIN OPTION FOR ' END, role_name, grantee) END;
END $$;

-- The two sentences are those of https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_ROLE.html
CREATE FUNCTION pg_rs.drop_role(wanted text, force boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET client_min_messages = error AS $$
DECLARE role_id oid := pg_rs.id('role:' || wanted);
BEGIN
    PERFORM pg_rs.check_manages(role_id);
    PERFORM pg_rs.refuse('55006', 'cannot drop this role since it has been granted on a user')
        WHERE NOT force AND EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
            WHERE m.roleid = role_id AND pg_rs.kind(r.rolname) = 'user');
    PERFORM pg_rs.refuse('55006', 'cannot drop this role since it depends on another role')
        WHERE NOT force AND EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid IN (m.member, m.roleid)
                             WHERE role_id IN (m.member, m.roleid) AND r.oid <> role_id
                             AND pg_rs.kind(r.rolname) = 'role');
    EXECUTE format('DROP ROLE %I', 'role:' || wanted);
    EXECUTE format('DROP ROLE %I', 'scope:' || role_id);
END $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_ROLE.html
CREATE FUNCTION pg_rs.rename_role(wanted text, new_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$ BEGIN
    PERFORM pg_rs.check_manages(pg_rs.id('role:' || wanted));
    PERFORM pg_rs.check_free(new_name);
    EXECUTE format('ALTER ROLE %I RENAME TO %I', 'role:' || wanted, 'role:' || new_name);
END $$;

CREATE FUNCTION pg_rs.own_role(wanted text, new_owner text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$ BEGIN
    PERFORM pg_rs.check_manages(pg_rs.id('role:' || wanted));
    PERFORM pg_rs.set_note(pg_rs.id('role:' || wanted), 'owner', pg_rs.id(new_owner)::text);
END $$;
