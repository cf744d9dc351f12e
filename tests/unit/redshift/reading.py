"""What is refused; and readers of SQL that the tests write themselves, so that they agree with the package on nothing
but Redshift."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_datagraph.redshift.names import InvalidInput


def refusal(parse: Callable[..., object], *values: Any, **named: Any) -> tuple[str, ...]:
    with pytest.raises(InvalidInput) as caught:
        parse(*values, **named)
    return caught.value.problems


def read_identifier(sql: str) -> tuple[str, str]:
    """Read a quoted identifier at the start of a text: its name, and what stands behind it."""
    assert sql.startswith('"'), sql
    name, position = "", 1
    while sql[position] != '"' or sql[position : position + 2] == '""':
        name += sql[position]
        position += 2 if sql[position] == '"' else 1
    return name, sql[position + 1 :]


def read_literal(sql: str) -> str:
    """Read a whole text that is one literal, with Redshift's backslash escapes."""
    assert sql[0] == sql[-1] == "'", sql
    inner, text = sql[1:-1], ""
    while inner:
        if inner[0] in "\\'":
            assert inner[1] in "\\'", sql
            inner = inner[1:]
        text, inner = text + inner[0], inner[1:]
    return text


def read_path(sql: str) -> tuple[tuple[str, ...], str]:
    """Read a dotted path of quoted identifiers at the start of a text: its parts, and what stands behind it."""
    name, rest = read_identifier(sql)
    parts = [name]
    while rest.startswith("."):
        name, rest = read_identifier(rest[1:])
        parts.append(name)
    return tuple(parts), rest


def read_list(sql: str) -> tuple[list[tuple[str, ...]], str]:
    """Read paths that are separated by a comma: the paths, and what stands behind them."""
    path, rest = read_path(sql)
    paths = [path]
    while rest.startswith(", "):
        path, rest = read_path(rest[2:])
        paths.append(path)
    return paths, rest
