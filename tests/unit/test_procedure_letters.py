"""The letters of the procedure, as they are read."""

from __future__ import annotations

import re
from datetime import date
from email.message import EmailMessage

import pytest

from avgflow.intake import Right, Verification
from avgflow.letters import greeting
from avgflow.policy import models
from avgflow.policy.reasons import GROUNDS, DeclineReason
from avgflow.procedure_letters import CodeLetter, DeclinedLetter, code_mail, declined_mail
from avgflow.settings import Settings
from avgflow.templating import Templates

POLICY = models.load(Settings().policy)
TEMPLATES = Templates()


def text(mail: EmailMessage) -> str:
    return " ".join(mail.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]


def a_code(language: str = "nl") -> EmailMessage:
    made = CodeLetter("AVG-2026-00042", language, Right.ACCESS, date(2026, 11, 25), "048213", date(2026, 12, 2))  # type: ignore[arg-type]
    return code_mail(made, POLICY, "kanarie@example.nl", TEMPLATES)


def declined(reason: DeclineReason, language: str = "nl", **changes: object) -> str:
    fields = {
        "number": "AVG-2026-00042",
        "language": language,
        "name": "Kanariana van der Vogelzang",
        "right": Right.ACCESS,
        "received": date(2026, 11, 2),
        "grounds": GROUNDS[reason],
        "note": "",
        "late": False,
    }
    made = DeclinedLetter(**{**fields, **changes})  # type: ignore[arg-type]
    return text(declined_mail(made, POLICY, "kanarie@example.nl", TEMPLATES))


def test_a_code_says_what_it_is_for_and_what_to_do_if_nothing_was_asked() -> None:
    mail = a_code()
    read = text(mail)
    assert mail["Subject"] == "Is dit verzoek van u? AVG-2026-00042"
    assert "048213" not in str(mail["Subject"])
    # Nobody by name: whoever asks may have given another's.
    assert read.startswith("Beste heer of mevrouw,")
    assert "Op 25 november 2026 kregen wij een verzoek over persoonsgegevens. Het gaat om: inzage." in read
    assert "UW CODE 048213" in read
    assert "tot en met 2 december 2026, en één keer" in read
    assert "Geef de code aan niemand anders" in read
    assert "geen kopie van een paspoort" in read
    assert "HEBT U NIETS GEVRAAGD? Dan hoeft u niets te doen." in read
    assert "Zonder de code doen wij niets met het verzoek" in read


def test_a_code_in_english() -> None:
    read = text(a_code("en"))
    assert "YOUR CODE 048213" in read
    assert "works until 2 December 2026 (that day included), and once" in read
    assert "DID YOU ASK FOR NOTHING?" in read


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("reason", DeclineReason)
def test_every_reason_makes_a_whole_letter(reason: DeclineReason, language: str) -> None:
    """Art. 12(4): the reasons, the complaint and the court, within six weeks (UAVG art. 35)."""
    grounds = GROUNDS[reason]
    note = "Vijf keer dezelfde vraag in één week." if grounds.facts else ""
    read = declined(reason, language, note=note)
    for part in (grounds.reason, grounds.advice):
        assert part.in_(language) in read  # type: ignore[arg-type]
    assert note in read
    assert ("binnen zes weken" if language == "nl" else "within six weeks") in read
    assert "Autoriteit Persoonsgegevens" in read
    if grounds.outcome != "fulfilled":
        assert grounds.articles.in_(language) in read  # type: ignore[arg-type]
    assert not re.search(r"[{}]|None|undefined", read)
    assert ("niet" if language == "nl" else "not") in read


def test_reasons_that_the_company_has_to_show_take_the_facts() -> None:
    assert {reason for reason, grounds in GROUNDS.items() if grounds.facts} == {
        DeclineReason.UNFOUNDED,
        DeclineReason.EXCESSIVE,
    }
    assert set(GROUNDS) == set(DeclineReason)


def test_a_late_answer_says_that_no_time_limit_holds() -> None:
    """UAVG art. 35: answered late, no time limit."""
    late = declined(DeclineReason.IDENTITY, late=True)
    assert "Omdat wij te laat zijn, geldt er geen termijn als u naar de rechter wilt" in late
    assert "te laat" not in declined(DeclineReason.IDENTITY)
    assert "there is no time limit for going to court" in declined(DeclineReason.IDENTITY, "en", late=True)


def test_an_article_22_question_is_answered_and_not_refused() -> None:
    """Case 53: none exists, and a human reviews (art. 22(3))."""
    assert GROUNDS[DeclineReason.NO_AUTOMATED_DECISIONS].outcome == "fulfilled"
    read = declined(DeclineReason.NO_AUTOMATED_DECISIONS)
    assert "geen besluit genomen door alleen een computer" in read
    assert "Een mens bekijkt het dan opnieuw" in read
    assert "beslist altijd een mens" in read
    assert "wijzen uw verzoek af" not in read


def test_a_note_stays_one_paragraph() -> None:
    read = declined(DeclineReason.EXCESSIVE, note="Feit 1.\n\n# Kop\n- punt")
    assert "Feit 1. # Kop - punt" in read


def test_a_letter_to_who_asked_for_another_says_of_whom_it_speaks() -> None:
    assert greeting("mr. De Wit", "nl", "Kanariana Vogel") == (
        "Beste mr. De Wit,\n\nU vroeg dit namens Kanariana Vogel. Staat hieronder 'u' of 'uw'? Dan bedoelen wij "
        "Kanariana Vogel."
    )
    assert greeting(None, "en", "K-7").endswith("Where this letter says 'you' or 'your', we mean K-7.")


def test_no_way_of_verifying_is_a_copy_of_an_identity_document() -> None:
    """Case 26."""
    assert not {word for method in Verification for word in ("id", "passport", "document", "copy") if word in method}
