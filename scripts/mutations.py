"""Small changes of a Python file, one at a time: mistakes that somebody might make.

What mutmut does for functions, and beside it what it leaves out: decorated functions, the data of classes and modules,
DAG files. What people read (a text with a blank in it) stays as it is.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

Place = tuple[int, int]
Edit = tuple[Place, Place, str]
SWAPPED = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "is": "is not", "is not": "is"}
SWAPPED |= {"in": "not in", "not in": "in", "and": "or", "or": "and", "+": "-", "-": "+", "*": "/", "|": "&", "&": "|"}
OPERATOR = re.compile(r"\b(is not|not in|is|in|and|or)\b|[=!<>]=|(?<!\*)\*(?!\*)|[<>+|&-]")


@dataclass(frozen=True)
class Change:
    """A change of a file.

    :param function: the function's name, after its class's where it has one; empty outside.
    :param before: the changed lines, joined.
    :param after: the same after the change.
    :param source: the whole file after the change.
    :param near: the lines of the statement; of what is around it where it runs on import.
    """

    function: str
    before: str
    after: str
    source: str
    near: range

    @property
    def is_data(self) -> bool:
        """Whether it is outside of functions: a test may look at it, and run no line."""
        return not self.function or self.function.rpartition(".")[2][0].isupper()


def changes(source: str) -> Iterator[Change]:
    """Make every change of a file.

    :param source: the file's text.
    :return: the changes.
    """
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    tree = ast.parse(source)
    for name, near, node in _nodes(tree, "", range(1, len(lines) + 1)):
        for begin, end, text in _variants(node, lines):
            first, last = begin[0] - 1, end[0] - 1
            old = b"".join(lines[first : last + 1])
            new = lines[first][: begin[1]] + text.encode() + lines[last][end[1] :]
            changed = b"".join([*lines[:first], new, *lines[last + 1 :]]).decode()
            if changed != source:
                before, after = (" ".join(side.decode().split()) for side in (old, new))
                yield Change(name, before, after, changed, near)


def _nodes(node: ast.AST, name: str, near: range) -> Iterator[tuple[str, range, ast.AST]]:
    """Everything that runs, with the function that it is in and the lines whose tests look at it."""
    for field, value in ast.iter_fields(node):
        for child in [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, ast.AST)]:
            if field in ("annotation", "returns", "format_spec", "decorator_list") or _is_left_out(child, node):
                continue
            inner, around = name, near
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    inner = f"{name}.{child.name}" if name else child.name
                around = range(child.lineno, (child.end_lineno or 0) + 1)
            elif isinstance(child, ast.stmt) and not isinstance(node, ast.Module | ast.ClassDef):
                body: list[ast.stmt] = getattr(child, "body", [])
                around = range(child.lineno, body[0].lineno if body else (child.end_lineno or 0) + 1)
            yield inner, around, child
            yield from _nodes(child, inner, around)


def _is_left_out(node: ast.AST, parent: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom():
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        # An alias of a type, or a name for type checkers.
        case ast.Assign(value=ast.Subscript() | ast.Call(func=ast.Name(id="TypeVar"))):
            return isinstance(parent, ast.Module)
        # Their places are the whole text's.
        case ast.Constant():
            return isinstance(parent, ast.JoinedStr)
    return False


def _variants(node: ast.AST, lines: list[bytes]) -> Iterator[Edit]:
    """What may stand in a node's place, or in a part of it."""
    for place, text in _replaced(node, lines):
        yield *_ends(place), text
    yield from _operators(node, lines)
    yield from _shortened(node, lines)


def _replaced(node: ast.AST, lines: list[bytes]) -> Iterator[tuple[ast.AST, str]]:
    match node:
        case ast.Constant(value=bool() as on):
            yield node, str(not on)
        case ast.Constant(value=int() | float() as number):
            yield node, repr(number + 1)
        case ast.Constant(value=str() as text) if not re.search(r"\s", text):
            yield node, repr(f"XX{text}")
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield node, _text(operand, lines)
        case ast.IfExp(body=body, orelse=other):
            yield from ((node, _text(one, lines)) for one in (body, other))
        case ast.If(test=test) | ast.comprehension(ifs=[test]) if isinstance(test, ast.Name | ast.Call | ast.Attribute):
            yield test, f"not {_text(test, lines)}"
        case ast.Expr(value=ast.Call() | ast.Await()) | ast.AugAssign() | ast.Raise():
            yield node, "pass"
        case ast.Return(value=ast.expr()):
            yield node, "return None"
        case ast.Assign(targets=[ast.Attribute()], value=value) if not isinstance(value, ast.Constant):
            yield value, "None"


def _operators(node: ast.AST, lines: list[bytes]) -> Iterator[Edit]:
    parts: list[ast.expr] = []
    match node:
        case ast.Compare(left=left, comparators=others):
            parts = [left, *others]
        case ast.BoolOp(values=values):
            parts = values
        case ast.BinOp(left=left, right=right):
            parts = [left, right]
    for one, following in pairwise(parts):
        begin, end = _ends(one)[1], _ends(following)[0]
        gap = _cut(begin, end, lines)
        yield begin, end, OPERATOR.sub(lambda found: SWAPPED[found.group()], gap, count=1)


def _shortened(node: ast.AST, lines: list[bytes]) -> Iterator[Edit]:
    left_out: Sequence[ast.AST] = ()
    match node:
        case ast.Call(args=args, keywords=keywords):
            left_out = [*keywords, *args[1:][-1:]]
        case ast.Tuple(elts=elements, ctx=ast.Load()):
            # A single one in parentheses is no tuple.
            left_out = elements[1:] if len(elements) == 2 else elements
        case ast.List(elts=elements, ctx=ast.Load()) | ast.Set(elts=elements):
            left_out = elements
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                begin = _ends(key)[0] if key else (value.lineno, value.col_offset - len("**"))
                yield begin, _without(value, lines)[1], ""
    yield from (_without(one, lines) for one in left_out)


def _without(node: ast.AST, lines: list[bytes]) -> Edit:
    """Take an argument or an element away, with the comma behind it."""
    begin, (line, column) = _ends(node)
    comma = re.match(rb" *, *", lines[line - 1][column:])
    return begin, (line, column + (comma.end() if comma else 0)), ""


def _ends(node: ast.AST) -> tuple[Place, Place]:
    place: ast.expr = node  # type: ignore[assignment]  # (whatever it is, it has a place)
    return (place.lineno, place.col_offset), (place.end_lineno or 0, place.end_col_offset or 0)


def _text(node: ast.AST, lines: list[bytes]) -> str:
    return _cut(*_ends(node), lines)


def _cut(begin: Place, end: Place, lines: list[bytes]) -> str:
    rows = lines[begin[0] - 1 : end[0]]
    rows[-1] = rows[-1][: end[1]]
    rows[0] = rows[0][begin[1] :]
    return b"".join(rows).decode()
