"""The starting process's orders: JSON lines on a socket that nobody else has."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from typing import Any

from local_redshift.faults import Fault, Faults, Kind, Power


async def obey(descriptor: int, faults: Faults, power: Power) -> None:
    """Take one order a line and answer each with a line, until the other end is closed."""
    reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=descriptor))
    try:
        while line := await reader.readline():
            answer = await _answer(json.loads(line), faults, power)
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def _answer(order: dict[str, Any], faults: Faults, power: Power) -> dict[str, Any]:
    try:
        return await _done(str(order.pop("order")), order, faults, power)
    except Exception as failure:
        return {"failure": f"{type(failure).__name__}: {failure}"}


async def _done(order: str, given: dict[str, Any], faults: Faults, power: Power) -> dict[str, Any]:
    if order == "add":
        return {"number": faults.add(_fault(given))}
    if order == "count":
        fault = faults.ordered[int(given["number"])]
        return {"seen": fault.seen, "fired": fault.fired}
    if order == "exchanges":
        return {"count": faults.exchanges}
    if order == "clear":
        faults.ordered.clear()
        faults.linger = 0.0
    elif order == "linger":
        faults.linger = float(given["seconds"])
    elif order == "stop":
        await power.halt()
    elif order == "start":
        await power.resume()
    else:
        raise ValueError(f"no such order: {order}")
    return {}


def _fault(given: dict[str, Any]) -> Fault:
    pattern = re.compile(given.pop("pattern"), re.IGNORECASE | re.DOTALL)
    return Fault(Kind(given.pop("kind")), pattern, **given)
