"""Session parameters and transactions."""

from __future__ import annotations

from local_redshift.errors import Refused, unsupported
from local_redshift.plan import CaseChange, Command, Context, Ending, Plan, Query
from local_redshift.reader import Reader
from local_redshift.text import SCHEMA, block, literal
from local_redshift.tokens import Kind

CASE = "enable_case_sensitive_identifier"
# https://docs.aws.amazon.com/redshift/latest/dg/t_metadata_security.html
METADATA = "metadata_security"
# Redshift's own parameters that are kept but mean nothing to PostgreSQL.
KEPT = (CASE, "query_group")
NATIVE = (
    "statement_timeout",
    "search_path",
    "datestyle",
    "timezone",
    "client_encoding",
    "application_name",
    "extra_float_digits",
)
KNOWN = (*KEPT, *NATIVE)
# Parameters of https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_ConfigurationRef.html that aren't honoured.
UNHONOURED = frozenset(
    """analyze_threshold_percent cast_super_null_on_error datashare_break_glass_session_var default_geometry_encoding
    describe_field_name_in_uppercase downcase_delimited_identifier enable_case_sensitive_super_attribute
    enable_numeric_rounding enable_result_cache_for_session enable_vacuum_boost error_on_nondeterministic_update
    interval_forbid_composite_literals json_serialization_enable json_serialization_parse_nested_strings
    max_concurrency_scaling_clusters max_cursor_result_set_size mv_enable_aqmv_for_session
    navigate_super_null_on_error parse_super_null_on_error pg_federation_repeatable_read session_authorization
    spectrum_enable_pseudo_columns spectrum_query_maxerror stored_proc_log_min_messages use_fips_ssl
    wlm_query_slot_count autocommit seed""".split()
)
ON = ("true", "on", "t", "1", "yes")
OFF = ("false", "off", "f", "0", "no")


