"""The embedded stack for real, last of all: healthy, hurt in every part, down without a trace, up with its data."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from desk import Desk, eventually

from avgflow.embedded import processes, stack
from avgflow.embedded.components import COMPONENTS
from avgflow.embedded.layout import STACK_VARIABLE, Layout
from avgflow.embedded.stack import Status
from avgflow.embedded.state import STORES

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def running(desk: Desk) -> Status:
    return desk.status


def leader(layout: Layout, component: str) -> psutil.Process:
    """The oldest process of a part: the one that the supervisor started."""
    found = [f.process for f in processes.living(layout) if f.component == component]
    return min(found, key=lambda process: process.create_time())


def marked(layout: Layout) -> list[psutil.Process]:
    """Every process with the stack's mark, looked up without the code under test."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(STACK_VARIABLE) == layout.mark or layout.cluster_name in process.cmdline()[0]:
                found.append(process)
        except (psutil.Error, IndexError):
            continue
    return found


def mails(status: Status) -> set[str]:
    return {file.name for file in status.layout.mailbox.glob("*.eml")}


def test_every_part_is_healthy(running: Status) -> None:
    assert running.running
    assert set(running.processes) == {"supervisor", *COMPONENTS}


def test_the_command_says_where_everything_is(running: Status) -> None:
    command = [sys.executable, "-c", "from avgflow.cli import main; main()", "status", "--json"]
    # Its exit code says whether all is well, which it need not be after all the tests before.
    shown = json.loads(subprocess.run(command, check=False, capture_output=True).stdout)
    assert shown["airflow"]["url"].startswith("http://127.0.0.1:")
    assert Path(shown["mailbox"]).is_dir()
    for store in STORES:
        with psycopg.connect(shown["stores"][store]) as connection:
            assert connection.info.user == store
    with psycopg.connect(shown["register"]) as connection:
        assert connection.info.user == "register_app"
    with psycopg.connect(shown["database_admin"]) as connection:
        assert connection.info.server_version >= 180000


def test_a_store_cannot_enter_the_database_of_another(running: Status) -> None:
    stores = running.as_json()["stores"]
    foreign = f"{stores['crm'].rpartition('/')[0]}/orders"
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(foreign)


def test_nothing_listens_beyond_this_machine_or_calls_outside(running: Status) -> None:
    sockets = [each for process in marked(running.layout) for each in process.net_connections("inet")]
    assert {each.raddr.ip for each in sockets if each.raddr} == {"127.0.0.1"}
    listening = {(each.laddr.ip, each.laddr.port) for each in sockets if each.status == psutil.CONN_LISTEN}
    assert running.state is not None
    assert listening == {("127.0.0.1", port) for port in running.state.ports.model_dump().values()}


def test_what_holds_secrets_is_for_the_owner_only(running: Status) -> None:
    layout = running.layout
    private = [layout.state, layout.environment, layout.airflow_passwords, layout.supervisor_configuration]
    assert {path.stat().st_mode & 0o077 for path in private} == {0}
    assert {path.stat().st_mode & 0o077 for path in (layout.mailbox, layout.airflow, layout.logs)} == {0}
    printed = "".join(path.read_text() for path in layout.logs.rglob("*.log"))
    assert running.state is not None
    for secret in (*running.state.user_passwords.values(), *running.state.role_passwords.values()):
        assert secret not in printed


def test_a_mail_to_the_mailbox_is_a_file(running: Status) -> None:
    before = mails(running)
    assert running.state is not None
    with smtplib.SMTP("127.0.0.1", running.state.ports.mailbox) as client:
        client.sendmail("a@example.org", ["b@example.org"], "Subject: x\n\nx")
    assert len(mails(running) - before) == 1


def test_every_part_that_is_killed_comes_back(running: Status) -> None:
    # That the scheduler does was seen with a request in hand (test_request_faults).
    killed = {component: leader(running.layout, component) for component in COMPONENTS if component != "scheduler"}
    for process in killed.values():
        process.kill()
    eventually(lambda: stack.status().running, 60, "every part at work")
    for component, before in killed.items():
        assert leader(running.layout, component).pid != before.pid


@pytest.fixture(scope="module")
def listed(desk: Desk) -> Any:
    """The newest requests before everything is killed."""
    return desk.done("request", "list", "--json").json


def test_nothing_is_left_when_all_is_killed_and_the_supervisor_too(running: Status, listed: Any) -> None:
    assert listed
    leader(running.layout, "supervisor").kill()
    for component in COMPONENTS:
        leader(running.layout, component).kill()
    assert stack.down()
    assert marked(running.layout) == []
    assert not stack.down()
    assert not stack.status().running


def test_it_comes_up_again_with_the_same_data_and_addresses(running: Status, desk: Desk, listed: Any) -> None:
    kept = mails(running)
    again = stack.up()
    assert again.running
    assert again.as_json() == running.as_json()
    assert mails(again) == kept
    assert desk.done("request", "list", "--json").json == listed
    assert desk.done("audit", "verify")


def test_a_second_up_and_one_after_a_lost_part_are_quick(running: Status) -> None:
    began = time.monotonic()
    assert stack.up().running
    assert time.monotonic() - began < 5
    os.kill(leader(running.layout, "mailbox").pid, signal.SIGKILL)
    assert stack.up().running


def test_nothing_of_it_is_left_when_it_is_stopped(running: Status) -> None:
    assert stack.down()
    assert marked(running.layout) == []
    assert not stack.status().running
