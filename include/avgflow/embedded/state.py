"""What one stack remembers between starts: ports, generated secrets, and what has been migrated."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from avgflow.embedded.faults import StackKeysLost
from avgflow.embedded.layout import Layout
from avgflow.embedded.ports import HOST, Reservations
from avgflow.roles import DEMO_USERS

# Database -> its owner. Each store has a database and a role of its own, as real stores do.
STORES = ("crm", "orders", "accounts", "marketing")
DATABASES = {"airflow": "airflow", "register": "register_owner"} | {store: store for store in STORES}
ROLES = (*dict.fromkeys(DATABASES.values()), "register_app")
SUPERUSER = "postgres"

CLI_USER = "officer"
"""Whom the command line acts as."""

# Where people expect Airflow; another where it is taken.
AIRFLOW_PORT = 8080


def _password() -> str:
    return secrets.token_urlsafe(24)


class Ports(BaseModel):
    """TCP ports on 127.0.0.1."""

    model_config = ConfigDict(frozen=True)

    airflow: int
    postgres: int
    mailbox: int


class StackState(BaseModel):
    """Everything generated for one stack. The file is for the owner's eyes only (0600)."""

    model_config = ConfigDict(frozen=True)

    ports: Ports
    superuser_password: str = Field(default_factory=_password)
    role_passwords: dict[str, str] = Field(default_factory=lambda: {role: _password() for role in ROLES})
    user_passwords: dict[str, str] = Field(default_factory=lambda: {user: _password() for user in DEMO_USERS})
    fernet_key: str = Field(default_factory=lambda: Fernet.generate_key().decode())
    jwt_secret: str = Field(default_factory=lambda: secrets.token_urlsafe(64))
    api_secret_key: str = Field(default_factory=lambda: secrets.token_urlsafe(32))
    register_key: str = Field(default_factory=lambda: Fernet.generate_key().decode())
    """The first of the register's keys; those of today are in `Layout.register_keys`."""
    hash_key: str = Field(default_factory=lambda: secrets.token_urlsafe(48))
    airflow_migrated: str | None = None
    """The Airflow version to which the metadata database was last migrated."""
    complete: bool = False
    """Whether the last start came to its end; one that was cut off has to be done anew."""

    def dsn(self, database: str, role: str | None = None) -> str:
        """`postgresql://…` for a database, as its owner or as another role."""
        user = role or DATABASES[database]
        return f"postgresql://{user}:{self.role_passwords[user]}@{HOST}:{self.ports.postgres}/{database}"

    @property
    def superuser_dsn(self) -> str:
        return f"postgresql://{SUPERUSER}:{self.superuser_password}@{HOST}:{self.ports.postgres}/{SUPERUSER}"

    @property
    def airflow_url(self) -> str:
        return f"http://{HOST}:{self.ports.airflow}"


def load(layout: Layout) -> StackState | None:
    """The remembered state, or None for a home that never had one.

    Raises `StackKeysLost` where the state cannot be read although there is a database that needs it.
    """
    try:
        state = StackState.model_validate_json(layout.state.read_bytes())
    except (FileNotFoundError, ValidationError):
        if layout.pgdata.exists():
            raise StackKeysLost(layout.state, layout.pgdata) from None
        return None
    # A newer avgflow may know roles or users that this home has not met yet.
    return state.model_copy(
        update={
            "role_passwords": {role: _password() for role in ROLES} | state.role_passwords,
            "user_passwords": {user: _password() for user in DEMO_USERS} | state.user_passwords,
        }
    )


def save(layout: Layout, state: StackState) -> None:
    """Write the state; a reader sees the old file or the new one, never half of it."""
    write_private(layout.state, state.model_dump_json(indent=2) + "\n")


def with_free_ports(state: StackState | None, reservations: Reservations | None = None) -> StackState:
    """The state with ports on which the stack can listen now: the remembered ones where they are still free.

    They stay reserved for as long as `reservations` is open; without one they may be gone a moment later.
    """
    if reservations is None:
        with Reservations() as momentary:
            return with_free_ports(state, momentary)
    remembered = state.ports if state else None
    chosen = Ports(
        airflow=reservations.choose([remembered.airflow] if remembered else [AIRFLOW_PORT]),
        postgres=reservations.choose([remembered.postgres] if remembered else []),
        mailbox=reservations.choose([remembered.mailbox] if remembered else []),
    )
    return state.model_copy(update={"ports": chosen}) if state else StackState(ports=chosen)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read (0600), in one step: the old one or the new, never half."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
