"""A session's statements: what they mean, by its settings, and the names that the client has given them."""

from __future__ import annotations

from local_redshift.errors import unsupported
from local_redshift.exchange import Prepared
from local_redshift.grammar import translate
from local_redshift.grammar.settings import CASE
from local_redshift.plan import Alone, CaseChange, Command, Context, Ending, Query
from local_redshift.tokens import separate

UNKNOWN = Prepared("", Command(""), b"")


class Statements:
    def __init__(self, database: str, case_sensitive: bool, open_catalog: bool) -> None:
        self.database = database
        self.open_catalog = open_catalog
        self.named: dict[str, Prepared] = {}
        self.portals: dict[str, Prepared] = {}
        self._case_sensitive = self._case_before = self._case_default = case_sensitive

    def request(self, sql: str, in_transaction: bool) -> list[Prepared]:
        """The statements of a Query message."""
        found = [self._translated(text, in_transaction) for text in separate(sql)]
        if any(isinstance(one.plan, CaseChange) for one in found[:-1]):  # what follows was read by the one before
            raise unsupported(f"statements after a change of {CASE} in one request")
        return found

    def parse(self, name: str, sql: str, types: bytes, in_transaction: bool) -> Prepared:
        """The statement of a Parse message, which keeps this name."""
        self.named[name] = self._translated(sql, in_transaction, types)
        return self.named[name]

    def bind(self, portal: str, name: str) -> None:
        self.portals[portal] = self.named.get(name, UNKNOWN)

    def about(self, kind: bytes, names: list[str]) -> Prepared | None:
        """The known statement that a Bind message uses, or that a Describe message names."""
        if kind == b"B":
            return self.named.get(names[1])
        return self.named.get(names[0][1:]) if names[0][:1] == "S" else None

    def transaction_begins(self) -> None:
        self._case_before = self._case_sensitive

    def has_run(self, one: Prepared, was_aborted: bool) -> None:
        """Note what it has changed for the statements to come."""
        match one.plan:
            case Ending(sql):
                if sql == "ROLLBACK" or was_aborted:
                    self._case_sensitive = self._case_before
            case CaseChange(case=case):
                self._case_sensitive = {"on": True, "off": False}.get(case, self._case_default)

    def _translated(self, sql: str, in_transaction: bool, types: bytes = b"\0\0") -> Prepared:
        plan = translate(sql, Context(self.database, self._case_sensitive, self.open_catalog))
        if isinstance(plan, Alone) and in_transaction:
            raise unsupported(f"{plan.called} inside a transaction block")
        return Prepared(sql, plan, types)


def one_database(touched: list[Prepared]) -> str | None:
    """The other database that a request's statements are to run in, if they are."""
    databases = {one.plan.database if isinstance(one.plan, Query) else None for one in touched}
    if len(databases) > 1 or (databases - {None} and len({one.text for one in touched}) > 1):
        raise unsupported("statements of several databases in one request")
    return databases.pop() if databases else None
