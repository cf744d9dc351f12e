"""Rendered template fields -> values, strictly, with every problem collected before anything is done.

A parser raises :class:`InvalidInput` for what it doesn't take; ``name`` is the argument's, for the message.
"""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from airflow_provider_datagraph.redshift.names import InvalidInput

T = TypeVar("T")
D = TypeVar("D")
MOST = 1e6


class Problems:
    """Collects the problems of several checks, so that a user sees all of them at once."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def check(self, parse: Callable[..., T], *values: Any, default: D) -> T | D:
        """Run a check that returns a value or raises :class:`InvalidInput`: then go on with ``default``."""
        try:
            return parse(*values)
        except InvalidInput as error:
            self.add(*error.problems)
            return default

    def add(self, *sentences: str) -> None:
        """Add problems; one that is there already isn't added twice."""
        self.sentences += [s for s in dict.fromkeys(sentences) if s not in self.sentences]

    def raise_all(self, kind: type[InvalidInput] = InvalidInput) -> None:
        """End the checks: raise :class:`InvalidInput`, or a kind of it, with every problem, if there is any."""
        if self.sentences:
            raise kind(*self.sentences)


def boolean(value: Any, name: str) -> bool:
    """Parse a boolean: True, False, or ``true``/``false`` as text in any case, since Jinja renders ``False``."""
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else None
    if word in ("true", "false"):
        return word == "true"
    raise InvalidInput(f"{name} is {value!r}, not a boolean: give True or False.")


def text(value: Any, name: str) -> str:
    """Parse a text that can't be empty; outer white space is removed."""
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise InvalidInput(f"{name} is {value!r}: give a text that isn't empty.{_native(value)}")


def optional_text(value: Any, name: str) -> str | None:
    """Parse a text that may be missing: None, and a blank one, count as None."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return text(value, name)


def choice(value: Any, name: str, choices: Iterable[str]) -> str:
    """Parse one of a few words."""
    allowed = list(choices)
    if isinstance(value, str) and value.strip() in allowed:
        return value.strip()
    raise InvalidInput(f"{name} is {value!r}: give one of {', '.join(allowed)}.")


def number(value: Any, name: str, least: float = 0, most: float = MOST) -> float:
    """Parse a number, or text of one, that is at least ``least``, and below ``most``."""
    try:
        found = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        found = None
    # The comparisons refuse what isn't a number, too.
    if found is None or not least <= found < most:
        wanted = f"below {most:,.0f}" if found is not None and found >= most else f"at least {least:g}"
        raise InvalidInput(f"{name} is {value!r}: give a number that is {wanted}.")
    return found


def seconds(value: Any, name: str) -> float:
    """Parse a length of time: seconds, as a number or text of one, or a timedelta; at least 1 s."""
    return number(value.total_seconds() if isinstance(value, timedelta) else value, name, 1, 1e9)


def whole_number(value: Any, name: str, least: int = 0) -> int:
    """Parse a whole number, or text of one."""
    found = number(value, name, least)
    if found != int(found):
        raise InvalidInput(f"{name} is {value!r}: give a whole number.")
    return int(found)


def names(value: Any, name: str) -> tuple[str, ...]:
    """Parse a list of names: a list, JSON text of one, or text with one name a line; None is an empty list."""
    problems = Problems()
    found = usable_names(value, name, problems)
    problems.raise_all()
    return found


def usable_names(value: Any, name: str, problems: Problems) -> tuple[str, ...]:
    """Parse a list of names as far as it goes, so that a bad entry hides nothing that is wrong with the others."""
    nothing: list[Any] = []
    entries = problems.check(_entries, value, name, default=nothing)
    fitting = [entry.strip() for entry in entries if isinstance(entry, str) and entry.strip()]
    bad = [entry for entry in entries if not isinstance(entry, str) or not entry.strip()]
    problems.add(*(f"{name} has the entry {entry!r}: each has to be a name." for entry in bad))
    twice = sorted(entry for entry, count in Counter(fitting).items() if count > 1)
    if twice:
        problems.add(f"{name} names {', '.join(twice)} twice: name each once.")
    return tuple(dict.fromkeys(fitting))


def _entries(value: Any, name: str) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, str):
        stripped = value.strip()
        if not stripped.startswith("["):
            return [line for line in stripped.splitlines() if line.strip()]
        value = _json(stripped, name)
    if isinstance(value, set | frozenset):
        # In an order of its own, so that two runs write the same statements.
        return sorted(value, key=str)
    if isinstance(value, list | tuple):
        return list(value)
    raise InvalidInput(f"{name} is {value!r}: give a list, JSON text of a list, or one name a line.{_native(value)}")


def _native(value: Any) -> str:
    """What to do where Airflow makes something else of a text that looks so."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return " A DAG that renders native objects makes numbers of names: write {{ … | tojson }} in the template."


def _json(value: str, name: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        if (listed := _printed_list(value)) is not None:
            return listed
        raise InvalidInput(f"{name} looks like JSON and isn't ({error}): correct it.") from None


def _printed_list(value: str) -> list[str] | None:
    """Read a list of texts as Python prints it, which is what a template like ``{{ var.json.x }}`` comes to."""
    with suppress(ValueError, SyntaxError, RecursionError, MemoryError):
        found = ast.literal_eval(value)
        # Printed again it is the same: where a comma is lacking, Python would make one text of two.
        if isinstance(found, list) and {*map(type, found)} <= {str} and repr(found) == value:
            return found
    return None
