"""A restore, rehearsed: back up, go on working, lose the register and a store, put both back, and go on.

Everything with PostgreSQL's own tools, on the running stack.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from desk import Desk, eventually

from avgflow.demo.truth import SubjectTruth
from avgflow.embedded import postgres
from avgflow.register.requests import Status


@dataclass(frozen=True)
class Backups:
    """Backups of the register and of a store, and what there was when they were made."""

    desk: Desk
    folder: Path

    def _run(self, program: str, *words: str) -> None:
        programs = postgres.programs(self.desk.status.layout, progress=lambda line: None)
        subprocess.run([programs.folder / program, *words], check=True, timeout=120, capture_output=True)

    def _dsn(self, database: str) -> str:
        return f"{self.desk.where['database_admin'].rpartition('/')[0]}/{database}"

    def make(self, database: str) -> None:
        self._run("pg_dump", "--format=custom", f"--file={self.folder / database}.dump", self._dsn(database))

    def put_back(self, database: str) -> None:
        """In one transaction, over whatever is there."""
        words = ["--clean", "--if-exists", "--single-transaction", "--exit-on-error"]
        self._run("pg_restore", *words, f"--dbname={self._dsn(database)}", str(self.folder / f"{database}.dump"))


@pytest.fixture(scope="module")
def backups(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Backups:
    return Backups(desk, tmp_path_factory.mktemp("backups"))


@pytest.fixture(scope="module")
def people(desk: Desk, subjects: tuple[SubjectTruth, ...]) -> tuple[SubjectTruth, SubjectTruth]:
    """Two of whom the stores have something, and no order that keeps it; the last ones, whom nobody else takes."""

    def fits(one: SubjectTruth) -> bool:
        return not one.traits and "orders.public.order" not in one.owned and contacts(desk, one) == 1

    found = (one for one in reversed(subjects) if "email" in one.identifiers and fits(one))
    return next(found), next(found)


def erased(desk: Desk, person: SubjectTruth) -> str:
    number = asked(desk, "erasure", person)
    desk.waits(number, "approval")
    plan = desk.done("request", "show", number, "--plan", "--json").json["plan_digest"][:12]
    desk.done("request", "approve", number, "--plan", plan)
    assert desk.ended(number) == "success"
    return number


def asked(desk: Desk, right: str, person: SubjectTruth) -> str:
    own = dict(person.identifiers)
    fields = {kind: own.pop(kind) for kind in ("email", "customer_number") if kind in own}
    others = [f"{kind}={value}" for kind, value in own.items()]
    return desk.ask(right, **fields, identifier=others, verified_by="portal-login")


def contacts(desk: Desk, person: SubjectTruth) -> int:
    with desk.store("crm") as crm:
        [(found,)] = crm.execute(
            "SELECT count(*) FROM contact WHERE lower(email) = %s", [person.identifiers["email"].lower()]
        ).fetchall()
    return int(found)


def test_after_a_restore_nothing_is_given_out_twice_and_the_erased_stay_erased(
    desk: Desk, backups: Backups, people: tuple[SubjectTruth, SubjectTruth]
) -> None:
    forgotten, later = people
    assert contacts(desk, forgotten)
    backups.make("crm")
    before = erased(desk, forgotten)
    backups.make("register")
    at_backup = desk.done("audit", "verify").out.split()[-1]

    # Work goes on, and is lost.
    lost = asked(desk, "access", later)
    assert desk.ended(lost) == "success"
    noted = desk.done("audit", "verify").out.split()[-1]
    backups.put_back("register")
    backups.put_back("crm")
    assert contacts(desk, forgotten), "the backup of the store is of before the erasure"

    # The register is whole, as it was then, and whoever noted a later end sees that something is missing.
    assert desk.done("audit", "verify", "--noted", at_backup).code == 0
    assert desk.says("audit", "verify", "--noted", noted).code == 1
    assert desk.says("request", "show", lost).code == 1
    assert desk.request(before).status is Status.CLOSED

    done = desk.done("register", "restored", "--json").json
    assert done["lost"] == [lost]
    assert done["started"] == []
    assert lost in desk.done("register", "restored").out
    assert desk.done("audit", "verify").code == 0

    # What came in after the backup is registered anew, under a number that nobody had.
    anew = asked(desk, "access", later)
    assert anew > lost
    assert desk.ended(anew) == "success"
    assert len(desk.mails(later.identifiers["email"], anew)) == 1

    assert "1 people were erased again" in desk.done("replay", "crm").out
    assert contacts(desk, forgotten) == 0
    assert desk.done("audit", "verify").code == 0


def test_a_request_whose_run_airflow_lost_gets_one_again(desk: Desk, people: tuple[SubjectTruth, SubjectTruth]) -> None:
    number = desk.ask(email=people[1].identifiers["email"])
    desk.waits(number, "verification")
    gone: Mapping[str, str] = {"number": number}
    with desk.database("airflow") as airflow:
        airflow.execute("DELETE FROM dag_run WHERE run_id = %(number)s", gone)
    assert not desk.has_run(number)
    assert number in desk.done("register", "restored", "--json").json["started"]
    eventually(lambda: desk.has_run(number), 30, f"a run of {number}")
    desk.waits(number, "verification")
    desk.done("request", "verify", number, "--verified-by", "known-email")
    assert desk.ended(number) == "success"
