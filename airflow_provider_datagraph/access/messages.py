"""Every sentence of a change and of a finding: the one place to improve the English."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any

from airflow_provider_datagraph.access.plan import Change, Finding, Level, Reason
from airflow_provider_datagraph.redshift.names import join_path, one_line, quote
from airflow_provider_datagraph.redshift.statements import Statement
from airflow_provider_datagraph.redshift.values import Grant, Scope

FEW = 5
"""How many names a sentence lists."""
MOST = 100
"""How many, where it has to say what is missing."""
OBJECTS = {
    "tables": "the tables of {path}, including later ones,",
    "todays tables": "today's tables of {path}",
    "later tables": "later tables of {names} in {path}",
    "columns": "columns of {path}",
    "all tables": "all tables of database {path}",
    "all schemas": "all schemas of database {path}",
    "permission": "{path}",
    "password": "the password of user {path}, sent as a hash",
}
"""How an object is named; another kind's name is the word for it, with its path."""
OF_CLUSTER = ("role", "user", "database", "permission", "password")
"""Their names are one part, and stand as they are."""
DONE = {"create": "created", "grant": "granted", "revoke": "revoked", "give": "gave", "drop": "dropped", "set": "set"}
REASONS = {
    Reason.MISSING: ("it doesn't exist", "it didn't exist"),
    Reason.NO_MEMBER: ("it isn't a member", "it wasn't a member"),
    Reason.BLOCKS_TABLE: ("it blocks the table", "it blocked the table"),
    Reason.LOGIN_FAILS: ("the user connection's doesn't log in", "the user connection's didn't log in"),
    Reason.WRITER_LEAVES: ("user {of}, who creates them, leaves", "user {of}, who creates them, leaves"),
}
"""Why, of what is planned and of what is done. The others go without saying, and would be said in every line."""


@dataclass(frozen=True, slots=True)
class Said:
    """A finding as people read it.

    :param text: what is the case.
    :param remedy: what to do about it; empty where there is nothing to do, or nothing but to know.
    """

    text: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.text} {self.remedy}".strip()


