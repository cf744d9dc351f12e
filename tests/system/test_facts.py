"""Each fact that the package relies on, tried."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from redshift_connector.error import Error

from airflow_provider_datagraph.hooks.faults import Fault, classify, details
from airflow_provider_datagraph.redshift.catalog.identities import groups_of
from airflow_provider_datagraph.redshift.catalog.relations import read_all_relations, read_sources
from airflow_provider_datagraph.redshift.passwords import md5_hash, sha256_hash
from tests.support.redshift import abandon, run
from tests.support.waiting import reached
from tests.system.facts import DOCUMENT, FACTS, RESULTS, Fact, document
from tests.system.place import Place

STEP = re.compile(r"(?:(?P<who>[uvn]?)(?:@(?P<where>[dn]))?: )?(?P<sql>.*?)(?: ->(?P<seen>.*))?", re.DOTALL)
HARMLESS = (
    "SELECT",
    "SHOW",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SET enable_case_sensitive_identifier ",
    "{slow}",
    "{union}",
)
ALIKE = {"q": "r", "v": "u", "z": "s"}
SLOW = f"SELECT COUNT(*) FROM {', '.join(f'public.many {letter}' for letter in 'abcd')}"
PATIENCE = 20.0
"""Seconds for what isn't to be seen at once."""


class World:
    """What one fact is tried in. A name that is asked for is made, and so is a session."""

    def __init__(self, place: Place, warehouse: str, another: str, stack: ExitStack) -> None:
        self.place, self.stack = place, stack
        self.names = {"w": warehouse, "d": another, "me": place.server.user, "slow": SLOW}
        self.sessions: dict[tuple[str, str], Any] = {}

    def login(self, who: str = "", where: str = "") -> Any:
        """A new connection, of the admin or of a user, for as long as the fact takes."""
        connection = self.place.connect(self[where or "w"], self[who] if who else None)
        self.stack.callback(abandon, connection)
        return connection

    def run(self, sql: str, who: str = "", where: str = "") -> list[tuple[Any, ...]]:
        """Run a statement in a session that is kept."""
        text = sql.format_map(self)
        if (who, where) not in self.sessions:
            self.sessions[who, where] = self.login(who, where)
        return run(self.sessions[who, where], text)

    def __getitem__(self, key: str) -> str:
        if key not in self.names:
            self.names[key] = self._make(key)
        return self.names[key]

    def _make(self, key: str) -> str:
        if key == "md5":
            return md5_hash(self.place.password, self["n"])
        if key == "sha256":
            return sha256_hash(self.place.password)
        if key == "union":
            return " UNION ALL ".join([f"SELECT 1 FROM (SELECT * FROM {self['s']}.t WHERE FALSE) x"] * 200)
        name = self.place.name(key)
        made = {
            "r": [f"CREATE ROLE {name}"],
            "u": [f"CREATE USER {name} PASSWORD '{self.place.password}'"],
            "g": [f"CREATE GROUP {name}"],
            "s": [f"CREATE SCHEMA {name}", f"CREATE TABLE {name}.t (id int)", f"INSERT INTO {name}.t VALUES (1)"],
        }
        self.place.sql(self.names["w"], *made.get(ALIKE.get(key, key), []))
        return name


def steps(world: World, fact: Fact) -> str:
    """Take a fact's steps: the first that goes otherwise, and how; or an empty text."""
    for step in fact.steps:
        match = STEP.fullmatch(step)
        assert match
        who, where, sql, wanted = match.groups()
        try:
            rows = world.run(sql, who or "", where or "")
        except Error as error:
            seen, said = details(error)
        else:
            seen, said = ";".join(sorted(",".join(str(value).strip() for value in row) for row in rows)), ""
        if (wanted is None and said) or (wanted is not None and wanted.strip().format_map(world) != seen):
            return f"{sql}: {seen or 'nothing'} {said}".strip()
    return ""


def hash_in_the_history(world: World) -> str:
    world.run("CREATE USER {n} PASSWORD '{md5}'")
    query = "SELECT query_text FROM sys_query_history WHERE query_text LIKE 'CREATE USER {n} %'"
    if not reached(lambda: world.run(query), PATIENCE):
        return "the statement isn't there"
    texts = str(world.run(query))
    return "" if world["md5"] in texts else texts.replace(world["md5"], "<hash>")


