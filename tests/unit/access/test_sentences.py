"""Every sentence of a finding and of a change, as people read it: docs/findings.md shows an example of each.

After a change of access/findings.txt, write the file anew and read the difference::

    python -m tests.unit.access.test_sentences
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from airflow_provider_datagraph.access.messages import DONE, FINDINGS, OBJECTS, REASONS, change_text, said
from airflow_provider_datagraph.access.plan import Change, Fact, Finding, Reason, finding
from airflow_provider_datagraph.access.preflight.network import ADDRESSES, network
from airflow_provider_datagraph.access.reach.excess import CODES
from airflow_provider_datagraph.access.schemas.revoke import KINDS
from airflow_provider_datagraph.access.schemas.targets import not_local
from airflow_provider_datagraph.redshift.statements import (
    AlterUser,
    ChangeOwner,
    Membership,
    Privileges,
    SystemPermission,
    use_of_shared,
)
from airflow_provider_datagraph.redshift.values import PUBLIC, Grant, Identity, Owned, Scope
from tests.unit.access.planning import MAY_CREATE, R, given, taken
from tests.unit.test_one_place_for_text import MAKERS, levels

FILE = Path(__file__).parents[3] / "docs" / "findings.md"
PLACE = "main.abc.eu-west-1.redshift.amazonaws.com:5439"
CLUSTER: dict[str, Any] = {
    **{"ClusterIdentifier": "main", "NodeType": "dc2.large", "Endpoint": {"Port": 5439}},
    **{"ClusterStatus": "resuming", "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1"}]},
}
EVERYBODY = {"IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "CidrIpv4": "0.0.0.0/0"}
U, HEIR = Identity("user", "u"), Identity("user", "heir")
TABLES = ("accounts", "orders")
ROLES = ("reader", "writer")
OF_PROFILES: dict[str, Fact] = {
    **{"tables": TABLES, "login": "u", "owner": "boss", "database": "dev"},
    **{"group": "raw", "reason": "it lacks privileges"},
}
READING: dict[str, Fact] = {"reason": "the server's words", "state": "42501"}
SCHEMA: dict[str, Fact] = {"schema": "crm", "database": "dev"}
HIDDEN: dict[str, Fact] = {"user": "admin", "owner": "boss"}
SESSIONS: dict[str, Fact] = {"sessions": ("process 7 of user u in dev",)}
GRANTS = frozenset({Grant(Scope.SCHEMA, "USAGE", "crm"), Grant(Scope.TABLES, "SELECT", "crm")})
ON_TABLES = frozenset({Grant(Scope.TABLE, "SELECT", "crm", name) for name in TABLES})
OF_DATABASE = frozenset({Grant(Scope.DATABASE_TABLES, "SELECT", database="dev")})
GIVE = (
    Privileges(R, ("USAGE",), Scope.SCHEMA, [("crm",)]),
    Privileges(R, ("SELECT",), Scope.TABLES, [("crm",)]),
    Privileges(R, ("CREATE",), Scope.DATABASE, [("cp",)]),
)
CLERK = Identity("user", "clerk")
MAY_GRANT = Privileges(CLERK, ("USAGE",), Scope.SCHEMA, [("crm",)], option=True)
MAY_CREATE_ROLE = (SystemPermission(Identity("role", "clerk_rights"), "CREATE ROLE").sql,)
MAY_READ = Privileges(Identity("user", "boss"), ("SELECT",), Scope.TABLES, [("retl",)])
ON_SALES = frozenset({Grant(Scope.DATABASE, "USAGE", database="sales")})
DROP = frozenset({Grant(Scope.TABLES, "DROP", "retl")})
NO_USAGE = Privileges(R, ("USAGE",), Scope.DATABASE, [("sales",)], taken=True)
NO_READING = tuple(one.sql for one in use_of_shared(R, "sales", "<schema>", taken=True)[1:])
NO_DROP = tuple(Privileges(R, ("DROP",), scope, [("retl",)], taken=True).sql for scope in (Scope.TABLES, Scope.SCHEMA))
NO_DROP_TABLE = SystemPermission(R, "DROP TABLE", taken=True)
BEYOND: dict[str, Fact] = {"privileges": ("SELECT", "USAGE"), "ways": ("PUBLIC", "role r (tables in schema)")}
EXCESS: dict[str, Fact] = {"user": "u", "database": "dev", "grants": DROP, "way": "role above through role r"}
TAKE = ChangeOwner(Owned("database", "cp"), "admin")
CHECKPOINT: dict[str, Fact] = {"role": "r", "databases": ("cp", "dev")}
EXAMPLES = (
    finding("approved", "Ada", at="2026-11-27 10:00:00+00:00"),
    finding("role_missing", "r"),
    finding("role_missing", "r", case="planned"),
    finding("role_missing", "r", case="closing"),
    finding("hidden", "r", case="role", **HIDDEN),
    finding("hidden", "admin", case="privileges"),
    finding("hidden", "admin", case="databases", databases=("a", "b")),
    finding("hidden", "admin", case="tables"),
    finding("hidden", "admin", case="owned"),
    finding("partial_view", "admin"),
    finding("name_taken", "r", case="role"),
    finding("name_taken", "u", case="user"),
    finding("user_is_admin", "admin"),
    finding("partial_view", "clerk", case="reach", user="u"),
    finding("user_missing", "u"),
    finding("user_missing", "u", case="rotation"),
    finding("not_audited", "dev", case="closed", reason="There is no database dev. Correct the name."),
    finding("not_audited", "sales", kind="shared"),
    finding("not_audited", "sales", case="unseen", user="clerk"),
    finding("readable_beyond", "dev.crm", tables=TABLES, **BEYOND),
    finding("readable_beyond", "dev.crm", case="empty", **BEYOND),
    finding("not_a_member", "u", role="r", statement=Membership(U, "r")),
    finding("admin_lacks", "clerk", verb="grant", grants=GRANTS, database="dev", statement=MAY_GRANT),
    finding("admin_lacks", "clerk", case="todays", verb="grant", grants=GRANTS, database="dev", statement=MAY_GRANT),
    finding("admin_lacks", "clerk", case="use", schemas=("crm",), database="dev", statement=MAY_GRANT),
    finding("admin_lacks", "clerk", case="permission", permissions=("CREATE ROLE",), statements=MAY_CREATE_ROLE),
    finding("admin_lacks", "clerk", case="createdb", statement=AlterUser("clerk", "CREATEDB")),
    finding("admin_lacks", "clerk", case="membership", role="r", statement=Membership(CLERK, "r", option=True)),
    finding("admin_lacks", "clerk", case="writers", writers=("etl",), statements=MAY_CREATE_ROLE),
    finding("system_permission", "u", permission="DROP TABLE", way="role r", statement=NO_DROP_TABLE),
    *(finding(code, "dev.retl", statements=NO_DROP[:1], **EXCESS) for code in CODES),
    *(finding(code, "dev.retl", case="owner", **{**EXCESS, "way": "ownership"}) for code in CODES),
    *(finding(code, "dev.retl", case="public", **{**EXCESS, "way": "PUBLIC"}) for code in CODES),
    finding("user_is_superuser", "u", statement=AlterUser("u", "NOCREATEUSER")),
    finding("login_fails", "u"),
    finding("login_fails", "u", case="rotated"),
    finding("segment_locked_out", "u"),
    finding("password_policy", "u", lacks=("be 8 to 64 characters long", "hold a digit")),
    finding("role_owner", "r", owner="boss"),
    finding("role_members", "r", members=("zoe", "role above")),
    finding("role_roles", "r", roles=ROLES),
    finding("role_privileges", "r", grants=GRANTS, database="dev"),
    finding("user_createdb", "u", statement=AlterUser("u", "NOCREATEDB")),
    finding("user_roles", "u", roles=ROLES[:1]),
    finding("user_privileges", "u", grants=ON_TABLES, database="dev"),
    finding("no_answer", "redshift_default", seconds=3),
    finding("not_connected", "redshift_default", reason="The server's words."),
    finding("admin_logs_in", "redshift_default", place=PLACE, login="admin"),
    finding("user_logs_in", "segment_linked_user", place=PLACE, login="u"),
    finding("user_missing", "u", case="yet"),
    finding("capitals", "u", case="kept"),
    finding("capitals", "u", case="folded"),
    finding("temp_revoked", "dev", databases=("cp",)),
    finding("public_creates", "dev.public"),
    finding("crosses_databases", "cp"),
    finding("old_patch", "dev"),
    *network(CLUSTER, [], 5440, ADDRESSES["us"], "eu-west-1"),
    *list(network(CLUSTER, [EVERYBODY], 5439, ADDRESSES["eu"], None))[-1:],
    finding("cluster_unread", "aws_default", reason="DescribeClusters: AccessDenied"),
    finding("serverless", "wg.1.eu-west-1.redshift-serverless.amazonaws.com"),
    finding("not_local", "cp", case="checkpoint", kind="shared"),
    finding("untrusted_owner", "r", kind="role", owner="eve", statement=ChangeOwner(Owned("role", "r"), "admin")),
    finding("untrusted_owner", "cp", case="gone", kind="database", owner="user id 7", statement=TAKE),
    finding("untrusted_owner", "dev.retl", case="schema", owner="eve"),
    finding("untrusted_owner", "dev.retl", case="another", owner="eve", named="segment"),
    finding("database_owner", "cp", owner="boss"),
    finding("pattern_empty", "dev.marts_*", database="dev"),
    finding("pattern_empty", "dev.marts_*", database="dev", case="left"),
    finding("left_out", "dev", case="owner", schemas=("crm",), owners=("etl",)),
    finding("left_out", "dev", case="capitals", schemas=("Crm",), owners=()),
    finding("left_out", "cp", case="checkpoint", schemas=("crm",), owners=()),
    finding("left_out", "dev", case="not allowed", schemas=("payroll",), owners=()),
    finding("left_out", "dev", case="not local", schemas=("lake",), owners=()),
    finding("left_out", "dev", case="reverse_etl", schemas=("__segment_reverse_etl",), owners=()),
    finding("system_schema", "pg_catalog"),
    finding("schema_missing", "dev.crm", **SCHEMA),
    finding("schema_missing", "dev.crm", case="hidden", **SCHEMA, user="clerk", statement=MAY_GRANT),
    finding("schema_missing", "dev.crm", case="hidden planned", **SCHEMA, user="clerk", statement=MAY_GRANT),
    finding("schema_missing", "dev.crm", case="alike", alike="CRM", **SCHEMA),
    finding("schema_missing", "dev.crm", case="alike hidden", alike="CRM", **SCHEMA, user="clerk"),
    finding("schema_missing", "dev.crm", case="closing", **SCHEMA),
    finding("schema_missing", "dev.crm", case="closing hidden", **SCHEMA, user="clerk"),
    finding("schema_missing", "dev.crm", case="planned", **SCHEMA),
    not_local(("dev", "lake"), "external", "r", ()),
    not_local(("sales", "crm"), "shared", "r", ()),
    not_local(("sales", "crm"), "shared", "r", (), TABLES),
    not_local(("glue", "web"), "auto mounted catalog", "r", ()),
    not_local(("sales", "crm"), "shared", "r", ON_SALES),
    finding("schema_missing", "dev.CRM", case="folded", **{**SCHEMA, "schema": "CRM"}),
    finding("schema_missing", "dev.CRM", case="folded hidden", **{**SCHEMA, "schema": "CRM"}, user="clerk"),
    finding("table_missing", "dev.crm.Orders", case="folded"),
    finding("database_missing", "sales", case="look"),
    finding("schema_twice", "dev.crm", spellings="CRM and crm"),
    finding("table_missing", "dev.crm.orders"),
    finding("table_missing", "dev.crm.orders", case="alike", alike="Orders"),
    finding("table_twice", "dev.crm.orders"),
    finding("owner_left_out", "dev.crm", owner="ds:share"),
    finding("lost_when_rebuilt", "dev.crm"),
    finding("writers_unknown", "dev.crm"),
    finding("writer_missing", "etl"),
    finding("writer_cannot_create", "dev.crm", writer="etl", statement=MAY_CREATE),
    finding("writer_cannot_create", "dev.crm", case="stuck", writer="etl", database="dev", statement=MAY_CREATE),
    finding("column_grant", "dev.crm.orders", privilege="SELECT"),
    finding("held_by_others", "group staff", grants=GRANTS, role="r"),
    finding("owned_by_member", "dev.crm", case="schema", member="u", role="r"),
    finding("owned_by_member", "dev.crm", case="tables", member="u", role="r"),
    finding("owned_by_member", "dev.crm", case="schema and tables", member="u", role="r"),
    finding("opens_more", "dev.crm", holder="PUBLIC", grants=ON_TABLES),
    finding("opens_more", "dev.crm", case="inherited", holder="role r", roles=ROLES, grants=ON_TABLES),
    finding("row_level_security", "dev.crm", tables=TABLES, role="r"),
    finding("masking", "dev.crm", tables=TABLES, role="r"),
    finding("column_privileges", "dev.crm", tables=TABLES, role="r"),
    finding("late_binding_views", "dev.crm", views=("totals (of analyst)", "v")),
    finding("views_read_more", "dev.crm", views=("totals (of analyst) reads hr.pay",), role="r"),
    finding("unnamed", "dev", grants=frozenset({Grant(Scope.TABLE, "TRIGGER", "crm", "orders")}), role="r"),
    finding("database_wide", "dev", grants=OF_DATABASE, role="r"),
    finding("inherited", "r", roles=ROLES),
    finding("kept", "dev.crm", holder="group staff", grants=GRANTS, role="r"),
    finding("kept", "dev.crm", case="inherited", roles=ROLES, grants=GRANTS, role="r"),
    finding("database_wide", "dev", case="closing", grants=OF_DATABASE, role="r"),
    finding("database_wide", "dev", case="closing inherited", roles=ROLES, grants=OF_DATABASE, role="r"),
    finding("schema_missing", "dev.retl", case="reverse_etl"),
    finding("database_missing", "cp", case="reverse_etl"),
    finding("reverse_etl_owner", "dev.retl", owner="boss"),
    finding("reverse_etl_elsewhere", "cp", owner="boss"),
    finding("reverse_etl_roles", "dev.retl", roles=ROLES),
    finding("reverse_etl_closed", "dev.retl", owner="boss", database="dev", statement=MAY_READ),
    finding("reverse_etl_kept", "dev.retl", role="r", grants=DROP, database="dev", statements=NO_DROP),
    finding("schema_empty", "dev.crm"),
    finding("schema_unlisted", "dev.lake", kind="external", login="admin"),
    finding("schema_missing", "dev.crm", case="reading it"),
    finding("schema_closed", "dev.crm", login="linked", database="dev", tables=TABLES, count=2, statement=GIVE[0]),
    finding("not_granted", "dev.crm", login="linked", database="dev", tables=TABLES, count=2, statement=GIVE[1]),
    finding("table_missing", "dev.crm.orders", case="reading", **READING),
    finding("schema_missing", "dev.crm.orders", case="reading", **READING),
    finding("database_missing", "dev.crm.orders", case="reading", **READING),
    finding("not_readable", "dev.crm.orders", case="reading", **READING),
    finding("view_broken", "dev.crm.orders", **READING),
    finding("view_refused", "dev.crm.orders", **READING),
    finding("column_privileges", "dev.crm.orders", case="reading", tables=("orders",)),
    finding("interleaved_key", "dev.crm.orders"),
    finding("cross_database_refused", "dev.crm.orders", **READING),
    finding("checkpoint_closed", "cp", login="linked", what="database cp", privileges=("CREATE",), statement=GIVE[2]),
    finding("checkpoint_closed", "cp", case="tried", **READING),
    finding("unreachable_name", "dev.crm.Orders", login="linked"),
    finding("schema_missing", "dev.profiles", case="unsynced"),
    finding("schema_elsewhere", "dev.profile", schemas=("dev.profiles",)),
    finding(
        "schema_not_visible", "dev.profiles", **OF_PROFILES, statement=Privileges(U, ("USAGE",), Scope.SCHEMA, [("p",)])
    ),
    finding(
        "table_not_selectable",
        "dev.profiles",
        **OF_PROFILES,
        statement=Privileges(U, ("SELECT",), Scope.TABLE, [("p", "t")]),
    ),
    finding("raw_missing", "dev.profiles", **OF_PROFILES),
    finding("materialized_missing", "dev.profiles", **OF_PROFILES),
    finding("event_tables_missing", "dev.profiles", **OF_PROFILES),
    finding("tables_misnamed", "dev.profiles", tables=("user_identifiers",), aliases=("user_identifier",)),
    finding("not_segments", "dev.profiles", **OF_PROFILES),
    finding("columns_missing", "dev.profiles", **OF_PROFILES, columns=("user_traits.name",)),
    finding("rows_unknown", "dev.profiles", **OF_PROFILES),
    finding("raw_empty", "dev.profiles", **OF_PROFILES),
    finding("materialized_empty", "dev.profiles", tables=TABLES[:1]),
    finding("stale", "dev.profiles", **OF_PROFILES),
    finding("not_ready", "user u", reason="What the error says."),
    finding("not_ready", "user u", case="planned"),
    finding("new_owner_missing", "heir"),
    finding("new_owner_untrusted", "eve", user="u"),
    finding("new_owner_leaves", "u"),
    finding("database_kept", "cp"),
    finding("database_missing", "cp"),
    finding("role_members", "r", case="leaving", members=("role above", "user zoe")),
    finding("role_privileges", "r", case="permissions", permissions=("role below", "CREATE USER")),
    finding("role_privileges", "dev", case="further", role="r", grants=OF_DATABASE),
    finding("role_privileges", "dev", case="unsure", role="r", grants=OF_DATABASE),
    finding("not_local", "sales", case="held", holder="role r", kind="shared", grants=ON_SALES, statement=NO_USAGE),
    finding("not_local", "sales", case="inside", holder="role r", statements=NO_READING),
    finding("not_local", "cp", case="drop", kind="shared"),
    finding("user_kept", "u", case="admin", role="r"),
    finding("user_kept", "u", case="superuser", role="r"),
    finding("user_roles", "u", case="leaving", roles=ROLES),
    finding("user_privileges", "dev", case="leaving", user="u", grants=GRANTS),
    finding("owned", "u", case="roles", roles=ROLES),
    finding("owned", "dev", user="u", owned=("schema dev.s", "table dev.s.t")),
    finding("by_hand", "dev", privileges=("EXECUTE FOR FUNCTIONS IN SCHEMA crm (role r)",)),
    finding("session_open", "u", **SESSIONS),
    finding("session_open", "dev", case="database", **SESSIONS),
    finding("undroppable", "dev"),
    finding("undroppable", "template1", case="system"),
    finding("undroppable", "crm", case="unrelated", **CHECKPOINT),
    finding("undroppable", "crm", case="another", **CHECKPOINT),
    finding("checkpoint_elsewhere", "crm", **CHECKPOINT),
    finding("role_unrelated", "r", user="u"),
    finding("foreign_objects", "dev", user="u", objects=("schema dev.s of heir",)),
)
"""Of findings; which level each has is nothing that a sentence tells."""


BOTH = "SELECT, INSERT"
CHANGES = (
    Change("create", "role", ("r",), Reason.MISSING),
    Change("create", "user", ("u",), Reason.MISSING),
    Change("create", "database", ("cp",), Reason.MISSING),
    Change("grant", "role", ("r",), Reason.NO_MEMBER, identity=U),
    Change("grant", "database", ("cp",), Reason.NOT_HELD, ("CREATE",), R),
    given("schema", "dev", "crm", words="USAGE"),
    given("tables", "dev", "crm", words=BOTH),
    given("todays tables", "dev", "crm", words=BOTH),
    given("todays tables", "dev", "crm", words=BOTH, names=TABLES),
    given("table", "dev", "crm", "orders", words=BOTH),
    given("later tables", "dev", "crm", words=BOTH, names=("dbt", "etl")),
    taken("columns", "dev", "crm", "orders", reason=Reason.BLOCKS_TABLE),
    taken("later tables", "dev", "crm", names=("etl",)),
    taken("table", "dev", "crm", "orders"),
    taken("tables", "dev", "crm"),
    taken("schema", "dev", "crm", reason=Reason.CLOSED),
    taken("later tables", "dev", names=("etl",), reason=Reason.ROLE_LEAVES, of="r"),
    taken("later tables", "dev", "crm", names=("u",), reason=Reason.WRITER_LEAVES, of="u", identity=PUBLIC),
    taken("all tables", "dev", reason=Reason.ROLE_LEAVES, of="r"),
    taken("all schemas", "dev", reason=Reason.ROLE_LEAVES, of="r"),
    taken("database", "dev", reason=Reason.USER_LEAVES, of="u", identity=U),
    Change("revoke", "permission", ("CREATE USER",), Reason.ROLE_LEAVES, identity=R, of="r"),
    Change("revoke", "role", ("r",), Reason.ROLE_LEAVES, identity=U, of="r"),
    Change("give", "table", ("dev", "s", "t"), Reason.USER_LEAVES, identity=HEIR, of="u"),
    Change("give", "schema", ("dev", "s"), Reason.USER_LEAVES, identity=HEIR, of="u"),
    Change("give", "database", ("dev",), Reason.USER_LEAVES, identity=HEIR, of="u"),
    Change("give", "role", ("own",), Reason.USER_LEAVES, identity=HEIR, of="u"),
    Change("set", "password", ("u",), Reason.LOGIN_FAILS),
    Change("drop", "database", ("cp",), Reason.NAMED),
    Change("drop", "database", ("cp",), Reason.NAMED, count=1),
    Change("drop", "database", ("cp",), Reason.NAMED, count=4),
    Change("drop", "user", ("u",), Reason.LEAVES),
    Change("drop", "user", ("u",), Reason.LEAVES, names=ROLES),
    Change("drop", "role", ("r",), Reason.LEAVES),
)


def key(of: Finding) -> str:
    case = dict(of.facts).get("case")
    return f"{of.code} {case}" if case else of.code


HEAD = """\
# Findings and notes

