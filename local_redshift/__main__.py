"""`python -m local_redshift`: run the stand-in until told to stop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import stat
import sys

from local_redshift.control import obey
from local_redshift.postgres import NoPostgres
from local_redshift.running import PASSWORD
from local_redshift.server import Options, Server

LOCAL = ("127.0.0.1", "localhost", "::1")
DEFAULT_PASSWORD = Options("", 0).password


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m local_redshift",
        description="A development-only stand-in for Amazon Redshift. It prints one line when it's ready, and "
        "removes all that it wrote when it stops.",
        epilog=f"The superuser's password is {DEFAULT_PASSWORD}, or what {PASSWORD} in the environment says.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=5439, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--user", default="awsuser", help="the superuser (default: %(default)s)")
    parser.add_argument("--database", default="dev", help="the first database (default: %(default)s)")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="added to each exchange (default: %(default)s)")
    # A descriptor that the starting process left open: no business of people's.
    parser.add_argument("--control-fd", type=int, help=argparse.SUPPRESS)
    parser.add_argument(
        "--tls", action="store_true", help="offer TLS; a second line names the file with the authority's certificate"
    )
    parser.add_argument(
        "--iam", action="store_true", help="give temporary passwords; a further line names the endpoint for them"
    )
    parser.add_argument(
        "--catalog",
        choices=("closed", "open"),
        default="closed",
        help="open: what has no form here goes to PostgreSQL, for dbt, SQLAlchemy and psql (default: %(default)s)",
    )
    parser.add_argument("--die-with-parent", action="store_true", help="stop when the parent process is gone")
    return parser.parse_args()


def say(line: str, stream: int = 1) -> None:
    """Write a line at once: to standard output, or to standard error if `stream` is 2."""
    out = sys.stdout if stream == 1 else sys.stderr
    out.write(line + "\n")
    out.flush()


async def parent_gone() -> None:
    """Return when the parent has ended, however it ended."""
    parent = os.getppid()
    closed = asyncio.Event()
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        asyncio.get_running_loop().add_reader(0, _at_end_of_input, closed)
    while os.getppid() == parent and not closed.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(closed.wait(), 0.3)


def _at_end_of_input(closed: asyncio.Event) -> None:
    if not os.read(0, 4096):
        asyncio.get_running_loop().remove_reader(0)
        closed.set()


async def until_told(die_with_parent: bool) -> None:
    """Return at a signal to stop or, if wanted, when the parent has ended."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    waits = [asyncio.create_task(stop.wait())]
    if die_with_parent:
        waits.append(asyncio.create_task(parent_gone()))  # type: ignore[arg-type]  # both are only waited for
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)


async def run(options: Options, die_with_parent: bool, control: int | None = None) -> int:
    """Serve until told to stop; return the exit status."""
    told = asyncio.create_task(until_told(die_with_parent))
    server = Server(options)
    try:
        await server.start()
        obeying = None if control is None else asyncio.create_task(obey(control, server.faults, server))
        if not told.done():
            say(f"ready on {options.host}:{server.port}")
            if server.secured is not None:
                say(f"certificate of the authority: {server.secured.authority}")
            if server.endpoint:
                say(f"endpoint of AWS: {server.endpoint}")
        await told
        if obeying is not None:
            obeying.cancel()
        return 0
    except OSError as failure:
        say(f"cannot listen on {options.host}:{options.port}: {os.strerror(failure.errno or 0)}", 2)
        return 1
    except NoPostgres as failure:
        say(str(failure), 2)
        return 1
    finally:
        await server.stop()


def main() -> int:
    """Do what the command line asks for; return the exit status."""
    given = arguments()
    if given.host not in LOCAL:
        say(
            f"warning: {given.user} is a PostgreSQL superuser: whoever reaches {given.host} can act as this "
            "machine's user",
            2,
        )
    latency = given.latency_ms / 1000
    # Taken out: PostgreSQL's processes may belong to another user.
    password = os.environ.pop(PASSWORD, DEFAULT_PASSWORD)
    given_to_all = (given.host, given.port, given.user, password, given.database, latency, given.tls, given.iam)
    options = Options(*given_to_all, given.catalog == "open")
    return asyncio.run(run(options, given.die_with_parent, given.control_fd))


if __name__ == "__main__":
    sys.exit(main())
