"""CREATE, ALTER and DROP of tables and views."""

from __future__ import annotations

from dataclasses import dataclass, field

from local_redshift.errors import syntax_error, unsupported
from local_redshift.grammar import late_binding, objects, queries
from local_redshift.grammar.names import check_names
from local_redshift.grammar.references import references
from local_redshift.grammar.render import render
from local_redshift.plan import Command, Context, Plan, Query
from local_redshift.reader import Reader
from local_redshift.text import array, block, ident, literal
from local_redshift.tokens import Kind, Token, lower

TYPES = {"super": "jsonb", "datetime": "timestamp", "nvarchar": "varchar", "bpchar": "char", "nchar": "char"}
UNHONOURED_TYPES = frozenset("geometry geography hllsketch varbyte".split())


@dataclass
class _Made:
    """What CREATE TABLE says that PostgreSQL isn't told, or not so."""

    edits: dict[int, str]
    sort_key: list[str] = field(default_factory=list)
    interleaved: bool = False
    parents: list[str] = field(default_factory=list)
    """The tables of LIKE."""
    column: str = ""
    """The one being read."""


def create(sql: str, tokens: list[Token], context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html

    What places and compresses rows on a cluster has no effect here; a sort key is remembered.
    """
    reader = Reader(tokens, context.case_sensitive)
    reader.expect("create")
    reader.accept("local")
    reader.accept_any("temp", "temporary")
    reader.expect("table")
    reader.accept("if", "not", "exists")
    start = reader.at
    name = objects.relation(reader, context)
    made = _Made({at: "" for at in range(start, reader.at)})
    made.edits[start] = name + " "
    while reader.peek().text and not reader.is_word("as"):
        if reader.peek().text == "(":
            _columns(reader, context, made)
        else:
            _attribute(reader, made)
    if reader.accept("as"):
        head = render(sql, tokens[: reader.at], context, made.edits)
        rest = tokens[reader.at :]
        if not rest:
            raise reader.fail()
        found = references(rest, context)
        text = f"{head} {queries.local(sql, rest, context, found)}"
        if made.sort_key and any(token.kind is Kind.PARAMETER for token in rest):
            raise unsupported("parameters in CREATE TABLE ... SORTKEY ... AS")
        return Query(_sorted(text, name, made), "CTAS", (made.sort_key and "SELECT") or "", reads=queries.reads(found))
    # CREATE TABLE t (LIKE pg_class)
    check_names(tokens, [], context)
    return Command(_sorted(render(sql, tokens, context, made.edits), name, made), "DDL", "CREATE TABLE")


def _sorted(statement: str, name: str, made: _Made) -> str:
    """The statement, and what is remembered of the table's sort key."""
    steps = [f"PERFORM pg_rs.check_not_interleaved({literal(parent)}::regclass)" for parent in made.parents]
    if made.sort_key:
        kept = f"{literal(name)}::regclass, {array(made.sort_key)}, {made.interleaved}"
        steps.append(f"PERFORM pg_rs.keep_sort_key({kept})")
    return block([f"EXECUTE {literal(statement)}", *steps]) if steps else statement


def _attribute(reader: Reader, made: _Made) -> None:
    """DISTSTYLE, DISTKEY, SORTKEY, BACKUP, ENCODE AUTO: after the columns."""
    start = reader.at
    if reader.accept("diststyle"):
        reader.expect_any("even", "key", "all", "auto")
    elif reader.accept("distkey"):
        reader.expect_symbol("(")
        reader.name()
        reader.expect_symbol(")")
    elif reader.is_word("compound") or reader.is_word("interleaved") or reader.is_word("sortkey"):
        made.interleaved = reader.accept_any("compound", "interleaved") == "interleaved"
        reader.expect("sortkey")
        if not reader.accept("auto"):
            made.sort_key = reader.columns()
    elif reader.accept("backup"):
        reader.expect_any("yes", "no")
    elif reader.accept("encode"):
        reader.expect("auto")
    else:
        raise reader.fail()
    made.edits.update({at: "" for at in range(start, reader.at)})


def _columns(reader: Reader, context: Context, made: _Made) -> None:
    """The parenthesis with the columns; what PostgreSQL lacks in it is taken out."""
    depth = 0
    # CREATE TABLE t (a, b) AS SELECT ... names its columns without types.
    has_select = any(token.value == "as" and token.kind is Kind.WORD for token in reader.tokens[reader.at :])
    while True:
        token = reader.peek()
        if token.kind is Kind.END:
            raise reader.fail()
        if token.text in "()":
            if token.text == ")" and reader.tokens[reader.at - 1].text == ",":
                raise reader.fail()
            depth += 1 if token.text == "(" else -1
            reader.next()
            if depth == 0:
                return
        elif depth == 1 and reader.tokens[reader.at - 1].text in ("(", ","):
            made.column = _column_name(reader, named=not has_select)
            if made.column == "like":
                made.parents.append(objects.relation(reader, context))
        elif token.kind is Kind.WORD and reader.tokens[reader.at - 1].text not in ("(", ","):
            _column_word(reader, made)
        else:
            reader.next()


def _column_name(reader: Reader, named: bool) -> str:
    """The first word of a column or constraint, which isn't the last one."""
    if reader.peek().kind not in (Kind.WORD, Kind.QUOTED):
        raise reader.fail()
    token = reader.next()
    if named and reader.peek().text in (",", ")"):
        raise reader.fail()
    return token.value if reader.case_sensitive else lower(token.value)


def _column_word(reader: Reader, made: _Made) -> None:
    start, edits = reader.at, made.edits
    word = reader.next().value
    if word == "encode":
        reader.name()
        edits.update({start: "", start + 1: ""})
    elif word in ("distkey", "sortkey"):
        edits[start] = ""
        if word == "sortkey":
            made.sort_key.append(made.column)
    elif word in ("check", "exclude", "generated") and not reader.is_word("by", "default", "as", "identity"):
        # Redshift has no CHECK, and no GENERATED ALWAYS.
        raise reader.fail()
    elif word == "identity" and reader.accept_symbol("("):
        first = reader.integer()
        reader.expect_symbol(",")
        step = reader.integer()
        reader.expect_symbol(")")
        edits.update({at: "" for at in range(start, reader.at)})
        by_default = reader.tokens[start - 1].value == "as"
        head = "IDENTITY" if by_default else "GENERATED ALWAYS AS IDENTITY"
        edits[start] = f"{head} (START WITH {first} INCREMENT BY {step} MINVALUE {min(0, first)})"
    elif word == "identity" and reader.tokens[start - 1].value != "as":
        edits[start] = "GENERATED ALWAYS AS IDENTITY"
    elif word in ("varchar", "nvarchar", "varying") and reader.peek(1).value == "max":
        edits[reader.at + 1] = "65535"
        edits[start] = "varchar" if word == "nvarchar" else word
    elif word in UNHONOURED_TYPES or word == "collate":
        raise unsupported(word.upper())
    elif word in TYPES:
        edits[start] = TYPES[word]


def create_view(sql: str, tokens: list[Token], context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_VIEW.html"""
    late = late_binding.has_clause(tokens)
    if late:
        tokens = tokens[:-4]
    reader = Reader(tokens, context.case_sensitive)
    while not reader.accept("view"):
        if late and reader.is_word("materialized"):
            raise reader.fail()
        reader.next()
    start = reader.at
    name = objects.relation(reader, context)
    end = reader.at
    edits = {at: "" for at in range(start, end)} | {start: name + " "}
    if reader.peek().text == "(":
        reader.columns()
    if reader.peek().value in ("backup", "auto", "diststyle", "distkey", "sortkey"):
        raise unsupported(reader.peek().text.upper())
    reader.expect("as")
    rest = tokens[reader.at :]
    if not rest:
        raise reader.fail()
    if [token.value for token in rest[-2:]] == ["check", "option"]:
        # PostgreSQL has WITH CHECK OPTION.
        raise syntax_error(rest[-2].text)
    found = references(rest, context)
    if late:
        late_binding.check_qualified(rest, context, found)
        edits[reader.at - 1] = late_binding.MARK + " AS"
    head = render(sql, tokens[: reader.at], context, edits)
    text = queries.local(sql, rest, context, found)
    if late:
        tail = render(sql, tokens[end : reader.at], context, {reader.at - end - 1: edits[reader.at - 1]})
        below = array([".".join(map(ident, one.parts[-2:])) for one in found if len(one.parts) > 1])
        kept = f"PERFORM pg_rs.keep_late({literal(name)}::regclass, {literal(f'{tail} {text}')}, {below})"
        return Command(block([f"EXECUTE {literal(f'{head} {text}')}", kept]), "DDL", "CREATE VIEW")
    # Only the rows of a materialized view are read now, those of another one when it's read.
    takes = "values" if tokens[1].value == "materialized" else "rows"
    return Query(f"{head} {text}", "DDL", reads=queries.reads(found), takes=takes)


def alter(sql: str, tokens: list[Token], context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html; holders of ALTER may, too."""
    reader = Reader(tokens, context.case_sensitive)
    reader.expect("alter", "table")
    name = objects.relation(reader, context)
    action = reader.peek().value
    second = reader.peek(1).value
    if action == "row":
        return _row_level_security(reader, name)
    if second in ("distkey", "diststyle", "sortkey", "compound", "encode") or action == "append":
        raise unsupported("ALTER TABLE ... " + second.upper())
    if action not in ("add", "drop", "rename", "alter", "owner") or second in ("partition", "constraint", "set"):
        raise unsupported("this form of ALTER TABLE") if action in ("add", "drop", "set") else reader.fail()
    if reader.accept("owner"):
        reader.expect("to")
        owner = ident(reader.user_name())
        reader.end()
        check = f"PERFORM pg_rs.check_not_external(ARRAY[to_regclass({literal(name)})])"
        return Command(block([check, f"ALTER TABLE {name} OWNER TO {owner}"]), "DDL", "ALTER TABLE")
    edits: dict[int, str] = {}
    rest = tokens[reader.at :]
    check_names(rest, [], context)
    for at, token in enumerate(rest):
        if token.value in TYPES and at:
            edits[at] = TYPES[token.value]
        if token.value == "encode":
            edits.update({at: "", at + 1: ""})
    text = render(sql, rest, context, edits)
    statement = literal(f"ALTER TABLE %s {text.replace('%', '%%')}")
    return Command(
        block([f"PERFORM pg_rs.on_relation({literal(name)}, 'MAINTAIN', {statement})"]), "DDL", "ALTER TABLE"
    )


def _row_level_security(reader: Reader, name: str) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/t_rls_ownership.html: who may is PostgreSQL's rule, the owner

    While no policy is attached nobody but the owner and superusers sees a row, on both.
    """
    reader.expect("row", "level", "security")
    word = reader.expect_any("on", "off")
    if reader.peek().text:
        raise unsupported("ROW LEVEL SECURITY ... " + reader.peek().text.upper())
    return Command(
        f"ALTER TABLE {name} {'ENABLE' if word == 'on' else 'DISABLE'} ROW LEVEL SECURITY", "DDL", "ALTER TABLE"
    )


def drop(sql: str, tokens: list[Token], context: Context) -> Plan:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_TABLE.html; holders of DROP may, too."""
    reader = Reader(tokens, context.case_sensitive)
    reader.expect("drop")
    kind = "MATERIALIZED VIEW" if reader.accept("materialized", "view") else reader.next().text.upper()
    missing_ok = reader.accept("if", "exists")
    names = reader.listed(lambda: objects.relation(reader, context))
    how = reader.accept_any("cascade", "restrict")
    reader.end()
    statement = f"DROP {kind} {'IF EXISTS ' if missing_ok else ''}%s {how}"
    steps = [f"PERFORM pg_rs.on_relation({literal(name)}, 'TRIGGER', {literal(statement)})" for name in names]
    return Command(block(steps), "DDL", f"DROP {kind}")
