-- Users, their passwords and settings, and the system permissions of roles.

-- https://docs.aws.amazon.com/redshift/latest/dg/r_roles-system-privileges.html: those that are enforced here
CREATE ROLE "may:CREATE ROLE";
CREATE ROLE "may:CREATE USER";
CREATE ROLE "may:ALTER USER";
CREATE ROLE "may:DROP USER";
CREATE ROLE "may:ACCESS SYSTEM TABLE";
CREATE ROLE "may:ACCESS CATALOG";
CREATE ROLE "may:ALTER DEFAULT PRIVILEGES";

CREATE FUNCTION pg_rs.permit(granting boolean, permissions text[], role_names text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET client_min_messages = error AS $$
DECLARE permission text; role_name text;
BEGIN
    PERFORM pg_rs.refuse('42501', 'permission denied to grant or revoke system permissions') WHERE NOT pg_rs.is_super();
    FOREACH role_name IN ARRAY role_names LOOP
        PERFORM pg_rs.id(role_name);
        FOREACH permission IN ARRAY permissions LOOP
            EXECUTE format(CASE WHEN granting THEN 'GRANT %I TO %I' ELSE 'REVOKE %I FROM %I' END,
                'may:' || permission, role_name);
        END LOOP;
    END LOOP;
END $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html: a salt of 32 bytes, printed as 64 hex digits,
-- and sha256 of the password followed by the bytes of the salt.
CREATE FUNCTION pg_rs.digest(clear text) RETURNS text VOLATILE LANGUAGE plpgsql AS $$
DECLARE salt text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
BEGIN
    RETURN encode(sha256(convert_to(clear, 'UTF8') || decode(salt, 'hex')), 'hex') || '|' || salt;
END $$;

-- The proxy checks a sha256 user's digest itself. What PostgreSQL then asks for is a secret that only the proxy knows.
CREATE FUNCTION pg_rs.keep_password(wanted text, digest text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE secret text := gen_random_uuid();
BEGIN
    IF digest IS NOT NULL THEN
        EXECUTE format('ALTER ROLE %I PASSWORD %L', wanted, secret);
    END IF;
    PERFORM pg_rs.set_note(pg_rs.id(wanted), 'sha256', digest || '|' || secret);
END $$;

CREATE FUNCTION pg_rs.create_user(wanted text, clauses text, named text[], digest text, syslog text,
                                  groups text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET client_min_messages = error AS $$
DECLARE member_of text;
BEGIN
    PERFORM pg_rs.check_may('CREATE USER', 'permission denied to create user');
    PERFORM pg_rs.refuse('42501', 'must be superuser to create superusers')
        WHERE NOT pg_rs.is_super() AND ('createuser' = ANY (named) OR syslog = 'UNRESTRICTED');
    PERFORM pg_rs.check_free(wanted);
    EXECUTE format('CREATE ROLE %I LOGIN %s', wanted, clauses);
    PERFORM pg_rs.new_identity(wanted);
    FOREACH member_of IN ARRAY groups LOOP
        EXECUTE format('GRANT %I TO %I', member_of, wanted);
    END LOOP;
    PERFORM pg_rs.set_note(pg_rs.id(wanted), 'syslog_access', syslog) WHERE syslog IS NOT NULL;
    PERFORM pg_rs.keep_password(wanted, digest) WHERE digest IS NOT NULL;
END $$;

-- The first sign-in of an IAM identity makes its user, who has no password and no permission.
CREATE FUNCTION pg_rs.sign_in(wanted text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
        EXECUTE format('CREATE ROLE %I LOGIN', wanted);
        PERFORM pg_rs.new_identity(wanted);
    END IF;
END $$;

-- Whether a user may be changed: a superuser changes all, a holder of ALTER USER all but superusers, and everyone
-- the own password. https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_USER.html
CREATE FUNCTION pg_rs.check_alters(wanted text, own_password boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE id oid := pg_rs.user_id(wanted);
BEGIN
    PERFORM pg_rs.refuse('42501', 'permission denied to alter user') WHERE NOT (
        pg_rs.is_super() OR (own_password AND id = pg_rs.me())
        OR (pg_rs.may('ALTER USER') AND NOT (SELECT rolsuper FROM pg_roles WHERE oid = id)));
END $$;

CREATE FUNCTION pg_rs.alter_user(wanted text, clauses text, named text[], digest text, syslog text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET client_min_messages = error AS $$ BEGIN
    PERFORM pg_rs.check_alters(wanted, named <@ ARRAY['password']);
    -- Only superusers enable and disable passwords, make superusers, and open the logs of others.
    PERFORM pg_rs.refuse('42501', 'must be superuser to alter superusers')
        WHERE NOT pg_rs.is_super() AND named && ARRAY['createuser', 'nocreateuser', 'disable', 'syslog'];
    -- AWS doesn't say so of one whose password is disabled already: from an emulator, as is the code.
    PERFORM pg_rs.refuse('42601', 'a superuser must have a password') FROM pg_authid WHERE rolname = wanted
        AND CASE 'disable' = ANY (named) WHEN true THEN rolsuper
            ELSE 'createuser' = ANY (named) AND 'password' <> ALL (named) AND rolpassword IS NULL END;
    EXECUTE format('ALTER ROLE %I %s', wanted, clauses);
    PERFORM pg_rs.set_note(pg_rs.id(wanted), 'syslog_access', syslog) WHERE syslog IS NOT NULL;
    PERFORM pg_rs.keep_password(wanted, digest) WHERE named && ARRAY['password', 'disable'];
END $$;

CREATE FUNCTION pg_rs.rename_user(wanted text, new_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET client_min_messages = error AS $$
DECLARE kept text := pg_rs.note(pg_rs.user_id(wanted), 'sha256');
BEGIN
    PERFORM pg_rs.check_alters(wanted, false);
    PERFORM pg_rs.check_free(new_name);
    EXECUTE format('ALTER ROLE %I RENAME TO %I', wanted, new_name);
    -- An MD5 password, salted with the name, goes with a new name; a sha256 one stays.
    PERFORM pg_rs.keep_password(new_name, substr(kept, 1, 129)) WHERE kept IS NOT NULL;
END $$;

CREATE FUNCTION pg_rs.set_for_user(wanted text, change text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$ BEGIN
    PERFORM pg_rs.check_alters(wanted, false);
    EXECUTE format('ALTER ROLE %I %s', wanted, change);
END $$;

-- Memberships go with the user; what is held or owned keeps it.
CREATE FUNCTION pg_rs.drop_user(wanted text, missing_ok boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET client_min_messages = error AS $$
DECLARE scope text;
BEGIN
    PERFORM pg_rs.check_may('DROP USER', 'permission denied to drop user');
    IF missing_ok AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
        RETURN;
    END IF;
    PERFORM pg_rs.refuse('42501', 'must be superuser to drop superusers')
        WHERE NOT pg_rs.is_super() AND (SELECT rolsuper FROM pg_roles WHERE oid = pg_rs.user_id(wanted));
    PERFORM pg_rs.refuse('55006', 'current user cannot be dropped') WHERE pg_rs.user_id(wanted) = pg_rs.me();
    scope := 'scope:' || pg_rs.id(wanted);
    EXECUTE format('DROP ROLE %I', wanted);
    EXECUTE format('DROP ROLE %I', scope);
END $$;
