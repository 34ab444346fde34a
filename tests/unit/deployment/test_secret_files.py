"""The secrets of a deployment: made once, taken from the operator where brought, never made anew in silence."""

from __future__ import annotations

import json
import re
import shutil
import stat
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.fernet import Fernet

from avgflow.crypto import Keyring
from avgflow.deployment.secret_files import KeysLost, SecretUnreadable, make, make_demo
from avgflow.embedded.layout import REPOSITORY
from avgflow.roles import FIRST_USERS

GROUPS = ("airflow", "broker", "database", "demo", "register", "stores", "users")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    for group in GROUPS:
        (folder / group).mkdir(parents=True)
    return folder


def everything(root: Path) -> dict[str, str]:
    return {str(file.relative_to(root)): file.read_text() for file in sorted(root.rglob("*")) if file.is_file()}


def test_a_new_installation_gets_every_secret_and_they_fit_each_other(root: Path, own: Path) -> None:
    make(root, own)
    found = everything(root)
    roles = json.loads(found["database/roles.json"])
    for name, role in {
        "register/AVGFLOW_REGISTER_DSN": "register_app",
        "database/AVGFLOW_REGISTER_OWNER_DSN": "register_owner",
        "airflow/AVGFLOW_AIRFLOW_DSN": "airflow",
    }.items():
        dsn = urlsplit(found[name])
        assert (dsn.username, dsn.password) == (role, roles[role])
    assert urlsplit(found["broker/broker_url"]).password == found["broker/password"]
    assert f"requirepass {found['broker/password']}\n" in found["broker/valkey.conf"]
    Fernet(found["airflow/fernet_key"])
    Keyring([found["register/AVGFLOW_REGISTER_KEYS"]], found["register/AVGFLOW_HASH_KEY"])
    assert {name.removeprefix("users/") for name in found if name.startswith("users/")} == set(FIRST_USERS)


def test_no_two_installations_share_a_secret_and_no_two_secrets_are_one(tmp_path: Path, own: Path) -> None:
    values = []
    for name in ("one", "other"):
        for group in GROUPS:
            (tmp_path / name / group).mkdir(parents=True)
        make(tmp_path / name, own)
        make_demo(tmp_path / name, own)
        values += list(everything(tmp_path / name).values())
    assert len(set(values)) == len(values)
    assert min(map(len, values)) >= 32


def test_made_again_nothing_changes(root: Path, own: Path) -> None:
    make(root, own)
    make_demo(root, own)
    before = everything(root)
    assert make(root, own) == []
    assert make_demo(root, own) == []
    assert everything(root) == before


def test_what_the_operator_brought_is_taken(root: Path, own: Path) -> None:
    key = Fernet.generate_key().decode()
    (own / "register").mkdir()
    (own / "register" / "AVGFLOW_REGISTER_KEYS").write_text(f"{key}\n")
    (own / "stores").mkdir()
    (own / "stores" / "connections.json").write_text('{"store_crm": "postgresql://a@crm.example/crm"}')
    make(root, own)
    make_demo(root, own)
    found = everything(root)
    assert found["register/AVGFLOW_REGISTER_KEYS"] == key
    assert set(json.loads(found["stores/connections.json"])) == {"store_crm"}


def test_a_secret_that_was_brought_and_cannot_be_read_is_named(
    root: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of a test that runs as root nothing is out of reach.
    def refused(self: Path, **_: object) -> str:
        raise PermissionError(13, "Permission denied", str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", refused)
        with pytest.raises(SecretUnreadable, match=r"secrets/register/AVGFLOW_REGISTER_KEYS .* chown -R 50000"):
            make(root, own)
    assert everything(root) == {}


def test_own_connections_are_taken_anew_at_each_start_and_nothing_else_is(root: Path, own: Path) -> None:
    make(root, own)
    before = everything(root)
    for group, name in (("stores", "connections.json"), ("register", "AVGFLOW_HASH_KEY")):
        (own / group).mkdir()
        (own / group / name).write_text("{}")
    make(root, own)
    assert everything(root) == {**before, "stores/connections.json": "{}"}


@pytest.mark.parametrize("lost", ["AVGFLOW_REGISTER_KEYS", "AVGFLOW_HASH_KEY"])
def test_lost_keys_of_the_register_are_not_made_anew(root: Path, own: Path, lost: str) -> None:
    make(root, own)
    (root / "register" / lost).unlink()
    with pytest.raises(KeysLost, match="put the former ones back"):
        make(root, own)
    assert not (root / "register" / lost).exists()


def test_keys_that_were_put_back_are_taken(root: Path, own: Path) -> None:
    make(root, own)
    before = everything(root)
    shutil.copytree(root / "register", own / "register")
    for file in (root / "register").iterdir():
        file.unlink()
    make(root, own)
    assert everything(root) == before


@pytest.mark.parametrize("whole", range(1, 8))
def test_a_first_start_that_was_cut_off_is_gone_on_with(root: Path, own: Path, whole: int) -> None:
    first = make(root, own)
    for name in first[whole:]:
        (root / name).unlink()
    make(root, own)
    assert set(everything(root)) == set(first)


def test_only_servers_of_other_images_read_under_another_user(root: Path, own: Path) -> None:
    make(root, own)
    make_demo(root, own)
    for file in root.rglob("*"):
        if file.is_file():
            open_to_all = bool(file.stat().st_mode & stat.S_IROTH)
            assert open_to_all == (file.parent.name in ("broker", "database", "demo")), file


def test_the_readme_beside_them_names_every_secret(root: Path, own: Path) -> None:
    make(root, own)
    make_demo(root, own)
    text = (REPOSITORY / "secrets" / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z]+/[A-Za-z_.]+)`", text))
    made = {name if not name.startswith("users/") else "users/LOGIN" for name in everything(root)}
    assert named == made
