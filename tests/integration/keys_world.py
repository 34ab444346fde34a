"""A register with a sealed value in every column that can hold one, and an oracle that knows nothing of avgflow: it
asks the database's catalog what there is, and opens it with `cryptography`'s own Fernet and one key alone.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from cryptography.fernet import Fernet, InvalidToken
from psycopg import sql
from pydantic import SecretStr
from real_postgres import Register

from avgflow.handling import rotating
from avgflow.handling.environment import Environment
from avgflow.key_file import KeyFile
from avgflow.register import sealed
from avgflow.settings import Settings

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["avgflow.handling.rotating"])

_DAY = "2026-11-02"
_ROWS: Mapping[str, Mapping[str, Any]] = {
    "request": {
        "right": "access", "language": "nl", "received": _DAY, "due": "2026-12-02", "extended_due": "2027-02-02",
        "subject_sealed": 60, "asked_sealed": 90,
    },
    "plan": {"digest": "d", "sealed": 4000},
    "passphrase": {"sealed": 32},
    "mail": {"message_id": "<{n}>", "kind": "answer", "digest": "d", "recipient_sealed": 20, "message_sealed": 30000},
    "identity": {"candidates_sealed": 700, "choice_sealed": 80},
    "intent": {
        "step": "erase", "store": "crm", "plan_digest": "d", "transaction": "7", "system": "s", "counts": "{}",
        "digest": "d", "sealed": 500,
    },
    "tombstone": {"store": "crm", "digest": "d", "sealed": 300},
    "breach": {
        "what": "letter", "aware_at": _DAY, "due_at": _DAY, "digest": "{n}", "opened_by": "officer", "sealed": 40,
    },
    "breach_fact": {"field": "nature", "actor": "officer", "sealed": 120},
    "annotation": {"store": "crm", "table_name": "public.contact", "rows": 1, "sealed": 200},
    "document": {
        "place": 1, "size": 2000, "digest": "d", "added_by": "officer", "name_sealed": 14, "sealed": 2000,
    },
    "decline": {"reason": "excessive", "actor": "officer", "note_sealed": 70},
    "sweep_part": {
        "store": "crm", "nth": 1, "table_name": "public.contact", "code": "R1", "kind": "delete", "rows": 3,
        "digest": "d", "sealed": 150,
    },
}  # fmt: skip
"""By table: what a row needs, with the size of the clear value for a sealed column."""


def fill(register: Register, rows: int) -> None:
    """Put rows with sealed values into every table that has such columns, without a thought for what they say."""
    fernet = Fernet(register.register_key)
    with psycopg.connect(register.superuser_dsn) as conn:
        conn.execute("SET session_replication_role = replica")  # no foreign keys: each table is filled by itself
        for table, columns in _ROWS.items():
            own = {**columns, **({"breach_id": 1} if table == "breach_fact" else {"number": "{n}"})}
            names = list(own)
            statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                sql.Identifier(table),
                sql.SQL(", ").join(map(sql.Identifier, names)),
                sql.SQL(", ").join(sql.Placeholder() * len(names)),
            )
            for nth in range(1, rows + 1):
                number = f"sweep-2026-{nth:05}" if table == "sweep_part" else f"AVG-2020-{nth:05}"
                conn.execute(statement, [_value(fernet, name, own[name], number) for name in names])


def _value(fernet: Fernet, name: str, given: Any, number: str) -> Any:
    if name.endswith("sealed"):
        return fernet.encrypt(os.urandom(given))
    return given.format(n=number) if isinstance(given, str) and given != "{}" else given


def tokens(register: Register) -> dict[str, list[bytes]]:
    """Every value of every table that looks like a Fernet token, by column, as the database's catalog finds them."""
    found: dict[str, list[bytes]] = {}
    with psycopg.connect(register.superuser_dsn) as conn:
        columns = conn.execute(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t "
            "USING (table_schema, table_name) WHERE table_schema = 'public' AND t.table_type = 'BASE TABLE' "
            "AND c.data_type IN ('bytea', 'text', 'character varying', 'json', 'jsonb') ORDER BY 1, 2"
        ).fetchall()
        for table, column in columns:
            query = sql.SQL("SELECT {} FROM {} WHERE {} IS NOT NULL").format(
                sql.Identifier(column), sql.Identifier(table), sql.Identifier(column)
            )
            values = [row[0] for row in conn.execute(query)]
            values = [bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in values]
            looks = [value for value in values if value.startswith(b"gAAAA") or b'"gAAAA' in value]
            if looks:
                found[f"{table}.{column}"] = looks
    return found


def in_files(home: Path) -> list[bytes]:
    """The lines of the sealed files of a home."""
    return [line for file in sorted(home.glob("work/*/*.sealed")) for line in file.read_bytes().split(b"\n") if line]


def opened(held: Mapping[str, list[bytes]], key: str) -> dict[str, list[bytes]]:
    """The clear values, sorted, by column; `InvalidToken` where this one key does not open everything."""
    fernet = Fernet(key)
    return {column: sorted(fernet.decrypt(token) for token in values) for column, values in held.items()}


def opens(token: bytes, key: str) -> bool:
    try:
        Fernet(key).decrypt(token)
    except InvalidToken:
        return False
    return True


def plain_rows(register: Register) -> dict[str, list[str]]:
    """All that stands in the register but its sealed values and its chain, which a rotation adds to."""
    with psycopg.connect(register.superuser_dsn) as conn:
        tables = conn.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' "
            "AND table_type = 'BASE TABLE' AND table_name NOT IN ('event', 'chain_head')"
        ).fetchall()
        kept = {}
        for (table,) in tables:
            query = sql.SQL("SELECT to_jsonb(t) FROM {} t").format(sql.Identifier(table))
            rows = [{k: v for k, v in row.items() if not k.endswith("sealed")} for (row,) in conn.execute(query)]
            kept[table] = sorted(map(str, rows))
        return kept


@dataclass(frozen=True)
class Site:
    """One installation whose keys are in a file, as another process needs it."""

    home: Path
    app_dsn: str
    owner_dsn: str
    hash_key: str

    @classmethod
    def of(cls, register: Register, home: Path) -> Site:
        KeyFile(home / "register.keys").write([register.register_key])
        return cls(home, register.app_dsn, register.owner_dsn, register.hash_key)

    @property
    def key_file(self) -> KeyFile:
        return KeyFile(self.home / "register.keys")

    def settings(self) -> Settings:
        return Settings(
            home=self.home,
            register_dsn=SecretStr(self.app_dsn),
            register_owner_dsn=SecretStr(self.owner_dsn),
            register_keys_file=self.key_file.path,
            hash_key=SecretStr(self.hash_key),
        )

    def environment(self) -> Environment:
        return Environment(self.settings(), lambda connection: "")

    def variables(self) -> dict[str, str]:
        """For the `avgflow` command."""
        return {
            "AVGFLOW_HOME": str(self.home),
            "AVGFLOW_REGISTER_DSN": self.app_dsn,
            "AVGFLOW_REGISTER_OWNER_DSN": self.owner_dsn,
            "AVGFLOW_REGISTER_KEYS_FILE": str(self.key_file.path),
            "AVGFLOW_HASH_KEY": self.hash_key,
        }


def rotate_slowly(site: Site, batch: int, pause: float, begun: Any) -> None:
    """A rotation in a process of its own, in small batches."""
    sealed.BATCH_ROWS = batch
    env = site.environment()

    def tell(what: str, done: int, total: int) -> None:
        begun.set()
        time.sleep(pause)

    rotating.new_first(env)
    rotating.rotate(env, "officer", tell)