_SEE_ALL = (
    "run: GRANT ACCESS SYSTEM TABLE TO ROLE <a role of {user}>; ALTER USER {user:quoted} SYSLOG ACCESS UNRESTRICTED"
)
_RUN = "Have a superuser run: "
_RUN_IN = "Have a superuser run in database {database}: {statement}"
_UNSEEN = "Schema {schema} is missing from database {database}, or hidden from {user}, who isn't a superuser"
_UNHIDE = "Correct the name; or, if it exists, have a superuser run in database {database}: {statement}"
_SEE_CATALOG = "Connect as a superuser, or have one run: GRANT ACCESS CATALOG TO ROLE <a role of {object}>"
_FORCE = "Run again with force=True to take that away too."
_OTHER_LOGIN = "Give the user connection another login."
_SELECTED = "Unify > Profiles Sync > Settings > Selective sync."
_EXCESS = {
    "can_write": "change what is to be read in {object}",
    "can_create": "create in {object}",
    "forbidden_readable": "read {object}, which is forbidden",
}
_HOLDERS = (
    ("", "User {user}", ", by {way}", "If it needn't, run in database {database}: {statements:statements}"),
    (" owner", "User {user}", ", by {way}", "Give {object} another owner, if the user is only to read."),
    (" public", "Everybody (PUBLIC)", "", ""),
)
_LOGS_IN = "Connection {object} logs in to {place} as {login}."
_NEEDS_RA3 = "It takes RA3 nodes: resize the cluster, or make the database that is read the checkpoint database."
_NO_SETUP = "there is nothing to do: Segment creates the schema itself."
# By code, and by case where a code has several. In braces: facts; `object` is what it is about.
FINDINGS: Mapping[str, Said] = {
    # What any plan says of its role, and of what the admin sees.
    "role_missing": Said(
        "Role {object} doesn't exist.", "Correct the name, or create it with CreateSegmentRoleOperator first."
    ),
    "role_missing planned": Said("Role {object} doesn't exist yet; the plan continues as if it did."),
    "role_missing closing": Said("Role {object} doesn't exist, so nothing can be closed to it.", "Correct the name."),
    "hidden role": Said(
        "{user} can't see what role {object} holds, so it can't tell what is missing from what is hidden.",
        "Connect as a superuser or as the role's owner ({owner}), or have a superuser " + _SEE_ALL,
    ),
    "hidden privileges": Said(
        "{user} can't see what others hold, so it can't confirm that everything was revoked.",
        "Connect as a superuser, or have one " + _SEE_ALL,
    ),
    "hidden databases": Said(
        "{object} can't see what kind of databases {databases} are, so it can't look into them.",
        "Connect as a superuser.",
    ),
    "hidden tables": Said(
        "{object} can't see what it holds nothing on (metadata_security is on), so it can't tell what has to be read.",
        _SEE_CATALOG,
    ),
    "hidden owned": Said(
        "{object} can't see what it holds nothing on (metadata_security is on), so it can't tell who owns what.",
        _SEE_CATALOG,
    ),
    "partial_view": Said(
        "{object} isn't a superuser: schemas that it can't see count as missing, and what others hold may go "
        "unreported. ACCESS SYSTEM TABLE and SYSLOG ACCESS UNRESTRICTED together show everything."
    ),
    "partial_view reach": Said(
        "{object} isn't a superuser, so what {user} can reach is what the catalog shows to {user} itself."
    ),
    # What the admin lacks for a plan.
    "admin_lacks": Said("{object} may not {verb} {grants}.", _RUN_IN),
    "admin_lacks todays": Said(
        "{object} may not {verb} {grants}.", _RUN_IN + "; or use future_tables='none', which it may, for today's tables"
    ),
    "admin_lacks use": Said("{object} may not use what it is to grant tables of: {schemas:all}.", _RUN_IN),
    "admin_lacks permission": Said("{object} lacks {permissions:all}.", _RUN + "{statements:statements}"),
    "admin_lacks createdb": Said("{object} may not create databases.", _RUN + "{statement}"),
    "admin_lacks membership": Said(
        "{object} may not manage role {role}: it neither owns it nor holds it with admin option.", _RUN + "{statement}"
    ),
    "admin_lacks writers": Said(
        "{object} may not set default privileges of {writers:all}.",
        _RUN + "{statements:statements}; or use another future_tables",
    ),
    # What the linked user can reach.
    "user_missing": Said("There is no user {object}, so there is nothing that it could reach.", "Create it first."),
    "user_missing rotation": Said(
        "There is no user {object}, so it has no password.", "Create it with CreateSegmentRoleOperator."
    ),
    "not_audited": Said("Database {object} is {kind}, not local: what can be read there wasn't looked at."),
    "not_audited closed": Said("What can be read in database {object} wasn't looked at: {reason}"),
    "not_audited unseen": Said("{user} can't see what kind of database {object} is, so it wasn't looked at."),
    "readable_beyond": Said("{privileges} on {tables:count} in {object}, which nobody asked for, by {ways}: {tables}."),
    "readable_beyond empty": Said("{privileges} on {object}, which nobody asked for, by {ways}."),
    "not_a_member": Said(
        "User {object} isn't a member of role {role}: what the role is granted later won't reach it.",
        "Run: {statement}",
    ),
    "system_permission": Said(
        "User {object} has the system permission {permission}, by {way}.", "If it needn't, run: {statement}"
    ),
    **{
        f"{code}{case}": Said(f"{who} can {what}{by}: {{grants}}.", remedy)
        for code, what in _EXCESS.items()
        for case, who, by, remedy in _HOLDERS
    },
    # Step 1: role and user.
    "name_taken role": Said(
        "There is a user named {object}, and a role can't share a user's name.", "Choose another role name."
    ),
    "name_taken user": Said("User {object} would share its name with a role.", _OTHER_LOGIN),
    "user_is_admin": Said(
        "{object} is the admin connection's own login, and Segment needs a user of its own.", _OTHER_LOGIN
    ),
    "user_is_superuser": Said(
        "User {object} is a superuser (CREATEUSER), so it can read and change everything.",
        "Give the user connection another login, or run first: {statement}",
    ),
    "login_fails": Said(
        "User {object} exists, and the user connection's password doesn't log in. Nothing was changed, because Segment "
        "may be using the current password.",
        "Correct the connection's password; or set the user's to that of the connection with "
        "RotateSegmentPasswordOperator, and then give it to Segment.",
    ),
    "login_fails rotated": Said(
        "User {object} got the user connection's password, and Redshift still refuses it. Segment is locked out.",
        "See whether the user's VALID UNTIL is over, and whether another run sets another password.",
    ),
    "segment_locked_out": Said(
        "With another password of user {object}, Segment is locked out until its settings have it.",
        "Give Segment the new password at once.",
    ),
    "password_policy": Said(
        "The user connection's password doesn't meet Redshift's policy: it must {lacks:all}.",
        "Choose another password.",
    ),
    "role_owner": Said("Role {object} already existed; its owner is {owner}."),
    "role_members": Said(
        "Role {object} is also held by {members}, who can read whatever it can read.",
        "Revoke it from whoever isn't meant to hold it.",
    ),
    "role_roles": Said(
        "Role {object} can also do what the role{roles:s} {roles} can do.", "Revoke what it isn't meant to hold."
    ),
    "role_privileges": Said("Role {object} already holds {grants} (as seen from database {database})."),
    "user_createdb": Said("User {object} can create databases (CREATEDB).", "If it needn't, run: {statement}"),
    "user_roles": Said(
        "User {object} also holds the role{roles:s} {roles}, and can do what they allow.",
        "Revoke what it isn't meant to hold.",
    ),
    "user_privileges": Said(
        "User {object} itself holds {grants} (as seen from database {database}), besides what the role gives it.",
        "Revoke what it isn't meant to hold.",
    ),
    "serverless": Said(
        "{object} is Redshift Serverless, which Segment doesn't support. Access is set up, but Segment may be unable "
        "to connect.",
        "Use a provisioned cluster.",
    ),
    # Step 2: the checkpoint database.
    "not_local checkpoint": Said(
        "Database {object} is {kind}, not local, so Segment can't write to it.", "Name another database."
    ),
    "untrusted_owner": Said(
        "{kind:capital} {object} already exists and belongs to {owner}, who isn't trusted with what Segment gets.",
        "If it is the right one, name {owner} in trusted_owners, or have a superuser run: {statement}",
    ),
    "untrusted_owner gone": Said(
        "{kind:capital} {object} already exists, and its owner ({owner}) doesn't.",
        "Have a superuser run: {statement}",
    ),
    "database_owner": Said("Database {object} already existed; its owner is {owner}."),
    # Step 3: schemas.
    "system_schema": Said("Schema {object} belongs to Redshift itself.", "Name a schema of your own."),
    "schema_missing": Said(
        "Schema {schema} doesn't exist in database {database}.", "Correct the name, or create the schema first."
    ),
    "schema_missing alike": Said("Schema {schema} doesn't exist in database {database}.", "Did you mean {alike}?"),
    "schema_missing planned": Said(
        "Schema {schema} doesn't exist in database {database}; the plan continues as if it did."
    ),
    "schema_missing hidden": Said(_UNSEEN + ".", _UNHIDE),
    "schema_missing hidden planned": Said(_UNSEEN + "; the plan continues as if it saw it.", _UNHIDE),
    "schema_missing closing": Said("Schema {schema} doesn't exist in database {database}.", "Correct the name."),
    "pattern_empty": Said(
        "Pattern {object} means no schema of database {database}.", "Correct it, unless one is to come."
    ),
    "pattern_empty left": Said("All that pattern {object} means in database {database} is left out."),
    "left_out owner": Said(
        "Patterns open only what a trusted owner has in database {object}, so they leave out {schemas} (of {owners}).",
        "Name the owners in trusted_owners, or the schemas themselves; or leave them out with !.",
    ),
    "left_out capitals": Said(
        "Redshift looks for names in lower case, so patterns leave out {schemas} in database {object}.",
        "Rename them to lower case, let the admin's session have enable_case_sensitive_identifier on, or leave them "
        "out with !.",
    ),
    "left_out checkpoint": Said(
        "Database {object} is the checkpoint database, where no pattern opens a schema: {schemas}.",
        "Name the schemas themselves, if Segment is to read them.",
    ),
    "left_out not allowed": Said("Patterns leave out what may not be opened here, in database {object}: {schemas}."),
    "left_out not local": Said(
        "Patterns leave out what isn't local, in database {object}: {schemas}. A schema that is named itself is told "
        "with the statements that open it."
    ),
    "left_out reverse_etl": Said("Patterns leave out {schemas} in database {object}: it is Reverse ETL's own."),
    "not_local external": Said(
        "Schema {object} is external: Redshift grants it outside a transaction only, and with all that is in it.",
        "An administrator runs in database {database}, outside a transaction, and for the linked user instead where "
        "Redshift refuses the role: {statement}",
    ),
    "not_local shared": Said(
        "Schema {object} is in a datashare's database, to which nobody connects: it is granted from a local one.",
        "An administrator runs in a local database: {statement}; if {database} was created WITH PERMISSIONS, then "
        "also: {statements:statements}",
    ),
    "not_local mounted": Said(
        "Schema {object} is in a database that is {kind}: Redshift opens it to IAM identities, and Segment logs in "
        "with a password.",
        "Have an administrator create an external schema for it in a local database, and name that one.",
    ),
    "not_local open": Said("Role {role} already holds USAGE for schema {object}, which is {kind}."),
    "schema_missing folded": Said(
        "Schema {schema} doesn't exist in database {database}, where Redshift looks for it in lower case.",
        "Rename it to lower case, or let the admin's session have enable_case_sensitive_identifier on.",
    ),
    "table_missing": Said("Table {object} doesn't exist.", "Correct the name, or create the table first."),
    "table_missing alike": Said("Table {object} doesn't exist.", "Did you mean {alike}?"),
    "table_missing folded": Said(
        "Table {object} doesn't exist where Redshift looks for it, in lower case.",
        "Rename it to lower case, or let the admin's session have enable_case_sensitive_identifier on.",
    ),
    "table_twice": Said("Table {object} is named twice.", "Name it once."),
    "writers_unknown": Said(
        "Schema {object} holds no user's table yet, so it isn't known who creates them.",
        "Name the users who will in writers, or use future_tables='scoped'.",
    ),
    "owner_left_out": Said(
        "{owner}, who owns tables in {object}, belongs to Redshift itself, and default privileges leave out what it "
        "creates later.",
        "If Segment is to read that, use future_tables='scoped'.",
    ),
    "writer_missing": Said("There is no user {object}, who is named in writers.", "Correct the name."),
    "writer_cannot_create": Said(
        "User {writer} can't create tables in {object}, so Redshift refuses default privileges for it.",
        "Name only users in writers who create tables there, or run first: {statement}",
    ),
    "writer_cannot_create stuck": Said(
        "User {writer} has default privileges in {object} and can no longer create there, so Redshift won't revoke "
        "them.",
        "Run in database {database}, and revoke it afterwards: {statement}",
    ),
    "column_grant": Said(
        "{privilege} on some columns of {object} is already held, so Redshift refuses to grant it on the whole table.",
        "Run again with prune=True to replace it, or revoke it by hand.",
    ),
    "held_by_others": Said(
        "{object:capital} already holds {grants}. Role {role} is granted it too, and then doesn't depend on that."
    ),
    "owned_by_member schema": Said(
        "User {member}, a member of role {role}, owns schema {object}, whatever is granted."
    ),
    "owned_by_member tables": Said(
        "User {member}, a member of role {role}, owns tables in {object}, whatever is granted."
    ),
    "owned_by_member schema and tables": Said(
        "User {member}, a member of role {role}, owns schema {object} and tables in it, whatever is granted."
    ),
    "opens_more": Said(
        "USAGE on schema {object} also opens what {holder} holds there: {grants}.",
        "Revoke it first if Segment isn't meant to read it.",
    ),
    "opens_more inherited": Said(
        "USAGE on schema {object} also opens what {holder} holds there through {roles}: {grants}.",
        "Revoke it first if Segment isn't meant to read it.",
    ),
    "row_level_security": Said(
        "Row-level security is on in {object} for {tables}: role {role} sees only the rows that a policy attached to "
        "it lets through, and none without a policy.",
        "Attach a policy to the role if Segment is meant to read rows there.",
    ),
    "masking": Said(
        "Role {role} sees masked values in {object}, in {tables}.",
        "Attach another masking policy to the role if Segment is meant to read the real ones.",
    ),
    "column_privileges": Said(
        "Role {role} holds privileges on single columns in {object}, of {tables}. Redshift refuses queries on such "
        "tables from another database, and Segment's come from one.",
        "Grant the whole tables, or revoke the privileges on columns.",
    ),
    "late_binding_views": Said(
        "{object} has late-binding views: {views}. Each shows whatever its owner can read. It can be read only while "
        "its owner can read what is below it, and from another database, as Segment does, only if that is in this one."
    ),
    "views_read_more": Said(
        "Views in {object} show role {role} what isn't opened to it, because their owners can read it: {views}."
    ),
    "unnamed": Said(
        "Role {role} keeps {grants}: this came with ALL, REVOKE can't name it, and Redshift has neither rules nor "
        "triggers."
    ),
    "database_wide": Said(
        "Role {role} holds {grants}, which reaches beyond the named schemas, so prune leaves it alone."
    ),
    "inherited": Said("Role {object} also has what the role{roles:s} {roles} hold; prune takes nothing from them."),
    # Schemas are closed.
    "kept": Said("{holder:capital} still holds {grants}. It is kept, because it isn't role {role}'s own."),
    "kept inherited": Said(
        "Through {roles}, role {role} still holds {grants}. It is kept, because it isn't the role's own."
    ),
    "database_wide closing": Said(
        "Role {role} still holds {grants}, seen from database {object}. It is kept, because it reaches beyond the "
        "named schemas."
    ),
    "database_wide closing inherited": Said(
        "Through {roles}, role {role} still holds {grants}, seen from database {object}. It is kept, because it "
        "reaches beyond the named schemas."
    ),
    # Reverse ETL.
    "schema_missing reverse_etl": Said("Schema {object} doesn't exist, so " + _NO_SETUP),
    "database_missing reverse_etl": Said("Database {object} doesn't exist, so " + _NO_SETUP),
    "untrusted_owner schema": Said(
        "Schema {object} belongs to {owner}, whom nobody has named as its owner.",
        "If that is the user of Segment's other connection, name it: in the form as the owner of the Reverse ETL "
        "schema, in the operator as schema_owner.",
    ),
    "untrusted_owner another": Said(
        "Schema {object} belongs to {owner}, not to {named}, who is named as its owner.",
        "Correct the name, if {owner} is the user of Segment's other connection.",
    ),
    "reverse_etl_owner": Said("Schema {object} belongs to {owner}, who goes on working in it."),
    "reverse_etl_elsewhere": Said(
        "Checkpoint database {object} has a Reverse ETL schema, too, of {owner}, and Segment will use that one.",
        "Run again with {object} as the database with the existing Reverse ETL schema.",
    ),
    "reverse_etl_roles": Said("Schema {object} is also used by the role{roles:s} {roles}."),
    "reverse_etl_closed": Said(
        "Tables that the linked user creates in {object} are its own, and closed to {owner}.",
        "To open them, an administrator runs in database {database}: {statement}",
    ),
    "reverse_etl_kept": Said(
        "Role {role} also holds {grants}. It is kept, because this task takes nothing away.",
        "To take it away, an administrator runs in database {database}: {statements:statements}",
    ),
    # Step 4 and Profiles Sync: what sensors see.
    "schema_empty": Said("Schema {object} has no tables, so there is nothing to read in it yet."),
    "schema_unlisted": Said(
        "Schema {object} is {kind}, and {login} finds no table listed in it, so nothing of it is proved.",
        "Name its tables, or let the admin see them.",
    ),
    "schema_missing reading it": Said("There is no schema {object}."),
    "schema_closed": Said(
        "User {login} lacks USAGE on schema {object}, so it can read none of its tables ({count} to be read).",
        "Run in database {database}: {statement}",
    ),
    "not_granted": Said(
        "User {login} lacks SELECT in schema {object}, on {tables:100}.", "Run in database {database}: {statement}"
    ),
    "table_missing reading": Said("Reading {object} fails: {reason} ({state})."),
    "schema_missing reading": Said("Reading {object} fails: {reason} ({state})."),
    "database_missing reading": Said("Reading {object} fails: {reason} ({state})."),
    "not_readable reading": Said("Reading {object} fails: {reason} ({state})."),
    "view_broken": Said(
        "View {object} fails by itself, whoever reads it: {reason} ({state}).", "Its owner corrects or drops it."
    ),
    "view_refused": Said(
        "View {object} is granted, and reading it fails: {reason} ({state}).",
        "Its owner needs SELECT on what is below it; of a late-binding view, the linked role may also need USAGE on "
        "the schemas below.",
    ),
    "column_privileges reading": Said(
        "Somebody holds privileges on single columns of {object}, so Redshift refuses it to whoever holds no more, and "
        "to queries from another database.",
        "Revoke them, and grant the whole table.",
    ),
    "interleaved_key": Said(
        "Table {object} has an interleaved sort key, so Redshift refuses it to queries from another database, and "
        "Segment's come from one.",
        "Give it a compound sort key, or let Segment read a copy.",
    ),
    "cross_database_refused": Said(
        "Redshift refuses to read {object} from another database: {reason} ({state}).",
        _NEEDS_RA3,
    ),
    "checkpoint_closed": Said(
        "User {login} lacks {privileges} on {what}, where Segment has to write.",
        "Run in database {object}: {statement}",
    ),
    "checkpoint_closed tried": Said(
        "Writing a table of one's own to database {object} was tried, and fails: {reason} ({state}).",
        "Let the linked role create schemas and tables there.",
    ),
    "unreachable_name": Said(
        "The session of {login} folds names to lower case, so it can't reach {object}.",
        "Rename it to lower case if Segment is meant to read it.",
    ),
    "schema_missing unsynced": Said(
        "There is no schema {object}.",
        "Segment creates it once Profiles Sync is connected and a live event has arrived: in an idle space, send a "
        "test event.",
    ),
    "schema_elsewhere": Said(
        "There is no schema {object}. The tables of Profiles Sync are in {schemas}.",
        "Correct the name, if that was meant. If it is another space's, Segment creates this one once Profiles Sync is "
        "connected and a live event has arrived.",
    ),
    "schema_not_visible": Said(
        "Schema {object} exists, and {login} may not use it.",
        "Grant it with GrantSchemaOperator, or run in database {database}: {statement}",
    ),
    "table_not_selectable": Said(
        "{login} may not read {tables:all} in {object}.",
        "Grant the schema with GrantSchemaOperator, or run in database {database}: {statement}",
    ),
    "raw_missing": Said(
        "Schema {object}, which belongs to {owner}, has no {tables:all}.",
        "Segment writes raw tables with the first hourly sync after a live event. One that stays away isn't selected "
        "under " + _SELECTED,
    ),
    "materialized_missing": Said(
        "Schema {object}, which belongs to {owner}, has no {tables:all}.",
        "Waiting alone may not help: materialized tables are off until they are selected under " + _SELECTED,
    ),
    "event_tables_missing": Said(
        "Schema {object}, which belongs to {owner}, has no {tables:all}.",
        "Such a table comes with the first event of its kind that a source sends: check the name, and that it is "
        "selected under " + _SELECTED,
    ),
    "tables_misnamed": Said(
        "Schema {object} has {aliases}, where Profiles Sync writes {tables:all}.",
        "Check that it is the right schema: some of Segment's pages misspell these names, and Profiles Sync doesn't.",
    ),
    "not_segments": Said(
        "{tables:all} in schema {object}, which belongs to {owner}, aren't Profiles Sync's: they are views, or have "
        "none of its columns.",
        "Check that it is the right schema.",
    ),
    "columns_missing": Said(
        "Tables in schema {object}, which belongs to {owner}, lack columns that Profiles Sync always writes: "
        "{columns:all}.",
        "If they are Segment's, select the columns under " + _SELECTED,
    ),
    "rows_unknown": Said(
        "Whether {tables:all} in {object} hold rows, and how old these are, isn't known: {login} can't read them "
        "({reason}).",
        "Let it read them, or name a user connection in user_conn_id that can.",
    ),
    "raw_empty": Said(
        "No row is in the raw table{tables:s} {tables:all} of {object}.",
        "Segment's backfill starts with a live event: send a test event.",
    ),
    "materialized_empty": Said(
        "No row is in the materialized table{tables:s} {tables:all} of {object}, and there are rows to make them of.",
        "Tables that were selected late get new data only: ask Segment (friends@segment.com) for a backfill.",
    ),
    "stale": Said(
        "The newest row of the {group} tables {tables:all} in {object} is older than max_staleness allows.",
        "See under Unify > Profiles Sync whether syncs fail; in a space without events there is nothing to write.",
    ),
    "database_missing look": Said("There is no database {object}.", "Correct the name."),
    "not_ready": Said("{reason}"),
    "not_ready planned": Said(
        "There is no {object} yet, so no login proves anything: it is proved after a run that creates it.",
        "If no run is to create it, correct the name.",
    ),
    # Preflight: both connections, the cluster, its network.
    "no_answer": Said(
        "Connection {object}: the server gives no answer yet, within {seconds} seconds. A cluster that is resuming is "
        "silent like this, and so is a firewall.",
        "Look again in some minutes; then see that the cluster runs, and that its security group lets this machine in.",
    ),
    "not_connected": Said("{reason}"),
    "admin_logs_in": Said(_LOGS_IN),
    "user_logs_in": Said(_LOGS_IN),
    "user_missing yet": Said("There is no user {object} yet, so its login wasn't tried. The first run creates it."),
    "capitals kept": Said("Sessions of {object} keep capitals in names (enable_case_sensitive_identifier is on)."),
    "capitals folded": Said(
        "Sessions of {object} fold names to lower case (enable_case_sensitive_identifier is off), so they can't reach "
        "what is stored with capitals."
    ),
    "temp_revoked": Said("TEMP is revoked from everybody (PUBLIC) in {databases}: no temporary tables there."),
    "public_creates": Said("Everybody (PUBLIC) may create tables in {object}, and so may the linked user."),
    "crosses_databases": Said("Redshift takes queries to another database ({object}), such as Segment's."),
    "old_patch": Said(
        "Redshift knows no scoped permissions (seen from database {object}): it is older than patch 183, of August "
        "2024, and nothing here works with it.",
        "Let the cluster be patched in its maintenance window.",
    ),
    "cluster": Said("AWS says that cluster {object} is {state}, with nodes of type {nodes}."),
    "cluster_unread": Said(
        "AWS connection {object} can't look at the cluster's network: {reason}.",
        "Allow it redshift:DescribeClusters and ec2:DescribeSecurityGroupRules, and see that the admin connection's "
        "host, or cluster_identifier and region in its extra, name the cluster.",
    ),
    "cluster_unavailable": Said("Cluster {object} isn't available: it is {state}.", "Run: {command}"),
    "old_nodes": Said("No query reads another database on nodes of type {nodes}, as Segment's do.", _NEEDS_RA3),
    "not_public": Said(
        "Cluster {object} isn't publicly accessible, so Segment reaches it through AWS PrivateLink only.",
        "Ask Segment for PrivateLink, or run: {command}",
    ),
    "other_port": Said("The admin connection's port is {port}, and cluster {object} listens at {listens}."),
    "addresses_let_in": Said(
        "The security groups of cluster {object} ({groups}) let in Segment's addresses at port {port}: {addresses}."
    ),
    "addresses_shut_out": Said(
        "The security groups of cluster {object} ({groups}) don't let in Segment's addresses at port {port}: "
        "{addresses}. What prefix lists hold wasn't read.",
        "Run: {commands:statements}",
    ),
    # The way back.
    "new_owner_missing": Said(
        "There is no user {object}, who is named in new_owner.", "Correct the name, or create the user first."
    ),
    "new_owner_untrusted": Said(
        "User {object}, who is named in new_owner, isn't trusted with what user {user} owns.",
        "Name the admin or a superuser, or let the DAG file list {object} in trusted_owners.",
    ),
    "new_owner_leaves": Said("new_owner is {object}, the user who leaves.", "Name another user."),
    "database_kept": Said("Database {object} is kept, since checkpoint_database doesn't name it."),
    "database_missing": Said("There is no database {object}, so none is dropped."),
    "role_members leaving": Said("Role {object} is also held by {members}, who would lose what it gives.", _FORCE),
    "role_privileges permissions": Said("Role {object} holds what Segment's setup never gives: {permissions}.", _FORCE),
    "role_privileges further": Said(
        "Role {role} holds in database {object} what Segment's setup never gives: {grants}.", _FORCE
    ),
    "role_privileges unsure": Said(
        "Role {role} holds in database {object} what Segment's setup never gives: {grants}.",
        "If {object} is the checkpoint database, name it as the schema of the user connection. " + _FORCE,
    ),
    "not_local held": Said("{holder:capital} holds {grants}, which is {kind}.", "An administrator runs: {statement}"),
    "not_local inside": Said(
        "What {holder} holds in database {object}, if that was created WITH PERMISSIONS, isn't shown. If it keeps "
        "Redshift from dropping {holder}, an administrator runs first: {statements:statements}."
    ),
    "not_local drop": Said("Database {object} is {kind}, not local.", "An administrator drops it."),
    "user_kept admin": Said(
        "User {object} is kept with all that it holds but role {role}: it is the admin connection's own login."
    ),
    "user_kept superuser": Said("User {object} is kept with all that it holds but role {role}: it is a superuser."),
    "user_roles leaving": Said(
        "User {object} also holds the role{roles:s} {roles}, so somebody else may need it.", _FORCE
    ),
    "user_privileges leaving": Said(
        "User {user} itself holds in database {object}, besides what the role gives it: {grants}.", _FORCE
    ),
    "owned roles": Said("User {object} owns the role{roles:s} {roles}.", "Name a user in new_owner to give them to."),
    "owned": Said(
        "User {user} owns in database {object}: {owned}.",
        "Name a user in new_owner to give them to, or drop them first; the checkpoint database can be named in "
        "checkpoint_database.",
    ),
    "by_hand": Said(
        "Database {object} holds privileges that this task doesn't revoke: {privileges}.", "Revoke them by hand first."
    ),
    "session_open": Said("User {object} is still logged in: {sessions}. What is open goes on until it ends."),
    "session_open database": Said(
        "Database {object} can't be dropped while somebody is connected to it: {sessions}.",
        "Let them end, or have an administrator run: SELECT PG_TERMINATE_BACKEND(<process>)",
    ),
    "undroppable": Said(
        "Database {object} is the admin connection's own, so it can't be dropped.",
        "Leave checkpoint_database empty, or give the admin connection another database.",
    ),
    "undroppable system": Said(
        "Database {object} is one that Redshift keeps, so it can't be dropped.", "Leave checkpoint_database empty."
    ),
    "undroppable unrelated": Said(
        "Nothing shows that database {object} is Segment's: role {role} doesn't hold CREATE in it, and the user "
        "connection doesn't name it.",
        "Correct the name; or give the user connection {object} as its database, if it is the checkpoint database.",
    ),
    "undroppable another": Said(
        "Nothing shows that database {object} is Segment's: role {role} doesn't hold CREATE in it, and the user "
        "connection doesn't name it. They point to {databases} as the checkpoint database.",
        "Correct the name.",
    ),
    "checkpoint_elsewhere": Said(
        "Database {object} is named as the checkpoint database, and role {role} or the user connection points to "
        "{databases} as well.",
        "Check which one Segment uses.",
    ),
    "role_unrelated": Said(
        "Nothing ties role {object} to user {user}, who isn't a member of it.",
        "Correct the role or the user connection's login; if both are Segment's, grant the role to the user first.",
    ),
    "foreign_objects": Said(
        "Database {object} holds what isn't user {user}'s: {objects}.",
        "Move it elsewhere, or repeat the database's name in confirm_database to have it dropped too.",
    ),
}
HIDDEN = " {hidden_from} isn't a superuser, so the schema may exist and be hidden from it."
"""What is added where the catalog may not show everything."""


