"""The mails about terms, as they are read."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from test_deadlines import OFFICER, TODAY, a_mail, a_standing, seen

from avgflow.catalog.models import Text
from avgflow.deadline_letters import Extension, digest_mail, escalation_mail, extension_mail
from avgflow.deadlines import BreachClock, Deadlines, SweepStanding, SweepTrouble, Unwell, select
from avgflow.dossier.content import Language
from avgflow.errors import AvgflowError
from avgflow.fields import AMSTERDAM
from avgflow.handling.extending import Reason, words
from avgflow.intake import Right
from avgflow.policy import models
from avgflow.settings import Settings
from avgflow.templating import Templates

POLICY = models.load(Settings().policy)
TEMPLATES = Templates()


def text(mail: EmailMessage) -> str:
    """The words of a mail, without its line breaks."""
    return " ".join(mail.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]


def an_extension(language: str = "nl", **changes: object) -> Extension:
    fields = {
        "number": "AVG-2026-00042",
        "language": language,
        "name": "Kanariana van der Vogelzang",
        "right": Right.ACCESS,
        "received": date(2026, 11, 2),
        "due": date(2027, 2, 2),
        "reason": words(Reason.COMPLEXITY),
        "note": "",
    }
    return Extension(**{**fields, **changes})  # type: ignore[arg-type]


def letter(language: str = "nl", **changes: object) -> EmailMessage:
    return extension_mail(an_extension(language, **changes), POLICY, "kanarie@example.nl", TEMPLATES)


def test_the_person_reads_why_it_takes_longer_and_until_when() -> None:
    mail = letter(note="Uw gegevens staan in een archief.")
    read = text(mail)
    assert mail["Subject"] == "Meer tijd nodig voor uw verzoek AVG-2026-00042"
    assert read.startswith("Beste Kanariana van der Vogelzang,")
    assert "Op 2 november 2026 vroeg u ons om inzage in uw gegevens." in read
    assert "U krijgt ons antwoord uiterlijk op 2 februari 2027." in read
    assert "Uw verzoek is ingewikkeld." in read
    assert "Uw gegevens staan in een archief." in read
    assert "artikel 12, derde lid" in read
    assert "Autoriteit Persoonsgegevens" in read


def test_who_asked_in_english_reads_english() -> None:
    read = text(letter("en", reason=words(Reason.NUMBER), right=Right.ERASURE))
    assert "On 2 November 2026 you asked us to erase your data." in read
    assert "a large number of requests" in read
    assert "on 2 February 2027 at the latest" in read


@pytest.mark.parametrize("right", Right)
@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_right_and_reason_has_its_words(right: Right, reason: Reason, language: str) -> None:
    assert words(reason).in_(language) in text(letter(language, right=right, reason=words(reason)))


def test_a_note_stays_one_paragraph() -> None:
    read = letter(note="Een\n\n# Kop\n\n- lijst").get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Een # Kop - lijst" in read


def test_the_officer_reads_each_request_where_it_is_most_urgent() -> None:
    deadlines = seen(
        a_standing(-5, number="AVG-2026-00001", status="waiting", waits_for=OFFICER, since=date(2026, 11, 4)),
        a_standing(0, number="AVG-2026-00002"),
        a_standing(1, number="AVG-2026-00003", extended=True),
        a_standing(9, number="AVG-2026-00004", status="waiting", waits_for=OFFICER, asked=date(2026, 11, 22)),
        a_standing(29, number="AVG-2026-00005", status="stopped", right=Right.ERASURE),
        a_standing(29, number="AVG-2026-00006"),
        unsent=(a_mail(timedelta(days=2), number="AVG-2026-00003", failure="SMTPDataError 451"),),
    )
    mail = digest_mail(deadlines, POLICY, TEMPLATES)
    read = text(mail)
    assert mail["Subject"] == "AVG-termijnen 25 november 2026: 1 te laat, 3 bijna"
    assert mail["To"] == POLICY.officer_mailbox
    assert (
        "TE LAAT - AVG-2026-00001 (inzage): het antwoord moest er zijn op 20 november 2026. Dat is 5 dagen geleden. "
        "Wacht sinds 4 november 2026 op uw controle van de identiteit." in read
    )
    assert "BINNEN 2 DAGEN - AVG-2026-00002 (inzage): uiterlijk 25 november 2026, vandaag." in read
    assert "AVG-2026-00003 (inzage): uiterlijk 26 november 2026, morgen. De termijn is verlengd." in read
    assert "De termijn staat stil sinds 22 november 2026: u wacht op de betrokkene." in read
    assert "LIGT STIL - AVG-2026-00005 (wissen): uiterlijk 24 december 2026. Gestopt sinds 22 november 2026." in read
    assert "AVG-2026-00003: het antwoord aan de betrokkene, klaar sinds 23 november 2026, 3 keer geprobeerd" in read
    assert "AVG-2026-00006" not in read
    for heading in ("BINNEN 5 DAGEN", "WACHT OP IEMAND"):
        assert heading not in read


def test_the_second_address_reads_only_what_alarms() -> None:
    deadlines = seen(
        a_standing(-1, number="AVG-2026-00001", status="waiting", waits_for=OFFICER, since=date(2026, 11, 4)),
        a_standing(1, number="AVG-2026-00002"),
        a_standing(2, number="AVG-2026-00003"),
    )
    mail = escalation_mail(deadlines, "directie@milgro.nl", POLICY, TEMPLATES)
    read = text(mail)
    assert mail["Subject"] == "AVG: 2 verzoeken zijn te laat of bijna te laat"
    assert mail["To"] == "directie@milgro.nl"
    assert (
        "AVG-2026-00001 (inzage): uiterlijk 24 november 2026, 1 dag te laat. Wacht sinds 4 november 2026 op controle "
        "van de identiteit." in read
    )
    assert "AVG-2026-00002 (inzage): uiterlijk 26 november 2026, morgen." in read
    assert "AVG-2026-00003" not in read


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_state_has_words_in_both_languages(language: str) -> None:
    every = [
        a_standing(days, number=f"AVG-2026-{n:05d}", status=status, waits_for=OFFICER if status == "waiting" else None)
        for n, (days, status) in enumerate(
            (days, status)
            for days in (-8, 0, 1, 4, 8, 40)
            for status in ("registered", "running", "waiting", "stopped")
        )
    ]
    kinds = ("answer", "waiting:verification", "something-else")
    deadlines = seen(*every, unsent=tuple(a_mail(timedelta(days=2), kind=kind) for kind in kinds))
    assert deadlines.today == TODAY
    read = text(digest_mail(deadlines, POLICY, TEMPLATES, language))  # type: ignore[arg-type]
    assert sum(f"AVG-2026-{n:05d}" in read for n in range(len(every))) == len(every) - 1  # one is at work, and not due
    assert "something-else" in read
    assert text(escalation_mail(deadlines, "a@b.nl", POLICY, TEMPLATES, language))  # type: ignore[arg-type]


def test_a_second_address_that_is_none_is_refused_in_the_policy(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    own = Settings().policy.read_text(encoding="utf-8")
    file.write_text(
        own.replace("officer_mailbox:", "escalation_mailbox: nobody\nofficer_mailbox:", 1), encoding="utf-8"
    )
    with pytest.raises(AvgflowError, match="escalation_mailbox is not an e-mail address"):
        models.load(file)


NOW = datetime(2026, 11, 28, 6, 0, tzinfo=AMSTERDAM)
"""A Saturday."""


def leaks(*breaches: BreachClock) -> Deadlines:
    return select((), (), NOW, POLICY.calendar, breaches)


def a_breach(hours: float, **changes: bool) -> BreachClock:
    return BreachClock(3, "AVG-2026-00042", NOW + timedelta(hours=hours), **changes)


@pytest.mark.parametrize(
    ("breach", "dutch", "english"),
    [
        (a_breach(26.5), "nog 26 uur om het te melden aan de AP, tot 29 november 2026 om 08:30 uur.", "26 hours left"),
        (a_breach(0.5), "nog minder dan 1 uur om het te melden", "less than an hour left to tell the AP"),
        (a_breach(-3), "de 72 uur zijn 3 uur voorbij. Meld het nu aan de AP", "the 72 hours ended 3 hours ago."),
        (a_breach(26, settled=True), "is beslist, maar er ontbreekt nog iets.", "but something is missing."),
        (a_breach(26, settled=True, complete=True), "alles is vastgelegd. Sluit het af.", "on record. Close it."),
    ],
)
def test_the_officer_reads_how_many_hours_are_left_of_a_breach(breach: BreachClock, dutch: str, english: str) -> None:
    for language, said in (("nl", dutch), ("en", english)):
        mail = digest_mail(leaks(breach), POLICY, TEMPLATES, language)  # type: ignore[arg-type]
        assert said in text(mail)
        assert "avgflow breach show" in text(mail)
    assert digest_mail(leaks(breach), POLICY, TEMPLATES)["Subject"] == "AVG-termijnen 28 november 2026: 1 datalek"


def test_the_second_address_hears_of_a_breach_while_there_is_a_day_to_go() -> None:
    assert leaks(a_breach(49)).alarming_breaches == ()
    assert leaks(a_breach(1, settled=True)).alarming_breaches == ()
    seen_ = leaks(a_breach(47))
    mail = escalation_mail(seen_, "directie@milgro.nl", POLICY, TEMPLATES)
    assert mail["Subject"] == "AVG: 1 datalek is te laat of bijna te laat"
    assert "Datalek 3 (bij AVG-2026-00042): nog 47 uur." in text(mail)
    assert "artikel 12 AVG" not in text(mail)
    english = escalation_mail(seen_, "directie@milgro.nl", POLICY, TEMPLATES, "en")
    assert english["Subject"] == "GDPR: 1 breach is late or nearly late"
    assert "47 hours left." in text(english)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "nl",
            (
                "sweep-2026-00007 wacht op uw goedkeuring. Antwoord uiterlijk op 28 november 2026.",
                "sweep-2026-00006 is niet goed afgelopen (sinds 22 november 2026).",
                "Er is nog nooit opgeschoond, terwijl dat wel had gemoeten.",
                "Er is sinds 1 november 2026 niet meer opgeschoond",
            ),
        ),
        (
            "en",
            (
                "sweep-2026-00007 waits for your approval. Answer on 28 November 2026 at the latest.",
                "sweep-2026-00006 did not end well (since 22 November 2026).",
                "There never was a sweep, though there should have been.",
                "There was no sweep since 1 November 2026",
            ),
        ),
    ],
)
def test_the_officer_reads_which_sweeps_need_them(language: Language, said: tuple[str, ...]) -> None:
    sweeps = (
        SweepStanding(SweepTrouble.WAITING, "sweep-2026-00007", TODAY, date(2026, 11, 28)),
        SweepStanding(SweepTrouble.FAILED, "sweep-2026-00006", date(2026, 11, 22)),
        SweepStanding(SweepTrouble.MISSING),
        SweepStanding(SweepTrouble.MISSING, since=date(2026, 11, 1)),
    )
    moment = datetime(2026, 11, 25, 6, 0, tzinfo=AMSTERDAM)
    told = select([], [], moment, POLICY.calendar, sweeps=sweeps)
    assert told.anything
    assert told.counts["sweeps"] == 4
    mail = digest_mail(told, POLICY, TEMPLATES, language)
    assert str(mail["Subject"]).endswith("opschonen" if language == "nl" else "sweep")
    read = text(mail)
    for words_ in said:
        assert words_ in read, words_


@pytest.mark.parametrize(
    ("language", "subject", "said"),
    [
        (
            "nl",
            "AVG-termijnen 28 november 2026: installatie",
            "DE INSTALLATIE Niet alles van avgflow werkt zoals het moet. Geef dit vandaag door aan de technisch "
            "beheerder: - systeem crm: 2 verschillen met de gegevenskaart. Geef avgflow catalog check. - werkmap: nog "
            "300 MiB vrij. Of alles weer goed is, ziet de beheerder met: - avgflow status",
        ),
        (
            "en",
            "GDPR deadlines 28 November 2026: installation",
            "THE INSTALLATION Not everything of avgflow works as it should. Pass this on to the engineer today: - "
            "store crm: 2 differences from the catalog. Run avgflow catalog check. - work folder: 300 MiB left. The "
            "engineer sees whether all is well again with: - avgflow status",
        ),
    ],
)
def test_the_officer_reads_what_of_the_installation_is_not_well(language: Language, subject: str, said: str) -> None:
    unwell = (
        Unwell(
            Text(nl="systeem crm", en="store crm"),
            Text(
                nl="2 verschillen met de gegevenskaart. Geef `avgflow catalog check`.",
                en="2 differences from the catalog. Run `avgflow catalog check`.",
            ),
        ),
        Unwell(Text(nl="werkmap", en="work folder"), Text(nl="nog 300 MiB vrij.", en="300 MiB left.")),
    )
    told = select((), (), NOW, POLICY.calendar, unwell=unwell)
    assert told.anything
    assert told.counts["unwell"] == 2
    mail = digest_mail(told, POLICY, TEMPLATES, language)
    assert mail["Subject"] == subject
    assert said in text(mail)
