"""The privacy officer's desk: the `avgflow` command, Airflow's API and the mailbox of one running stack."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch
from xmlrpc.client import Fault, ServerProxy

import httpx
import psycopg
from sqlalchemy import Engine
from supervisor.xmlrpc import SupervisorTransport

from avgflow import cli
from avgflow.embedded.stack import Status
from avgflow.handling.registering import DAGS
from avgflow.register import events, outbox, requests
from avgflow.register.database import transaction
from avgflow.register.events import Event
from avgflow.register.outbox import Mail
from avgflow.register.requests import Request
from avgflow.settings import engine

DAG = "access_request"
"""The DAG of the requests that most tests are about."""
OFFICER = "privacy@milgro.nl"

Found = TypeVar("Found")


def eventually(look: Callable[[], Found], seconds: float = 120, what: str = "it", every: float = 0.2) -> Found:
    """The first thing worth anything that `look` gives, asked anew each 0.2 s, or seldomer where that costs much."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what} did not come about within {seconds:.0f} s"
        time.sleep(every)
    return found


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Desk:
    """One running installation with its demonstration stores."""

    def __init__(self, status: Status) -> None:
        self.status = status
        self.where = status.as_json()
        self.home = Path(self.where["home"])
        self._read: dict[Path, EmailMessage] = {}

    # The command line ----------------------------------------------------------------------------------------------

    def says(self, *words: str) -> Said:
        """Run `avgflow …` as its entry point does; an exception that gets through is a failed test."""
        out, err, code = io.StringIO(), io.StringIO(), 0
        with redirect_stdout(out), redirect_stderr(err), patch.object(sys, "argv", ["avgflow", *words]):
            try:
                cli.main()
            except SystemExit as end:
                code = int(end.code or 0)
        return Said(code, out.getvalue(), err.getvalue())

    def done(self, *words: str) -> Said:
        """Run a command that has to succeed."""
        said = self.says(*words)
        assert said.code == 0, said
        return said

    def ask(self, right: str = "access", **given: str | Sequence[str]) -> str:
        """Register a request and start its run; its number."""
        words = ["request", "new", right]
        for name, value in given.items():
            for one in [value] if isinstance(value, str) else value:
                words += [f"--{name.replace('_', '-')}", one]
        return str(self.done(*words, "--json").json["number"])

    # The register --------------------------------------------------------------------------------------------------

    @cached_property
    def register(self) -> Engine:
        return engine(self.where["register"])

    def request(self, number: str) -> Request:
        with transaction(self.register) as conn:
            return requests.get(conn, number)

    def history(self, number: str) -> Sequence[Event]:
        with transaction(self.register) as conn:
            return events.history(conn, number)

    def happened(self, number: str, name: str) -> list[Mapping[str, Any]]:
        """The details of the events of one name."""
        return [event.detail for event in self.history(number) if event.name == name]

    def queued(self, number: str) -> Sequence[Mail]:
        """The mails of a request in the outbox."""
        with transaction(self.register) as conn:
            return outbox.mails(conn, number)

    # Airflow -------------------------------------------------------------------------------------------------------

    @cached_property
    def airflow(self) -> httpx.Client:
        """Airflow's API as its administrator."""
        login = self.where["airflow"]
        client = httpx.Client(base_url=login["url"], trust_env=False, timeout=30)
        words = {"username": login["user"], "password": login["password"]}
        token = client.post("/auth/token", json=words).raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        return client

    def _run(self, number: str) -> str:
        return f"/api/v2/dags/{self._dag(number)}/dagRuns/{number}"

    def _dag(self, number: str) -> str:
        return DAGS[self.request(number).right]

    def state(self, number: str) -> str:
        """The state of a request's run."""
        return str(self.airflow.get(self._run(number)).raise_for_status().json()["state"])

    def tasks(self, number: str) -> dict[str, dict[str, Any]]:
        """The tasks of a request's run."""
        found = self.airflow.get(f"{self._run(number)}/taskInstances").raise_for_status().json()["task_instances"]
        return {task["task_id"]: task for task in found}

    def has_run(self, number: str) -> bool:
        """Whether Airflow has the request's run; housekeeping cleans old ones."""
        return self.airflow.get(self._run(number)).status_code != httpx.codes.NOT_FOUND

    def states(self, number: str) -> dict[str, str]:
        return {name: str(task["state"]) for name, task in self.tasks(number).items()}

    def ended(self, number: str, seconds: float = 180) -> str:
        """Wait for the end of a request's run; its state then."""
        eventually(lambda: self.state(number) in ("success", "failed"), seconds, f"the end of {number}", every=0.5)
        return self.state(number)

    def waits(self, number: str, waiting_for: str) -> None:
        """Wait until a request waits for a human, on the register and in Airflow."""
        eventually(lambda: self.request(number).waiting_for == waiting_for, 120, f"{number} waiting for {waiting_for}")
        eventually(lambda: "awaiting_input" in self.states(number).values(), 120, f"{number} awaiting input")

    def questions(self, number: str) -> list[dict[str, Any]]:
        found = self.airflow.get(f"{self._run(number)}/hitlDetails").raise_for_status().json()
        return list(found["hitl_details"])

    def answer(self, number: str, task: str, option: str, inputs: object) -> httpx.Response:
        """Answer a question through Airflow's API with whatever one likes."""
        path = f"{self._run(number)}/taskInstances/{task}/-1/hitlDetails"
        return self.airflow.patch(path, json={"chosen_options": [option], "params_input": inputs})

    def clear(self, number: str, task: str) -> None:
        """Have a task and all that follows it done again, as the runbook says."""
        body = {
            "dry_run": False,
            "only_failed": False,
            "dag_run_id": number,
            "task_ids": [task],
            "include_downstream": True,
        }
        self.airflow.post(f"/api/v2/dags/{self._dag(number)}/clearTaskInstances", json=body).raise_for_status()

    def pool(self, name: str, slots: int) -> None:
        """Let this many tasks of a pool run at once; 0 holds them."""
        body = {"name": name, "slots": slots, "include_deferred": False}
        self.airflow.patch(f"/api/v2/pools/{name}", params={"update_mask": ["slots"]}, json=body).raise_for_status()

    # Mail ----------------------------------------------------------------------------------------------------------

    def mails(self, to: str, number: str = "") -> list[EmailMessage]:
        """What was delivered to somebody (about a request), in order of arrival; a double is there twice."""
        for file in sorted(Path(self.where["mailbox"]).glob("*.eml")):
            if file not in self._read:
                self._read[file] = message_from_bytes(file.read_bytes(), policy=policy.SMTP)
        read = [self._read[file] for file in sorted(self._read)]
        return [mail for mail in read if mail["Delivered-To"] == to and number in str(mail["Subject"])]

    # The stack and its databases -----------------------------------------------------------------------------------

    def supervise(self, order: str, part: str) -> None:
        """Have the supervisor `stop` or `start` a part, and wait until it is so."""
        transport = SupervisorTransport(None, None, serverurl=f"unix://{self.status.layout.socket}")
        with ServerProxy("http://127.0.0.1", transport=transport) as server, suppress(Fault):  # it is so already
            getattr(server.supervisor, f"{order}Process")(part, True)

    def store(self, name: str) -> psycopg.Connection[Any]:
        """A store as its owner."""
        return psycopg.connect(self.where["stores"][name], autocommit=True)

    def database(self, name: str = "postgres") -> psycopg.Connection[Any]:
        """A database as the superuser."""
        dsn = f"{self.where['database_admin'].rpartition('/')[0]}/{name}"
        return psycopg.connect(dsn, autocommit=True)

    def open_store(self, name: str) -> None:
        with self.database() as admin:
            admin.execute(psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(_id(name)))

    def close_store(self, name: str) -> None:
        """Let nobody into a store's database and throw out who is in it."""
        with self.database() as admin:
            admin.execute(psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(_id(name)))
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


def _id(name: str) -> psycopg.sql.Identifier:
    return psycopg.sql.Identifier(name)
