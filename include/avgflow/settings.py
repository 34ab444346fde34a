"""Where this installation keeps its things: environment first, then `<home>/stack.env`.

The embedded stack writes `stack.env`; in production the same names come from the environment. Stores are
Airflow connections (`AIRFLOW_CONN_STORE_CRM`, …), so that the command line and the DAGs read one truth.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import Engine, create_engine

from avgflow import airflow_connections, dialect, transport
from avgflow.errors import WrongSetting

INCLUDE = Path(__file__).resolve().parents[1]
PREFIX = "AVGFLOW_"
HOME_VARIABLE = "AVGFLOW_HOME"


def home() -> Path:
    """The folder for everything that running avgflow makes: `AVGFLOW_HOME`, else `.avgflow` here."""
    return Path(os.environ.get(HOME_VARIABLE) or ".avgflow").absolute()


class Settings(BaseSettings):
    """One installation's settings; every field can be set as `AVGFLOW_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    home: Path = Path(".avgflow")
    catalog: Path = INCLUDE / "catalog"
    policy: Path = INCLUDE / "policy" / "milgro.yaml"
    templates: Path = INCLUDE / "templates"
    register_dsn: SecretStr | None = None
    register_owner_dsn: SecretStr | None = None
    register_app_role: str = "register_app"
    register_keys: SecretStr | None = None
    hash_key: SecretStr | None = None
    airflow_url: str | None = None
    airflow_user: str | None = None
    airflow_password: SecretStr | None = None
    airflow_dsn: SecretStr | None = None
    """Airflow's own database, as Airflow writes it; only `housekeeping` needs it, to delete old runs."""
    register_dsn_file: Path | None = None
    register_owner_dsn_file: Path | None = None
    register_keys_file: Path | None = None
    hash_key_file: Path | None = None
    airflow_password_file: Path | None = None
    airflow_dsn_file: Path | None = None
    """A secret may come from a file instead (`AVGFLOW_<NAME>_FILE`); what is set itself goes before the file."""
    ca_file: Path | None = None
    """Whom to trust for TLS to stores, register and mail server (PEM), where a connection does not say; else whom the
    machine trusts.
    """
    smtp_connection: str = "smtp_default"
    attachment_limit_mb: float = 10.0
    package_storage: str = ""
    """Where packages above that limit go (`s3://CONNECTION@BUCKET/FOLDER`); empty: they wait for the officer."""
    link_days: int = Field(7, ge=1, le=7)
    """How many days the link to such a package works; S3 gives none for longer."""
    retries: int = Field(5, ge=0)
    """How often a task is tried again after a fault that may pass, before the request stops and says so."""
    retry_seconds: float = Field(10.0, gt=0)
    """The wait before the first of those tries; it doubles with each, up to five minutes."""
    queue_seconds: float = Field(30.0, gt=0)
    """How long a request that waits for another of the same person waits before it looks again."""

    portals_that_vouch: str = ""
    """The logins of portals, comma separated, that may say that who asks is verified, because they had to log in."""
    portal_pace: int = Field(60, ge=1)
    """How many calls a portal may make in a minute, at each process of Airflow's api-server."""

    @classmethod
    def load(cls) -> Settings:
        """Read the settings; a value that does not fit is a `WrongSetting` naming the variable."""
        root = home()
        environment = ((name, value) for name, value in os.environ.items() if name.upper().startswith(PREFIX))
        return _settings(root, frozenset(_own(root / "stack.env").items()), frozenset(environment))

    @property
    def work(self) -> Path:
        """Sealed work files and packages, by request."""
        return self.home / "work"

    def vouches(self, login: str) -> bool:
        """Whether a portal may say that who asks is verified."""
        return login in {one.strip() for one in self.portals_that_vouch.split(",") if one.strip()}

    def secret(self, name: str) -> str:
        """The plain value of a secret setting, of itself or of its file; `WrongSetting` where neither is set."""
        value: SecretStr | None = getattr(self, name)
        if value is not None and value.get_secret_value():
            return value.get_secret_value()
        file: Path | None = getattr(self, f"{name}_file")
        if file is None:
            raise WrongSetting(
                f"AVGFLOW_{name.upper()} is not set. Start the embedded stack (make up), or set it in the environment "
                f"(or AVGFLOW_{name.upper()}_FILE to a file that holds it)."
            )
        return _secret_of(file, f"AVGFLOW_{name.upper()}_FILE")

    def connection(self, name: str) -> str | None:
        """An Airflow connection as its variable has it (URI or JSON); None where there is no such variable."""
        variable = f"AIRFLOW_CONN_{name.upper()}"
        return os.environ.get(variable) or _dotenv(self.home / "stack.env").get(variable)

    def store_dsn(self, connection: str) -> str:
        """The DSN of an Airflow connection given as a variable (URI or JSON), else from Airflow's secrets backend;
        `WrongSetting` where there is none.
        """
        variable = f"AIRFLOW_CONN_{connection.upper()}"
        value = self.connection(connection)
        if not value and airflow_connections.has_backend():
            return airflow_connections.dsn(connection)
        if not value:
            raise WrongSetting(
                f"The connection '{connection}' is unknown. Set {variable}=postgresql://user:password@host/database, "
                f"or start the embedded stack (make up)."
            )
        return transport.dsn_of(json.loads(value)) if value.lstrip().startswith("{") else value


