"""A container's secrets as its settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from avgflow.deployment import settings_file
from avgflow.deployment.settings_file import gathered
from avgflow.settings import Settings


def put(root: Path, name: str, text: str) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_each_file_that_is_named_like_a_setting_is_one(tmp_path: Path) -> None:
    put(tmp_path, "register/AVGFLOW_HASH_KEY", "a key\n")
    put(tmp_path, "airflow/AVGFLOW_AIRFLOW_DSN", "postgresql://a@b/c")
    put(tmp_path, "airflow/fernet_key", "not a setting of ours")
    assert gathered(tmp_path, None) == {
        "AVGFLOW_HASH_KEY_FILE": f"{tmp_path}/register/AVGFLOW_HASH_KEY",
        "AVGFLOW_AIRFLOW_DSN_FILE": f"{tmp_path}/airflow/AVGFLOW_AIRFLOW_DSN",
    }


def test_who_sees_no_group_has_no_settings(tmp_path: Path) -> None:
    assert gathered(tmp_path, "officer") == {}


def test_the_login_of_a_container_gets_its_password(tmp_path: Path) -> None:
    put(tmp_path, "users/officer", "a password\n")
    assert gathered(tmp_path, "officer") == {"AVGFLOW_AIRFLOW_PASSWORD_FILE": f"{tmp_path}/users/officer"}
    assert gathered(tmp_path, None) == gathered(tmp_path, "somebody") == {}


def test_the_command_line_reads_what_was_gathered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, home = tmp_path / "secrets", tmp_path / "home"
    home.mkdir()
    mail = {"conn_type": "smtp", "host": "mail.example"}
    given = {"store_crm": "postgresql://a:it's%20#1@crm.example/crm", "smtp_default": mail}
    put(root, "stores/connections.json", json.dumps(given))
    put(root, "register/AVGFLOW_REGISTER_DSN", "postgresql://register_app:x@db/register")
    for name in ("AVGFLOW_REGISTER_DSN", "AIRFLOW_CONN_STORE_CRM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(settings_file, "SECRETS", root)
    monkeypatch.setenv("AVGFLOW_HOME", str(home))
    settings_file.main(str(home / "stack.env"))
    settings = Settings.load()
    assert settings.secret("register_dsn") == "postgresql://register_app:x@db/register"
    assert settings.store_dsn("store_crm") == given["store_crm"]
    assert json.loads(settings_file.gathered(root, None)["AIRFLOW_CONN_SMTP_DEFAULT"]) == mail
    assert (home / "stack.env").stat().st_mode & 0o777 == 0o600
