"""A client's requests: read, sent to PostgreSQL in one exchange each, answered, recorded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from local_redshift import wire
from local_redshift.backend import Backend, BackendError
from local_redshift.collect import collected
from local_redshift.errors import Refused, reworded, unsupported
from local_redshift.exchange import Exchange, Prepared
from local_redshift.faults import Cut, Fault, Faults, Injected
from local_redshift.grammar import kind_of
from local_redshift.history import Records
from local_redshift.plan import Collected, Ending, Query, Remembered
from local_redshift.relay import Relay
from local_redshift.shapes import Shapes, are_asked
from local_redshift.statements import Statements, one_database
from local_redshift.text import literal

ABORTED = "current transaction is aborted, commands ignored until end of transaction block"


class Batches:
    def __init__(
        self,
        relay: Relay,
        statements: Statements,
        records: Records,
        faults: Faults,
        shapes: Shapes,
        cancel: Callable[[Batches, int], Awaitable[None]],
    ) -> None:
        self.relay = relay
        self.statements = statements
        self.records = records
        self.faults = faults
        self.shapes = shapes
        self.cancel = cancel
        self._was_aborted = False
        self._several = False  # statements in the request
        self._runs = 0
        self._fresh: dict[str, str] = {}
        """What the last exchange has parsed: the SQL by the statement's name."""
        self._fresh_at = 0

    async def simple(self, sql: str) -> None:
        """A Query message: one statement or several."""
        self._begin()
        try:
            with self.records.refusals(sql, kind_of(sql)):
                found = self.statements.request(sql, self.relay.status == b"T")
            self._several = _are_several(found)
            exchange = Exchange(executed=found)
            exchange.data += wire.query("; ".join([await self._sql(one) for one in found]))
            await self._run(exchange, self._database(found))
        except Refused as refusal:
            await self.refuse(refusal)

    async def extended(self, batch: list[wire.Message]) -> None:
        """The messages up to a Sync."""
        self._begin()
        try:
            unknown = are_asked(batch) and wire.texts(batch[0][1])[0] not in self.statements.named
            touched = self._interpret(batch)
            shape = self.shapes.answer(touched[0]) if unknown and self.relay.status != b"E" else b""
            if shape:
                # PostgreSQL gets the statement when it's bound.
                self.relay.writer.write(shape + wire.frame(b"Z", self.relay.status))
                return
            self._several = _are_several(touched)
            database = self._database(touched)
            exchange = Exchange()
            await self._build(exchange, batch, fresh=database is not None)
            exchange.data += wire.frame(b"S")
            await self._run(exchange, database)
            if unknown and exchange.failed is None:
                self.shapes.keep(touched[0], bytes(exchange.answer))
        except Refused as refusal:
            await self.refuse(refusal)

    async def refuse(self, refusal: Refused) -> None:
        """Answer with an error of our own, which ends a transaction as PostgreSQL's would."""
        fields, relay = refusal.fields(), self.relay
        if relay.status == b"E" and refusal.sqlstate != "42601":
            fields = {"S": "ERROR", "C": "25P02", "M": ABORTED}
        if isinstance(refusal, Injected) and refusal.ends_the_session:
            relay.writer.write(wire.error(fields))
            raise Cut
        await relay.abort()
        relay.writer.write(wire.error(fields) + wire.frame(b"Z", relay.status))

    def _begin(self) -> None:
        idle = self.relay.status == b"I"
        self.records.request_begins(new_transaction=idle)
        if idle:
            self.statements.transaction_begins()
        self._was_aborted = self.relay.status == b"E"
        self._runs = self.relay.pool.runs

    def _interpret(self, batch: list[wire.Message]) -> list[Prepared]:
        """Translate what is to be parsed, and return every statement that the batch is about."""
        touched: list[Prepared | None] = []
        for kind, body in batch:
            names = wire.texts(body)
            if kind == b"P":
                types = body[len(wire.text(names[0])) + len(wire.text(names[1])) :]
                self._fresh.pop(names[0], None)
                with self.records.refusals(names[1], kind_of(names[1])):
                    touched.append(self.statements.parse(names[0], names[1], types, self.relay.status == b"T"))
            elif kind in (b"B", b"D"):
                touched.append(self.statements.about(kind, names))
        return [one for one in touched if one is not None]

    def _database(self, touched: list[Prepared]) -> str | None:
        database = one_database(touched)
        # An aborted transaction answers by itself, wherever the statement would have run.
        return None if self.relay.status == b"E" else database

    async def _build(self, exchange: Exchange, batch: list[wire.Message], fresh: bool) -> None:
        parsed: set[str] = set()
        # What isn't bound yet is parsed again before it is: until then nobody asks for its rows.
        bound = {wire.texts(body)[1] for kind, body in batch if kind == b"B"}
        for kind, body in batch:
            names = wire.texts(body)
            if kind == b"P":
                parsed.add(names[0])
                await self._parse(exchange, names[0], hidden=False, close=fresh, rows=names[0] in bound)
            elif kind == b"B":
                await self._again(exchange, names[1], parsed, rows=True)
                self.statements.bind(names[0], names[1])
                exchange.add(wire.frame(kind, body))
            elif kind == b"D":
                if body[:1] == b"S":
                    await self._again(exchange, names[0][1:], parsed, rows=names[0][1:] in bound)
                exchange.add(wire.frame(kind, body), acknowledged=False)
            elif kind == b"E":
                if names[0] in self.statements.portals:
                    exchange.executed.append(self.statements.portals[names[0]])
                exchange.add(wire.frame(kind, body), acknowledged=False)
            elif kind == b"C":
                if body[:1] == b"S":
                    self.statements.named.pop(names[0][1:], None)
                exchange.add(wire.frame(kind, body))

    async def _again(self, exchange: Exchange, name: str, parsed: set[str], rows: bool) -> None:
        # PostgreSQL checks USAGE on a schema when it parses: a cached statement would go on reading after a REVOKE.
        if name in self.statements.named and name not in parsed:
            parsed.add(name)
            await self._parse(exchange, name, hidden=True, close=True, rows=rows)

    async def _parse(self, exchange: Exchange, name: str, hidden: bool, close: bool, rows: bool) -> None:
        exchange.named = prepared = self.statements.named[name]
        known = None
        if hidden and not self._several and self._fresh_at == self.relay.pool.runs:
            # Nobody has run anything since it was parsed, so the same text would mean the same.
            known = self._fresh.get(name)
        if known is not None and not isinstance(prepared.plan, Collected | Remembered):
            return
        sql = await self._sql(prepared, rows)
        if sql == known:
            return
        if close:
            exchange.add(wire.close_statement(name), hidden=True)
        exchange.add(wire.parse(name, sql, prepared.types), hidden=hidden)
        exchange.parsed[name] = sql

    async def _sql(self, one: Prepared, rows: bool = True) -> str:
        plan, relay = one.plan, self.relay
        if relay.status == b"E":
            return plan.sql
        match plan:
            case Query(reads=reads, database=database) if reads:
                with self.records.refusals(one.text, plan.kind):
                    async with relay.backend(database) as backend:
                        await _check_reads(plan, self._several, backend)
            case Collected() | Remembered():
                found = await collected(plan, relay, self.records.history, rows=rows)
                return f"WITH {found} {plan.sql}"
        return plan.sql

    async def _run(self, exchange: Exchange, database: str | None) -> None:
        due = await self._before(exchange)
        for one in exchange.executed if self.relay.status != b"E" else ():
            if isinstance(one.plan, Query) and one.plan.cancels is not None:
                with self.records.refusals(one.text, one.plan.kind):
                    await self.cancel(self, one.plan.cancels)
        await self.relay.run(exchange, database)
        self._fresh = exchange.parsed if database is None and exchange.failed is None else {}
        self._fresh_at = self._runs
        self._conclude(exchange)
        await self.faults.after(due, self.relay.writer)
        self.relay.writer.write(exchange.answer + wire.frame(b"Z", self.relay.status))

    async def _before(self, exchange: Exchange) -> list[Fault]:
        """Let the faults happen that were ordered for these statements."""
        relay = self.relay
        try:
            due = await self.faults.before([one.text for one in exchange.executed], relay.writer)
        except Injected as ordered:
            for one in exchange.executed[:1]:
                self.records.add(one.text, one.plan.kind, ordered.fields())
            if relay.status == b"T" and any(one.plan == Ending("COMMIT") for one in exchange.executed):
                # A COMMIT that fails ends the transaction, too.
                await relay.main.run("ROLLBACK")
                relay.status = b"I"
            raise
        exchange.silent = bool(due)
        return due

    def _conclude(self, exchange: Exchange) -> None:
        for one in exchange.executed[: exchange.completed]:
            if one.text:
                self.records.add(one.text, one.plan.kind)
            self.statements.has_run(one, self._was_aborted)
        if exchange.failed is not None:
            failed = next(iter(exchange.executed[exchange.completed :]), exchange.named)
            if failed is not None:
                self.records.add(failed.text, failed.plan.kind, exchange.failed)


def _are_several(touched: list[Prepared]) -> bool:
    return len({one.text for one in touched}) > 1


async def _check_reads(plan: Query, among_several: bool, backend: Backend) -> None:
    """Refuse a statement that a cluster refuses, or that would read masked values or external tables."""
    schemas = ", ".join(literal(one[0]) if len(one) > 1 else "NULL" for one in plan.reads)
    names = ", ".join(literal(one[-1]) for one in plan.reads)
    asked = f"ARRAY[{schemas}]::text[], ARRAY[{names}]::text[], current_schemas(true)"
    how = f"{literal(plan.takes)}, {plan.database is not None}, {among_several}"
    try:
        rows = await backend.run(f"SELECT pg_rs.unreadable({asked}, {how})")
    except BackendError as failure:
        fields = reworded(failure.fields)
        raise Refused(fields["C"], fields["M"]) from failure
    if rows[0][0] is not None:
        raise unsupported(rows[0][0])
