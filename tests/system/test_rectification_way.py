"""Corrections under the real scheduler: from request to letter, with what stays as it is noted beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from canary_people import Canary
from desk import OFFICER, Desk
from test_erasure_way import STORES, approve, asking, at, plan_of, text_of

from avgflow.demo.truth import SubjectTruth
from avgflow.register.requests import Outcome, Status

TASKS = {"identify", "plan", "approve", *STORES, "validate", "answer", "close"}


@pytest.fixture(scope="module")
def people(subjects: tuple[SubjectTruth, ...], settled: None) -> Sequence[SubjectTruth]:
    """People who have not asked for anything yet, with nothing awkward about them."""
    return [one for one in subjects[160:220] if one.kind == "sole_proprietor" and not one.traits]


@pytest.fixture(scope="module")
def corrected(desk: Desk, canaries: Mapping[str, Canary], settled: None) -> str:
    """A correction of a canary's street, with a statement beside what staff wrote, that went the whole way."""
    one = canaries["juttepeer"]
    number = desk.ask(
        "rectification",
        email=one.email,
        customer_number=one.customer_number,
        name=one.name,
        correct=f"street={one.stem}laan",
        was=f"street={one.street}",
        statement=one.confession,
        verified_by="portal-login",
    )
    approve(desk, number)
    assert desk.ended(number) == "success"
    return number


def test_a_correction_goes_from_request_to_letter(desk: Desk, corrected: str, canaries: Mapping[str, Canary]) -> None:
    one = canaries["juttepeer"]
    assert desk.states(corrected) == dict.fromkeys(TASKS, "success")
    request = desk.request(corrected)
    assert (request.status, request.outcome) == (Status.CLOSED, Outcome.PARTLY_FULFILLED)
    with desk.store("orders") as store:
        found = store.execute("SELECT DISTINCT street FROM customer WHERE customer_number = %s", [one.customer_number])
        assert found.fetchall() == [(f"{one.stem}laan",)]
    letter, *_ = desk.mails(one.email, corrected)
    assert "Uw verklaring".upper() in text_of(letter)
    assert one.stem not in text_of(letter).replace(one.name, "").replace(one.email, "")


def test_each_step_of_it_is_on_the_register_in_order(desk: Desk, corrected: str) -> None:
    order = ["request.registered", "plan.made", "plan.approved", "rectification.begun", "store.corrected"]
    order += ["check.passed", "annotation.made", "answer.made", "request.closed"]
    places = [at(desk, corrected, name) for name in order]
    assert places == sorted(places)
    assert {detail["store"] for detail in desk.happened(corrected, "store.corrected")} == STORES
    assert desk.done("audit", "verify").code == 0


def test_what_is_noted_and_what_was_asked_is_shown_on_record(
    desk: Desk, corrected: str, canaries: Mapping[str, Canary]
) -> None:
    one = canaries["juttepeer"]
    listed = desk.done("annotation", "list", "--json").json
    assert corrected in {entry["number"] for entry in listed}
    assert one.confession in {note["statement"] for note in desk.done("annotation", "show", corrected, "--json").json}
    asked = desk.done("request", "show", corrected, "--asked", "--json").json["asked"]
    assert asked["corrections"] == [{"attribute": "street", "new": f"{one.stem}laan", "old": one.street}]
    assert desk.happened(corrected, "annotations.shown")
    assert desk.happened(corrected, "asked.shown")


def test_several_values_stop_the_request_until_it_is_said_which_is_wrong(
    desk: Desk, people: Sequence[SubjectTruth]
) -> None:
    one = people[0]
    phones = {"crm": ("contact", "contact_id"), "accounts": ("portal_account", "account_id")}
    ids = {
        store: [str(key[0]) for key in one.owned[f"{store}.public.{table}"].keys or ()]
        for store, (table, _) in phones.items()
        if f"{store}.public.{table}" in one.owned
    }
    for place, (store, own) in enumerate(ids.items()):
        table, key = phones[store]
        with desk.store(store) as conn:
            conn.execute(f"UPDATE {table} SET phone = '010-111000{place}' WHERE {key}::text = ANY(%s)", [own])  # type: ignore[arg-type]
            conn.commit()
    number = desk.ask("rectification", **asking(one), correct="phone=06-12121212", verified_by="portal-login")
    assert desk.ended(number) == "failed"
    assert desk.request(number).status is Status.STOPPED
    (mail,) = desk.mails(OFFICER, number)
    assert number in text_of(mail)
    said = desk.says("request", "correct", number, "--was", "email=a@b.nl")
    assert (said.code, len(said.err.splitlines())) == (1, 1)
    desk.done("request", "correct", number, "--was", "phone=010-1110000")
    desk.clear(number, "plan")
    approve(desk, number)
    assert desk.ended(number) == "success"
    assert {"correct", "differs"} <= {step["action"] for step in plan_of(desk, number)["plan"]}


def test_what_cannot_be_right_is_refused_in_one_line_and_nothing_is_registered(desk: Desk, settled: None) -> None:
    before = len(desk.done("request", "list", "--limit", "1000", "--json").json)
    for words in (
        ("--correct", "phone=geen"),
        ("--correct", "shoe_size=43"),
        ("--correct", "last_name=Jansen"),
        ("--was", "phone=010-1112233"),
        (),
    ):
        said = desk.says("request", "new", "rectification", "--email", "jan@example.nl", *words)
        assert (said.code, len(said.err.splitlines())) == (1, 1), said.err
    assert len(desk.done("request", "list", "--limit", "1000", "--json").json) == before
