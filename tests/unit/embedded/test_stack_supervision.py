"""The supervisor's configuration, read back as supervisord reads it."""

from __future__ import annotations

import shlex
from configparser import RawConfigParser
from pathlib import Path

from stack_world import layout, state

from avgflow.embedded.components import AIRFLOW, COMPONENTS, programs
from avgflow.embedded.postgres import Programs, settings
from avgflow.embedded.supervision import configuration

AWKWARD = Path("/srv/een map & 100%/avgflow")


def parsed(home: Path = AWKWARD, system_user: str | None = None) -> RawConfigParser:
    here = layout(home)
    found = Programs(Path("/opt/post gres/bin"), system_user)
    parser = RawConfigParser()
    parser.read_string(configuration(here, programs(here, found, state()), run_as=None))
    return parser


def test_every_part_is_started_again_when_it_dies_and_ends_with_its_children() -> None:
    for component in COMPONENTS:
        section = parsed()[f"program:{component}"]
        assert section["autorestart"] == "true"
        assert section["killasgroup"] == "true"


def test_only_the_services_start_by_themselves() -> None:
    starting = {c for c in COMPONENTS if parsed()[f"program:{c}"]["autostart"] == "true"}
    assert starting == set(COMPONENTS) - set(AIRFLOW)


def test_the_scheduler_stops_first_and_postgres_last() -> None:
    order = sorted(COMPONENTS, key=lambda component: int(parsed()[f"program:{component}"]["priority"]))
    assert order[0] == "postgres"
    assert order[-1] == "scheduler"


def test_no_log_server_is_started() -> None:
    for component in ("scheduler", "triggerer"):
        assert "--skip-serve-logs" in parsed()[f"program:{component}"]["command"]


def test_blanks_and_percent_signs_in_a_path_survive() -> None:
    command = parsed()["program:postgres"]["command"].replace("%%", "%")
    assert shlex.split(command) == ["/opt/post gres/bin/postgres", "-D", f"{AWKWARD}/postgres"]
    assert "%" not in parsed()["program:postgres"]["stdout_logfile"]


def test_as_root_only_postgres_runs_as_another_user() -> None:
    sections = parsed(system_user="pgserver")
    assert [c for c in COMPONENTS if "user" in sections[f"program:{c}"]] == ["postgres"]


def test_postgres_listens_on_this_machine_only_and_keeps_values_out_of_its_log() -> None:
    lines = settings(5433, "avgflow-x").splitlines()
    assert "listen_addresses = '127.0.0.1'" in lines
    assert "unix_socket_directories = ''" in lines
    assert "log_min_messages = log" in lines
    assert "log_min_error_statement = panic" in lines
