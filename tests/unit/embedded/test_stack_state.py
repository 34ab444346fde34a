"""What a stack remembers, and who can read it."""

from __future__ import annotations

from pathlib import Path

import pytest
from stack_world import layout, state

from avgflow.embedded.faults import StackKeysLost
from avgflow.embedded.layout import LONGEST_SOCKET_PATH, Layout
from avgflow.embedded.state import ROLES, load, save


def test_what_is_saved_is_loaded_and_for_the_owner_only(tmp_path: Path) -> None:
    here, saved = layout(tmp_path), state()
    save(here, saved)
    assert load(here) == saved
    assert here.state.stat().st_mode & 0o777 == 0o600


def test_a_new_home_has_no_state(tmp_path: Path) -> None:
    assert load(layout(tmp_path)) is None


def test_a_database_whose_keys_are_lost_is_not_replaced_in_silence(tmp_path: Path) -> None:
    here = layout(tmp_path)
    here.pgdata.mkdir()
    with pytest.raises(StackKeysLost, match="Restore it"):
        load(here)
    here.state.write_text("{half of a")
    with pytest.raises(StackKeysLost):
        load(here)


def test_secrets_are_generated_and_never_the_same() -> None:
    one, other = state(), state()
    secrets = [
        {s.superuser_password, s.fernet_key, s.jwt_secret, s.register_key, s.hash_key, *s.role_passwords.values()}
        for s in (one, other)
    ]
    assert not secrets[0] & secrets[1]
    assert len(secrets[0]) == 5 + len(ROLES)


def test_a_role_that_came_later_gets_a_password(tmp_path: Path) -> None:
    here, old = layout(tmp_path), state()
    known = {role: password for role, password in old.role_passwords.items() if role != "register_app"}
    save(here, old.model_copy(update={"role_passwords": known}))
    loaded = load(here)
    assert loaded is not None
    assert loaded.role_passwords["register_app"]
    assert loaded.role_passwords["crm"] == old.role_passwords["crm"]


def test_one_folder_is_one_stack_by_whatever_name(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "home")
    assert Layout.of(tmp_path / "link").mark == Layout.of(tmp_path / "home").mark
    assert Layout.of(tmp_path / "other").mark != Layout.of(tmp_path / "home").mark


def test_the_supervisors_socket_has_a_short_path_however_long_the_home() -> None:
    assert layout().socket == Path("/srv/avgflow/supervisord.sock")
    assert len(str(layout(Path("/" + "a" * 300)).socket)) <= LONGEST_SOCKET_PATH
