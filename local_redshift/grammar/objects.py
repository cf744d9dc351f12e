"""On what a permission is given, and the PostgreSQL statements that give it."""

from __future__ import annotations

from dataclasses import dataclass

from local_redshift.errors import Refused, known_database, unsupported
from local_redshift.grammar.grantees import Grantee
from local_redshift.grammar.names import is_catalog
from local_redshift.plan import Context
from local_redshift.reader import Reader, phrases
from local_redshift.text import array, ident, literal

SCHEMA_BITS = {"drop": "TRIGGER", "alter": "MAINTAIN"}
TABLE_BITS = {word: word.upper() for word in "select insert update delete references truncate".split()} | SCHEMA_BITS
SCOPED_SCHEMA_BITS = {"usage": "SELECT", "create": "INSERT", **SCHEMA_BITS}
# What the stand-in lacks: permissions on it aren't read any further.
KINDS_ELSEWHERE = phrases(
    """function|procedure|all functions|all procedures|language|model|datashare|external schema|external table|copy job
    |template"""
)
SCOPES_ELSEWHERE = phrases("functions|procedures|languages|copy jobs|templates")


def native(granting: bool, privileges: str, on: str, who: list[Grantee], option: bool) -> str:
    """The GRANT or REVOKE of PostgreSQL's own, where it has such a permission."""
    names = ", ".join(one.sql for one in who)
    if granting:
        return f"GRANT {privileges} ON {on} TO {names}" + (" WITH GRANT OPTION" if option else "")
    return f"REVOKE {'GRANT OPTION FOR ' if option else ''}{privileges} ON {on} FROM {names}"


class Target:
    words: tuple[str, ...] = ()

    def steps(self, granting: bool, words: list[str], who: list[Grantee], option: bool) -> list[str]:
        raise NotImplementedError


@dataclass
class Databases(Target):
    names: list[str]
    words = ("create", "usage", "temporary", "temp", "alter")

    def steps(self, granting: bool, words: list[str], who: list[Grantee], option: bool) -> list[str]:
        if "alter" in words:
            raise unsupported("ALTER on a database")
        privileges = "CREATE, TEMPORARY" if words[0] == "all" else ", ".join(words)
        if "usage" in words:
            if len(words) > 1:
                raise unsupported("USAGE and other permissions on a database in one statement")
            privileges = "CREATE"  # see sql/4_shared.sql
        check = f"PERFORM pg_rs.check_databases({array(self.names)}, {'usage' in words})"
        return [check, native(granting, privileges, "DATABASE " + ", ".join(map(ident, self.names)), who, option)]


@dataclass
class Schemas(Target):
    names: list[str]
    words = ("create", "usage", "alter", "drop")

    def steps(self, granting: bool, words: list[str], who: list[Grantee], option: bool) -> list[str]:
        if words[0] == "all":
            words = list(self.words)
        # COMMIT is refused inside a transaction block, as permissions on external resources are: r_GRANT-usage-notes
        external = f"pg_rs.grants_external({array(self.names)}, {words == ['usage']})"
        steps = [f"IF {external} THEN COMMIT; END IF"]
        known = [word for word in words if word not in SCHEMA_BITS]
        if known:
            on = "SCHEMA " + ", ".join(map(ident, self.names))
            steps.append(native(granting, ", ".join(known), on, who, option))
        bits = [SCHEMA_BITS[word] for word in words if word in SCHEMA_BITS]
        if bits:
            names = array([one.name for one in who])
            steps.append(f"PERFORM pg_rs.on_schemas({granting}, {array(bits)}, {array(self.names)}, {names}, {option})")
        return steps


@dataclass
class Tables(Target):
    names: list[str]
    """Quoted and qualified as given, or the schemas whose tables are all meant."""
    everything_in: bool
    words = tuple(TABLE_BITS)

    def steps(self, granting: bool, words: list[str], who: list[Grantee], option: bool) -> list[str]:
        bits = ["ALL"] if words[0] == "all" else [TABLE_BITS[word] for word in words]
        on = "ALL TABLES IN SCHEMA " + ", ".join(map(ident, self.names))
        relations = f"pg_rs.relations_in({array(self.names)})"
        if not self.everything_in:
            on = "TABLE " + ", ".join(self.names)
            relations = "ARRAY[" + ", ".join(f"{literal(name)}::regclass" for name in self.names) + "]"
        steps = [f"PERFORM pg_rs.check_not_external({relations})"]
        if granting:
            names = array([one.name for one in who])
            steps.append(f"PERFORM pg_rs.check_no_columns({relations}, {array(bits)}, {names})")
        return [*steps, native(granting, ", ".join(bits), on, who, option)]

    def on_columns(
        self, granting: bool, columns: dict[str, list[str]], who: list[Grantee], only_option: bool
    ) -> list[str]:
        """Permissions on some columns of each table; not for ALL TABLES."""
        if only_option or any(one.with_option for one in who):
            raise Refused("42601", "privileges on columns take no grant option")
        return [
            f"PERFORM pg_rs.on_columns({granting}, {literal(name)}::regclass, {literal(word.upper())}, "
            f"{literal(', '.join(map(ident, listed)))}, {literal(one.name)})"
            for name in self.names
            for word, listed in columns.items()
            for one in who
        ]


