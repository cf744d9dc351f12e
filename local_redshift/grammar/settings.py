"""Session parameters and transactions."""

from __future__ import annotations

from local_redshift.errors import Refused, unsupported
from local_redshift.plan import Context, Plan
from local_redshift.reader import Reader
from local_redshift.text import SCHEMA, literal
from local_redshift.tokens import Kind

CASE = "enable_case_sensitive_identifier"
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
    if reader.is_word("session", "authorization") or reader.is_word("session", "characteristics"):
        raise unsupported("SET SESSION " + reader.peek(1).text.upper())
    if reader.is_word("role"):
        # Roles are always in force.
        raise reader.fail()
    scope = reader.accept_any("local", "session")
    name = _parameter(reader)
    if not (reader.accept("to") or reader.accept_symbol("=")):
        raise reader.fail()
    if name == CASE:
        return _set_case(reader, scope)
    item = _schema if name == "search_path" else _value
    values = reader.listed(lambda: item(reader))
    reader.end()
    head = f"SET {scope + ' ' if scope else ''}{_native(name)} TO "
    return Plan(head + ", ".join(values), tag="SET")


def reset(reader: Reader, context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_RESET.html"""
    if reader.is_word("use") or reader.is_word("all") or reader.is_word("session"):
        raise unsupported("RESET " + reader.peek().text.upper())
    name = _parameter(reader)
    reader.end()
    return Plan(f"RESET {_native(name)}", tag="RESET", case_sensitive=False if name == CASE else None)


def show_parameter(reader: Reader) -> Plan:
    name = _parameter(reader) if not reader.is_word("server_version") else reader.name()
    reader.end()
    if name == "server_version":
        return Plan("SELECT '8.0.2' AS server_version", tag="SHOW")
    if name == CASE:
        return Plan(f"SELECT '{'on' if reader.case_sensitive else 'off'}'::text AS {name}", tag="SHOW")
    if name in KEPT:
        sql = f"SELECT coalesce(nullif(current_setting({literal(_native(name))}, true), ''), 'unset') AS {name}"
        return Plan(sql, tag="SHOW")
    return Plan(f"SHOW {name}", tag="SHOW")


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
    return Plan(f"BEGIN{modes}")


def _isolation(reader: Reader) -> None:
    if reader.accept("read"):
        if not reader.accept_any("committed", "uncommitted"):
            raise reader.fail()
    elif not (reader.accept("repeatable", "read") or reader.accept_any("snapshot", "serializable")):
        raise reader.fail()


def finish(reader: Reader, context: Context) -> Plan:
    """COMMIT, END, ROLLBACK, ABORT: https://docs.aws.amazon.com/redshift/latest/dg/r_COMMIT.html"""
    verb = reader.tokens[0].value
    reader.accept_any("work", "transaction")
    if reader.is_word("to") or reader.is_word("and"):
        raise reader.fail()
    reader.end()
    return Plan("COMMIT" if verb in ("commit", "end") else "ROLLBACK")


def _parameter(reader: Reader) -> str:
    if reader.accept("time", "zone"):
        return "timezone"
    token = reader.next()
    name = token.value
    if token.kind not in (Kind.WORD, Kind.QUOTED):
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
    if scope == "local":
        raise unsupported(f"SET LOCAL {CASE}")
    token = reader.next()
    reader.end()
    value = token.value.lower()
    if value == "default":
        value = "off"
    if value not in (*ON, *OFF):
        raise Refused("22023", f'parameter "{CASE}" requires a Boolean value')
    setting = "on" if value in ON else "off"
    return Plan(f"SET {_native(CASE)} TO '{setting}'", tag="SET", case_sensitive=value in ON)


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
    token = reader.next()
    if token.kind in (Kind.WORD, Kind.STRING, Kind.NUMBER, Kind.QUOTED):
        return literal(token.value)
    raise reader.fail()
