"""Taking data along (art. 20): what goes, to whom, and what is said about the rest; from the plan to the letter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from handling_world import OFFICER, Office, personal_in
from portable_oracle import TakenAlong
from test_answering_an_erasure import text_of, to

from avgflow.demo.truth import SubjectTruth
from avgflow.handling import answering_portability, approving, closing, planning, previewing, validating
from avgflow.handling.answering import NotProven, Prepared
from avgflow.handling.environment import Environment
from avgflow.handling.waiting import ChoiceRefused, Waiting
from avgflow.intake import parse
from avgflow.register import evidence, passphrases
from avgflow.register.database import transaction
from avgflow.register.requests import Outcome, Request, Status

OTHER = "overstap@andere-inzamelaar.example"
NOBODY = "niemand.hier@example.nl"


def plain(subjects: Sequence[SubjectTruth], *tables: str) -> SubjectTruth:
    """A sole proprietor with nothing awkward about them, who has rows in these tables."""
    return next(
        one for one in subjects if one.kind == "sole_proprietor" and not one.traits and set(tables) <= set(one.owned)
    )


def checked(office: Office, subject: SubjectTruth | None, **given: str) -> str:
    """A request to take data along, collected and proven; its number."""
    asked = {"right": "portability", **given}
    number = office.register_subject(subject, **asked) if subject else office.register(**asked)
    if subject:
        office.identify({number: subject})
    office.collect(number)
    (done,) = validating.run(office.env, [number]).values()
    assert done.verdict.passed, done.verdict.failures
    return number


def sent(office: Office, number: str, env: Environment | None = None) -> Prepared:
    """Everything sent that can be sent without a human, as the task does it."""
    last = None
    while (prepared := answering_portability.run(env or office.env, number)).message_id not in (None, last):
        last = str(prepared.message_id)
        office.deliver(last)
    return prepared


def agreed(office: Office, number: str, actor: str = OFFICER) -> None:
    """A human agrees to the refusal."""
    plan = planning.stored(office.env, [number])[number]
    answering_portability.take(office.env, number, plan.digest[: approving.SHOWN], actor)


def answered(office: Office, number: str) -> Request:
    """A proven request, to its end."""
    prepared = sent(office, number)
    if prepared.question is not None:
        assert prepared.question.waiting is Waiting.REFUSAL
        agreed(office, number)
        sent(office, number)
    closed = closing.run(office.env, number)
    assert closed.missing == ()
    return closed.request


def opened(office: Office, number: str) -> TakenAlong:
    """The package in the one mail with an attachment."""
    (mail,) = (mail for mail in office.mailbox.mails(number) if list(mail.iter_attachments()))
    with transaction(office.env.register) as register:
        phrase = passphrases.show_passphrase(register, office.env.keyring, number, OFFICER)
    return TakenAlong(mail, number, phrase)


def with_classes(office: Office, **portability: str) -> None:
    """Another policy on what is portable, by class."""
    policy = office.env.policy
    classes = {
        name: one.model_copy(update={"portability": portability[name]}) if name in portability else one
        for name, one in policy.classes.items()
    }
    office.env.__dict__["policy"] = policy.model_copy(update={"classes": classes})


def test_who_asks_gets_one_mail_with_one_file_and_everything_stays_where_it_is(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    one = plain(subjects, "orders.public.invoice", "crm.public.note", "accounts.public.portal_account")
    number = checked(office, one)
    request = answered(office, number)
    assert request.outcome in (Outcome.FULFILLED, Outcome.PARTLY_FULFILLED)
    (mail,) = office.mailbox.mails(number)
    assert mail["To"] == one.identifiers["email"]
    assert personal_in(str(mail["Subject"]), one) == []
    assert personal_in(text_of(mail).replace(one.name, ""), one) == []
    export = opened(office, number)
    assert "orders.public.invoice" not in export.tables
    assert "crm.public.note" not in export.tables
    assert "password_hash" not in str(export.rows)
    assert answering_portability.run(office.env, number).message_id is not None
    assert len(office.mailbox.mails(number)) == 1


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "nl",
            [
                "Facturen en betalingen: Wij hebben deze gegevens omdat de wet ons dat verplicht.",
                "artikel 52 lid 4 van de Algemene wet inzake rijksbelastingen",
                "Klantonderzoeken: Wij gebruiken deze gegevens voor ons eigen belang.",
                "- Notities",
                "Kenmerken",
                "Vraag ons dan om inzage (artikel 15 AVG)",
                "Wij hebben niets gewist.",
                "autoriteitpersoonsgegevens.nl",
                "binnen zes weken",
            ],
        ),
        (
            "en",
            [
                "Invoices and payments: We have these data because the law obliges us to.",
                "article 52(4) of the Dutch General State Taxes Act",
                "Customer surveys: We use these data for our own interest.",
                "- Notes",
                "Tags",
                "Ask us for access then (article 15 GDPR)",
                "We erased nothing.",
                "autoriteitpersoonsgegevens.nl",
                "within six weeks",
            ],
        ),
    ],
)
def test_the_letter_says_of_each_kind_why_it_does_not_go_along(
    office: Office, subjects: Sequence[SubjectTruth], language: str, said: list[str]
) -> None:
    one = plain(subjects, "orders.public.invoice", "crm.public.note", "marketing.public.survey_answer")
    number = checked(office, one, language=language)
    answered(office, number)
    (mail,) = office.mailbox.mails(number)
    letter = " ".join(text_of(mail).split())
    for words in said:
        assert words in letter
    readme = "LEESMIJ.txt" if language == "nl" else "README.txt"
    export = opened(office, number)
    assert number in export.read(readme).decode("utf-8-sig")
    assert set(export.names) >= {readme, "fields.csv", "schema.json", "manifest.json"}


def test_another_company_gets_the_package_and_the_person_a_confirmation_afterwards(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    one = plain(subjects, "orders.public.invoice")
    number = checked(office, one, destination=OTHER)
    first = answering_portability.run(office.env, number)
    assert answering_portability.run(office.env, number) == first, "a second run finds what is there"
    assert {mail.kind for mail in office.queued(number)} == {"passphrase"}
    request = answered(office, number)
    assert request.status is Status.CLOSED
    by_address = {str(mail["To"]): mail for mail in office.mailbox.mails(number)}
    assert set(by_address) == {OTHER, one.identifiers["email"], "privacy@milgro.nl"}
    assert [mail.kind for mail in office.queued(number)] == ["passphrase", "controller", "answer"]
    theirs, hers = by_address[OTHER], by_address[one.identifiers["email"]]
    assert personal_in(theirs.as_string().partition("filename")[0], one) == []
    assert "Our privacy officer" not in text_of(theirs)
    assert "Onze privacy officer belt u" in text_of(theirs)
    assert list(hers.iter_attachments()) == []
    letter = " ".join(text_of(hers).split())
    assert "eindigt op andere-inzamelaar.example" in letter
    assert OTHER not in letter
    told = text_of(by_address["privacy@milgro.nl"])
    assert f"avgflow request passphrase {number}" in told
    assert OTHER in told
    assert opened(office, number).rows


def test_the_person_is_not_told_before_the_other_companys_mail_server_took_it(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    number = checked(office, plain(subjects), destination=OTHER)
    office.deliver(str(answering_portability.run(office.env, number).message_id))
    waiting = answering_portability.run(office.env, number)
    assert [mail.kind for mail in office.queued(number)] == ["passphrase", "controller"]
    office.mailbox.stop()
    assert not office.deliver(str(waiting.message_id)).accepted
    assert answering_portability.run(office.env, number) == waiting
    missing = closing.run(office.env, number).missing
    assert [one.en for one in missing] == ["no answer went out"]
    office.mailbox.start()
    sent(office, number)
    assert closing.run(office.env, number).missing == ()


@pytest.mark.parametrize("destination", [None, OTHER])
def test_what_is_too_large_for_a_mail_is_handed_over_once(
    office: Office, subjects: Sequence[SubjectTruth], destination: str | None
) -> None:
    one = plain(subjects)
    settings = office.env.settings.model_copy(update={"attachment_limit_mb": 0})
    small = replace(office.env, settings=settings)
    try:
        given = {"destination": destination} if destination else {}
        number = checked(office, one, **given)
        prepared = sent(office, number, small)
        assert prepared.question is not None
        assert prepared.question.waiting is Waiting.HANDOVER
        before = [str(mail["To"]) for mail in office.mailbox.mails(number)]
        assert before == (["privacy@milgro.nl"] if destination else []), "who hands it over knows to whom"
        answering_portability.take(small, number, None, OFFICER)
        assert sent(office, number, small).question is None
        assert closing.run(small, number).missing == ()
        addresses = {str(mail["To"]) for mail in office.mailbox.mails(number)}
        assert addresses == ({one.identifiers["email"], "privacy@milgro.nl"} if destination else set())
    finally:
        small.dispose()


def test_who_is_not_known_gets_a_letter_of_their_own(office: Office) -> None:
    number = checked(office, None, email=NOBODY)
    assert answered(office, number).outcome is Outcome.NOTHING_FOUND
    (mail,) = to(office, number, NOBODY)
    assert "Er is dus niets dat wij kunnen meegeven" in " ".join(text_of(mail).split())


def test_a_refusal_takes_a_human_and_gives_the_reasons(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    one = plain(subjects, "orders.public.invoice", "crm.public.note")
    with_classes(office, **dict.fromkeys(office.env.policy.classes, "no"))
    number = checked(office, one)
    prepared = sent(office, number)
    assert prepared.question is not None
    assert prepared.question.waiting is Waiting.REFUSAL
    assert office.request(number).waiting_for == Waiting.REFUSAL
    assert office.mailbox.mails(number) == []
    with pytest.raises(ChoiceRefused):
        answering_portability.take(office.env, number, "0123456789ab", OFFICER)
    agreed(office, number)
    sent(office, number)
    closed = closing.run(office.env, number)
    assert closed.request.outcome is Outcome.REFUSED
    (mail,) = office.mailbox.mails(number)
    letter = " ".join(text_of(mail).split())
    assert "daar zit niets bij dat u kunt meenemen" in letter
    assert "Facturen en betalingen: " in letter
    assert "binnen zes weken" in letter
    assert list(mail.iter_attachments()) == []


def test_where_there_are_more_officers_another_one_agrees_to_a_refusal(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    with_classes(office, **dict.fromkeys(office.env.policy.classes, "no"))
    policy = office.env.policy
    erasure = policy.erasure.model_copy(update={"officers": (OFFICER, "second")})
    office.env.__dict__["policy"] = policy.model_copy(update={"erasure": erasure})
    number = checked(office, plain(subjects))
    sent(office, number)
    with pytest.raises(ChoiceRefused, match="other than who registered"):
        agreed(office, number)
    agreed(office, number, "second")
    assert sent(office, number).message_id is not None


def test_what_may_not_go_keeps_the_package_from_going(
    office: Office, subjects: Sequence[SubjectTruth], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The policy changes between the plan and the check: what would go along is no longer what was planned."""
    one = plain(subjects, "orders.public.invoice")
    number = office.register_subject(one, right="portability")
    office.identify({number: one})
    office.collect(number)
    with_classes(office, R4="yes", R2="no")
    (done,) = validating.run(office.env, [number]).values()
    assert not done.verdict.passed
    failed = {(failure.table, failure.check.name) for failure in done.verdict.failures}
    assert ('public."order"', "no_stray_row") in failed or ("public.invoice", "all_of_it") in failed
    assert ("public.ticket", "handed_over") in failed or "crm.public.ticket" not in one.owned
    with pytest.raises(NotProven):
        answering_portability.run(office.env, number)
    assert office.mailbox.mails(number) == []