class _Facts(Formatter):
    """Writes facts into a sentence: a list is cut short, or as it asks (``100``, ``all``); ``s`` makes a plural."""

    def format_field(self, value: Any, format_spec: str) -> str:
        match format_spec:
            case "s":
                return "" if len(value) == 1 else "s"
            case "all":
                return ", ".join(value)
            case "count":
                return counted(len(value), "table")
            case "statements":
                return "; ".join(value)
            case "quoted":
                return quote(value)
            case "capital":
                return f"{value[:1].upper()}{value[1:]}"
        match value:
            case Statement():
                return value.shown
            case frozenset():
                return describe_grants(value)
            case tuple():
                return few(value, int(format_spec or FEW))
        return str(value)


def said(finding: Finding) -> Said:
    """Say what a finding tells, and what to do about it: no name and no server's text in it ends a line, or hides."""
    facts = dict(finding.facts)
    case = facts.get("case")
    sentence = FINDINGS[f"{finding.code} {case}" if case else finding.code]
    values = {"user": finding.object, **facts, "object": finding.object}
    text = sentence.text + (HIDDEN if facts.get("hidden_from") else "")
    return Said(*(one_line(_Facts().vformat(one, (), values)) for one in (text, sentence.remedy)))


def change_text(change: Change, *, done: bool = False) -> str:
    """Say what is changed, and why.

    :param done: whether it was made; default False: it is planned.
    :return: a sentence without its full stop.
    """
    path = _path(change)
    if change.kind == "later tables" and len(change.path) == 1:
        path = f"database {path}"
    what = OBJECTS.get(change.kind, f"{change.kind} {{path}}").format(path=path, names=", ".join(change.names))
    if change.privileges:
        what = f"{', '.join(change.privileges)} on {what}"
    whom = f" {'from' if change.action == 'revoke' else 'to'} {change.identity}" if change.identity else ""
    verb = DONE[change.action] if done else change.action
    reason = REASONS.get(change.reason, ("", ""))[done].format(of=change.of)
    return one_line(f"{verb} {what}{_beside(change)}{whom}{reason and ': ' + reason}")


