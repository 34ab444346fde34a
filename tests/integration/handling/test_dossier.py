"""The auditor's dossier: all that was done, nothing of the person, and not a byte of it changes unseen."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from handling_world import Office
from leaks import SHORTEST, Scanner, in_files
from test_approving import somebody
from whole_ways import CANARY, NEW_PHONE, OTHER_CONTROLLER, WAYS, planted

from avgflow.airflow_api import AirflowApi, AirflowUnreachable
from avgflow.airflow_runs import Run, Task, Try, Version
from avgflow.demo.truth import SubjectTruth
from avgflow.dossier.audit import seal, verify
from avgflow.dossier.audit.folder import FolderInUse
from avgflow.dossier.audit.personal import PersonalDataFound
from avgflow.handling import auditing, identify
from avgflow.handling.environment import Environment
from avgflow.register import chain, events, outbox
from avgflow.register.database import transaction
from avgflow.register.locks import UnknownRequest
from avgflow.register.names import EventName

AUDITOR = "auditor-1"


def offline(folder: Path, *words: str, script: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The script as an auditor runs it: with nothing installed and nothing of this environment."""
    python = [sys.executable, "-I", "-S", str(script or folder / "verify.py"), str(folder), *words]
    return subprocess.run(python, capture_output=True, text=True, check=False, env={}, timeout=60)


def faults(folder: Path, **given: str) -> list[str]:
    return [fault for some in verify.check(folder, **given).values() for fault in some]


def read(folder: Path, name: str = verify.DOSSIER) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def history(office: Office, number: str) -> Sequence[events.Event]:
    with transaction(office.env.register) as register:
        return events.history(register, number)


@pytest.fixture
def scanner() -> Scanner:
    values = {**CANARY.values, "new phone": NEW_PHONE, "other controller": OTHER_CONTROLLER}
    return Scanner({what: value for what, value in values.items() if len(value) >= SHORTEST})


@pytest.fixture
def issued(office: Office, subjects: Sequence[SubjectTruth], tmp_path: Path) -> Path:
    """The dossier of an inzage."""
    number = office.register_subject(somebody(subjects))
    assert identify.identify(office.env, [number]) == {number: None}
    office.answer(number)
    auditing.export(office.env, number, tmp_path / "dossier", AUDITOR)
    return tmp_path / "dossier"


# What is in it -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("right", WAYS)
def test_the_dossier_of_every_right_holds_its_way_and_nothing_of_the_person(
    right: str, own_stores: Office, scanner: Scanner, tmp_path: Path
) -> None:
    office, folder = own_stores, tmp_path / "dossier"
    number = WAYS[right](office, planted(office))
    done = auditing.export(office.env, number, folder, AUDITOR)

    assert list(in_files(scanner, folder)) == []
    said = offline(folder, "--key", seal.public_key(office.env.keyring))
    assert said.returncode == 0, said.stdout + said.stderr
    assert not any(auditing.check(office.env, folder).faults.values())
    document = read(folder)
    jsonschema.validate(document, read(folder, "schema.json"))

    told = history(office, number)
    assert (told[-1].name, told[-1].actor) == (EventName.DOSSIER_EXPORTED, AUDITOR)
    assert told[-1].detail["manifest"] == hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    assert str(done.event) == f"{told[-1].id}:{told[-1].hash}"
    assert [event["id"] for event in read(folder, "events.json")["events"]] == [event.id for event in told[:-1]]

    assert document["request"]["right"] == right
    assert document["plans"][-1]["steps"]
    assert {one["store"] for one in document["receipts"]} == set(office.env.catalog.stores)
    for one in document["receipts"]:
        planned, counts = ({table: rows for table, rows in one[of].items() if rows} for of in ("planned", "counts"))
        assert planned == counts
    assert all(one["passed"] for one in document["evidence"])
    assert document["evidence"]
    with transaction(office.env.register) as register:
        mails = {mail.kind: mail.digest for mail in outbox.mails(register, number)}
    assert {mail["kind"]: mail["digest"] for mail in document["mails"]} == mails
    assert not document["deadline"]["late"]
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page


