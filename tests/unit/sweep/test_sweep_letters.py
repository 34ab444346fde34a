"""The mails about sweeps in both languages: figures that a person reads, why rows stay, what to do."""

from __future__ import annotations

from datetime import date
from email.message import EmailMessage
from typing import Any

import pytest
from swept_pages import a_sweep, catalog, found, policy

from avgflow.catalog.models import Text
from avgflow.dossier.content import Language
from avgflow.register.sweeps import SweepStatus
from avgflow.sweep import words
from avgflow.sweep.caps import Ask
from avgflow.sweep.figures import Held
from avgflow.sweep_letters import Writer
from avgflow.templating import Templates

TICKETS = found({"2023-02": 1200, "2023-04": 34}, people=17, held={"hold": 5, "request": 1}, undated=3)
CALLS = found({"2024-11": 4}, table="public.call", code="lapse-1-R2-audio", action="anonymise", people=1)
ASKS = [Ask("first", 1238), Ask("usual", 1234, "crm", "public.ticket", "1-R2", 60, 12.0)]


def writer(language: Language = "nl", status: SweepStatus = SweepStatus.DONE, **changes: Any) -> Writer:
    done = {(one.store, one.table, one.code): (one.rows, one.rows) for one in (TICKETS, CALLS)}
    sweep = a_sweep(status, asks=[ask.to_json() for ask in ASKS], **changes)
    return Writer(sweep, (TICKETS, CALLS), done, catalog(), policy(), Templates(), language)


def text(mail: EmailMessage) -> str:
    return " ".join(mail.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]


def test_a_question_names_what_would_go_of_whom_and_since_when() -> None:
    read = text(writer(status=SweepStatus.WAITING).waiting(date(2026, 12, 5)))
    for said in (
        "Het gaat om 1.238 rijen.",
        "Vragen en klachten (Klantrelatiesysteem, regel 1-R2): 1.234 rijen. In een gewone week zijn het er ongeveer "
        "12. Bij 60 of minder vragen wij niets.",
        "Vragen en klachten (R2): 1.234 rijen van 17 personen (termijn begonnen van 3 februari 2023 tot en met 21 "
        "april 2023)",
        "4 rijen van 1 persoon, alleen leegmaken",
        "Antwoord uiterlijk op 5 december 2026.",
    ):
        assert said in read, said


def test_a_report_says_why_what_stays_stays_in_a_sentence() -> None:
    read = text(writer().report())
    assert "5 rijen, omdat er een wisverbod is (claim, klacht, rechtszaak of incident)" in read
    assert "1 rij, omdat een verzoek van dezelfde persoon nog loopt" in read
    assert "4 rijen van 1 persoon, alleen leeggemaakt" in read
    assert "gestopt" not in read


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_mail_is_there_in_both_languages_without_personal_data_and_with_the_number(language: Language) -> None:
    one = writer(language, SweepStatus.STOPPED, stop_asked_by="officer")
    refused = writer(language, SweepStatus.REFUSED, decided_by="avgflow")
    missing = [Text(nl="de natelling klopt niet", en="the re-count did not pass")]
    mails = [one.waiting(date(2026, 12, 5)), one.report(), refused.refused(), one.failed(missing, ["crm: 3"])]
    for mail in mails:
        assert one.sweep.number in str(mail["Subject"])
        assert mail["Content-Language"] == language
        assert one.sweep.number in text(mail)
    assert missing[0].in_(language) in text(mails[-1])
    assert " 8 " in text(one.quiet(8))


def test_every_reason_to_stay_and_to_ask_has_words() -> None:
    assert set(words.HELD) == set(Held)
    for why in ("first", "changed", "stopped", "rows", "share", "usual"):
        one = Ask(why, 1234, "crm", "public.ticket", "1-R2", 60, 2468)  # type: ignore[arg-type]
        for language in ("nl", "en"):
            said = words.ask(one, catalog(), language)
            assert ("1,234" if language == "en" else "1.234") in said
            assert "None" not in said


@pytest.mark.parametrize(
    ("part", "nl", "en"), [(0.5, "50%", "50%"), (0.004, "minder dan 1%", "less than 1%"), (1, "100%", "100%")]
)
def test_a_share_is_said_in_whole_percents(part: float, nl: str, en: str) -> None:
    assert (words.percent(part, "nl"), words.percent(part, "en")) == (nl, en)


def test_a_table_that_the_catalog_lost_is_called_by_its_name() -> None:
    assert words.table_title(catalog(), "crm", "public.gone").nl == "public.gone"
    assert words.store_title(catalog(), "gone").nl == "gone"
    assert words.class_title(policy(), "R99").en == "R99"
