"""Statements by what becomes of them.

The accepted ones are examples of the AWS pages named beside them, or forms of their synopses.
"""

ACCEPTED = [
    # https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_ROLE.html
    "CREATE ROLE sample_role1",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_ROLE.html
    "ALTER ROLE sample_role1 WITH RENAME TO sample_role2",
    "ALTER ROLE sample_role1 WITH OWNER TO user1",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_ROLE.html
    "DROP ROLE sample_role FORCE",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html
    "create user dbuser with password 'abcD1234' createdb connection limit 30",
    "create user newman with password '@AbC4321!' ".replace("@", "#"),
    "create user user1 with password 'md5153c434b4b77c89e6b94f12c5393af5b'",
    "create user slashpass with password 'Abcdefg1' syslog access unrestricted valid until '2017-06-10'",
    "CREATE USER user1 PASSWORD 'sha256|Mypassword1'",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_USER.html
    "ALTER USER u SET enable_case_sensitive_identifier TO true",
    "alter user u reset search_path",
    "alter user admin createdb",
    "alter user admin valid until '2017-12-31 23:59'",
    "alter user ADMIN password 'adminPass9'",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_USER.html
    "drop user paulo",
    "drop user if exists danny, billybob",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_GROUP.html
    "create group admin_group with user admin1, admin2",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_GROUP.html
    "alter group admin_group add user dwuser",
    "alter group admin_group rename to administrators",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_roles-system-privileges.html
    "GRANT CREATE USER, ALTER USER, DROP USER, CREATE ROLE TO ROLE r",
    "revoke access system table from role r",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_DATABASE.html
    "create database d from datashare x of namespace 'n'",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_SCHEMA.html
    "create external schema s from data catalog database 'd' iam_role default create external database if not exists",
    "create database tickit with owner = dwuser",
    "create database sampledb connection limit unlimited",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DATABASE.html
    "alter database tickit_sandbox rename to tickit_test",
    "alter database tickit owner to dwuser",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_SCHEMA.html
    "create schema us_sales authorization dwuser",
    "create schema if not exists us_sales",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_SCHEMA.html
    "drop schema s_sales, s_profit, s_revenue restrict",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT-examples.html
    "grant select on table sales to fred",
    "grant select on all tables in schema qa_tickit to fred",
    "grant all on schema qa_tickit to group qa_users",
    "grant all on table qa_tickit.sales to group qa_users, group ro_users",
    "grant drop on table qa_tickit.sales to group qa_users",
    "grant select(cust_name, cust_phone), update(cust_contact_preference) on cust_profile to user1",
    "GRANT ROLE sample_role1 TO user1 WITH ADMIN OPTION",
    "GRANT ROLE sample_role1 TO ROLE sample_role2",
    # https://docs.aws.amazon.com/redshift/latest/dg/t_scoped-permissions.html
    "GRANT SELECT FOR TABLES IN SCHEMA Sales_schema TO alice",
    "GRANT SELECT FOR TABLES IN DATABASE dev TO ROLE Sales",
    "GRANT USAGE FOR SCHEMAS IN DATABASE dev TO ROLE Sales",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_REVOKE-examples.html
    "revoke insert on table sales from group guests",
    "revoke select on all tables in schema qa_tickit from fred",
    "revoke drop on schema spectrum from fred restrict",
    "revoke admin option for role sample_role1 from user1",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DEFAULT_PRIVILEGES.html
    "alter default privileges in schema report_readers grant select on tables to group report_readers",
    "alter default privileges for user dbuser1, dbuser2 revoke insert on tables from public",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_SCHEMAS.html
    "SHOW SCHEMAS FROM DATABASE dev LIKE '%public%' LIMIT 5",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_TABLES.html
    "SHOW TABLES FROM SCHEMA dev.public LIKE '_' LIMIT 10",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_COLUMNS.html
    "SHOW COLUMNS FROM TABLE dev.public.tb",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW_GRANTS.html
    "SHOW GRANTS ON DATABASE dev",
    "SHOW GRANTS ON TABLE dev.public.t FOR ROLE alice LIMIT 3",
    "SHOW GRANTS FOR alice",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_examples.html
    "create table sales(salesid integer not null, buyerid integer distkey, pricepaid decimal(8,2)) "
    "diststyle key compound sortkey(salesid)",
    "create table t1(hist_id bigint identity(0, 1), note varchar(max) encode lzo) backup no",
    # https://docs.aws.amazon.com/redshift/latest/dg/cross-database_usage.html
    "select * from other.public.sales",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_USER_GRANTS.html
    "SELECT user_name,role_name,admin_option FROM svv_user_grants",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_REDSHIFT_TABLES.html
    "SELECT * FROM svv_redshift_tables WHERE database_name = 'tickit_db' AND TABLE_NAME LIKE 'tickit_%' "
    "ORDER BY database_name, TABLE_NAME",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_SET.html
    "set query_group to 'priority'",
    # https://docs.aws.amazon.com/redshift/latest/dg/r_HAS_SCHEMA_PRIVILEGE.html
    "select nspname from pg_namespace where has_schema_privilege(nspname, 'usage') order by nspname",
    "select has_schema_privilege('guest', 'public', 'create')",
    "set session statement_timeout = 5000",
    "begin transaction isolation level serializable read only",
]

