"""The requests of a period and the record of processing: what stands in them, who they do not name, and that no
spreadsheet runs anything in them.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from handling_world import Office, personal_in
from leaks import SHORTEST, Scanner, in_files
from test_approving import somebody
from typer.testing import CliRunner
from whole_ways import CANARY, WAYS, planted

from avgflow import cli
from avgflow.catalog.models import Text
from avgflow.demo.truth import SubjectTruth
from avgflow.dossier import processing
from avgflow.dossier.audit.folder import FolderInUse
from avgflow.handling import environment, extending, recording, withdrawing
from avgflow.handling.recording import WrongPeriod
from avgflow.intake import day_in_amsterdam
from avgflow.register import chain, events
from avgflow.register.database import transaction
from avgflow.register.names import EventName

AUDITOR = "auditor-1"
TODAY = day_in_amsterdam()
LONG_AGO, FAR_OFF = date(2020, 1, 1), date(2099, 12, 31)


def exported(office: Office, folder: Path, first: date = LONG_AGO, last: date = FAR_OFF) -> Path:
    recording.export(office.env, first, last, folder, recording.FORMATS, "nl", AUDITOR)
    return folder


def sheet(folder: Path, name: str) -> list[dict[str, str]]:
    """A table as a spreadsheet reads it: RFC 4180 with `;`, after the byte order mark."""
    raw = (folder / name).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\n") == raw.count(b"\r\n")
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=";", strict=True))


def lines(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    found = json.loads((folder / "requests.json").read_text(encoding="utf-8"))["requests"]
    return {one["number"]: one for one in found}


@pytest.mark.parametrize("right", WAYS)
def test_a_request_of_every_right_stands_in_it_without_the_person(
    right: str, own_stores: Office, tmp_path: Path
) -> None:
    number = WAYS[right](own_stores, planted(own_stores))
    folder = exported(own_stores, tmp_path / "export")
    values = {what: value for what, value in CANARY.values.items() if len(value) >= SHORTEST}
    assert list(in_files(Scanner(values), folder)) == []
    line = lines(folder)[number]
    assert (line["right"], line["received"], line["status"]) == (right, TODAY.isoformat(), "closed")
    assert (line["answered"], line["closed"], line["late"], line["days_used"]) == (TODAY.isoformat(),) * 2 + (False, 0)
    assert line["outcome"]
    (row,) = sheet(folder, "requests.csv")
    assert (row["number"], row["late"], row["extended"]) == (number, "nee", "nee")
    assert list(row) == list(line) == list(recording.COLUMNS)


def test_late_extended_withdrawn_and_open_requests_are_told_apart(
    office: Office, subjects: Sequence[SubjectTruth], tmp_path: Path
) -> None:
    person = somebody(subjects)
    late = office.register_subject(person, received=TODAY - timedelta(days=90))
    extended = office.register_subject(person, received=TODAY - timedelta(days=5))
    extending.extend(office.env, extended, extending.Reason.COMPLEXITY, "", AUDITOR)
    withdrawn = office.register_subject(person, right="erasure", received=TODAY - timedelta(days=3))
    withdrawing.withdraw(office.env, withdrawn, AUDITOR)
    found = lines(exported(office, tmp_path / "export"))
    assert (found[late]["late"], found[late]["answered"], found[late]["days_used"]) == (True, None, 90)
    assert (found[extended]["extended"], found[extended]["late"]) == (True, False)
    assert (found[withdrawn]["outcome"], found[withdrawn]["closed"]) == ("withdrawn", TODAY.isoformat())
    assert found[withdrawn]["days_used"] == 3


def test_only_what_was_received_in_the_period_stands_in_it(
    office: Office, subjects: Sequence[SubjectTruth], tmp_path: Path
) -> None:
    person, day = somebody(subjects), TODAY - timedelta(days=40)
    numbers = {n: office.register_subject(person, received=day + timedelta(days=n)) for n in range(4)}
    found = exported(office, tmp_path / "export", day + timedelta(days=1), day + timedelta(days=2))
    assert set(lines(found)) == {numbers[1], numbers[2]}
    assert [row["number"] for row in sheet(found, "requests.csv")] == [numbers[1], numbers[2]]
    assert lines(exported(office, tmp_path / "nothing", LONG_AGO, LONG_AGO)) == {}
    with pytest.raises(WrongPeriod):
        exported(office, tmp_path / "wrong", day, day - timedelta(days=1))
    with pytest.raises(FolderInUse):
        exported(office, tmp_path / "export")


def test_the_export_is_on_the_register_with_who_made_it(office: Office, tmp_path: Path) -> None:
    exported(office, tmp_path / "export", TODAY, TODAY)
    with transaction(office.env.register) as register:
        assert chain.verify(register, office.env.keyring).ok
        rows = register.exec_driver_sql("SELECT name, actor, number, detail FROM event ORDER BY id DESC LIMIT 1").all()
        assert events.of_requests(register, ["AVG-2026-00001"], [EventName.REGISTER_EXPORTED]) == []
    day = TODAY.isoformat()
    assert rows == [("register.exported", AUDITOR, None, {"since": day, "until": day, "requests": 0})]


def test_the_record_of_processing_has_all_that_article_30_asks(office: Office, tmp_path: Path) -> None:
    folder, policy = exported(office, tmp_path / "export"), office.env.policy
    rows = sheet(folder, "processing.csv")
    wanted = {(str(n), name) for n in policy.purposes for name, one in policy.classes.items() if n in one.purposes}
    assert {(row["purpose"], row["class"]) for row in rows} == wanted
    assert all(row["persons"] != "geen" and row["security"] != "geen" and row["term"] for row in rows)
    invoices = next(row for row in rows if row["class"] == "R4")
    assert "De Belastingdienst" in invoices["recipients"]
    assert "artikel 52 lid 4" in invoices["term_source"]
    assert "Orderadministratie" in invoices["stores"]
    document = json.loads((folder / "processing.json").read_text(encoding="utf-8"))
    assert document["controller"]["name"] == policy.controller.name
    assert len(document["activities"]) == len(rows)
    described = {(row["file"], row["column"]) for row in sheet(folder, "columns.csv")}
    assert described == {("requests.csv", name) for name in recording.COLUMNS} | {
        ("processing.csv", name) for name in processing.COLUMNS
    }


@pytest.mark.parametrize("evil", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_no_spreadsheet_runs_anything_that_a_policy_says(office: Office, tmp_path: Path, evil: str) -> None:
    policy = office.env.policy
    spoiled = policy.purposes[1].model_copy(update={"title": Text(nl=evil, en=evil)})
    office.env.__dict__["policy"] = policy.model_copy(update={"purposes": {**policy.purposes, 1: spoiled}})
    rows = sheet(exported(office, tmp_path / "export"), "processing.csv")
    titles = {row["title"] for row in rows if row["purpose"] == "1"}
    assert titles == {f"'{evil}"}
    assert not any(value.lstrip()[:1] in tuple("=+-@＝") for row in rows for value in row.values() if value)


def test_the_commands_have_one_clear_line_for_a_mistake(
    office: Office, subjects: Sequence[SubjectTruth], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "of_settings", lambda: office.env)
    number, run = office.register_subject(somebody(subjects)), CliRunner().invoke
    period = ["register", "export", "--from", "2020-01-01", "--to", "2099-01-01"]
    done = run(cli.app, [*period, "-o", str(tmp_path / "csv"), "--format", "csv", "--language", "en"])
    assert (done.exit_code, sorted(file.name for file in (tmp_path / "csv").iterdir())) == (
        0,
        ["columns.csv", "processing.csv", "requests.csv"],
    )
    assert "Access (article 15 GDPR)" in (tmp_path / "csv" / "requests.csv").read_text(encoding="utf-8")
    assert run(cli.app, [*period, "-o", str(tmp_path / "x"), "--format", "xml"]).exit_code == 2
    assert run(cli.app, ["register", "export", "--from", "1/1/2020", "--to", "x", "-o", "x"]).exit_code == 2
    issued = run(cli.app, ["dossier", number, "-o", str(tmp_path / "dossier"), "--json"])
    assert issued.exit_code == 0, issued.output
    assert json.loads(issued.stdout)["why_no_logs"].startswith("Airflow could not be reached")
    assert run(cli.app, ["dossier", "verify", str(tmp_path / "dossier")]).exit_code == 0
    (tmp_path / "dossier" / "index.html").write_text("anders")
    changed = run(cli.app, ["dossier", "verify", str(tmp_path / "dossier"), "--json"])
    assert changed.exit_code == 1
    assert json.loads(changed.stdout)["faults"]["bestanden / files"] == ["index.html is gewijzigd / was changed"]
    first = run(cli.app, ["dossier", "-o", str(tmp_path / "second"), number])
    assert first.exit_code == 0, first.output
    for output in (done, issued, changed, first):
        assert personal_in(output.output, somebody(subjects)) == []
