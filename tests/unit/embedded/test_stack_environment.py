"""The environment of the stack's processes."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from dotenv import dotenv_values
from stack_world import layout, state

from avgflow.embedded.airflow_environment import process_environment, render, stack_environment, write_airflow_home
from avgflow.embedded.layout import STACK_VARIABLE
from avgflow.embedded.state import STORES

REPOSITORY = Path("/opt/avg flow")


@pytest.fixture
def stack() -> dict[str, str]:
    return stack_environment(layout(), state(), REPOSITORY)


def test_every_address_is_on_this_machine(stack: dict[str, str]) -> None:
    for store in STORES:
        assert urlsplit(stack[f"AIRFLOW_CONN_STORE_{store.upper()}"]).hostname == "127.0.0.1"
    assert stack["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert json.loads(stack["AIRFLOW_CONN_SMTP_DEFAULT"])["host"] == "127.0.0.1"


def test_each_store_is_entered_with_its_own_role(stack: dict[str, str]) -> None:
    users = {urlsplit(stack[f"AIRFLOW_CONN_STORE_{store.upper()}"]).username for store in STORES}
    assert users == set(STORES)


def test_the_application_works_on_the_register_as_the_lesser_role(stack: dict[str, str]) -> None:
    assert urlsplit(stack["AVGFLOW_REGISTER_DSN"]).username == "register_app"
    assert urlsplit(stack["AVGFLOW_REGISTER_OWNER_DSN"]).username == "register_owner"


def test_the_file_says_what_it_was_given(stack: dict[str, str]) -> None:
    awkward = {"BACKSLASH": "a\\b", "QUOTE": "it's", "BLANKS": " a b ", "HASH": "a #b", "JSON": '{"a": "b"}'}
    assert dotenv_values(stream=StringIO(render(stack | awkward)), interpolate=False) == stack | awkward


def test_processes_carry_the_mark_of_their_stack(stack: dict[str, str]) -> None:
    assert process_environment(layout(), stack, {})[STACK_VARIABLE] == layout().mark


def test_a_persons_own_store_wins_and_another_airflow_does_not(stack: dict[str, str]) -> None:
    inherited = {
        "AIRFLOW_CONN_STORE_CRM": "postgresql://mine@db/crm",
        "AIRFLOW_HOME": "/elsewhere",
        "AIRFLOW__CORE__DAGS_FOLDER": "/elsewhere/dags",
        "AVGFLOW_HOME": "relative",
    }
    environment = process_environment(layout(), stack, inherited)
    assert environment["AIRFLOW_CONN_STORE_CRM"] == "postgresql://mine@db/crm"
    assert environment["AIRFLOW_HOME"] == "/srv/avgflow/airflow"
    assert environment["AIRFLOW__CORE__DAGS_FOLDER"] == "/opt/avg flow/dags"
    assert environment["AVGFLOW_HOME"] == "/srv/avgflow"


def test_compiled_modules_are_used_whatever_the_shell_says(stack: dict[str, str]) -> None:
    inherited = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": "/tmp/x"}
    assert not inherited.keys() & process_environment(layout(), stack, inherited).keys()


def test_a_proxy_has_no_part_in_talk_on_this_machine(stack: dict[str, str]) -> None:
    environment = process_environment(layout(), stack, {"NO_PROXY": "intranet.example"})
    assert environment["NO_PROXY"] == environment["no_proxy"] == "intranet.example,127.0.0.1,localhost"


def test_airflow_finds_the_repositorys_configuration_folder(tmp_path: Path) -> None:
    here = layout(tmp_path)
    here.airflow.mkdir()
    for repository in (tmp_path / "old", tmp_path / "new"):
        write_airflow_home(here, state(), repository)
    assert (here.airflow / "config").readlink() == tmp_path / "new" / "config"
    assert here.airflow_passwords.stat().st_mode & 0o777 == 0o600
