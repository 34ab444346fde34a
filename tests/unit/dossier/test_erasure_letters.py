"""The letters of an erasure, as their readers see them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from typing import Any, Literal

import pytest
from dossier_world import NUMBER, policy
from erasure_world import (
    CLAIM,
    CONSENT,
    INVOICES_OF_2024,
    SOLE_PROPRIETOR,
    UNPAID,
    VISITOR,
    WASTE,
    answer,
    catalog,
    gone,
    title,
)
from hypothesis import given
from hypothesis import strategies as st
from letters_world import TO, plain, speaks_only

from avgflow.dossier.content import Language
from avgflow.dossier.erasure import Withdrawal
from avgflow.letters import (
    Mention,
    ToldByHand,
    erasure_mail,
    loose_ends_mail,
    recipient_mail,
    withdrawn_mail,
)
from avgflow.mail import WrongAddress
from avgflow.plan import Step
from avgflow.policy.recipients import Recipient


def letter(*steps: Step, **more: Any) -> str:
    return plain(erasure_mail(answer(*steps, **more), TO))


def test_who_has_everything_erased_reads_what_and_what_stays_as_proof() -> None:
    text = letter(*VISITOR, suppress=("email",))
    assert "Wij hebben gedaan wat u vroeg: uw gegevens zijn gewist." in text
    assert "WAT WIJ NOG BEWAREN, EN WAAROM" not in text
    assert "Gegeven en ingetrokken toestemmingen" in text
    assert "tot en met 31 januari 2030" in text
    assert "tot 5 jaar nadat uw verzoek is afgerond" in text


def test_who_has_a_part_erased_reads_both_lists() -> None:
    text = letter(*SOLE_PROPRIETOR)
    assert "Een deel van uw gegevens is gewist. Een ander deel bewaren wij nog." in text
    erased, kept = text.split("WAT WIJ NOG BEWAREN, EN WAAROM")
    assert "Bestellingen, offertes en annuleringen, voor een deel" in erased
    assert "U kunt niet meer inloggen" in erased
    assert "Er staat niets meer in dat over u gaat." in erased
    assert "De oudste gegevens bewaren wij tot en met 31 december 2027" in kept
    assert "Wat daarvoor niet nodig is, hebben wij wel gewist." in kept
    assert "alleen over wat echt nodig is" in kept


def test_who_is_refused_reads_why_for_every_kind() -> None:
    text = letter(INVOICES_OF_2024, CLAIM, UNPAID)
    assert "Wij kunnen uw gegevens nu niet wissen." in text
    assert "WAT WIJ HEBBEN GEWIST" not in text
    for words in (
        "Er loopt een klacht, een geschil of een vordering",
        "zolang dat loopt",
        "er staat nog een rekening open",
        "artikel 52 lid 4 van de Algemene wet inzake rijksbelastingen",
    ):
        assert words in text


def test_who_has_data_kept_for_other_data_reads_for_which() -> None:
    text = letter(replace(INVOICES_OF_2024, record_class="R1"))
    assert "Contactgegevens: Deze gegevens zijn nodig voor: facturen en betalingen." in text


def test_of_whom_nothing_is_held_reads_where_was_searched() -> None:
    text = letter()
    assert "geen gegevens van u gevonden. Er was dus niets om te wissen." in text
    for store in catalog().stores.values():
        assert store.title.nl in text
    assert "klantnummer" in text
    assert "Autoriteit Persoonsgegevens" in text
    assert "artikel 5 lid 2 AVG" in text


def test_of_whom_only_proof_is_held_reads_no_untrue_word() -> None:
    text = letter(CONSENT)
    assert "alleen gegevens van u gevonden die wij als bewijs bewaren" in text
    assert "zijn gewist" not in text


@pytest.mark.parametrize("steps", [VISITOR, SOLE_PROPRIETOR, (WASTE,), ()])
def test_every_answer_names_the_authority_and_the_six_weeks_of_the_court(steps: tuple[Step, ...]) -> None:
    text = letter(*steps)
    assert "klacht indienen bij de Autoriteit Persoonsgegevens" in text
    assert "binnen zes weken" in text


def test_backups_expire_and_a_restored_one_is_erased_again() -> None:
    text = letter(*VISITOR)
    assert "Na uiterlijk 90 dagen wordt een back-up gewist." in text
    assert "Dan wissen wij uw gegevens daar opnieuw." in text
    assert "90 dagen" not in letter(WASTE)


def test_the_list_of_people_without_marketing_is_explained_to_who_is_on_it() -> None:
    text = letter(*VISITOR, suppress=("email",))
    for words in ("geen reclame meer", "niet uw e-mailadres, maar een code", "Klant worden kan altijd"):
        assert words in text
    assert "reclame meer" not in letter(*VISITOR)


def test_the_person_reads_who_else_is_told() -> None:
    text = letter(gone("R1"))
    assert "artikel 19 AVG" in text
    assert "Deurwaarders" in text
    assert "politie" not in text
    assert "artikel 19 AVG" not in letter(WASTE)


def test_what_may_be_somebody_elses_was_left_alone_and_that_is_said() -> None:
    assert "Die hebben wij laten staan." in letter(*VISITOR, shared_rows=2)
    assert "Die hebben wij laten staan." in letter(shared_rows=2)


def test_texts_that_may_still_name_the_person_are_admitted() -> None:
    assert "Een medewerker kijkt dat na." in letter(*VISITOR, mentions=True)
    assert "Een medewerker kijkt dat na." not in letter(*VISITOR)


ERASABLE = st.sampled_from(["R1", "R2", "R3", "R6", "R7", "R9", "R10", "R11"])
KEPT = st.sampled_from([step for step in SOLE_PROPRIETOR if step.action == "keep"] + [CLAIM])
STORES = st.sampled_from(sorted(catalog().stores))


@given(
    erased=st.lists(st.builds(gone, ERASABLE, STORES, st.sampled_from(["delete", "anonymise"])), max_size=8),
    kept=st.lists(KEPT, max_size=6),
    suppress=st.sampled_from([(), ("email",)]),
    language=st.sampled_from(["nl", "en"]),
)
def test_nothing_is_left_out_and_nothing_technical_gets_in(
    erased: list[Step], kept: list[Step], suppress: tuple[str, ...], language: Literal["nl", "en"]
) -> None:
    made = answer(*erased, *kept, suppress=suppress, language=language)
    text = plain(erasure_mail(made, TO))
    heading = {"nl": "WAT WIJ HEBBEN GEWIST", "en": "WHAT WE ERASED"}[language]
    ending = {"nl": "Daarna hebben wij", "en": "After that we counted"}[language]
    listed = text.partition(heading)[2].partition(ending)[0]
    for step in erased:
        assert step.record_class is not None
        assert listed.count(f"- {title(step.record_class).in_(language)}") == 1
    for one in made.kept:
        if made.outcome != "nothing_found":
            assert one.title.in_(language) in text
        assert one.reason.in_(language) in text
        assert one.articles.in_(language) in text
        assert one.how_long is None or one.how_long.in_(language) in text
    assert "secret_" not in text
    assert "public." not in text
    assert not re.search(r"\bR\d+\b", text)
    assert "None" not in text


def _mails(language: Language) -> list[EmailMessage]:
    more: dict[str, Any] = {
        "language": language,
        "name": "Jan",
        "suppress": ("email",),
        "shared_rows": 1,
        "mentions": True,
    }
    cases: list[tuple[Step, ...]] = [VISITOR, SOLE_PROPRIETOR, (INVOICES_OF_2024, CLAIM), (CONSENT,), ()]
    withdrawal = Withdrawal(NUMBER, "erasure", language, "Jan", date(2026, 11, 3), date(2026, 11, 9), policy())
    by_hand = policy().recipients[:3]
    told = [told_by_mail(role=role, known_by=known) for role in ("processor", "controller") for known in ((), KNOWN)]
    return [
        *(erasure_mail(answer(*case, **more), TO) for case in cases),
        withdrawn_mail(withdrawal, TO),
        *(recipient_mail(NUMBER, policy(), one, [title("R1")], IDENTIFIERS, language) for one in told),
        loose_ends_mail(NUMBER, policy(), [Mention("crm", "public.x", "y", 2)], by_hand, language),
    ]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_letter_speaks_one_language(language: Language) -> None:
    for mail in _mails(language):
        speaks_only(mail, language)


def test_a_dutch_sentence_is_short_enough_to_be_read_by_anyone() -> None:
    for mail in _mails("nl"):
        for sentence in re.split(r"(?<=[.?:])\s", plain(mail)):
            # The source of a rule is a name, however long.
            if "artikel" not in sentence and not sentence.startswith("- "):
                assert len(sentence.split()) <= 28, sentence


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_subject_holds_the_number_and_nothing_else_of_the_person(language: Language) -> None:
    for mail in _mails(language):
        assert NUMBER in mail["Subject"]
        assert "Johanna" not in mail["Subject"]


def test_who_withdraws_reads_that_nothing_was_erased() -> None:
    withdrawal = Withdrawal(NUMBER, "erasure", "nl", "Johanna de Vries", date(2026, 11, 3), date(2026, 11, 9), policy())
    text = plain(withdrawn_mail(withdrawal, TO))
    for words in ("Op 9 november 2026 trok u dat verzoek in", "Wij hebben niets gewist.", "niet zelf in", NUMBER):
        assert words in text


KNOWN = ("customer_number",)
IDENTIFIERS = {"customer_number": {"100234"}, "email": {"johanna@example.nl"}}


def told_by_mail(**changes: Any) -> Recipient:
    return policy().recipients[0].model_copy(update={"email": "privacy@ict.example", **changes})


def notice(recipient: Recipient, identifiers: dict[str, set[str]] = IDENTIFIERS) -> str:
    return plain(recipient_mail(NUMBER, policy(), recipient, [title("R1"), title("R9")], identifiers))


def test_a_recipient_reads_what_was_erased_and_what_is_asked() -> None:
    mail = recipient_mail(NUMBER, policy(), told_by_mail(), [title("R1"), title("R9")], IDENTIFIERS)
    assert mail["To"] == "privacy@ict.example"
    text = plain(mail)
    for words in (
        "Contactgegevens",
        "Nieuwsbrieven en aanbiedingen",
        "artikel 19 AVG",
        "Wis deze gegevens ook",
        NUMBER,
    ):
        assert words in text
    assert policy().controller.email in text


def test_a_recipient_gets_only_the_identifiers_it_knows_the_person_by() -> None:
    text = notice(told_by_mail(known_by=KNOWN))
    assert "klantnummer: 100234" in text
    assert "johanna" not in text.lower()


@pytest.mark.parametrize("identifiers", [IDENTIFIERS, {"email": {"johanna@example.nl"}}])
def test_a_recipient_that_knows_the_person_by_nothing_asks_by_telephone(identifiers: dict[str, set[str]]) -> None:
    known_by = () if identifiers is IDENTIFIERS else KNOWN
    text = notice(told_by_mail(known_by=known_by), identifiers)
    assert "met opzet geen naam" in text
    assert policy().controller.phone in text
    assert "100234" not in text
    assert "johanna" not in text.lower()


def test_a_processor_is_instructed_and_a_controller_may_have_a_duty_of_its_own() -> None:
    assert "dit is onze opdracht aan u (artikel 28 lid 3 AVG)" in notice(told_by_mail(role="processor"))
    assert "Moet u ze nog bewaren" in notice(told_by_mail(role="controller"))


def test_a_recipient_without_an_address_is_told_by_a_human() -> None:
    with pytest.raises(ToldByHand, match=f"avgflow recipient confirm {NUMBER} it-companies"):
        notice(policy().recipients[0])


def test_an_address_of_a_recipient_that_cannot_be_used_is_not_repeated() -> None:
    with pytest.raises(WrongAddress, match="it-companies") as raised:
        notice(told_by_mail(email="jan\u00e9@ict.example"))
    assert "ict.example" not in str(raised.value)


def test_the_officer_reads_which_texts_and_which_recipients_are_left() -> None:
    mentions = [Mention("crm", "public.ticket_message", "body", 2), Mention("orders", "public.note", "text", 1)]
    mail = loose_ends_mail(NUMBER, policy(), mentions, policy().recipients[2:4])
    text = plain(mail)
    assert mail["To"] == policy().officer_mailbox
    for words in (
        "crm.public.ticket_message, kolom body: 2 rijen",
        "nog een e-mailadres of nummer van de betrokkene",
        "orders.public.note, kolom text: 1 rij",
        f"avgflow request mentions {NUMBER}",
        "Deurwaarders",
        f"avgflow recipient confirm {NUMBER} bailiffs",
        f"avgflow recipient confirm {NUMBER} lawyers",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("make", "absent"),
    [
        (lambda: loose_ends_mail(NUMBER, policy(), [Mention("crm", "t", "c", 1)]), "avgflow recipient"),
        (lambda: loose_ends_mail(NUMBER, policy(), by_hand=policy().recipients[:1]), "mentions"),
    ],
)
def test_the_officer_reads_nothing_about_what_is_not_there(make: Callable[[], EmailMessage], absent: str) -> None:
    assert absent not in plain(make())


@given(st.text(max_size=200))
def test_no_name_makes_a_header_or_a_paragraph_of_an_erasure_letter(name: str) -> None:
    def html(mail: EmailMessage) -> str:
        body = mail.get_body(("html",))
        assert body is not None
        return str(body.get_content())

    mail, usual = (erasure_mail(answer(*VISITOR, name=one), TO) for one in (name, "Jan"))
    assert mail.keys() == usual.keys()
    for tag in ("<p ", "<h2", "<h3", "<li"):
        assert html(mail).count(tag) == html(usual).count(tag)