def object_name(change: Change) -> str:
    """Name what a change is about, such as ``role r`` or ``tables d.s``: for programs, and the same in every report."""
    return f"{change.kind} {_path(change)}"


def _path(change: Change) -> str:
    return change.path[0] if change.kind in OF_CLUSTER else join_path(*change.path)


def _beside(change: Change) -> str:
    if change.action == "create" and change.kind == "user":
        return ", its password sent as a hash"
    if change.action == "drop" and change.kind == "database" and change.count:
        return f" with {counted(change.count, 'table or view', 'tables and views')} in it"
    if change.kind == "todays tables" and change.names:
        return f" ({few(change.names)})"
    if change.action == "drop" and change.names:
        return f", with its membership of {', '.join(change.names)}"
    return ""


def describe_grants(grants: Iterable[Grant]) -> str:
    """Describe privileges in a phrase.

    :return: such as ``CREATE on database d, USAGE on 3 schemas, SELECT on 12 tables``.
    """
    grants = set(grants)
    places = Counter((grant.scope, grant.privilege) for grant in grants)
    single = {(grant.scope, grant.privilege): grant for grant in grants}
    nouns = {Scope.TABLES: "the tables of schema", Scope.DEFAULT: "later tables of"}
    phrases = []
    for (scope, privilege), count in sorted(places.items()):
        noun = nouns.get(scope, str(scope))
        grant = single[scope, privilege]
        name = _place(grant)
        phrases.append(f"{privilege} on {noun} {name}" if count == 1 else f"{privilege} on {_plural(noun, count)}")
    return ", ".join(phrases)


