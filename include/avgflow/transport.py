"""How what goes to a database is kept from others on the way: TLS with a verified certificate, unless said otherwise.

A host that is not this machine is reached with `sslmode=verify-full`: encrypted, by a certificate of that very host,
signed by somebody who is trusted. Anything weaker must stand in the connection (`sslmode=require`, `disable`, …), and
`avgflow status` and `avgflow catalog check` name it.
"""

from __future__ import annotations

import ipaddress
import json
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

VERIFIED = "verify-full"
_ROOTS = "~/.postgresql/root.crt"
"""Where libpq itself looks for whom to trust."""

_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, Red Hat
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # macOS, BSD
)

PARAMETERS = frozenset(
    (
        *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslcrldir", "sslsni"),
        *("sslnegotiation", "ssl_min_protocol_version", "ssl_max_protocol_version"),
        *("channel_binding", "gssencmode", "require_auth", "hostaddr", "target_session_attrs"),
    )
)
"""What of a connection's extra fields is libpq's, and goes along."""


@dataclass(frozen=True)
class Transport:
    """How a database is reached. `mode`: libpq's `sslmode`, or `local` for this machine."""

    host: str
    mode: str

    @property
    def safe(self) -> bool:
        """Whether nobody on the way can read along or answer in the database's place."""
        return self.mode in ("local", VERIFIED)

    @property
    def why(self) -> str:
        """What is unsafe about it, for a person."""
        if self.mode in ("require", "verify-ca"):
            return f"encrypted, but whoever answers need not be {self.host} ({self.mode})"
        return f"not encrypted, or only if {self.host} likes to ({self.mode})"


def secured(dsn: str, ca_file: Path | None = None) -> str:
    """A DSN that asks for a verified certificate where it says nothing itself and the host is not this machine.

    `ca_file`: whom to trust where the DSN does not say; else libpq's own file, else whom the machine trusts.
    """
    found = transport(dsn)
    if found.mode == "local":
        return dsn
    parts = urlsplit(dsn)
    query = parse_qsl(parts.query, keep_blank_values=True)
    named = {name for name, _ in query}
    if "sslmode" not in named and "PGSSLMODE" not in os.environ:
        query.append(("sslmode", VERIFIED))
    if found.mode in (VERIFIED, "verify-ca") and "sslrootcert" not in named and "PGSSLROOTCERT" not in os.environ:
        if ca_file is not None:
            query.append(("sslrootcert", str(ca_file)))
        elif found.mode == VERIFIED and not Path(_ROOTS).expanduser().exists():
            query.append(("sslrootcert", _trusted_here()))
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote, safe="/")))


def _trusted_here() -> str:
    """The file of whom this machine trusts, as Python knows it.

    libpq's own `system` asks the OpenSSL that it was built with; the one in psycopg's wheels looks in a folder that no
    machine has, so it would trust nobody.
    """
    known = (ssl.get_default_verify_paths().cafile, *_BUNDLES)
    return next((file for file in known if file and Path(file).is_file()), "system")


def transport(dsn: str) -> Transport:
    """How the database of a DSN is reached."""
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query))
    hosts = _hosts(parts.netloc, query)
    if all(is_local(host) for host in hosts):
        return Transport(",".join(hosts), "local")
    mode = query.get("sslmode") or os.environ.get("PGSSLMODE") or VERIFIED
    return Transport(",".join(hosts), mode)


_FAULTS = (
    ("does not match host name", "its certificate is of another host"),
    # libpq does not say which of the two.
    ("certificate verify failed", "its certificate has expired, or is of nobody who is trusted; see AVGFLOW_CA_FILE"),
    ("root certificate", "the file of whom to trust cannot be read; see AVGFLOW_CA_FILE and sslrootcert"),
    ("does not support SSL", "it speaks no TLS; only sslmode=disable in its connection would do without"),
)


def fault(text: str) -> str | None:
    """What is wrong with the TLS of a connection that libpq refused, by its words; None where it is something else."""
    return next((why for words, why in _FAULTS if words in text), None)


def of_mail(connection: str) -> Transport:
    """How the mail server of an Airflow connection (URI or JSON) is reached, by Airflow's own extra fields."""
    if connection.lstrip().startswith("{"):
        fields = json.loads(connection)
        extra = fields.get("extra") or {}
        extra = json.loads(extra) if isinstance(extra, str) else extra
        host = fields.get("host") or ""
    else:
        parts = urlsplit(connection)
        extra, host = dict(parse_qsl(parts.query)), parts.hostname or ""
        extra = json.loads(extra["__extra__"]) if "__extra__" in extra else extra
    if is_local(host):
        return Transport(host, "local")
    if extra.get("disable_tls") and extra.get("disable_ssl"):
        return Transport(host, "disable")
    return Transport(host, "require" if extra.get("ssl_context") == "none" else VERIFIED)


def is_local(host: str) -> bool:
    """Whether a host is this machine: a socket, `localhost`, or an address of its own loop."""
    if not host or host.startswith(("/", "@")) or host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def dsn_of(fields: Mapping[str, Any]) -> str:
    """The DSN of a connection's fields, as Airflow names them; of its extra fields those that are libpq's."""
    extra = fields.get("extra") or fields.get("extra_dejson") or {}
    if isinstance(extra, str):
        extra = json.loads(extra)
    user, password = quote(fields.get("login") or "", safe=""), quote(fields.get("password") or "", safe="")
    host, port = fields.get("host") or "", f":{fields['port']}" if fields.get("port") else ""
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    given = {name: str(value) for name, value in extra.items() if name in PARAMETERS}
    query = f"?{urlencode(given, quote_via=quote, safe='/')}" if given else ""
    database = quote(fields.get("schema") or "", safe="")
    return f"postgresql://{user}:{password}@{quote(host, safe='[]:,')}{port}/{database}{query}"


def _hosts(netloc: str, query: Mapping[str, str]) -> list[str]:
    """Every host that is tried; one of the query goes before that of the address, as libpq has it."""
    address = netloc.rpartition("@")[2]
    if "host" in query:
        return query["host"].split(",")
    hosts = []
    for one in address.split(","):
        inside, bracket, _ = one.partition("]")
        hosts.append(inside.lstrip("[") if bracket else one.partition(":")[0])
    return hosts
