"""The procedure under the real scheduler: a code by mail, a refusal by two officers, several rights at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from canary_people import Canary
from desk import OFFICER, Desk, eventually
from test_erasure_way import approve, at, text_of

from avgflow.demo.truth import SubjectTruth
from avgflow.register.requests import Outcome, Status
from avgflow.settings import Settings


@pytest.fixture(scope="module")
def people(subjects: tuple[SubjectTruth, ...], settled: None) -> Sequence[SubjectTruth]:
    """Contact persons whom no other test is about, with nothing awkward about them."""
    return [one for one in subjects[60:] if one.kind == "contact_person" and not one.traits]


def words_of(one: SubjectTruth) -> dict[str, Any]:
    own = dict(one.identifiers)
    fields = {kind: own.pop(kind) for kind in ("email", "customer_number") if kind in own}
    return {**fields, "name": one.name, "identifier": [f"{kind}={value}" for kind, value in own.items()]}


@contextmanager
def two_officers(desk: Desk, tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    """The officer's command line with a policy that names two."""
    policy = yaml.safe_load(Settings().policy.read_text(encoding="utf-8"))
    policy["erasure"]["officers"] = ["officer", "admin"]
    file = tmp_path / "policy.yaml"
    file.write_text(yaml.safe_dump(policy, allow_unicode=True), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AVGFLOW_POLICY", str(file))
        yield patch


def test_a_code_by_mail_verifies_the_person_and_the_answer_comes(desk: Desk, people: Sequence[SubjectTruth]) -> None:
    one = people[0]
    address = one.identifiers["email"]
    number = desk.ask(**words_of(one))
    desk.waits(number, "verification")
    told = desk.done("request", "code", number).out
    assert address not in told
    (letter,) = eventually(lambda: desk.mails(address, number), what="the code")
    (digits,) = re.findall(r"(?m)^(\d{6})\r?$", letter.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    eventually(lambda: desk.happened(number, "clock.stopped"), what="the clock standing still")
    assert desk.happened(number, "code.sent") == [{"code": 1}]
    wrong = desk.says("request", "verify", number, "--code", f"{(int(digits) + 1) % 10**6:06d}")
    assert wrong.code == 1
    assert "2 tries are left" in wrong.err
    assert len(wrong.err.splitlines()) == 1
    desk.done("request", "verify", number, "--code", digits)
    assert desk.ended(number) == "success"
    request = desk.request(number)
    assert (request.status, request.verified_by) == (Status.CLOSED, "known-email")
    assert request.outcome in (Outcome.FULFILLED, Outcome.PARTLY_FULFILLED)
    assert len(desk.mails(address, number)) == 2
    assert digits not in json.dumps([asked["params_input"] for asked in desk.questions(number)])
    run = desk.airflow.get(f"/api/v2/dags/notice/dagRuns/{number}.code-1").raise_for_status().json()
    assert run["state"] == "success"
    assert desk.done("audit", "verify").code == 0


def test_what_one_officer_proposes_and_another_confirms_ends_with_a_letter(
    desk: Desk, people: Sequence[SubjectTruth], tmp_path: Path
) -> None:
    one = people[1]
    address = one.identifiers["email"]
    number = desk.ask(**words_of(one))
    desk.waits(number, "verification")
    with two_officers(desk, tmp_path) as patch:
        proposed = desk.done("request", "decline", number, "--reason", "excessive", "--note", "Zeven keer in een week.")
        assert "Another officer (admin) confirms" in proposed.out
        alone = desk.says("request", "decline", number, "--confirm")
        assert alone.code == 1
        assert "second pair of eyes" in alone.err
        assert len(alone.err.splitlines()) == 1
        assert desk.mails(address, number) == []
        told = eventually(lambda: desk.mails(OFFICER, number)[1:], what="the mail to the officers")
        assert "een tweede privacy officer" in text_of(told[0])
        patch.setenv("AVGFLOW_AIRFLOW_USER", desk.where["airflow"]["user"])
        patch.setenv("AVGFLOW_AIRFLOW_PASSWORD", desk.where["airflow"]["password"])
        done = desk.done("request", "decline", number, "--confirm").out
    assert "the request is closed: refused" in done
    assert desk.state(number) == "success"
    states = desk.states(number)
    assert (states["identify"], states["plan"], states["close"]) == ("skipped", "skipped", "success")
    assert (desk.request(number).status, desk.request(number).outcome) == (Status.CLOSED, Outcome.REFUSED)
    (letter,) = desk.mails(address, number)
    assert "Zeven keer in een week." in text_of(letter)
    assert "binnen zes weken" in text_of(letter)
    assert at(desk, number, "request.declined") < at(desk, number, "request.closed")
    assert [event.actor for event in desk.history(number) if event.name == "request.declined"] == ["admin"]


def test_a_company_is_told_that_the_avg_is_about_people(desk: Desk, settled: None) -> None:
    """Case 12."""
    number = desk.ask("erasure", email="directie@bedrijf.example", **{"as": "organisation"})
    desk.waits(number, "decline")
    shown = desk.done("request", "decline", number).out
    assert "geldt niet voor uw verzoek" in " ".join(shown.split())
    confirmed = desk.done("request", "decline", number, "--confirm").out
    assert "closed: outside avg" in confirmed
    assert desk.state(number) == "success"
    (letter,) = desk.mails("directie@bedrijf.example", number)
    assert "volgens de afspraken in het contract" in text_of(letter)
    assert desk.happened(number, "plan.made") == []


def test_a_copy_comes_before_the_erasure_and_one_verification_serves_both(
    desk: Desk, people: Sequence[SubjectTruth]
) -> None:
    """Case 15."""
    one = people[2]
    words = ["request", "new", "erasure", "--also", "access", "--json"]
    for name, value in words_of(one).items():
        for each in [value] if isinstance(value, str) else value:
            words += [f"--{name.replace('_', '-')}", each]
    document = desk.done(*words).json
    access, erasure = document["number"], document["also"][0]["number"]
    desk.waits(access, "verification")
    eventually(lambda: desk.request(erasure).waiting_for == "verification-of-first", what="the wait for the first")
    desk.done("request", "verify", access, "--verified-by", "phone-callback")
    assert desk.ended(access) == "success"
    approve(desk, erasure)
    assert desk.ended(erasure) == "success"
    assert at(desk, access, "request.closed") < at(desk, erasure, "erasure.begun")
    assert desk.request(erasure).verified_by == "phone-callback"


def test_a_lawyer_gets_the_clients_data_once_the_mandate_was_seen(
    desk: Desk, canaries: Mapping[str, Canary], settled: None
) -> None:
    """Case 31; both are canaries, whose names and addresses must not get into Airflow."""
    lawyer, client = canaries["braambes"], canaries["aalbes"]
    given = {"email": lawyer.email, "name": lawyer.name, "person_email": client.email, "person_name": client.name}
    number = desk.ask(**given, customer_number=client.customer_number, born="1980-01-01", **{"as": "lawyer"})
    desk.waits(number, "mandate")
    refused = desk.says("request", "verify", number, "--verified-by", "portal-login")
    assert refused.code == 1
    assert len(refused.err.splitlines()) == 1
    assert desk.mails(lawyer.email, number) == []
    desk.done("request", "verify", number, "--verified-by", "mandate")
    assert desk.ended(number) == "success"
    (letter,) = desk.mails(lawyer.email, number)
    assert f"U vroeg dit namens {client.name}." in text_of(letter)
    assert desk.mails(client.email, number) == []
    assert sum(detail["rows"] for detail in desk.happened(number, "store.collected")) > 0
