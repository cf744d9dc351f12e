"""A tiny Redshift of one database and one role: it answers the catalog's queries and applies statements.

It reads SQL by its own means and knows only the grammar and rules of AWS's pages, so a plan that it takes and that
leaves nothing to plan is right by two independent accounts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.unit.redshift import catalog_rows as q
from tests.unit.redshift.reading import read_list, read_literal

# https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html
ON_SCHEMAS = {"CREATE", "USAGE", "ALTER", "DROP"}
ON_TABLES = {"SELECT", "INSERT", "UPDATE", "DELETE", "DROP", "REFERENCES", "ALTER", "TRUNCATE"}

WRITER = 'wri"ter'
"""Owns every schema and table."""
ABOVE = ("above", "middle")
"""The roles that are granted to the role."""
NOTHING: dict[str, Sequence[Sequence[Any]]] = dict.fromkeys(
    (q.SECURED, q.MASKED, q.OF_OTHERS_ON_RELATIONS, q.later(*ABOVE)), ()
)
"""What isn't in this Redshift."""
Held = tuple[str, ...]
"""A kind (``schema``, ``scoped``, ``table``, ``column``, ``default``), a privilege, and the place's names."""


class SyntaxRefused(Exception):
    """The statement isn't Redshift's."""


class ColumnGrantInTheWay(Exception):
    """The grantee holds the privilege on columns of the table already."""