def set_parameter(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_SET.html"""
    if reader.is_word("session", "authorization") or reader.is_word("local", "session", "authorization"):
        raise unsupported("SET SESSION AUTHORIZATION")
    # Roles are always in force.
    if reader.is_word("session", "characteristics") or reader.is_word("role"):
        raise reader.fail()
    scope = reader.accept_any("local", "session")
    if scope == "local" and reader.is_word("session"):
        raise reader.fail()
    name = _assigned(reader)
    if name == CASE:
        return _set_case(reader, scope)
    values = _values(reader, name)
    reader.end()
    return Command(f"SET {scope + ' ' if scope else ''}{_native(name)} TO {values}", tag="SET")


def set_of_user(reader: Reader) -> str:
    """The end of ALTER USER u SET parameter, https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_USER.html"""
    name = _assigned(reader)
    if name != CASE:
        return f"SET {_native(name)} TO {_values(reader, name)}"
    value = _boolean(reader)
    return f"RESET {_native(CASE)}" if value is None else f"SET {_native(CASE)} TO '{'on' if value else 'off'}'"


def reset_of_user(reader: Reader) -> str:
    """The end of ALTER USER u RESET parameter."""
    return f"RESET {_native(_parameter(reader))}"


def reset(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_RESET.html"""
    if reader.is_any("use", "all", "session"):
        raise unsupported("RESET " + reader.peek().text.upper())
    name = _parameter(reader)
    reader.end()
    sql = f"RESET {_native(name)}"
    return CaseChange(sql, "RESET", "default") if name == CASE else Command(sql, tag="RESET")


def shown(sql: str, database: str | None = None) -> Query:
    """The plan of a SHOW."""
    return Query(sql, "UTILITY", "SHOW", database=database)


def set_config(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_SET_CONFIG.html: of one parameter, and the session's process."""
    reader.expect_symbol("(")
    name = reader.string()
    if name != "statement_timeout":
        raise unsupported(f"SET_CONFIG of {name}")
    reader.expect_symbol(",")
    value = reader.string()
    reader.expect_symbol(",")
    local = reader.expect_any("true", "false")
    reader.expect_symbol(")")
    process = ""
    if reader.accept_symbol(","):
        reader.expect("pg_backend_pid")
        reader.expect_symbol("(")
        reader.expect_symbol(")")
        process = ", pg_backend_pid()"
    reader.end()
    return Query(f"SELECT set_config({literal(name)}, {literal(value)}, {local}){process}")


def cancel(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/PG_CANCEL_BACKEND.html: it returns nothing."""
    reader.expect_symbol("(")
    if reader.peek().kind is not Kind.NUMBER:
        raise unsupported("PG_CANCEL_BACKEND of anything but a number")
    process = reader.integer()
    reader.expect_symbol(")")
    reader.end()
    return Query("SELECT NULL::int AS pg_cancel_backend", cancels=process)


def alter_system(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_SYSTEM.html"""
    reader.expect("set")
    if reader.name() != METADATA:
        raise unsupported("ALTER SYSTEM SET of another parameter")
    reader.expect_symbol("=")
    value = _boolean(reader)
    reader.end()
    return Command(block([f"PERFORM pg_rs.secure_metadata({bool(value)})"]), "UTILITY", "ALTER SYSTEM")


def show_parameter(reader: Reader) -> Plan:
    """SHOW of a session's parameter, or of the cluster's."""
    if reader.accept(METADATA):
        return shown(f"SELECT pg_rs.metadata_security() AS {METADATA}")
    name = _parameter(reader) if not reader.is_word("server_version") else reader.name()
    reader.end()
    if name == "server_version":
        return shown("SELECT '8.0.2' AS server_version")
    if name == CASE:
        return shown(f"SELECT '{'on' if reader.case_sensitive else 'off'}'::text AS {name}")
    if name in KEPT:
        sql = f"SELECT coalesce(nullif(current_setting({literal(_native(name))}, true), ''), 'unset') AS {name}"
        return shown(sql)
    return shown(f"SHOW {name}")


def begin(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_BEGIN.html"""
    reader.accept_any("work", "transaction")
    modes = ""
    while reader.peek().text:
        if reader.accept("isolation", "level"):
            # Redshift takes every level and treats all as serializable or snapshot isolation.
            _isolation(reader)
        elif reader.accept("read", "only"):
            modes = " READ ONLY"
        elif reader.accept("read", "write"):
            modes = " READ WRITE"
        elif not reader.accept_symbol(","):
            raise reader.fail()
    return Command(f"BEGIN{modes}")


def _isolation(reader: Reader) -> None:
    if reader.accept("read"):
        reader.expect_any("committed", "uncommitted")
    elif not (reader.accept("repeatable", "read") or reader.accept("serializable")):
        raise reader.fail()


def finish(reader: Reader, context: Context) -> Plan:
    """COMMIT, END, ROLLBACK, ABORT: https://docs.aws.amazon.com/redshift/latest/dg/r_COMMIT.html"""
    verb = reader.tokens[0].value
    reader.accept_any("work", "transaction")
    if reader.is_word("to") or reader.is_word("and"):
        raise reader.fail()
    reader.end()
    return Ending("COMMIT" if verb in ("commit", "end") else "ROLLBACK")


def _assigned(reader: Reader) -> str:
    """The parameter, and the word or sign before its value."""
    if reader.peek(1).text == "." and reader.peek().kind is Kind.WORD:
        raise unsupported("session context variables")
    name = _parameter(reader)
    if not (reader.accept("to") or reader.accept_symbol("=")):
        raise reader.fail()
    return name


def _values(reader: Reader, name: str) -> str:
    item = _schema if name == "search_path" else _value
    return ", ".join(reader.listed(lambda: item(reader)))


def _parameter(reader: Reader) -> str:
    if reader.accept("time", "zone"):
        return "timezone"
    token = reader.peek()
    if token.kind not in (Kind.WORD, Kind.QUOTED):
        raise reader.fail()
    name = reader.next().value
    if reader.peek().text == ".":
        raise unsupported("session context variables")
    if reader.peek().kind is Kind.WORD and reader.peek().value != "to":
        raise reader.fail()
    if name not in KNOWN:
        if name in UNHONOURED:
            raise unsupported(f"the parameter {name}")
        raise Refused("42704", f'unrecognized configuration parameter "{name}"')
    return name


def _native(name: str) -> str:
    return f"redshift.{name}" if name in KEPT else name


def _set_case(reader: Reader, scope: str) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_enable_case_sensitive_identifier.html"""
    value = _boolean(reader)
    reader.end()
    if scope == "local":
        raise unsupported(f"SET LOCAL {CASE}")
    if value is None:
        return CaseChange(f"RESET {_native(CASE)}", "SET", "default")
    setting = "on" if value else "off"
    return CaseChange(f"SET {_native(CASE)} TO '{setting}'", "SET", setting)


def _boolean(reader: Reader) -> bool | None:
    """True, false, or nothing for DEFAULT."""
    token = reader.peek()
    if token.kind not in (Kind.WORD, Kind.STRING, Kind.NUMBER):
        raise reader.fail()
    value = reader.next().value.lower()
    if value == "default":
        return None
    if value not in (*ON, *OFF):
        raise Refused("22023", f'parameter "{CASE}" requires a Boolean value')
    return value in ON


def _schema(reader: Reader) -> str:
    if reader.accept("default"):
        return "DEFAULT"
    name = reader.string() if reader.peek().kind is Kind.STRING else reader.name()
    if name == SCHEMA:
        raise Refused("3F000", f'schema "{name}" does not exist')
    if name == "information_schema":
        raise unsupported(f"{name} in search_path")
    return literal(name)


def _value(reader: Reader) -> str:
    if reader.accept("default"):
        return "DEFAULT"
    token = reader.peek()
    if token.kind not in (Kind.WORD, Kind.STRING, Kind.NUMBER, Kind.QUOTED):
        raise reader.fail()
    return literal(reader.next().value)