def _secret_of(file: Path, variable: str) -> str:
    try:
        secret = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise WrongSetting(f"The file of {variable} cannot be read. Correct the path or its rights.") from None
    if not secret:
        raise WrongSetting(f"The file of {variable} is empty. Put the secret into it.")
    return secret


@lru_cache(maxsize=4)
def _settings(root: Path, own: frozenset[tuple[str, Any]], environment: frozenset[tuple[str, str]]) -> Settings:
    """The settings that these variables make: all that they are made of is named, so what is kept is never old."""
    try:
        return Settings(**dict(own), home=root)
    except ValidationError as wrong:
        fields = ", ".join(f"AVGFLOW_{str(e['loc'][0]).upper()}: {e['msg']}" for e in wrong.errors())
        raise WrongSetting(f"A setting cannot be used ({fields}). Correct it in the environment.") from None


def _own(path: Path) -> dict[str, Any]:
    """Our own settings of `stack.env`, less those that the environment sets.

    pydantic-settings can read the file too, but weighs each of Airflow's sixty settings in it against every field of
    ours: 70 ms, at every reading of a DAG and in every task.
    """
    in_environment = {HOME_VARIABLE, *(name.upper() for name in os.environ)}
    return {
        name.removeprefix(PREFIX).lower(): value
        for name, value in _dotenv(path).items()
        if name.startswith(PREFIX) and name not in in_environment
    }


def _dotenv(path: Path) -> dict[str, str | None]:
    """The variables of a file, which is read again only when it changed."""
    if not path.is_file():
        return {}
    seen = path.stat()
    return _variables(path, seen.st_mtime_ns, seen.st_size)


@lru_cache(maxsize=4)
def _variables(path: Path, changed: int, size: int) -> dict[str, str | None]:
    return dotenv_values(path, interpolate=False)


_ready: dict[str, Engine] = {}
"""Engines by URL that were made before a task was forked and are not in use yet."""


def engine(dsn: str) -> Engine:
    """An engine on psycopg 3 for `postgresql://…` (also Airflow's `postgres://`); connections are checked before
    use.
    """
    url = _url(dsn)
    return _ready.pop(url, None) or _engine(url)


def prepare_engine(dsn: str) -> Engine:
    """Make an engine for the first of the processes' tasks that asks; making one can take longer than a transaction.

    It has no connection, so every process that is forked from here has its own.
    """
    url = _url(dsn)
    made = _ready[url] = _engine(url)
    return made


def _url(dsn: str) -> str:
    if transport.transport(dsn).mode != "local":
        dsn = transport.secured(dsn, Settings.load().ca_file)
    parts = urlsplit(dsn)
    return urlunsplit((dialect.NAME, parts.netloc, parts.path, parts.query, ""))


def _engine(url: str) -> Engine:
    return create_engine(
        url,
        pool_pre_ping=True,
        hide_parameters=True,
        # Nothing here reads an hstore; SQLAlchemy would look for that type in each new connection.
        use_native_hstore=False,
        connect_args={"connect_timeout": 10, "application_name": "avgflow"},
    )
