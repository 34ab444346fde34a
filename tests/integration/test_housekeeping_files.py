"""The files of requests, the logs of Airflow and the word at the end: what goes, what stays, what is named."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from old_world import answered, by_hand, closed
from past_events import events_at, noon
from real_postgres import Register
from register_world import a_request

from avgflow.catalog.models import Text
from avgflow.handling.environment import Environment
from avgflow.housekeeping import files, record, runs, telling
from avgflow.housekeeping.found import Found, Gone, NotAllGone, Part
from avgflow.register import events, receipts
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.receipts import Step
from avgflow.register.requests import Outcome
from avgflow.settings import Settings

CLOSED = date(2026, 1, 10)
PACKAGE_GOES = CLOSED + timedelta(91)
WORK_GOES = CLOSED + timedelta(8)


@pytest.fixture
def env(register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    for name, value in (register.environment() | {"AVGFLOW_HOME": str(tmp_path / "home")}).items():
        monkeypatch.setenv(name, value)
    return Environment(Settings.load(), lambda connection: f"postgresql://nobody@127.0.0.1:1/{connection}")


def put(env: Environment, number: str, *names: str) -> list[Path]:
    """Files of a request."""
    folder = env.settings.work / number
    folder.mkdir(parents=True, exist_ok=True)
    made = [folder / name for name in names]
    for file in made:
        file.write_bytes(b"sealed")
    return made


def told(env: Environment, number: str) -> list[dict[str, object]]:
    with transaction(env.register) as conn:
        return [dict(event.detail) for event in events.history(conn, number) if event.name == EventName.DATA_LET_GO]


def test_a_package_goes_after_its_delivery_and_the_work_sooner(env: Environment, register: Register) -> None:
    number = closed(register, noon(CLOSED))
    answered(register, number, noon(CLOSED))
    package, work, half = put(env, number, f"inzage-{number}.pdf", "crm.sealed", ".crm.sealed.x.part")
    for day in (WORK_GOES - timedelta(1), PACKAGE_GOES - timedelta(1)):
        assert package.exists()
        assert files.preview(env, day).counts == files.run(env, day).counts
    assert not work.exists()
    assert not half.exists()
    assert package.exists()
    assert files.preview(env, PACKAGE_GOES).counts == {"packages": 1}
    assert package.exists()
    assert files.run(env, PACKAGE_GOES).counts == {"packages": 1}
    assert not package.parent.exists()
    assert told(env, number) == [{"what": "work_files", "count": 2}, {"what": "packages", "count": 1}]
    assert files.run(env, PACKAGE_GOES).counts == {}
    assert len(told(env, number)) == 2


def test_delivery_counts_where_it_came_after_the_closing(env: Environment, register: Register) -> None:
    number = closed(register, noon(CLOSED))
    answered(register, number, noon(CLOSED + timedelta(5)))
    (package,) = put(env, number, "a.zip")
    assert files.run(env, PACKAGE_GOES + timedelta(4)).counts == {}
    assert files.run(env, PACKAGE_GOES + timedelta(5)).counts == {"packages": 1}
    assert not package.exists()


def test_a_package_that_was_handed_over_goes_like_one_that_was_mailed(env: Environment, register: Register) -> None:
    number = closed(register, noon(CLOSED))
    with transaction(register.engine) as conn:
        receipts.put_receipt(
            conn, env.keyring, number, Step.HAND_OVER, "officer", {"packages": 1}, "handed-over", "officer"
        )
    by_hand(register, "UPDATE receipt SET written_at = %s", noon(CLOSED))
    put(env, number, "a.zip")
    assert files.run(env, PACKAGE_GOES - timedelta(1)).counts == {}
    assert files.run(env, PACKAGE_GOES).counts == {"packages": 1}


def test_what_was_never_delivered_stays_and_is_named_unless_the_request_was_withdrawn(
    env: Environment, register: Register
) -> None:
    number = closed(register, noon(CLOSED))
    withdrawn = closed(register, noon(CLOSED), Outcome.WITHDRAWN, email="w@example.nl", customer_number="W-1")
    (stays,) = put(env, number, f"inzage-{number}.zip")
    (goes,) = put(env, withdrawn, f"inzage-{withdrawn}.zip")
    found = files.run(env, PACKAGE_GOES)
    assert [(one.where, one.why) for one in found.failed] == [
        (f"{number}: a file *.zip", "no delivery of it is on the register")
    ]
    assert stays.exists()
    assert not goes.exists()


def test_nothing_of_an_open_request_goes_but_what_a_killed_process_left(env: Environment, register: Register) -> None:
    with events_at(noon(CLOSED)), transaction(register.engine) as conn:
        number = a_request(conn, register.keyring).number
    work, package, half, fresh = put(env, number, "crm.sealed", "a.zip", ".crm.sealed.x.part", ".crm.sealed.y.part")
    old = noon(CLOSED).timestamp()
    for file in (work, package, half):
        os.utime(file, (old, old))
    assert files.run(env, WORK_GOES).counts == {"work_files": 1}
    assert [file.exists() for file in (work, package, half, fresh)] == [True, True, False, True]


def test_files_of_a_request_that_the_register_does_not_know_are_named_and_stay(env: Environment) -> None:
    (file,) = put(env, "AVG-2020-00007", "jan.jansen@example.nl.pdf")
    env.settings.work.joinpath("README").write_text("not a request")
    (failed,) = files.run(env, PACKAGE_GOES).failed
    assert failed.where == "AVG-2020-00007"
    assert file.exists()


def test_what_cannot_be_deleted_is_named_and_not_called_gone(
    env: Environment, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = closed(register, noon(CLOSED))
    answered(register, number, noon(CLOSED))
    put(env, number, f"inzage-{number}.pdf", f"inzage-{number}.zip")
    unlink = Path.unlink

    def forbidden(file: Path, missing_ok: bool = False) -> None:
        if file.suffix == ".zip":
            raise PermissionError(13, "Permission denied", str(file))
        unlink(file, missing_ok)

    with monkeypatch.context() as refused:
        refused.setattr(Path, "unlink", forbidden)
        found = files.run(env, PACKAGE_GOES)
    assert found.counts == {"packages": 1}
    assert told(env, number) == [{"what": "packages", "count": 1}]
    assert [(one.where, one.why) for one in found.failed] == [(f"{number}: a file *.zip", "EACCES")]
    with pytest.raises(NotAllGone, match=rf"{number}: a file \*\.zip \(EACCES\).*clear task 'files'"):
        record.put(env, found)
    assert files.run(env, PACKAGE_GOES).counts == {"packages": 1}


def test_a_link_goes_and_what_it_points_to_stays(env: Environment, register: Register, tmp_path: Path) -> None:
    number = closed(register, noon(CLOSED))
    answered(register, number, noon(CLOSED))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "somebody's.pdf").write_text("not ours")
    put(env, number)
    (env.settings.work / number / "link").symlink_to(elsewhere)
    files.run(env, PACKAGE_GOES)
    assert (elsewhere / "somebody's.pdf").exists()
    assert not (env.settings.work / number).exists()


NOW = datetime(2026, 6, 15, 3, 30, tzinfo=UTC)


def test_runs_stay_for_their_term_and_all_since_the_oldest_open_request(env: Environment, register: Register) -> None:
    cut = runs.cut_off(env, "P90D", NOW)
    assert cut == runs.CutOff(NOW - timedelta(91))
    with transaction(register.engine) as conn:
        number = a_request(conn, register.keyring).number
    by_hand(register, "UPDATE request SET registered_at = '2025-12-01', status = 'stopped', reason = 'x'")
    cut = runs.cut_off(env, "P90D", NOW)
    assert cut.held_by == number
    assert cut.at < datetime(2025, 12, 1, tzinfo=UTC)
    by_hand(register, "UPDATE request SET status = 'closed', outcome = 'fulfilled'")
    assert runs.cut_off(env, "P90D", NOW).held_by is None


@pytest.mark.parametrize("period", ["P1Y", "P6M", "P30D"])
def test_the_cut_off_is_never_in_the_future_nor_a_day_early(env: Environment, period: str) -> None:
    for month in range(1, 13):
        now = datetime(2025, month, 28, tzinfo=UTC)
        at = runs.cut_off(env, period, now).at
        years, months, days = {"P1Y": (1, 0, 0), "P6M": (0, 6, 0), "P30D": (0, 0, 30)}[period]
        back = now.month - 1 - months + 12 * (now.year - years)
        expected = now.replace(year=back // 12, month=back % 12 + 1) - timedelta(days)
        assert at < expected < now


def test_old_logs_go_with_their_empty_folders_and_the_new_stay(tmp_path: Path) -> None:
    old = (NOW - timedelta(200)).timestamp()
    names = {
        "dag_id=a/run_id=1/task_id=x/attempt=1.log": True,
        "dag_id=a/run_id=2/task_id=x/attempt=1.log": False,
        "executor_callbacks/a/run/uuid": True,
        "dag_processor/2025-11-01/dags-folder/a.py.log": True,
        "dag_processor/2026-06-15/dags-folder/a.py.log": False,
    }
    for name, is_old in names.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True)
        file.write_text("{}")
        if is_old:
            os.utime(file, (old, old))
            for folder in file.parents:
                if folder.is_relative_to(tmp_path) and folder != tmp_path:
                    os.utime(folder, (old, old))
    (tmp_path / "dag_processor" / "latest").symlink_to("2025-11-01")
    os.utime(tmp_path / "dag_processor" / "latest", (old, old), follow_symlinks=False)
    assert len(runs.old_logs(tmp_path, NOW - timedelta(90))) == 3
    done = runs.delete_logs(tmp_path, NOW - timedelta(90))
    assert (done.files, done.failed) == (3, [])
    left = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()}
    assert left == {name for name, is_old in names.items() if not is_old}
    assert not (tmp_path / "dag_id=a/run_id=1/task_id=x").exists()
    assert not (tmp_path / "executor_callbacks/a/run").exists()
    assert not os.path.lexists(tmp_path / "dag_processor" / "latest")
    assert runs.delete_logs(tmp_path, NOW - timedelta(90)).files == 0


def of(part: Part, **counts: int) -> Found:
    return Found(part, [Gone(what, Text(nl=what, en=what), n) for what, n in counts.items()])


def test_the_word_at_the_end_needs_every_part_of_this_night(env: Environment) -> None:
    start = datetime.now(UTC)
    with pytest.raises(record.NotDone, match="part files was not done; part register was not done"):
        record.finish(env, start)
    record.put(env, of(Part.FILES, packages=2))
    record.put(env, of(Part.REGISTER, case_files=1, codes=3))
    record.put(env, of(Part.AIRFLOW, airflow_rows=0))
    assert record.finish(env, start) == {"packages": 2, "case_files": 1, "codes": 3, "kept": 0}
    with pytest.raises(record.NotDone):
        record.finish(env, datetime.now(UTC) + timedelta(seconds=1))
    with transaction(env.register) as conn:
        (done,) = events.since(conn, start, [EventName.HOUSEKEEPING_DONE])
    assert done.number is None
    assert done.detail["case_files"] == 1


def test_a_part_that_left_something_behind_is_made_good_by_doing_it_again(env: Environment) -> None:
    from avgflow.housekeeping.found import Failed

    start = datetime.now(UTC)
    behind = Found(Part.FILES, [], failed=(Failed("AVG-2026-00001", "EACCES"),))
    with pytest.raises(NotAllGone):
        record.put(env, behind)
    record.put(env, of(Part.REGISTER))
    record.put(env, of(Part.AIRFLOW))
    with pytest.raises(record.NotDone, match="part files left some behind"):
        record.finish(env, start)
    record.put(env, of(Part.FILES, packages=1))
    assert record.finish(env, start)["packages"] == 1


@pytest.mark.parametrize(
    ("language", "word"), [("nl", "niet alles is gewist (2 keer mislukt)"), ("en", "not all was deleted (2 left)")]
)
def test_the_mail_about_a_night_that_is_not_done_says_what_and_what_to_do(
    env: Environment, language: str, word: str
) -> None:
    fault = record.NotDone([Part.AIRFLOW], {Part.FILES: 2})
    mail = telling.mail(fault, date(2026, 11, 26), env.policy, env.templates, language)  # type: ignore[arg-type]
    text = " ".join(mail.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]
    assert word in text
    assert "Airflow" in text
    assert "avgflow housekeeping --dry-run" in text
    assert "2026" in text
    first = telling.tell(env, fault, date(2026, 11, 26))
    assert telling.tell(env, fault, date(2026, 11, 26)) == first
    assert telling.tell(env, fault, date(2026, 11, 27)) != first