def connection_limit(world: World) -> str:
    world.run("ALTER USER {u} CONNECTION LIMIT 0")
    try:
        world.login("u")
    except Error as error:
        text = details(error)[1]
        return "" if text.startswith("too many connections for user") else text
    return "it logs in"


def group_members(world: World) -> str:
    world.run("ALTER GROUP {g} ADD USER {v}")
    ((number,),) = world.run("SELECT usesysid FROM pg_user WHERE usename = '{v}'")
    seen = groups_of(lambda query: world.run(query, "u"), int(number))
    return "" if seen == {world["g"]} else f"{sorted(seen)} of {world.run('SELECT groname, grolist FROM pg_group')}"


def views_in_pg_depend(world: World) -> str:
    world.run("CREATE VIEW {s}.v AS SELECT id FROM {s}.t")
    every = read_all_relations(lambda query: world.run(query, "u"), str)
    found = {oid: one for oid, one in every.items() if one.schema == world["s"]}
    sources = read_sources(lambda query: world.run(query, "u"), found)
    return "" if sources == {(world["s"], "v"): {(world["s"], "t")}} else f"{sources}"


def conflict(world: World) -> str:
    one, other = world.login(), world.login()
    grant = "GRANT USAGE ON SCHEMA {s} TO ROLE {r}".format_map(world)
    run(one, "BEGIN", grant)
    with ThreadPoolExecutor(1) as pool:
        waits = pool.submit(run, other, "BEGIN", grant, "COMMIT")
        time.sleep(0.3)
        run(one, "COMMIT")
        error = waits.exception(PATIENCE)
    if error is None:
        return "both went well"
    return "" if details(error)[0] == "XX000" and classify(error) is Fault.CONFLICT else " ".join(details(error))


def cancel(world: World) -> str:
    for begin in ([], ["BEGIN"]):
        slow = world.login("u")
        limit = f"SELECT set_config('statement_timeout', '{PATIENCE * 1000:.0f}', FALSE)"
        ((number,),) = run(slow, limit, *begin, "SELECT pg_backend_pid()")
        began = time.monotonic()
        with ThreadPoolExecutor(1) as pool:
            waits = pool.submit(run, slow, SLOW)
            time.sleep(0.3)
            run(world.login("u"), f"SELECT pg_cancel_backend({number})")
            error = waits.exception(2 * PATIENCE)
        if error is None or details(error)[0] != "57014" or time.monotonic() - began > PATIENCE:
            return f"{' '.join([*begin, 'SELECT'])}: {details(error) if error else 'it ran to its end'}"
    return ""


CHECKS: dict[str, Callable[[World], str]] = {
    check.__name__: check
    for check in (connection_limit, hash_in_the_history, group_members, views_in_pg_depend, conflict, cancel)
}


@pytest.fixture(scope="module")
def databases(place: Place) -> tuple[str, str]:
    """A warehouse, with a table of 1,000 rows for slow queries, and another database."""
    rows = ", ".join(f"({number})" for number in range(1000))
    many = "CREATE TABLE public.many (id int)", f"INSERT INTO public.many VALUES {rows}"
    return place.database(*many, "GRANT SELECT ON TABLE public.many TO PUBLIC"), place.database()


@pytest.fixture
def world(place: Place, databases: tuple[str, str]) -> Iterator[World]:
    with ExitStack() as stack:
        yield World(place, *databases, stack)


@pytest.mark.parametrize("name", FACTS)
def test_fact(name: str, world: World) -> None:
    fact = FACTS[name]
    if why := fact.untried:
        RESULTS[name] = f"not tried: {why}"
        pytest.skip(why)
    unlike = CHECKS[name](world) if name in CHECKS else steps(world, fact)
    RESULTS[name] = f"didn't hold: {unlike}" if unlike else "held"
    if unlike and fact.otherwise and world.place.real:
        pytest.xfail(unlike)
    assert not unlike


def test_the_docs_list_the_facts() -> None:
    assert DOCUMENT.read_text() == document(), "make docs"
    for fact in FACTS.values():
        assert bool(fact.steps) + (fact.name in CHECKS) + bool(fact.untried) == 1, fact.name
        for step in fact.steps:
            sql = step.split(": ", 1)[-1]
            # What isn't a name of the test's own could be somebody's.
            assert sql.startswith(HARMLESS) or "{" in sql, step