Generated by `make docs`; a test holds it against the source, both ways. Programs look at codes, which stay; sentences
may change. A **note** is worth knowing, and there is nothing to do. A **finding** is for a person to act on. A
**blocking** one stops the task before anything is changed; in a plan-only run it is marked `x`. Where a code has
several levels, it depends on the arguments: see [Operators and sensors](operators.md).

The names in the examples are made up: role `r`, users `u` and `linked`, administrators `admin` and `boss`, databases
`dev` and `cp`.

| code | level | for example | what to do |
|---|---|---|---|"""
CHANGED = """
## Changes

| planned | done |
|---|---|"""


def rendered() -> Iterator[str]:
    made = levels()
    yield from HEAD.splitlines()
    for example in EXAMPLES:
        sentences, kinds = said(example), ", ".join(word for word in MAKERS if word in made[example.code])
        yield cells(f"`{example.code}`", kinds, sentences.text, sentences.remedy)
    yield from CHANGED.splitlines()
    for change in CHANGES:
        yield cells(change_text(change), change_text(change, done=True))


def cells(*texts: str) -> str:
    """A row of a table; what Markdown would take for a tag is a word of the sentence."""
    escaped = (re.sub(r"([|*_])", r"\\\1", text).replace("<", "&lt;") if text[:1] != "`" else text for text in texts)
    return f"| {' | '.join(escaped)} |"


def test_every_sentence_is_as_the_file_shows_it() -> None:
    told = "Is each of them better now? Then write the file anew: python -m tests.unit.access.test_sentences"
    assert list(rendered()) == FILE.read_text().splitlines(), told
    assert levels().keys() == {example.code for example in EXAMPLES}


def test_every_finding_has_an_example_and_every_example_is_one() -> None:
    assert {key(example) for example in EXAMPLES} == set(FINDINGS)


def test_every_change_has_an_example() -> None:
    # That the package makes no other: see test_one_place_for_text.py.
    assert {change.action for change in CHANGES} == set(DONE)
    assert {change.reason for change in CHANGES} == set(Reason) > set(REASONS)
    assert {change.kind for change in CHANGES} >= {*OBJECTS, *KINDS.values()}
    assert {change.kind for change in CHANGES if change.action == "revoke"} >= set(KINDS.values())


def test_sentences_are_written_as_sentences() -> None:
    for text, remedy in FINDINGS.values():
        assert text.endswith((".", "{reason}")) and text == " ".join(text.split())
        assert text.startswith(("{", "new_owner ")) or text[0].isupper(), text
        # A statement to run stands at the end, without a full stop.
        assert not remedy or remedy[0].isupper(), remedy
        assert ": " in remedy or remedy.endswith((".", "?")) or not remedy


if __name__ == "__main__":
    FILE.write_text("\n".join([*rendered(), ""]))
