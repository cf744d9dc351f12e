"""What the linked user can read and write: by login, from the checkpoint database, as Segment does."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from redshift_connector.error import Error as DriverError

from airflow_provider_datagraph.access import validation
from airflow_provider_datagraph.access.messages import by_cause, counted
from airflow_provider_datagraph.access.plan import Finding, blocking
from airflow_provider_datagraph.access.reach.excess import excess
from airflow_provider_datagraph.access.reach.matrix import Reached, read_identity_reach, read_memberships, read_reached
from airflow_provider_datagraph.access.report import MAX_ROWS, Report
from airflow_provider_datagraph.access.reverse_etl import SCHEMA
from airflow_provider_datagraph.engine.looks.base import Look, Reader, Sessions
from airflow_provider_datagraph.engine.looks.listing import Listing
from airflow_provider_datagraph.engine.looks.reading import Reading
from airflow_provider_datagraph.exceptions import MisconfigurationError
from airflow_provider_datagraph.form.arguments import Problems
from airflow_provider_datagraph.form.names import TABLES, parse_wanted
from airflow_provider_datagraph.form.patterns import meant_by, parse_pattern
from airflow_provider_datagraph.hooks.faults import database_gone, details, lasts
from airflow_provider_datagraph.redshift.catalog.effective import held_on_tables, may_create, usable_schemas
from airflow_provider_datagraph.redshift.catalog.schemas import local_databases, read_namespaces
from airflow_provider_datagraph.redshift.names import fold, join_path
from airflow_provider_datagraph.redshift.statements import trial
from airflow_provider_datagraph.redshift.values import Session


@dataclass(eq=False)
class AccessProbe:
    """Names every column of each relation, and no row, as the linked user, from the checkpoint database.

    Its arguments are those of :class:`.ValidateAccessSensor`.

    :param sessions: of the admin, who lists what ``schemas`` hold in each database itself, and of the linked user.
    """

    sessions: Sessions
    user_conn_id: str
    checkpoint_database: str | None = None
    schemas: Sequence[str] = ()
    tables: Sequence[str] = ()
    role: str = ""
    trusted_owners: Sequence[str] = ()
    wait_for_grants: bool = False
    broken_views: str = "report"
    least_privilege: bool = False
    forbidden: Sequence[str] = ()
    probe_checkpoint: bool = False
    batch_size: int = validation.BATCH
    max_proof_age: float = validation.MAX_AGE

    def __post_init__(self) -> None:
        self.proved = self.sessions.proved.setdefault((self.checkpoint_database, self.user_conn_id), {})

    @property
    def admin(self) -> Reader:
        return self.sessions.reader()

    @property
    def user(self) -> Reader:
        return self.sessions.reader(self.checkpoint_database, self.user_conn_id)

    @cached_property
    def schemas_named(self) -> frozenset[str]:
        """The schemas that it names, as typed and as Redshift may fold them; what isn't a name its own look tells."""
        schemas = parse_wanted(list(self.schemas), "schemas", Problems()).named
        tables = parse_wanted(list(self.tables), "tables", Problems(), TABLES).named
        names = [*(path[-1] for path in schemas), *(path[-2] for path in tables)]
        return frozenset(spelt for name in names for spelt in (name, fold(name)))

    def schemas_of_all(self) -> set[str]:
        """Name the schemas of all who look in this round."""
        return set().union(*(one.schemas_named for one in self.sessions.asked if isinstance(one, AccessProbe)))

    def look(self) -> Look:
        listing = Listing(self, self.admin.session())
        targets = listing.targets()
        seen = Reading(targets, self, listing.ids).read()
        rules = validation.Rules(self.user.hook.login, self.role, self.wait_for_grants, self.broken_views == "fail")
        verdicts = [*validation.judge(seen, rules), *listing.verdicts, *self._checkpoint(rules)]
        holding = [one.finding for one in verdicts if one.holds_up]
        more = [one.finding for one in verdicts if not one.holds_up]
        # It takes some statements a database, so not at every look of those that wait.
        if seen.proved and all(one.blocking for one in holding):
            excess = list(self._excess(listing.session, targets))
            holding += (one for one in excess if one.blocking)
            more += (one for one in excess if not one.blocking)
        proved, count = len(seen.proved), counted(len(targets), "table")
        report = Report.of([*holding, *more], in_place=proved)
        who = f"{rules.login}, connected to {self.user.database},"
        refused = len(seen.refused) + len(seen.unread)
        proof = {**self._proof(rules.login, sorted(seen.proved)), "refused": refused}
        beside = {"proof": {**proof, "unproved": len(targets) - proved - refused}}
        left = targets.keys() - seen.proved - seen.folded - seen.unread - seen.refused.keys()
        # What a long look read first may be too old at its end: the next one reads it again.
        if holding or not proved or left:
            read = [f"{who} has read {proved} of {count}."] if targets else []
            return Look(report, " ".join([*read, by_cause(holding or more)]), more=beside)
        share = f"every one of {count}" if proved == len(targets) else f"{proved} of {count}; the rest holds nothing up"
        return Look(report, f"{who} can read {share}.", done=True, more=beside)

    def _excess(self, session: Session, targets: Mapping[validation.Path, validation.Target]) -> Iterator[Finding]:
        """Look at what must not be possible: in what is read, in the checkpoint database, and where it is forbidden."""
        login, checkpoint = self.user.hook.login, self.user.database
        known = read_identity_reach(self.admin.rows, session, login)
        # An admin who is no superuser may not see it, and the linked user sees its own.
        linked = not known.session.superuser
        if linked:
            known = read_memberships(self.user.rows, known)
        forbidden = meant_by([parse_pattern(text) for text in self.forbidden], known.session)
        read = {checkpoint, *(path[0] for path in targets)}
        found: list[Reached] = []
        for name in (one for one in local_databases(known.databases) if self.forbidden or one in read):
            reader = self.sessions.reader(name, self.user_conn_id if linked else None)
            try:
                found += read_reached(reader.rows, name, known)
            except MisconfigurationError as error:
                # Somebody dropped it meanwhile: nothing is in it.
                if not database_gone(error):
                    raise
        whole = {path[:2] for path in targets}
        yield from excess(
            known,
            found,
            self.role,
            lambda name, schema, table: (name, schema, table) in targets if table else (name, schema) in whole,
            lambda name, schema: forbidden(name, schema, ""),
            checkpoint=checkpoint,
            least_privilege=self.least_privilege,
        )

    def _checkpoint(self, rules: validation.Rules) -> list[validation.Verdict]:
        """Look at what Segment must be able to write; nothing of what is tried stays."""
        database = self.user.database
        rows = self.sessions.reader(database).rows
        creates = may_create(rows, rules.login, database)
        oid = next((oid for oid, (name, _) in read_namespaces(rows).items() if name == SCHEMA), None)
        held, tables = list(validation.WORKING), dict[str, frozenset[str]]()
        if oid is not None:
            held = [word for word in held if SCHEMA in usable_schemas(rows, rules.login, word.lower())]
            tables = held_on_tables(rows, rules.login, oid, validation.WRITING)
        verdicts = validation.not_writable(database, rules, creates=creates, on_schema=held, on_tables=tables.values())
        if verdicts or not self.probe_checkpoint:
            return verdicts
        try:
            self.user.rolled_back(trial(f"__datagraph_trial_{uuid.uuid4().hex[:12]}"))
        except (DriverError, OSError) as error:
            if not lasts(error):
                raise
            state, text = details(error)
            return [validation.Verdict(blocking("checkpoint_closed", database, case="tried", reason=text, state=state))]
        return []

    def _proof(self, login: str, proved: Sequence[validation.Path]) -> dict[str, Any]:
        times = sorted(f"{self.proved[path]:%Y-%m-%dT%H:%M:%SZ}" for path in proved)
        schemas = {join_path(*place): len(list(each)) for place, each in groupby(proved, key=lambda path: path[:2])}
        return {
            "login": login,
            "database": self.user.database,
            "first": times[0] if times else "",
            "last": times[-1] if times else "",
            "read": len(proved),
            "tables": [join_path(*path) for path in proved[:MAX_ROWS]],
            "schemas": dict(list(schemas.items())[:MAX_ROWS]),
        }
