"""Statements of one session: translated, sent to PostgreSQL, answered, recorded."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

from local_redshift import masks, wire
from local_redshift.backend import Backend, BackendError, Pool
from local_redshift.collect import collected
from local_redshift.errors import Fields, Refused, reworded, unsupported
from local_redshift.exchange import Exchange, Prepared
from local_redshift.external import explained
from local_redshift.faults import Cut, Fault, Faults, Injected
from local_redshift.grammar import kind_of, translate
from local_redshift.grammar.settings import CASE
from local_redshift.history import History, Source
from local_redshift.plan import Context, Plan
from local_redshift.tokens import separate

ABORTED = "current transaction is aborted, commands ignored until end of transaction block"
ABORT = "DO 'BEGIN RAISE EXCEPTION $$aborted$$; END'"
ENOUGH = 1 << 16


class Batches:
    def __init__(
        self,
        pool: Pool,
        history: History,
        source: Source,
        user: str,
        main: Backend,
        writer: asyncio.StreamWriter,
        faults: Faults,
    ) -> None:
        self.faults = faults
        self.pool = pool
        self.history = history
        self.source = source
        self.user = user
        self.main = main
        self.running = main
        self.writer = writer
        self.status = b"I"
        self.case_sensitive = False
        self.case_default = False
        """What the user's own setting is, if ALTER USER gave one."""
        self._case_before = False
        self._was_aborted = False
        self._several = False  # statements in the request
        self._transaction = 0
        self._prepared: dict[str, Prepared] = {}
        self._portals: dict[str, Prepared] = {}
        self._fresh: dict[str, str] = {}
        """What the last exchange has parsed: the SQL by the statement's name."""
        self._fresh_at = self._runs = 0
        self._start = datetime.now(UTC)

    async def simple(self, sql: str) -> None:
        """A Query message: one statement or several."""
        self._begin()
        try:
            prepared = self._all(sql)
            self._several = masks.several(prepared)
            exchange = Exchange(executed=prepared)
            exchange.data += wire.query("; ".join([await self._sql(one) for one in prepared]))
            await self._run(exchange, self._database(prepared))
        except Refused as refusal:
            await self.refuse(refusal)

    async def extended(self, batch: list[wire.Message]) -> None:
        """The messages up to a Sync."""
        self._begin()
        try:
            touched = self._interpret(batch)
            self._several = masks.several(touched)
            database = self._database(touched)
            exchange = Exchange()
            await self._build(exchange, batch, fresh=database is not None)
            exchange.data += wire.frame(b"S")
            await self._run(exchange, database)
        except Refused as refusal:
            await self.refuse(refusal)

    async def refuse(self, refusal: Refused) -> None:
        """Answer with an error of our own, which ends a transaction as PostgreSQL's would."""
        fields = refusal.fields()
        if self.status == b"E" and refusal.sqlstate != "42601":
            fields = {"S": "ERROR", "C": "25P02", "M": ABORTED}
        if isinstance(refusal, Injected) and refusal.ends_the_session:
            self.writer.write(wire.error(fields))
            raise Cut
        await self._abort()
        self.writer.write(wire.error(fields) + wire.frame(b"Z", self.status))

    def _begin(self) -> None:
        self._start = datetime.now(UTC)
        self._was_aborted = self.status == b"E"
        self._runs = self.pool.runs
        if self.status == b"I":
            self._transaction = self.history.new_transaction()
            self._case_before = self.case_sensitive

    async def _abort(self) -> None:
        if self.status == b"T":
            with contextlib.suppress(BackendError):
                await self.main.run(ABORT)
            self.status = b"E"

    def _all(self, sql: str) -> list[Prepared]:
        with self._recorded(sql, kind_of(sql)):
            prepared = [self._translated(text) for text in separate(sql)]
            if any(one.plan.case for one in prepared[:-1]):  # what follows was read by the setting before it
                raise unsupported(f"statements after a change of {CASE} in one request")
            return prepared

    def _translated(self, sql: str) -> Prepared:
        context = Context(self.source.database, self.case_sensitive)
        plan = translate(sql, context)
        if plan.alone and self.status == b"T":
            raise unsupported(f"{plan.alone} inside a transaction block")
        return Prepared(sql, plan, b"\0\0")

    def _interpret(self, batch: list[wire.Message]) -> list[Prepared]:
        """Translate what is to be parsed, and return every statement that the batch is about."""
        touched: list[Prepared] = []
        for kind, body in batch:
            names = wire.texts(body)
            if kind == b"P":
                types = body[len(wire.text(names[0])) + len(wire.text(names[1])) :]
                with self._recorded(names[1], kind_of(names[1])):
                    plan = self._translated(names[1]).plan
                self._prepared[names[0]] = Prepared(names[1], plan, types)
                touched.append(self._prepared[names[0]])
            elif kind == b"B" and names[1] in self._prepared:
                touched.append(self._prepared[names[1]])
            elif kind == b"D" and body[:1] == b"S" and names[0][1:] in self._prepared:
                touched.append(self._prepared[names[0][1:]])
        return touched

    def _database(self, touched: list[Prepared]) -> str | None:
        databases = {one.plan.database for one in touched}
        if len(databases) > 1 or (databases - {None} and len({one.text for one in touched}) > 1):
            raise unsupported("statements of several databases in one request")
        # An aborted transaction answers by itself, wherever the statement would have run.
        return databases.pop() if databases and self.status != b"E" else None

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
                self._portals[names[0]] = self._prepared.get(names[1], Prepared("", Plan(""), b""))
                exchange.add(wire.frame(kind, body))
            elif kind == b"D":
                if body[:1] == b"S":
                    await self._again(exchange, names[0][1:], parsed, rows=names[0][1:] in bound)
                exchange.add(wire.frame(kind, body), acknowledged=False)
            elif kind == b"E":
                if names[0] in self._portals:
                    exchange.executed.append(self._portals[names[0]])
                exchange.add(wire.frame(kind, body), acknowledged=False)
            elif kind == b"C":
                if body[:1] == b"S":
                    self._prepared.pop(names[0][1:], None)
                exchange.add(wire.frame(kind, body))

    async def _again(self, exchange: Exchange, name: str, parsed: set[str], rows: bool) -> None:
        # PostgreSQL checks USAGE on a schema when it parses: a cached statement would go on reading after a REVOKE.
        if name in self._prepared and name not in parsed:
            parsed.add(name)
            await self._parse(exchange, name, hidden=True, close=True, rows=rows)

    async def _parse(self, exchange: Exchange, name: str, hidden: bool, close: bool, rows: bool) -> None:
        exchange.named = prepared = self._prepared[name]
        if hidden and not prepared.plan.view and self._is_fresh(name):
            return
        sql = await self._sql(prepared, rows)
        if hidden and self._is_fresh(name) and self._fresh[name] == sql:
            return
        if close:
            exchange.add(wire.close_statement(name), hidden=True)
        exchange.add(wire.parse(name, sql, prepared.types), hidden=hidden)
        exchange.parsed[name] = sql

    def _is_fresh(self, name: str) -> bool:
        """Whether nothing was run since the statement was parsed, by nobody, that could give another meaning to it."""
        return self._fresh_at == self.pool.runs and name in self._fresh and not self._several

    async def _sql(self, one: Prepared, rows: bool = True) -> str:
        plan = one.plan
        if plan.reads and self.status != b"E":
            with self._recorded(one.text, plan.kind):
                async with self._backend(plan.database) as backend:
                    await masks.check(plan, self._several, backend)
        if not plan.view or self.status == b"E":
            return plan.sql
        found = await collected(plan, self.pool, self.history, self.source.database, self.user, everywhere=rows)
        return f"WITH {found} {plan.sql}"

    async def _run(self, exchange: Exchange, database: str | None) -> None:
        due = await self._before(exchange)
        released = [one.plan.releases for one in exchange.executed if one.plan.releases]
        async with self.pool.barred(released[0] if released else None), self._backend(database) as backend:
            try:
                status = await self._relay(backend, exchange, database)
            finally:
                self.pool.runs += bool(exchange.executed)
        if database is None:
            self.status = status
        elif exchange.failed is not None:
            await self._abort()
        self._fresh = exchange.parsed if database is None and exchange.failed is None else {}
        self._fresh_at = self._runs
        self._conclude(exchange)
        await self.faults.after(due, self.writer)
        self.writer.write(exchange.answer + wire.frame(b"Z", self.status))

    async def _before(self, exchange: Exchange) -> list[Fault]:
        """Let the faults happen that were ordered for these statements."""
        try:
            due = await self.faults.before([one.text for one in exchange.executed], self.writer)
        except Injected as ordered:
            for one in exchange.executed[:1]:
                self._record(one.text, one.plan.kind, ordered.fields())
            if self.status == b"T" and any(one.plan.sql == "COMMIT" for one in exchange.executed):
                # A COMMIT that fails ends the transaction, too.
                await self.main.run("ROLLBACK")
                self.status = b"I"
            raise
        exchange.silent = bool(due)
        return due

    @contextlib.asynccontextmanager
    async def _backend(self, database: str | None) -> AsyncIterator[Backend]:
        if database is None:
            yield self.main
            return
        async with self.pool.lent(database, self.user) as backend:
            self.running = backend
            try:
                yield backend
            finally:
                self.running = self.main

    async def _relay(self, backend: Backend, exchange: Exchange, database: str | None) -> bytes:
        """Send, and pass the answer on until PostgreSQL is ready again."""
        backend.writer.write(exchange.data)
        while True:
            kind, body = await backend.read()
            if kind == b"Z":
                return body
            if kind == b"E":
                fields = await explained(wire.fields(body), self.pool, database or self.source.database)
                body = wire.error(fields)[5:]
            answer = wire.frame(kind, body) if kind == b"D" else self._answer(kind, body, exchange)
            if exchange.silent:
                continue
            exchange.answer += answer
            if len(exchange.answer) > ENOUGH:
                self.pool.runs += bool(exchange.executed)
                self.writer.write(exchange.answer)
                exchange.answer = bytearray()
                await self.writer.drain()

    def _answer(self, kind: bytes, body: bytes, exchange: Exchange) -> bytes:
        if kind in (b"1", b"2", b"3"):
            return b"" if exchange.swallow.popleft() else wire.frame(kind, body)
        if kind == b"C":
            prepared = exchange.executed[exchange.completed]
            exchange.completed += 1
            return wire.frame(kind, wire.text(prepared.plan.tag) if prepared.plan.tag else body)
        if kind in (b"I", b"s"):
            exchange.completed += 1
        if kind == b"E":
            exchange.failed = reworded(wire.fields(body))
            return wire.error(exchange.failed)
        if kind == b"N":
            return wire.error(reworded(wire.fields(body)), b"N")
        if kind == b"S" and body.startswith(b"server_version\0"):
            return b""
        return wire.frame(kind, body)

    def _conclude(self, exchange: Exchange) -> None:
        for prepared in exchange.executed[: exchange.completed]:
            if prepared.text:
                self._record(prepared.text, prepared.plan.kind)
            if prepared.plan.sql == "ROLLBACK" or (prepared.plan.sql == "COMMIT" and self._was_aborted):
                self.case_sensitive = self._case_before
            if prepared.plan.case:
                self.case_sensitive = {"on": True, "off": False}.get(prepared.plan.case, self.case_default)
        if exchange.failed is not None:
            failed = next(iter(exchange.executed[exchange.completed :]), exchange.named)
            if failed is not None:
                self._record(failed.text, failed.plan.kind, exchange.failed)

    @contextlib.contextmanager
    def _recorded(self, text: str, kind: str) -> Iterator[None]:
        """Have a refusal in the history, too."""
        try:
            yield
        except Refused as refusal:
            self._record(text, kind, refusal.fields())
            raise

    def _record(self, text: str, kind: str, failed: Fields | None = None) -> None:
        status, error = "success", ""
        if failed is not None:
            status, error = "canceled" if failed["C"] == "57014" else "failed", failed["M"]
        self.history.record(self.source, self._transaction, kind, text, self._start, status, error)