def _place(grant: Grant) -> str:
    if grant.scope is Scope.DEFAULT:
        return f"{grant.writer} in {join_path(grant.schema) if grant.schema else 'all schemas'}"
    return join_path(*grant.path)


def _plural(noun: str, count: int) -> str:
    if noun == "later tables of":
        return f"later tables, in {count} cases"
    return f"the tables of {count} schemas" if "tables of" in noun else f"{count} {noun}s"


def few(names: Sequence[str], count: int = FEW) -> str:
    """Name the first few.

    :param count: how many, at most; default five.
    :return: these, and how many more there are.
    """
    rest = len(names) - count
    return ", ".join(names[:count]) + (f" and {rest} more" if rest > 0 else "")


def by_cause(findings: Iterable[Finding]) -> str:
    """Say findings once for each cause, and of what else that goes; notes are left out.

    :return: their sentences.
    """
    causes: dict[object, list[Finding]] = {}
    for one in dict.fromkeys(one for one in findings if one.level is not Level.NOTE):
        facts = dict(one.facts)
        # What tells of several tables already, or gives a statement, stands for itself.
        own = one.object if facts.keys() & {"tables", "statement"} else ""
        causes.setdefault((one.code, one.level, facts.get("state"), facts.get("case"), own), []).append(one)
    told: list[str] = []
    for first, *rest in causes.values():
        told += filter(None, (said(first).text, said(first).remedy))
        told += [f"The same goes for {few([one.object for one in rest], MOST)}."] * bool(rest)
    return " ".join(map(one_line, told))


def counted(count: int, one: str, many: str = "") -> str:
    """Count something, in the singular where it is one.

    :param count: how many.
    :param many: the word for several; default with an ``s``.
    :return: such as ``1 change`` or ``3 changes``.
    """
    return f"{count} {one if count == 1 else many or one + 's'}"
