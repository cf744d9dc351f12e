"""TLS with a certificate made at start: signed by an authority of its own, which is gone with the stand-in.

https://docs.aws.amazon.com/redshift/latest/mgmt/connecting-ssl-support.html
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tls:
    context: ssl.SSLContext
    authority: Path
    """The certificate that clients are to trust."""


def make(folder: Path) -> Tls:
    """Make a certificate for localhost, and write its authority's into a new folder within this one.

    The keys stay in memory: nobody needs to sign anything more.
    """
    # Slow to import, and most servers don't offer TLS.
    import trustme

    place = folder / "tls"
    place.mkdir(mode=0o700)
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1", "::1").configure_cert(context)
    authority.cert_pem.write_to_path(place / "authority.pem")
    return Tls(context, place / "authority.pem")
