"""ALTER DEFAULT PRIVILEGES.

https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DEFAULT_PRIVILEGES.html
"""

from __future__ import annotations

from local_redshift.errors import syntax_error
from local_redshift.grammar.grantees import behaviour, grantees, known_user
from local_redshift.grammar.objects import TABLE_BITS
from local_redshift.plan import Command, Context, Plan
from local_redshift.reader import Reader
from local_redshift.text import array, block, ident, literal


def alter(reader: Reader, context: Context) -> Plan:
    """Permissions on tables that the named users, or the session's, create from now on."""
    creators: list[str] = []
    schemas: list[str] = []
    if reader.accept("for", "user"):
        creators = [known_user(name) for name in reader.listed(reader.user_name)]
    if reader.accept("in", "schema"):
        schemas = reader.listed(reader.name)
    head = "ALTER DEFAULT PRIVILEGES"
    if creators:
        head += " FOR ROLE " + ", ".join(map(ident, creators))
    if schemas:
        head += " IN SCHEMA " + ", ".join(map(ident, schemas))
    named = [literal(name) for name in creators] or ["session_user::text"]
    checks = [f"PERFORM pg_rs.check_creates({name}, {array(schemas)})" for name in named] if schemas else []
    steps = [f"{head} {change}" for change in _changes(reader)]
    if creators:
        steps = [f"PERFORM pg_rs.alter_defaults({array(creators)}, {literal(step)})" for step in steps]
    return Command(block(checks + steps), "DDL", "ALTER DEFAULT PRIVILEGES")


def _changes(reader: Reader) -> list[str]:
    """The GRANT or REVOKE in it, one for each grantee."""
    granting = reader.accept("grant")
    option = ""
    if not granting:
        reader.expect("revoke")
        option = "GRANT OPTION FOR " if reader.accept("grant", "option", "for") else ""
    privileges = _privileges(reader)
    reader.expect("on")
    routines = reader.accept_any("functions", "procedures")
    if not routines:
        reader.expect("tables")
    if privileges != "ALL" and bool(routines) is not (privileges == "EXECUTE"):
        raise syntax_error(routines or "tables")
    if routines:
        reader.later("default privileges on functions and procedures")
    reader.expect("to" if granting else "from")
    who = grantees(reader, granting, only_identities=False, only_users=bool(option))
    if not granting:
        behaviour(reader)
    reader.end()
    if not granting:
        return [f"REVOKE {option}{privileges} ON TABLES FROM {one.sql}" for one in who]
    given = [(one.sql, " WITH GRANT OPTION" if one.with_option else "") for one in who]
    return [f"GRANT {privileges} ON TABLES TO {name}{suffix}" for name, suffix in given]


def _privileges(reader: Reader) -> str:
    if reader.accept("all"):
        reader.accept("privileges")
        return "ALL"
    if reader.accept("execute"):
        return "EXECUTE"

    def one() -> str:
        word = reader.expect_any(*TABLE_BITS)
        return TABLE_BITS[word]

    return ", ".join(reader.listed(one))
