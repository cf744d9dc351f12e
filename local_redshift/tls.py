"""TLS with a certificate made at start: signed by an authority of its own, which is gone with the stand-in.

https://docs.aws.amazon.com/redshift/latest/mgmt/connecting-ssl-support.html
"""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
AUTHORITY = """basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""
SERVER = """basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


class NoTls(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Tls:
    context: ssl.SSLContext
    authority: Path
    """The certificate that clients are to trust."""


def make(folder: Path) -> Tls:
    """Write an authority and a certificate for localhost into a new folder within this one."""
    openssl = shutil.which("openssl")
    if openssl is None:
        raise NoTls("--tls needs the openssl command")
    place = folder / "tls"
    place.mkdir(mode=0o700)
    (place / "authority.ext").write_text(AUTHORITY)
    (place / "server.ext").write_text(SERVER)
    for name, subject in (("authority", "/CN=local_redshift authority"), ("server", "/CN=localhost")):
        _run(openssl, place, "req", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
    sign = ("x509", "-req", "-days", "7", "-sha256")
    _run(
        openssl, place, *sign, "-in", "authority.csr", "-signkey", "authority.key", "-extfile", "authority.ext",
        "-out", "authority.pem",
    )  # fmt: skip
    _run(
        openssl, place, *sign, "-in", "server.csr", "-CA", "authority.pem", "-CAkey", "authority.key",
        "-CAcreateserial", "-extfile", "server.ext", "-out", "server.pem",
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place / "server.pem", place / "server.key")
    # Nobody needs to sign anything more.
    (place / "authority.key").unlink()
    return Tls(context, place / "authority.pem")


def _run(openssl: str, place: Path, *arguments: str) -> None:
    # The configuration of the machine shall not add to it.
    (place / "openssl.cnf").write_text("[req]\ndistinguished_name = dn\n[dn]\n")
    config = ("-config", "openssl.cnf") if arguments[0] == "req" else ()
    done = subprocess.run([openssl, *arguments, *config], capture_output=True, cwd=place, check=False)
    if done.returncode != 0:
        raise NoTls("openssl failed: " + done.stderr.decode(errors="replace")[-500:])