@dataclass
class ModelWarehouse:
    """The state of the database ``dev`` for ``linked_role``.

    :param tables: table names by schema.
    :param held: what the role holds.
    :param above: what a role that is granted to it holds, and what it holds itself on the whole database.
    """

    tables: dict[str, set[str]]
    held: set[Held] = field(default_factory=set)
    above: set[Held] = field(default_factory=set)

    def rows(self, sql: str) -> Sequence[Sequence[Any]]:
        of, role, above = q.OF_ROLE, ("role", "linked_role"), ("role", "above")
        listed: dict[str, Sequence[Sequence[Any]]] = {
            q.USERS: [["admin", 100, True, True], [WRITER, 101, False, False]],
            q.ROLES: [["linked_role", "admin"]],
            q.SCHEMAS: [["dev", name, 101, "local"] for name in self.tables],
            q.OF_ALL_ON_SCHEMAS: [
                *([*role, s, p, "SCHEMA"] for p, s in self._of("schema")),
                *([*role, s, p, "TABLES"] for p, s in self._of("scoped")),
                *([*above, h[2], h[1], "SCHEMA"] for h in self.above if h[0] == "schema"),
                *([*above, h[2], h[1], "TABLES"] for h in self.above if h[0] == "scoped"),
                *(["role", "a_stranger", s, "SELECT", "TABLES"] for s in self.tables),
                *([*role, s, "USAGE", "FUNCTIONS"] for s in self.tables),
            ],
            q.ROLE_GRANTS: [["linked_role", "middle"], ["middle", "above"], ["a_stranger", "linked_role"]],
            q.ON_DATABASES + q.of("linked_role", *ABOVE): [
                *([*role, "dev", p, "TABLES"] for p, _ in self._of("database")),
                [*role, "other", "SELECT", "TABLES"],
            ],
            **NOTHING,
            q.ON_RELATIONS + q.of(*ABOVE): [[*above, h[2], h[3], h[1]] for h in self.above if h[0] == "table"],
            q.ON_RELATIONS + of: [[*role, s, t, privilege] for privilege, s, t in self._of("table")],
            q.ON_COLUMNS + of: [[*role, s, t, c, privilege] for privilege, s, t, c in self._of("column")],
            q.DEFAULTS: [[*role, owner, s or None, "RELATION", p] for p, s, owner in self._of("default")],
        }
        if sql in listed:
            return listed[sql]
        if writers := re.findall(r"has_schema_privilege\(", sql):
            # Every writer may create.
            return [[True] * len(writers)]
        asked = re.fullmatch(
            "SELECT schema_name, table_name, table_type, table_owner FROM svv_redshift_tables "
            r"WHERE database_name = 'dev' AND schema_name IN \((.*)\)",
            sql,
        )
        assert asked, sql
        names = [read_literal(text) for text in re.findall(r"'(?:[^'\\]|''|\\.)*'", asked[1])]
        return [[name, table, "TABLE", WRITER] for name in names for table in sorted(self.tables[name])]

    def _of(self, kind: str) -> Iterator[Held]:
        return (held[1:] for held in sorted(self.held) if held[0] == kind)

    def reads(self, schema: str, table: str, privilege: str) -> bool:
        """Whether the role may do something with every column of a table."""
        ways = {("scoped", privilege, schema), ("table", privilege, schema, table), ("database", privilege, "")}
        return not ways.isdisjoint(self.held | self.above)

    def apply(self, sql: str) -> None:
        default = re.match(r"ALTER DEFAULT PRIVILEGES FOR USER (.*) IN SCHEMA (.*) (?=REVOKE |GRANT )", sql)
        if default:
            self._default(default, sql)
            return
        match = re.fullmatch(
            r"(GRANT|REVOKE) ([A-Z, ]+?) (ON SCHEMA|FOR TABLES IN SCHEMA|ON ALL TABLES IN SCHEMA|ON TABLE) (.*)", sql
        )
        if not match:
            raise SyntaxRefused(sql)
        verb, words, place = match[1], match[2].split(", "), match[3]
        paths, rest = read_list(match[4])
        expected = ' TO ROLE "linked_role"' if verb == "GRANT" else ' FROM ROLE "linked_role"'
        known = ON_SCHEMAS if place == "ON SCHEMA" else ON_TABLES
        single = place != "FOR TABLES IN SCHEMA" or len(paths) == 1
        if words == ["ALL"] and verb == "REVOKE":
            words = sorted({*known, *(("RULE", "TRIGGER") if place == "ON TABLE" else ())})
            known = set(words)
        if rest != expected or not set(words) <= known or not single or len(set(words)) < len(words):
            raise SyntaxRefused(sql)
        for path in paths:
            for word in words:
                (self._grant if verb == "GRANT" else self._revoke)(place, word, path)

    def _default(self, match: re.Match[str], sql: str) -> None:
        owners, end = read_list(match[1])
        schemas, rest = read_list(match[2])
        words = re.fullmatch(r'(GRANT|REVOKE) ([A-Z, ]+) ON TABLES (TO|FROM) ROLE "linked_role"', sql[match.end() :])
        if end or rest or not words or (words[1] == "GRANT") != (words[3] == "TO"):
            raise SyntaxRefused(sql)
        if not set(words[2].split(", ")) <= ON_TABLES:
            raise SyntaxRefused(sql)
        change = {("default", w, s, o) for w in words[2].split(", ") for (s,) in schemas for (o,) in owners}
        self.held = self.held | change if words[1] == "GRANT" else self.held - change

    def _grant(self, place: str, word: str, path: tuple[str, ...]) -> None:
        if place == "ON TABLE":
            schema, table = path
            assert table in self.tables[schema], path
            # https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT-usage-notes.html
            if any(held[:4] == ("column", word, schema, table) for held in self.held):
                raise ColumnGrantInTheWay(path)
            self.held.add(("table", word, schema, table))
            return
        (schema,) = path
        assert schema in self.tables, path
        if place == "ON ALL TABLES IN SCHEMA":
            for table in self.tables[schema]:
                self._grant("ON TABLE", word, (schema, table))
        else:
            self.held.add(("schema" if place == "ON SCHEMA" else "scoped", word, schema))

    def _revoke(self, place: str, word: str, path: tuple[str, ...]) -> None:
        if place == "ON TABLE":
            schema, table = path
            taken = {held for held in self.held if held[:4] == ("column", word, schema, table)}
            self.held -= taken | {("table", word, schema, table)}
        elif place in ("ON SCHEMA", "FOR TABLES IN SCHEMA"):
            self.held.discard(("schema" if place == "ON SCHEMA" else "scoped", word, *path))
        else:
            raise SyntaxRefused(place)