@dataclass
class Scope(Target):
    what: str
    schema: str | None
    words: tuple[str, ...]

    def steps(self, granting: bool, words: list[str], who: list[Grantee], option: bool) -> list[str]:
        bits = TABLE_BITS if self.what == "tables" else SCOPED_SCHEMA_BITS
        wanted = list(bits.values()) if words[0] == "all" else [bits[word] for word in words]
        schema = "NULL" if self.schema is None else literal(self.schema)
        names = array([one.name for one in who])
        return [f"PERFORM pg_rs.scoped({granting}, {literal(self.what)}, {array(wanted)}, {schema}, {names}, {option})"]


def target(reader: Reader, context: Context) -> Target:
    """What follows ON."""
    _refuse(reader, KINDS_ELSEWHERE, "permissions on")
    if reader.accept("database"):
        return Databases(reader.listed(lambda: known_database(reader.name())))
    if reader.accept("schema"):
        return Schemas(reader.listed(lambda: _schema(reader)))
    if reader.accept("all", "tables", "in", "schema"):
        return Tables(reader.listed(lambda: _schema(reader)), everything_in=True)
    reader.accept("table")
    return Tables(reader.listed(lambda: _granted(reader, context)), everything_in=False)


def scope(reader: Reader, context: Context) -> Target:
    """What follows FOR: https://docs.aws.amazon.com/redshift/latest/dg/t_scoped-permissions.html"""
    _refuse(reader, SCOPES_ELSEWHERE, "scoped permissions for")
    what = reader.expect_any("tables", "schemas")
    reader.expect("in")
    schema = None
    if what == "tables" and reader.accept("schema"):
        # db.schema, as AWS shows it, is for the schema of a datashare's database.
        schema = _schema(reader)
    if schema is None or reader.is_word("database"):
        reader.expect("database")
        if reader.name() != context.database:
            reader.later("scoped permissions in another database than the connected one")
    return Scope(what, schema, tuple(TABLE_BITS if what == "tables" else SCOPED_SCHEMA_BITS))


def _refuse(reader: Reader, kinds: tuple[tuple[str, ...], ...], what: str) -> None:
    for kind in kinds:
        # A table may be called as they are.
        if reader.is_word(*kind) and reader.peek(len(kind)).text.lower() not in (".", ",", "to", "from"):
            raise unsupported(f"{what} {' '.join(kind).upper()}")


def relation(reader: Reader, context: Context) -> str:
    """A table's or view's name. Three parts are for the connected database only."""
    name, missing = _relation(reader, context)
    if missing:
        raise unsupported(missing)
    return name


def _granted(reader: Reader, context: Context) -> str:
    """The same in GRANT and REVOKE, which are read to their end first."""
    name, missing = _relation(reader, context)
    if missing:
        reader.later(missing)
    return name


def _relation(reader: Reader, context: Context) -> tuple[str, str]:
    """The name, and what can't be honoured about it."""
    if reader.peek().text == "#":
        raise unsupported("names of temporary tables that begin with #")
    parts = reader.parts()
    if len(parts) > 3:
        raise reader.fail()
    missing = ""
    if len(parts) == 3:
        if parts[0] != context.database:
            missing = "statements on a table of another database"
        parts = parts[1:]
    if is_catalog(parts):
        missing = "statements on system tables and views"
    return ".".join(map(ident, parts)), missing


def _schema(reader: Reader) -> str:
    name = reader.name()
    if reader.accept_symbol("."):
        # AWS shows it for databases made from a datashare; nobody has shown it for local ones and ALL TABLES.
        reader.later("database.schema in GRANT and REVOKE")
        return reader.name()
    if name.startswith("pg_") or name == "information_schema":
        raise Refused("42501", f"permission denied for schema {name}")
    return name