def test_the_scanner_would_have_found_the_person(own_stores: Office, scanner: Scanner, tmp_path: Path) -> None:
    one = planted(own_stores)
    for what, value in one.values.items():
        (tmp_path / "a.json").write_text(json.dumps({"x": value}), encoding="utf-8")
        assert list(in_files(scanner, tmp_path)), what


def test_an_open_request_has_a_dossier_too(office: Office, subjects: Sequence[SubjectTruth], tmp_path: Path) -> None:
    number = office.register_subject(somebody(subjects))
    auditing.export(office.env, number, tmp_path / "dossier", AUDITOR)
    document = read(tmp_path / "dossier")
    assert (document["plans"], document["receipts"], document["deadline"]["answered"]) == ([], [], None)
    assert "nog niet afgesloten" in (tmp_path / "dossier" / "index.html").read_text(encoding="utf-8")
    assert offline(tmp_path / "dossier").returncode == 0


# Not a byte changes --------------------------------------------------------------------------------------------------


def every_file(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def places(size: int) -> Iterator[int]:
    """Some bytes of a file: its ends, its middle, and more."""
    yield from sorted({0, size - 1, size // 2, *range(7, size, max(size // 5, 1))})


def test_a_changed_byte_is_found_in_whatever_file(issued: Path) -> None:
    assert faults(issued) == []
    files = every_file(issued)
    assert len(files) > 10
    for file in files:
        whole = file.read_bytes()
        for place in places(len(whole)):
            changed = bytearray(whole)
            changed[place] ^= 0x01
            file.write_bytes(bytes(changed))
            assert faults(issued), (file, place)
        file.write_bytes(whole)
    assert faults(issued) == []


@pytest.mark.parametrize(
    ("name", "every"),
    [("seal.json", 1), ("manifest.json", 7), pytest.param("manifest.json", 1, marks=pytest.mark.faults)],
)
def test_a_changed_byte_is_found_at_every_place_of_what_vouches_for_the_rest(
    issued: Path, name: str, every: int
) -> None:
    file = issued / name
    whole = file.read_bytes()
    for place in range(0, len(whole), every):
        changed = bytearray(whole)
        changed[place] ^= 0x20  # also turns a letter of a digest into a capital
        file.write_bytes(bytes(changed))
        assert faults(issued), place


def test_the_script_itself_fails_as_an_auditor_runs_it(issued: Path, tmp_path: Path) -> None:
    genuine = shutil.copy(issued / "verify.py", tmp_path / "genuine.py")
    assert offline(issued).returncode == 0
    for name in ("dossier.json", "index.html", "verify.py", "links.txt"):
        whole = (issued / name).read_bytes()
        (issued / name).write_bytes(whole.replace(b"\n", b" \n", 1))
        said = offline(issued, script=Path(genuine))
        assert said.returncode == 1, said
        assert f"{name} is gewijzigd / was changed" in said.stdout
        assert "Traceback" not in said.stderr
        (issued / name).write_bytes(whole)
    assert offline(issued).returncode == 0


def test_a_file_that_is_gone_or_was_added_is_named(issued: Path) -> None:
    (issued / "evidence" / "notes.txt").write_text("erbij")
    assert any("evidence/notes.txt hoort er niet bij" in fault for fault in faults(issued))
    (issued / "evidence" / "notes.txt").unlink()
    for file in every_file(issued):
        kept = file.read_bytes()
        file.unlink()
        assert faults(issued), file
        assert offline(issued, script=Path(verify.__file__)).returncode == 1
        file.write_bytes(kept)
    assert faults(issued) == []


def test_a_dossier_that_was_made_up_is_not_signed_with_the_published_key(office: Office, issued: Path) -> None:
    """Everything in it fits, but for the key: without that comparison the signature says nothing."""
    _signed_anew(issued, Ed25519PrivateKey.generate())
    published = seal.public_key(office.env.keyring)
    assert faults(issued) == []
    assert "Vergelijk deze sleutel" in offline(issued).stdout
    assert faults(issued, key=published) == ["ondertekend met een andere sleutel / signed with another key"]
    assert offline(issued, "--key", published).returncode == 1
    assert auditing.check(office.env, issued).ok is False


def test_who_has_the_key_cannot_make_the_register_vouch_for_another_text(office: Office, issued: Path) -> None:
    """What only the register and its key show: an event that says something else, in a dossier signed anew."""
    told = read(issued, "events.json")
    told["events"][3]["actor"] = "somebody-else"
    (issued / "events.json").write_text(json.dumps(told), encoding="utf-8")
    _signed_anew(issued, office.env.keyring.signing_key(seal.PURPOSE))
    assert faults(issued, key=seal.public_key(office.env.keyring)) == []
    found = auditing.check(office.env, issued)
    assert found.faults["gebeurtenissen / events"]
    assert found.faults["register"] == ["het register kent deze uitgifte niet / the register does not know this issue"]


def _signed_anew(folder: Path, key: Ed25519PrivateKey) -> None:
    """As whoever forges a dossier would: every digest fits again."""
    manifest = read(folder, "manifest.json")
    for entry in manifest["files"]:
        data = (folder / entry["path"]).read_bytes()
        entry |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / "manifest.json").write_bytes(verify.written(manifest))
    sealed = read(folder, "seal.json")["sealed"]
    sealed["manifest"] = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    made = {
        "sealed": sealed,
        "public_key": key.public_key().public_bytes_raw().hex(),
        "signature": key.sign(verify.message(sealed)).hex(),
    }
    (folder / "seal.json").write_bytes(verify.written(made))


# The chain -----------------------------------------------------------------------------------------------------------


def test_the_end_of_the_chain_that_was_noted_is_found_in_it(office: Office, issued: Path) -> None:
    links = dict(line.split(" ") for line in (issued / "links.txt").read_text().splitlines())
    number, link = list(links.items())[3]
    assert offline(issued, "--noted", f"{number}:{link}").returncode == 0
    said = offline(issued, "--noted", f"{number}:{'0' * 64}")
    assert said.returncode == 1
    assert "is not the noted one" in said.stdout
    assert offline(issued, "--noted", f"999999:{link}").returncode == 1
    with transaction(office.env.register) as register:
        assert chain.verify(register, office.env.keyring).ok


def test_an_event_between_two_of_others_keeps_its_place(
    office: Office, subjects: Sequence[SubjectTruth], tmp_path: Path
) -> None:
    first = office.register_subject(somebody(subjects))
    office.register_subject(somebody(subjects, 1))
    assert identify.identify(office.env, [first]) == {first: None}
    office.answer(first)
    auditing.export(office.env, first, tmp_path / "dossier", AUDITOR)
    told = [event["id"] for event in read(tmp_path / "dossier", "events.json")["events"]]
    assert told != list(range(told[0], told[0] + len(told)))
    assert faults(tmp_path / "dossier") == []


def test_a_register_that_was_changed_by_hand_is_named_in_the_dossier(
    office: Office, register: Any, subjects: Sequence[SubjectTruth], tmp_path: Path
) -> None:
    number = office.register_subject(somebody(subjects))
    assert identify.identify(office.env, [number]) == {number: None}
    office.answer(number)
    with psycopg.connect(register.owner_dsn) as conn:
        conn.execute("ALTER TABLE event DISABLE TRIGGER ALL")
        conn.execute("UPDATE event SET actor = 'x' WHERE id = 3")
        conn.execute("ALTER TABLE event ENABLE TRIGGER ALL")
    done = auditing.export(office.env, number, tmp_path / "dossier", AUDITOR)
    assert done.whole is False
    assert read(tmp_path / "dossier")["chain"]["first_broken"] == 3
    assert "bij uitgifte niet heel" in (tmp_path / "dossier" / "index.html").read_text(encoding="utf-8")
    said = offline(tmp_path / "dossier")
    assert (said.returncode, "the register itself was not whole" in said.stdout) == (0, True)
    assert auditing.check(office.env, tmp_path / "dossier").ok is False


def test_evidence_that_was_changed_by_hand_is_found_without_a_secret(
    office: Office, register: Any, subjects: Sequence[SubjectTruth], tmp_path: Path
) -> None:
    number = office.register_subject(somebody(subjects))
    assert identify.identify(office.env, [number]) == {number: None}
    office.answer(number)
    with psycopg.connect(register.owner_dsn) as conn:
        conn.execute("ALTER TABLE evidence DISABLE TRIGGER USER")
        conn.execute("UPDATE evidence SET html = replace(html, 'Volledig', 'volledig')")
        conn.execute("ALTER TABLE evidence ENABLE TRIGGER USER")
    auditing.export(office.env, number, tmp_path / "dossier", AUDITOR)
    assert faults(tmp_path / "dossier") == ["evidence: anders dan de gebeurtenissen / other than the events"]


# Airflow -------------------------------------------------------------------------------------------------------------


def a_run(number: str, *lines: str) -> Run:
    """A run with one task of two tries, the second of which said this."""
    log = tuple({"timestamp": "2026-11-25T10:00:00Z", "event": line, "level": "info"} for line in lines)
    first = Try(1, "failed", "2026-11-25T09:00:00Z", "2026-11-25T09:00:01Z", ({"event": "Later opnieuw"},))
    second = Try(2, "success", "2026-11-25T10:00:00Z", "2026-11-25T10:00:01Z", log)
    version = Version("access_request", 3, "dags-folder", "4f2c", "2026-11-25T08:00:00Z", "# the DAG\n")
    moments = ("2026-11-25T09:00:00Z", "2026-11-25T09:00:00Z", "2026-11-25T10:00:01Z")
    task = Task("crm", "Klantrelatiesysteem", -1, (first, second))
    return Run("access_request", "Inzageverzoek", number, "success", *moments, (version,), (task,))


@pytest.fixture
def airflow(office: Office, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """The office's environment with an Airflow that is asked in vain, until a test gives it runs."""
    reached = {"airflow_url": "http://127.0.0.1:9", "airflow_user": "officer", "airflow_password": "x" * 8}
    monkeypatch.setenv("AVGFLOW_AIRFLOW_PASSWORD", "x")
    settings = office.env.settings.model_copy(update=reached)
    monkeypatch.setattr(AirflowApi, "of", classmethod(lambda cls, settings: cls("http://127.0.0.1:9", "o", "x")))
    return Environment(settings, office.env.dsn_of)


def test_the_logs_of_every_try_are_in_it(
    airflow: Environment, office: Office, subjects: Sequence[SubjectTruth], tmp_path: Path, monkeypatch: Any
) -> None:
    number = office.register_subject(somebody(subjects))
    monkeypatch.setattr(auditing.airflow_runs, "of_request", lambda api, number: (a_run(number, "Plan gemaakt"),))
    done = auditing.export(airflow, number, tmp_path / "dossier", AUDITOR, require_logs=True)
    assert done.why_no_logs is None
    folder = tmp_path / "dossier"
    assert (folder / "code" / "access_request.v3.py").read_text() == "# the DAG\n"
    tries = read(folder)["airflow"]["runs"][0]["tasks"][0]["tries"]
    assert [one["log"] for one in tries] == [f"logs/access_request/{number}/crm.{n}.jsonl" for n in (1, 2)]
    assert all((folder / one["log"]).is_file() for one in tries)
    assert "Plan gemaakt" in (folder / "logs.html").read_text(encoding="utf-8")
    assert offline(folder).returncode == 0


def test_a_log_that_names_the_person_is_left_out_and_said_to_be(
    airflow: Environment, office: Office, tmp_path: Path, scanner: Scanner, monkeypatch: Any
) -> None:
    number = office.register(email=CANARY.email, name=CANARY.name)
    run = a_run(number, f"Something of another's operator: {CANARY.email.upper()}")
    monkeypatch.setattr(auditing.airflow_runs, "of_request", lambda api, number: (run,))
    auditing.export(airflow, number, tmp_path / "dossier", AUDITOR)
    tries = read(tmp_path / "dossier")["airflow"]["runs"][0]["tasks"][0]["tries"]
    assert [(one["log"] is None, one["withheld"]) for one in tries] == [(False, False), (True, True)]
    assert list(in_files(scanner, tmp_path / "dossier")) == []
    assert "Een takenlogboek is niet opgenomen" in (tmp_path / "dossier" / "index.html").read_text(encoding="utf-8")


def test_a_dossier_that_would_name_the_person_is_not_issued(
    airflow: Environment, office: Office, tmp_path: Path, monkeypatch: Any
) -> None:
    number = office.register(email=CANARY.email, name=CANARY.name)
    run = a_run(number)
    named = replace(run, versions=(replace(run.versions[0], source=f"# {CANARY.name}\n"),))
    monkeypatch.setattr(auditing.airflow_runs, "of_request", lambda api, number: (named,))
    with pytest.raises(PersonalDataFound, match=r"code/access_request\.v3\.py") as refused:
        auditing.export(airflow, number, tmp_path / "dossier", AUDITOR)
    assert CANARY.name not in str(refused.value)
    assert list(tmp_path.iterdir()) == [office.env.settings.home]
    assert "dossier.exported" not in [str(event.name) for event in history(office, number)]


def test_without_airflow_the_dossier_says_so_or_is_not_issued(
    airflow: Environment, office: Office, subjects: Sequence[SubjectTruth], tmp_path: Path
) -> None:
    number = office.register_subject(somebody(subjects))
    with pytest.raises(AirflowUnreachable):
        auditing.export(airflow, number, tmp_path / "with", AUDITOR, require_logs=True)
    assert not (tmp_path / "with").exists()
    done = auditing.export(airflow, number, tmp_path / "without", AUDITOR)
    assert done.why_no_logs is not None
    assert read(tmp_path / "without")["airflow"]["included"] is False
    assert "niet bereikbaar" in (tmp_path / "without" / "index.html").read_text(encoding="utf-8")
    assert "without Airflow's task logs" in offline(tmp_path / "without").stdout


def test_a_dossier_whose_logs_are_past_their_term_says_so_or_is_not_issued(
    airflow: Environment, office: Office, subjects: Sequence[SubjectTruth], tmp_path: Path, monkeypatch: Any
) -> None:
    number = office.register_subject(somebody(subjects))
    monkeypatch.setattr(auditing.airflow_runs, "of_request", lambda api, number: ())
    # Before its run begins a request has none, which is nothing to be told.
    auditing.export(airflow, number, tmp_path / "new", AUDITOR, require_logs=True)
    assert read(tmp_path / "new")["airflow"] == {"included": True, "why_not": None, "runs": []}
    assert "nog niet begonnen" in (tmp_path / "new" / "index.html").read_text(encoding="utf-8")

    assert identify.identify(office.env, [number]) == {number: None}
    office.answer(number)
    with pytest.raises(auditing.LogsGone, match="without --require-logs"):
        auditing.export(airflow, number, tmp_path / "with", AUDITOR, require_logs=True)
    assert not (tmp_path / "with").exists()
    done = auditing.export(airflow, number, tmp_path / "gone", AUDITOR)
    said = read(tmp_path / "gone")["airflow"]
    assert (said["included"], said["runs"]) == (False, [])
    assert said["why_not"]["en"] == done.why_no_logs
    page = (tmp_path / "gone" / "index.html").read_text(encoding="utf-8")
    for language in ("nl", "en"):
        assert said["why_not"][language].count(".") == 1, "one sentence"
        assert said["why_not"][language] in page
    jsonschema.validate(read(tmp_path / "gone"), read(tmp_path / "gone", "schema.json"))
    assert offline(tmp_path / "gone").returncode == 0


# Where it goes -------------------------------------------------------------------------------------------------------


def test_nothing_is_written_over_and_nothing_is_left_behind(
    office: Office, subjects: Sequence[SubjectTruth], tmp_path: Path
) -> None:
    number = office.register_subject(somebody(subjects))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("van mij")
    with pytest.raises(FolderInUse):
        auditing.export(office.env, number, tmp_path / "full", AUDITOR)
    assert [file.name for file in (tmp_path / "full").iterdir()] == ["mine.txt"]
    with pytest.raises(UnknownRequest):
        auditing.export(office.env, "AVG-2026-99999", tmp_path / "none", AUDITOR)
    assert not (tmp_path / "none").exists()
    (tmp_path / "empty").mkdir()
    auditing.export(office.env, number, tmp_path / "empty", AUDITOR)
    assert faults(tmp_path / "empty") == []
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]
    assert (tmp_path / "empty").stat().st_mode & 0o077 == 0
