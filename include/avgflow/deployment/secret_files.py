"""Making the secrets of a deployment that are not there yet: `python -m avgflow.deployment.secret_files [demo]`.

What an operator put into `/own`, under the same `GROUP/NAME`, is taken; everything else is random. A file that is there
is never made anew. In a group whose files are settings of ours the name of a file is the name of the setting.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from avgflow.deployment import SECRETS
from avgflow.embedded.state import write_private
from avgflow.errors import AvgflowError
from avgflow.provisioning import REGISTER, REGISTER_APP, REGISTER_OWNER
from avgflow.roles import DEMO_USERS

OWN = Path("/own")
USER = 50000
"""The user of every container of the image."""
DATABASE_HOST = "postgres"
BROKER_HOST = "broker"
STORES_HOST = "stores"
MAILBOX_HOST, MAILBOX_PORT = "mailbox", 8025
STORES = ("accounts", "crm", "marketing", "orders")

# Server programs of other images read these under users of their own; nobody else gets at the folder.
_FOR_OTHER_USERS = ("database", "broker", "demo")
_KEYS = ("AVGFLOW_REGISTER_KEYS", "AVGFLOW_HASH_KEY")


class KeysLost(AvgflowError):
    """The register's keys are gone, and other secrets of the same deployment are there."""

    def __init__(self) -> None:
        super().__init__(
            f"The register's keys are not there ({' and '.join(_KEYS)} in the volume 'secrets-register'), though this "
            f"is no new installation. New ones could read nothing of the register: put the former ones back, in "
            f"secrets/register/ beside docker-compose.yaml."
        )


class SecretUnreadable(AvgflowError):
    """The operator brought a secret that the service which takes it cannot read."""

    def __init__(self, group: str, name: str) -> None:
        super().__init__(
            f"secrets/{group}/{name} cannot be read in the container, whose user is number {USER}. Let that user read "
            f"it: chown -R {USER} secrets/{group}"
        )


def password() -> str:
    """192 random bits that need no quoting anywhere."""
    return secrets.token_urlsafe(24)


def make(root: Path, own: Path) -> list[str]:
    """Make what is missing of a deployment's own secrets; the names of what was made or taken. `KeysLost`."""
    files = Files(root, own)
    if not files.has("register", *_KEYS) and files.any("airflow", "database", "users"):
        raise KeysLost
    # First, so that a start which is cut off is never taken for an installation that lost them.
    files.put("register", "AVGFLOW_HASH_KEY", lambda: secrets.token_urlsafe(48))
    files.put("register", "AVGFLOW_REGISTER_KEYS", lambda: Fernet.generate_key().decode())

    roles = json.loads(files.put("database", "roles.json", _roles))
    files.put("database", "superuser", password)
    files.put("database", "AVGFLOW_REGISTER_OWNER_DSN", lambda: _dsn(REGISTER_OWNER, roles, DATABASE_HOST, REGISTER))
    files.put("register", "AVGFLOW_REGISTER_DSN", lambda: _dsn(REGISTER_APP, roles, DATABASE_HOST, REGISTER))

    # As Airflow writes it. One of the drivers that Airflow uses beside this one knows no `sslmode`.
    metadata = _dsn("airflow", roles, DATABASE_HOST, "airflow").partition("?")[0]
    files.put("airflow", "AVGFLOW_AIRFLOW_DSN", lambda: metadata.replace("postgresql", "postgresql+psycopg2", 1))
    files.put("airflow", "fernet_key", lambda: Fernet.generate_key().decode())
    files.put("airflow", "jwt_secret", lambda: secrets.token_urlsafe(64))
    files.put("airflow", "secret_key", lambda: secrets.token_urlsafe(32))

    key = files.put("broker", "password", password)
    files.put("broker", "broker_url", lambda: f"redis://:{key}@{BROKER_HOST}:6379/0")
    files.put("broker", "valkey.conf", lambda: _broker(key))
    for user in DEMO_USERS:
        files.put("users", user, password)
    files.take("stores", "connections.json")
    return files.made


def make_demo(root: Path, own: Path) -> list[str]:
    """Make what the demonstration needs besides: the stores' passwords, and Airflow's connections to them."""
    files = Files(root, own)
    files.put("demo", "superuser", password)
    roles = json.loads(files.put("demo", "roles.json", lambda: json.dumps({store: password() for store in STORES})))
    files.put("stores", "connections.json", lambda: json.dumps(_connections(roles), indent=2))
    return files.made


class Files:
    """The secrets below one folder; each is written in one step, so that a reader never sees half of it."""

    def __init__(self, root: Path, own: Path) -> None:
        self._root, self._own = root, own
        self.made: list[str] = []

    def has(self, group: str, *names: str) -> bool:
        """Whether all of these are there, or brought by the operator."""
        return all((self._root / group / name).exists() or self._brought(group, name) is not None for name in names)

    def any(self, *groups: str) -> bool:
        """Whether there is anything in one of these groups."""
        return any(next(self._names(group), None) for group in groups)

    def put(self, group: str, name: str, make: Callable[[], str]) -> str:
        """The secret; made where it is missing."""
        file = self._root / group / name
        if not file.exists():
            self.take(group, name)
        if not file.exists():
            self._write(file, make())
        return file.read_text(encoding="utf-8")

    def take(self, group: str, name: str) -> None:
        """Take what the operator brought, in place of what is there."""
        brought = self._brought(group, name)
        if brought is not None:
            self._write(self._root / group / name, brought)

    def _brought(self, group: str, name: str) -> str | None:
        try:
            return (self._own / group / name).read_text(encoding="utf-8").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PermissionError:
            raise SecretUnreadable(group, name) from None

    def _write(self, file: Path, text: str) -> None:
        write_private(file, text)
        file.chmod(0o444 if file.parent.name in _FOR_OTHER_USERS else 0o440)
        self.made.append(f"{file.parent.name}/{file.name}")

    def _names(self, group: str) -> Iterator[str]:
        folder = self._root / group
        yield from (one.name for one in folder.iterdir() if not one.name.startswith(".")) if folder.is_dir() else ()


def _roles() -> str:
    return json.dumps({role: password() for role in ("airflow", REGISTER_OWNER, REGISTER_APP)})


def _dsn(role: str, passwords: Mapping[str, str], host: str, database: str) -> str:
    # These servers are on networks of this machine alone, and speak no TLS; said here, so that it is named as such.
    return f"postgresql://{role}:{passwords[role]}@{host}:5432/{database}?sslmode=disable"


def _broker(key: str) -> str:
    """Every task that was given out survives a restart of the broker."""
    return f"requirepass {key}\nappendonly yes\nappendfsync everysec\nsave ''\nmaxmemory-policy noeviction\ndir /data\n"


def _connections(passwords: Mapping[str, str]) -> dict[str, Any]:
    stores = {f"store_{store}": _dsn(store, passwords, STORES_HOST, store) for store in STORES}
    mail = {
        "conn_type": "smtp",
        "host": MAILBOX_HOST,
        "port": MAILBOX_PORT,
        # The demonstration's mailbox speaks no TLS and keeps what it gets; it passes nothing on.
        "extra": {"disable_ssl": True, "disable_tls": True},
    }
    return {**stores, "smtp_default": mail}


def main(what: str = "deployment") -> None:
    os.umask(0o077)
    made = (make_demo if what == "demo" else make)(SECRETS, OWN)
    sys.stdout.write("".join(f"made {name}\n" for name in made) or "every secret is there\n")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except AvgflowError as fault:
        sys.exit(f"avgflow: {fault}")
