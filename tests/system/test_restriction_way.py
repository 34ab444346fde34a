"""Restrictions under the real scheduler: placed at once, asked by other systems, and ended only after a letter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from canary_people import Canary
from desk import OFFICER, Desk, eventually
from test_erasure_way import STORES, at, plan_of, text_of

from avgflow.cli.restriction import RESTRICTED
from avgflow.demo.truth import SubjectTruth
from avgflow.register.requests import Outcome, Status

TASKS = {"identify", "plan", "restrict", *STORES, "validate", "answer", "close"}
MARKABLE = {"crm": "contact", "accounts": "portal_account", "marketing": "subscriber"}
NOBODY = "bewaar.alleen@example.nl"


@pytest.fixture(scope="module")
def people(subjects: tuple[SubjectTruth, ...], settled: None) -> Sequence[SubjectTruth]:
    """Contact persons who have not asked for anything yet, with nothing awkward about them."""
    return [one for one in subjects[100:] if one.kind == "contact_person" and not one.traits and not one.shared_with]


@pytest.fixture(scope="module")
def restricted(desk: Desk, canaries: Mapping[str, Canary], settled: None) -> str:
    """A restriction of a canary that went the whole way."""
    one = canaries["kweepeer"]
    number = desk.ask(
        "restriction",
        email=one.email,
        customer_number=one.customer_number,
        name=one.name,
        ground="claims",
        verified_by="portal-login",
    )
    assert desk.ended(number) == "success"
    return number


def may_be_used(desk: Desk, email: str) -> bool:
    """As another system asks: by the exit code."""
    code = desk.says("restriction", "check", "--email", email).code
    assert code in (0, RESTRICTED)
    return code == 0


def marked(desk: Desk, store: str) -> set[str]:
    with desk.store(store) as conn:
        rows = conn.execute(f"SELECT t::text FROM {MARKABLE[store]} t WHERE restricted_at IS NOT NULL")  # type: ignore[arg-type]
        return {row[0].lower() for row in rows.fetchall()}


def test_a_restriction_is_placed_without_anybody_deciding(
    desk: Desk, restricted: str, canaries: Mapping[str, Canary]
) -> None:
    one = canaries["kweepeer"]
    assert desk.states(restricted) == dict.fromkeys(TASKS, "success")
    request = desk.request(restricted)
    assert (request.status, request.outcome, request.ground) == (Status.CLOSED, Outcome.FULFILLED, "claims")
    order = ["request.registered", "plan.made", "restriction.placed", "restriction.begun", "store.restricted"]
    order += ["check.passed", "answer.made", "request.closed"]
    places = [at(desk, restricted, name) for name in order]
    assert places == sorted(places)
    assert not may_be_used(desk, one.email.upper())
    assert any(one.email.lower() in row for row in marked(desk, "crm"))
    assert all(one.stem.lower() in row or one.email.lower() in row for row in marked(desk, "crm"))
    assert desk.done("suppression", "check", one.email, "--json").json == {one.email: True}
    (letter,) = desk.mails(one.email, restricted)
    assert "bewaren wij uw gegevens alleen nog" in text_of(letter)
    assert one.stem not in text_of(letter).replace(one.name, "").replace(one.email, "")
    assert desk.done("audit", "verify").code == 0


def test_the_person_reads_that_it_ends_before_it_does(
    desk: Desk, restricted: str, canaries: Mapping[str, Canary]
) -> None:
    one = canaries["kweepeer"]
    desk.supervise("stop", "mailbox")
    try:
        desk.done("restriction", "lift", restricted, "--reason", "claim-over")
        eventually(lambda: desk.happened(restricted, "mail.failed"), 120, "a try to tell the person")
        assert not may_be_used(desk, one.email)
        assert "is being told" in desk.done("restriction", "show", restricted).out
    finally:
        desk.supervise("start", "mailbox")
    eventually(lambda: desk.happened(restricted, "restriction.lifted"), 180, f"the end of the restriction {restricted}")
    assert may_be_used(desk, one.email)
    assert marked(desk, "crm") == set()
    told, lifted = (at(desk, restricted, f"restriction.{word}") for word in ("told", "lifted"))
    assert told < lifted
    letters = [text_of(mail) for mail in desk.mails(one.email, restricted)]
    assert "Die beperking eindigt" in letters[-1]
    assert desk.done("suppression", "check", one.email, "--json").json == {one.email: False}
    said = desk.says("restriction", "lift", restricted, "--reason", "claim-over")
    assert (said.code, len(said.err.splitlines())) == (1, 1)


def test_who_is_not_known_at_all_is_restricted_too(desk: Desk, settled: None) -> None:
    number = desk.ask("restriction", email=NOBODY, ground="accuracy", verified_by="known-email", language="en")
    assert desk.ended(number) == "success"
    assert desk.request(number).outcome is Outcome.NOTHING_FOUND
    assert not may_be_used(desk, NOBODY)
    (letter,) = desk.mails(NOBODY, number)
    assert "on our list of people whose data we may only store" in text_of(letter)


def test_what_a_human_weighs_may_not_be_used_until_then(desk: Desk, people: Sequence[SubjectTruth]) -> None:
    one = people[0]
    email = one.identifiers["email"]
    others = [f"{kind}={value}" for kind, value in one.identifiers.items() if kind != "email"]
    number = desk.ask(
        "objection", email=email, name=one.name, identifier=others, to="all-processing", verified_by="portal-login"
    )
    desk.waits(number, "weighing")
    assert not may_be_used(desk, email)
    assert "restrict" in {step["action"] for step in plan_of(desk, number)["plan"]}
    assert any(email.lower() in row for row in marked(desk, "crm"))
    assert desk.says("restriction", "lift", number, "--reason", "objection-refused").code == 1
    desk.done("request", "weigh", number, "all=refuse:contract")
    assert desk.ended(number) == "success"
    assert desk.states(number)["lift"] == "success"
    answered, lifted = at(desk, number, "answer.made"), at(desk, number, "restriction.lifted")
    assert answered < lifted < at(desk, number, "request.closed")
    assert may_be_used(desk, email)
    assert marked(desk, "crm") == set()
    (letter,) = desk.mails(email, number)
    assert "alleen bewaard, en niet gebruikt" in text_of(letter)
    assert desk.mails(OFFICER, number)


def test_what_a_restriction_is_for_is_asked_for_in_one_line(desk: Desk, settled: None) -> None:
    for words in (("restriction",), ("restriction", "--ground", "because"), ("access", "--ground", "claims")):
        said = desk.says("request", "new", *words, "--email", NOBODY)
        assert (said.code, len(said.err.splitlines())) == (1, 1)
        assert "--ground" in said.err
