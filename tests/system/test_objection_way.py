"""Objections under the real scheduler: from request to letter, at once or weighed by a human."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from desk import OFFICER, Desk
from test_erasure_way import STORES, asking, at, plan_of, text_of
from test_request_questions import asked_again

from avgflow.demo.truth import SubjectTruth
from avgflow.register.requests import Outcome, Status

TASKS = {"identify", "plan", "suppress", *STORES, "validate", "weigh", "answer", "lift", "close"}
NOBODY = "geen.reclame.graag@example.nl"


@pytest.fixture(scope="module")
def people(subjects: tuple[SubjectTruth, ...], settled: None) -> Sequence[SubjectTruth]:
    """People who have not asked for anything yet, with nothing awkward about them, and who get the newsletter."""
    plain = [one for one in subjects[100:] if one.kind == "sole_proprietor" and not one.traits]
    return [one for one in plain if "marketing.public.consent" in one.owned]


def object_to(desk: Desk, one: SubjectTruth, scope: str) -> str:
    return desk.ask("objection", **asking(one), to=scope, verified_by="portal-login")


def suppressed(desk: Desk, channel: str, address: str) -> bool:
    return bool(desk.done("suppression", "check", address, "--channel", channel, "--json").json[address])


def test_who_wants_no_marketing_gets_none_without_anybody_deciding(desk: Desk, people: Sequence[SubjectTruth]) -> None:
    one = people[0]
    number = object_to(desk, one, "marketing")
    assert desk.ended(number) == "success"
    assert desk.states(number) == dict.fromkeys(TASKS, "success")
    request = desk.request(number)
    assert (request.status, request.outcome, request.scope) == (Status.CLOSED, Outcome.FULFILLED, "marketing")
    order = ["request.registered", "plan.made", "suppression.added", "objection.begun", "store.stopped"]
    order += ["check.passed", "answer.made", "request.closed"]
    places = [at(desk, number, name) for name in order]
    assert places == sorted(places)
    assert desk.happened(number, "suppression.added")[0] == {"channel": "email", "reason": "objection"}
    assert suppressed(desk, "email", one.identifiers["email"])
    assert not suppressed(desk, "email-surveys", one.identifiers["email"])
    ids = [int(key[0]) for key in one.owned["marketing.public.subscriber"].keys or ()]
    with desk.store("marketing") as store:
        subscribed = store.execute(
            "SELECT count(*) FROM subscriber WHERE subscriber_id = ANY(%s) AND unsubscribed_at IS NULL", [ids]
        ).fetchone()
        consenting = store.execute(
            "SELECT count(*) FROM consent WHERE subscriber_id = ANY(%s) AND withdrawn_at IS NULL", [ids]
        ).fetchone()
    assert (subscribed, consenting) == ((0,), (0,))
    (letter,) = desk.mails(one.identifiers["email"], number)
    assert "geen reclame en geen nieuwsbrief" in text_of(letter)
    assert desk.mails(OFFICER, number) == []
    assert desk.done("audit", "verify").code == 0


def test_who_is_not_known_at_all_gets_on_the_list(desk: Desk, settled: None) -> None:
    number = desk.ask("objection", email=NOBODY, to="surveys", verified_by="known-email", language="en")
    assert desk.ended(number) == "success"
    assert desk.request(number).outcome is Outcome.FULFILLED
    (letter,) = desk.mails(NOBODY, number)
    assert "on the list all the same" in text_of(letter)
    assert [detail["channel"] for detail in desk.happened(number, "suppression.added")] == ["email-surveys"]


def test_withdrawn_consent_to_cookies_erases_the_visits(desk: Desk, people: Sequence[SubjectTruth]) -> None:
    one = next(one for one in people[1:] if "marketing.public.web_visit" in one.owned)
    number = object_to(desk, one, "cookies")
    assert desk.ended(number) == "success"
    visits = [str(key[0]) for key in one.owned["marketing.public.web_visit"].keys or ()]
    with desk.store("marketing") as store:
        left = store.execute("SELECT count(*) FROM web_visit WHERE visit_id::text = ANY(%s)", [visits]).fetchone()
    assert left == (0,)
    assert desk.happened(number, "suppression.added") == []
    assert desk.request(number).outcome is Outcome.FULFILLED


def test_an_objection_to_everything_waits_for_a_weighing_while_marketing_has_stopped(
    desk: Desk, people: Sequence[SubjectTruth]
) -> None:
    one = people[-1]
    number = object_to(desk, one, "all-processing")
    desk.waits(number, "weighing")
    assert desk.happened(number, "suppression.added")
    assert desk.happened(number, "check.passed")
    shown = desk.done("request", "show", number, "--plan").out
    assert "avgflow request weigh" in shown
    assert "weigh" in {step["action"] for step in plan_of(desk, number)["plan"]}
    said = desk.says("request", "weigh", number, "R1=perhaps")
    assert said.code == 1
    assert len(said.err.splitlines()) == 1
    asked_again(desk, number, "weigh")
    desk.answer(number, "weigh", "Verder", {"outcomes": "R99=uphold"}).raise_for_status()
    asked_again(desk, number, "weigh")
    assert desk.happened(number, "objection.weighed") == []
    classes = sorted({step["class"] for step in plan_of(desk, number)["plan"] if step["action"] == "weigh"})
    outcomes = [f"{classes[0]}=refuse:compelling-grounds", *(f"{name}=uphold" for name in classes[1:])]
    desk.done("request", "weigh", number, *outcomes)
    assert desk.ended(number) == "success"
    assert desk.request(number).outcome is Outcome.PARTLY_FULFILLED
    weighed = {detail["class"]: detail["outcome"] for detail in desk.happened(number, "objection.weighed")}
    assert weighed == {classes[0]: "refused", **dict.fromkeys(classes[1:], "upheld")}
    (letter,) = desk.mails(one.identifiers["email"], number)
    assert "dwingende redenen" in text_of(letter)


def test_what_an_objection_is_to_is_asked_for_in_one_line(desk: Desk, settled: None) -> None:
    for words in (("objection",), ("objection", "--to", "everything"), ("access", "--to", "marketing")):
        said = desk.says("request", "new", *words, "--email", NOBODY)
        assert said.code == 1
        assert len(said.err.splitlines()) == 1
        assert "--to" in said.err
