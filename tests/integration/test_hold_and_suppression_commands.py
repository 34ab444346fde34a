"""The commands `hold`, `suppression` and `recipient`, as a privacy officer types them."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from real_postgres import Register
from register_world import CANARY, a_request
from typer.testing import CliRunner, Result

from avgflow import cli
from avgflow.cli.suppression import AddressesNotRead
from avgflow.errors import AvgflowError
from avgflow.fields import InvalidEmail
from avgflow.handling.suppressing import NotOnTheList
from avgflow.intake import day_in_amsterdam
from avgflow.register import chain, holds, notices, suppressions
from avgflow.register.database import transaction
from avgflow.register.locks import UnknownRequest
from avgflow.register.schema import event

LATER = (day_in_amsterdam() + timedelta(400)).isoformat()


@pytest.fixture
def command(register: Register, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Register:
    """A register on which the `avgflow` command works."""
    for name, value in (register.environment() | {"AVGFLOW_HOME": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    return register


def run(*arguments: str, typed: bytes | None = None) -> Result:
    return CliRunner().invoke(cli.app, list(arguments), input=typed)


def answer(*arguments: str, typed: bytes | None = None) -> object:
    shown = run(*arguments, "--json", typed=typed)
    assert shown.exit_code == 0, (shown.output, shown.exception)
    return json.loads(shown.stdout)


def suppress(register: Register, *addresses: str) -> None:
    with transaction(register.engine) as conn:
        for address in addresses:
            suppressions.suppress(conn, register.keyring, "email", address, "erasure", None, "avgflow")


def names_of_events(register: Register) -> list[str]:
    with transaction(register.engine) as conn:
        assert chain.verify(conn, register.keyring).ok
        return [row.name for row in conn.execute(event.select().order_by(event.c.id))][1:]


def test_a_hold_is_placed_listed_and_released(command: Register) -> None:
    placed = answer("hold", "place", "--email", CANARY["email"], "--class", "R2", "--until", LATER, "--reason", "claim")
    assert isinstance(placed, dict)
    assert (placed["record_class"], placed["until"], placed["state"]) == ("R2", LATER, "active")
    assert answer("hold", "list") == [placed]
    assert answer("hold", "list", "--email", CANARY["email"].upper()) == [placed]
    assert answer("hold", "list", "--email", "x@y.nl") == []
    released = answer("hold", "release", str(placed["id"]))
    assert isinstance(released, dict)
    assert (released["state"], released["follow_ups"]) == ("released", [])
    assert answer("hold", "list") == []
    assert [hold["id"] for hold in answer("hold", "list", "--all")] == [placed["id"]]  # type: ignore[attr-defined]
    assert names_of_events(command) == ["hold.placed", "hold.released"]


def test_what_a_person_reads_of_holds_names_nobody(command: Register) -> None:
    texts = [
        run("hold", "place", "--customer-number", CANARY["customer_number"], "--reason", "complaint").stdout,
        run("hold", "place", "--class", "R7", "--until", LATER, "--reason", "incident").stdout,
        run("hold", "list").stdout,
        run("hold", "release", "1").stdout,
    ]
    assert texts[0] == "Hold 1 stands: all records of one person, until it is released, for complaint.\n"
    assert texts[1] == f"Hold 2 stands: R7 records of everybody, until {LATER}, for incident.\n"
    assert texts[2].count("active") == 2
    assert "Requests it had stopped: 0." in texts[3]
    assert CANARY["customer_number"].lower() not in "".join(texts).lower()


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (["place", "--reason", "claim"], holds.HoldRefused),
        (["place", "--email", " ", "--reason", "claim"], holds.HoldRefused),
        (["place", "--email", " ", "--class", "R2", "--reason", "claim"], holds.HoldRefused),
        (["place", "--email", "nobody", "--reason", "claim"], InvalidEmail),
        (["place", "--class", "R2", "--reason", "because"], holds.HoldRefused),
        (["place", "--class", "R2", "--until", "2026-01-01", "--reason", "claim"], holds.HoldRefused),
        (["release", "12"], holds.UnknownHold),
    ],
)
def test_a_hold_that_makes_no_sense_is_refused_in_one_line(
    command: Register, arguments: list[str], refusal: type[AvgflowError]
) -> None:
    shown = run("hold", *arguments)
    assert isinstance(shown.exception, refusal)
    assert "\n" not in str(shown.exception)
    assert shown.stdout == ""
    assert names_of_events(command) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["hold", "place", "--class", "R2", "--until", "soon", "--reason", "claim"],
        ["hold", "place", "--identifier", "visitor", "--reason", "claim"],
        ["suppression", "check"],
    ],
)
def test_wrong_usage_is_told_from_a_refusal(command: Register, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_a_check_prints_the_suppressed_addresses_alone_and_exits_0_whatever_the_answer(command: Register) -> None:
    free = run("suppression", "check", "a@x.nl", "b@x.nl")
    assert (free.exit_code, free.stdout, free.stderr) == (0, "", "0 of 2 suppressed.\n")
    suppress(command, "a@x.nl", "c@x.nl")
    shown = run("suppression", "check", "A@X.nl", "b@x.nl", "c@x.nl", "c@x.nl")
    assert (shown.exit_code, shown.stdout, shown.stderr) == (0, "A@X.nl\nc@x.nl\n", "2 of 3 suppressed.\n")
    assert answer("suppression", "check", "A@X.nl", "b@x.nl") == {"A@X.nl": True, "b@x.nl": False}


def test_a_check_reads_addresses_from_a_file_or_standard_input(command: Register, tmp_path: Path) -> None:
    suppress(command, "a@x.nl", "é@x.nl")
    lines = "\ufeffA@x.nl\r\n\r\n  \nb@x.nl\n É@x.nl".encode()
    expected = {"A@x.nl": True, "b@x.nl": False, " É@x.nl": True}
    file = tmp_path / "addresses.txt"
    file.write_bytes(lines)
    assert answer("suppression", "check", "--file", str(file)) == expected
    assert answer("suppression", "check", "--file", "-", typed=lines) == expected
    assert answer("suppression", "check", "c@x.nl", "--file", "-", typed=b"b@x.nl") == {
        "c@x.nl": False,
        "b@x.nl": False,
    }
    assert answer("suppression", "check", "--file", "-", typed=b"") == {}


def test_a_file_that_cannot_be_read_is_no_answer(command: Register, tmp_path: Path) -> None:
    latin = tmp_path / "latin.txt"
    latin.write_bytes(b"a@x.nl\n\xe9@x.nl\n")
    for file, why in ((latin, "line 2 is not UTF-8"), (tmp_path / "none.txt", "No such file"), (tmp_path, "directory")):
        shown = run("suppression", "check", "--file", str(file))
        assert isinstance(shown.exception, AddressesNotRead)
        assert why in str(shown.exception)
    assert isinstance(
        run("suppression", "check", "--channel", "emial", "a@x.nl").exception, suppressions.UnknownChannel
    )


def test_a_suppression_is_listed_without_its_address_and_lifted(command: Register) -> None:
    suppress(command, CANARY["email"])
    [listed] = answer("suppression", "list")  # type: ignore[misc]
    assert (listed["channel"], listed["reason"], listed["lifted_at"]) == ("email", "erasure", None)
    assert CANARY["email"].lower() not in run("suppression", "list").stdout.lower()
    assert answer("suppression", "lift", CANARY["email"].upper()) == {"channel": "email", "lifted": True}
    again = run("suppression", "lift", CANARY["email"])
    assert isinstance(again.exception, NotOnTheList)
    assert CANARY["email"] not in str(again.exception)
    assert answer("suppression", "list") == []
    assert names_of_events(command) == ["suppression.added", "suppression.lifted"]


def test_the_key_is_shown_alone_and_each_showing_is_on_record(command: Register) -> None:
    shown = run("suppression", "key")
    assert shown.stdout == suppressions.key(command.keyring) + "\n"
    assert "HMAC-SHA-256" in shown.stderr
    assert answer("suppression", "key") == {"key": suppressions.key(command.keyring)}
    assert names_of_events(command) == ["suppression.key_shown"] * 2


def test_a_recipients_confirmation_is_recorded(command: Register) -> None:
    with transaction(command.engine) as conn:
        number = a_request(conn, command.keyring, right="erasure").number
        for recipient in ("bailiff", "lawyer"):
            notices.put_notice(conn, command.keyring, number, recipient, notices.Told.ERASED, None, "officer")
    assert run("recipient", "confirm", number, "bailiff").stdout == f"{number}: bailiff has confirmed.\n"
    confirmed = answer("recipient", "confirm", number, "bailiff")
    assert answer("recipient", "list", number)[0] == confirmed  # type: ignore[index]
    left = answer("recipient", "list", "--unconfirmed")
    assert [each["recipient"] for each in left] == ["lawyer"]  # type: ignore[attr-defined]
    assert answer("recipient", "list") == answer("recipient", "list", "--request", number)
    assert "not yet" in run("recipient", "list", number).stdout
    assert isinstance(run("recipient", "confirm", number, "police").exception, notices.UnknownNotice)
    for arguments in (["list", "AVG-2026-00099"], ["confirm", "AVG-2026-00099", "bailiff"]):
        assert isinstance(run("recipient", *arguments).exception, UnknownRequest)


def test_what_a_human_told_a_recipient_is_recorded_with_the_day(command: Register) -> None:
    with transaction(command.engine) as conn:
        number = a_request(conn, command.keyring, right="erasure").number
        for told in (notices.Told.RESTRICTED, notices.Told.LIFTED):
            notices.put_notice(conn, command.keyring, number, "lawyers", told, None, "avgflow", ["R1", "R4"])
    listed = run("recipient", "list").stdout
    assert "NOT YET" in listed
    assert "R1 R4" in listed
    assert f"{number}: lawyers was told on" in run("recipient", "told", number, "lawyers").stdout
    found = answer("recipient", "list", number)
    today = day_in_amsterdam().isoformat()
    assert [(one["told"], one["classes"], one["by_hand_on"]) for one in found] == [  # type: ignore[attr-defined]
        ("restricted", ["R1", "R4"], today),
        ("lifted", ["R1", "R4"], today),
    ]
    assert "NOT YET" not in run("recipient", "list").stdout
    assert isinstance(run("recipient", "told", number, "lawyers").exception, notices.NothingToTell)
    assert isinstance(run("recipient", "told", number, "police").exception, notices.UnknownNotice)
    assert names_of_events(command)[-4:] == ["recipient.to_tell"] * 2 + ["recipient.told"] * 2


def test_nobody_is_told_before_the_answer_or_tomorrow(command: Register) -> None:
    with transaction(command.engine) as conn:
        number = a_request(conn, command.keyring, right="erasure").number
        notices.put_notice(conn, command.keyring, number, "lawyers", notices.Told.ERASED, None, "avgflow")
    for day in ("2024-01-01", LATER):
        refused = run("recipient", "told", number, "lawyers", "--on", day)
        assert isinstance(refused.exception, notices.ToldOnNoSuchDay)
    assert run("recipient", "told", number, "lawyers", "--on", day_in_amsterdam().isoformat()).exit_code == 0


def test_a_refusal_is_one_line_and_exit_1(
    command: Register, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["avgflow", "hold", "release", "12"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "avgflow: There is no hold 12. `avgflow hold list --all` shows those there are.\n"