def test_a_column_that_the_plan_does_not_name_keeps_the_package_from_going(
    office: Office, subjects: Sequence[SubjectTruth], monkeypatch: pytest.MonkeyPatch
) -> None:
    from avgflow.policy import portable

    one = plain(subjects)
    number = office.register_subject(one, right="portability")
    office.identify({number: one})
    office.collect(number)
    monkeypatch.setattr(portable, "columns", lambda table: tuple(n for n, c in table.columns.items() if not c.secret))
    (done,) = validating.run(office.env, [number]).values()
    assert "no_stray_column" in {failure.check.name for failure in done.verdict.failures}


def test_the_evidence_is_a_page_of_figures(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    one = plain(subjects, "orders.public.invoice")
    number = checked(office, one)
    with transaction(office.env.register) as register:
        kept = evidence.evidence(register, number)[-1]
    assert (kept.kind, kept.passed) == ("portability", True)
    assert "Bewijs van wat meegaat" in kept.html
    assert personal_in(kept.html, one) == []
    figures = {(store["store"], table["table"]): table for store in kept.result["stores"] for table in store["tables"]}
    invoices = figures["orders", "public.invoice"]
    assert invoices["handed"] == 0 < invoices["withheld"] == invoices["collected"]


def test_a_preview_names_what_would_go_along_and_touches_nothing(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    one = plain(subjects, "orders.public.invoice")
    known = dict(one.identifiers)
    own = {kind: known.pop(kind) for kind in ("email", "customer_number") if kind in known}
    made = previewing.plan(office.env, parse(right="portability", **own, identifiers=known))
    actions: Mapping[str, set[str]] = {
        action: {str(step.table) for step in made.steps if step.action == action and step.rows}
        for action in ("hand over", "withhold")
    }
    assert "public.contact" in actions["hand over"]
    assert "public.invoice" in actions["withhold"]