NOT_REDSHIFT = [
    "create role if not exists r",
    "create role r login",
    "create role r with password 'Abcd1234x'",
    "create user u",
    'create user u password "Abcd1234x"',
    "create user if not exists u password 'Abcd1234x'",
    "create database if not exists d",
    "create database d template x",
    "drop role if exists r",
    "drop role a, b",
    "grant r to u",
    "grant connect on database dev to u",
    "grant rule on table t to u",
    "grant trigger on table t to u",
    "grant maintain on table t to u",
    "grant select on schema s to u",
    "grant usage on table t to u",
    "grant select on table t",
    "grant select for tables in schema a.b.s to role r",
    "grant select for tables in schema s to group g",
    "grant select for tables in schema s to public",
    "grant usage for tables in schema s to role r",
    "grant insert (a) on t to u",
    "grant role r to group g",
    "set role r",
    "show grants for group g",
    "listen x",
    "do 'begin end'",
    "create extension x",
    "create trigger t",
    "create index i on t (a)",
    "create unlogged table t (a int)",
    "create table t (a int) tablespace x",
    "create table t (a int) partition by range (a)",
    "select 1; select 2",
    "select 'abc",
    "table pg_authid",
    "frobnicate",
    "grant",
    "comment on",
    "alter table t",
]

NOT_HERE = [
    "create user u password 'Abcd1234x' session timeout 120",
    "create role r externalid 'x'",
    "create database d collate case_insensitive",
    "create database d from arn 'arn:aws:glue:x'",
    "create schema s quota 5 gb",
    "create procedure p() as 'x' language plpgsql",
    "copy t from 's3://bucket'",
    "unload ('select 1') to 's3://bucket'",
    "call p()",
    "use other",
    "alter system set x to 1",
    "savepoint a",
    "grant usage on schema dev.s to role r",
    "grant select on all tables in schema dev.s to role r",
    "grant select on other.s.t to u",
    "grant alter on database dev to u",
    "grant select for tables in schema s database other to role r",
    "grant select for tables in schema dev.s to role r",
    "grant execute for functions in schema s to role r",
    "grant create table to role r",
    "select role_name, length(trim(role_name)), left(role_name, 1) from svv_roles",
    "select role_name::regclass from svv_roles",
    "select usage_limit from sys_query_history",
    "grant assumerole on 'arn' to u for copy",
    "grant execute on function f() to u",
    "grant role sys:monitor to u",
    "alter default privileges grant execute on functions to u",
    "create view v as select 1 with no schema binding",
    "create table t (g geometry)",
    "select count(*) from svv_roles",
    "select * from svv_roles r join svv_user_grants u on true",
    "with x as (select * from pg_user) select * from x",
    "select * from (select * from pg_user) u",
    "select * from t, pg_class",
    "select * from (pg_class cross join t)",
    "select * from t where a in (select oid from pg_class)",
    "select usename from pg_user group by usename",
    "select row_number() over () from pg_user",
    "insert into t select usename from pg_user",
    "select * from information_schema.tables",
    "select * from svv_table_info",
    "select * from other.pg_catalog.pg_user",
    "select * from one.s.t join two.s.t on true",
    "insert into other.s.t values (1)",
    "create table other.s.t (a int)",
    "create table other.s.t as select 1 as a",
    "create table pg_catalog.t (a int)",
    "create view other.s.v as select 1 as a",
    "alter table other.s.t add column b int",
    "drop table other.s.t",
    "create schema other.s",
    "alter schema other.s owner to u",
    "drop schema other.s",
    "select set_config('role', 'role:r', false)",
    "select pg_catalog.version()",
    "select shobj_description(10, 'pg_authid')",
    "select query_to_xml_and_xmlschema('select 1', true, true, '')",
    "select * from ts_stat('select 1')",
    "set wlm_query_slot_count to 3",
    "show procedures from schema dev.s",
    "show tables from schema dev.pg_catalog",
    "show columns from table pg_catalog.pg_class",
    "show grants on schema pg_catalog",
    "show grants on table dev.information_schema.tables",
    "show column grants on table pg_internal.x",
    "select 1 where exists (select 1 from pg_class)",
    "select role_name || 'x' from svv_roles",
    "create role " + "r" * 60,
    "select $$x$$",
    'select U&"x"',
]
