"""Which names are the catalog's."""

from __future__ import annotations

from local_redshift.errors import syntax_error, unsupported
from local_redshift.grammar.render import name_of
from local_redshift.plan import Context
from local_redshift.tokens import Kind, Token

PREFIXES = ("pg_", "svv_", "svl_", "stl_", "stv_", "svcs_")
SCHEMAS = ("pg_catalog", "information_schema", "pg_internal", "pg_toast")
# The monitoring views of https://docs.aws.amazon.com/redshift/latest/dg/serverless_views-monitoring.html; a user's
# table may well be called sys_something.
SYS = frozenset(
    f"sys_{name}"
    for name in """connection_log copy_job copy_replacements datashare_change_log datashare_cross_region_usage
    datashare_usage_consumer datashare_usage_producer external_query_detail external_query_error integration_activity
    load_detail load_error_detail load_history mv_refresh_history mv_state procedure_call procedure_messages
    query_detail query_history query_text serverless_usage session_history spatial_simplify stream_scan_errors
    stream_scan_states transaction_history udf_log unload_detail unload_history userlog vacuum_history""".split()
)
# Views whose rows come from every database of the cluster.
EVERYWHERE = frozenset(
    """svv_database_privileges svv_redshift_schemas svv_redshift_tables svv_redshift_columns svv_all_schemas
    svv_all_tables svv_external_tables svv_all_columns""".split()
)


def is_catalog(parts: list[str]) -> bool:
    """Whether a table's name, split at its dots, is one of the system's."""
    if len(parts) == 1:
        return parts[0].startswith(PREFIXES) or parts[0] in SYS
    return parts[-2] in SCHEMAS


# PostgreSQL's own functions would answer in PostgreSQL's names, or act past the grammar.
CALLABLE = frozenset("pg_backend_pid pg_sleep pg_terminate_backend pg_typeof pg_get_late_binding_view_cols".split())
FORBIDDEN_CALLS = frozenset(
    """user_is_member_of role_is_member_of
    set_config current_setting aclexplode acldefault makeaclitem row_security_active obj_description
    shobj_description col_description format_type currtid2 ts_stat ts_rewrite""".split()
)
# Those that https://docs.aws.amazon.com/redshift/latest/dg/r_System_information_functions.html has.
PRIVILEGE_CALLS = ("has_database_privilege", "has_schema_privilege", "has_table_privilege")
# Types whose literals are names of what is in the catalog.
NAMING_TYPES = frozenset(
    """regclass regcollation regconfig regdatabase regdictionary regnamespace regoper regoperator regproc regprocedure
    regrole regtype""".split()
)
# These run a statement that is given as text, or read files.
FORBIDDEN_KINDS = ("_to_xml", "_and_xmlschema", "_to_xmlschema")


def check_names(tokens: list[Token], allowed: list[tuple[int, int]], context: Context) -> None:
    """Refuse a name of the catalog's wherever it stands in a statement on user tables, besides the allowed spans.

    PostgreSQL has more places for a table's name than this grammar knows of, and would read its own catalog there.
    """
    passed = {at for start, end in allowed for at in range(start, end)}
    for at, token in enumerate(tokens):
        if at in passed or token.kind not in (Kind.WORD, Kind.QUOTED):
            continue
        name = name_of(token, context)
        if name in SCHEMAS or name in NAMING_TYPES or (name.startswith("pg_") and name not in CALLABLE):
            raise unsupported(f"the name {name} in a statement that isn't a plain SELECT of one catalog view")


def check_calls(tokens: list[Token]) -> None:
    """Refuse calls of functions that Redshift hasn't, or that would get around the grammar."""
    for at, token in enumerate(tokens):
        if token.kind not in (Kind.WORD, Kind.QUOTED):
            continue
        name = token.value.lower()
        called = _is_called(tokens, at)
        if called and name in ("current_user", "session_user", "user"):
            # https://docs.aws.amazon.com/redshift/latest/dg/r_CURRENT_USER.html: without parentheses
            raise syntax_error("(")
        if called and _is_forbidden(name):
            raise unsupported(f"the function {name}")
        if name in SCHEMAS and at + 2 < len(tokens) and tokens[at + 1].text == "." and _is_called(tokens, at + 2):
            raise unsupported(f"functions of {name}")


def _is_forbidden(name: str) -> bool:
    if name in FORBIDDEN_CALLS or name.endswith(FORBIDDEN_KINDS) or name.startswith(("lo_", "to_reg")):
        return True
    if name.startswith("has_") and name.endswith("_privilege"):
        return name not in PRIVILEGE_CALLS
    return name.startswith("pg_") and name not in CALLABLE


def _is_called(tokens: list[Token], at: int) -> bool:
    return at + 1 < len(tokens) and tokens[at + 1].text == "("
