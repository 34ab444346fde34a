"""The letters about a restriction and its end, as their readers see them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from dossier_world import NUMBER, policy
from erasure_world import SECRET_TABLE, catalog
from letters_world import NAME, TO, plain, speaks_only

from avgflow.catalog.models import Text
from avgflow.dossier.content import Language
from avgflow.dossier.evidence import page
from avgflow.dossier.restriction import Lifting, RestrictionAnswer, of_plan, titles
from avgflow.identity import Footprint
from avgflow.intake import RestrictionGround
from avgflow.letters import lifting_mail, loose_ends_mail, restriction_mail
from avgflow.plan import Action, Plan, Step
from avgflow.policy.decide import EVERYTHING
from avgflow.register.notices import Told
from avgflow.register.restrictions import REASONS, LiftReason

TODAY = date(2026, 11, 25)
SHARED = Footprint(shared={"email": frozenset({"info@example.nl"})})


def step(record_class: str, store: str = "crm", action: Action = "restrict") -> Step:
    return Step(store, SECRET_TABLE, record_class, 2, action)


HELD = (step("R1"), step("R6", "accounts"), step("R4", "orders", "list"), step("R2", "crm", "list"))


def answer(
    *steps: Step,
    ground: RestrictionGround = RestrictionGround.CLAIMS,
    language: Language = "nl",
    addresses: int = 1,
    footprint: Footprint | None = None,
) -> RestrictionAnswer:
    plan = Plan(
        NUMBER, "restriction", steps, footprint or Footprint(), 0, "digest", ("email",), restricts=(EVERYTHING,)
    )
    return of_plan(
        plan,
        catalog(),
        policy(),
        ground,
        addresses=addresses,
        language=language,
        name=NAME,
        received=date(2026, 11, 3),
        restricted_on=TODAY,
    )


def letter(*steps: Step, **more: Any) -> str:
    return plain(restriction_mail(answer(*steps, **more), TO))


def lifting(
    reason: LiftReason = LiftReason.CLAIM_OVER, kinds: tuple[Text, ...] = (), language: Language = "nl"
) -> Lifting:
    told = policy().recipients_of({"R1"})
    return Lifting(NUMBER, language, "Johanna de Vries", TODAY, policy(), Text(nl=reason.nl, en=reason.en), kinds, told)


def test_the_letter_says_since_when_on_which_ground_and_of_what() -> None:
    text = letter(*HELD)
    assert "Vanaf 25 november 2026 bewaren wij uw gegevens alleen nog." in text
    assert "Dat staat in artikel 18 lid 1 letter c AVG." in text
    assert "(in: Klantrelatiesysteem)" in text
    assert "(in: Orderadministratie)" in text
    assert "staat nu ook in: Klantenportaal, Klantrelatiesysteem." in text


@pytest.mark.parametrize(
    ("ground", "place", "until"),
    [
        (RestrictionGround.ACCURACY, "letter a", "nagekeken of uw gegevens kloppen"),
        (RestrictionGround.UNLAWFUL, "letter b", "of tot u ons vraagt om ze te wissen"),
        (RestrictionGround.CLAIMS, "letter c", "uw gegevens niet meer nodig hebt"),
        (RestrictionGround.OBJECTION, "letter d", "uw bezwaar hebben afgewogen"),
    ],
)
def test_each_ground_has_its_place_in_the_law_and_its_end(ground: RestrictionGround, place: str, until: str) -> None:
    text = letter(*HELD, ground=ground)
    assert f"artikel 18 lid 1 {place} AVG" in text
    assert until in text.split("WANNEER DE BEPERKING EINDIGT")[1]


def test_what_is_still_allowed_is_what_the_law_says() -> None:
    text = letter(*HELD).split("WAT NOG WEL MAG")[1]
    for words in (
        "Wij mogen ze bewaren.",
        "als u daar toestemming voor geeft",
        "voor een rechtszaak, een vordering of een geschil",
        "de rechten van iemand anders",
        "een belangrijk algemeen belang",
        "Belastingdienst",
        "krijgt u van ons bericht (artikel 18 lid 3 AVG)",
        "(artikel 19 AVG)",
        "binnen zes weken",
    ):
        assert words in text, words


def test_of_whom_nothing_is_held_reads_where_we_searched_and_that_it_stands_all_the_same() -> None:
    made = answer()
    assert made.outcome == "nothing_found"
    text = plain(restriction_mail(made, TO))
    assert "geen gegevens van u gevonden" in text
    assert "vanaf 25 november 2026 op onze lijst" in text
    for store in catalog().stores.values():
        assert store.title.nl in text
    assert "op onze lijst" not in letter(addresses=0, footprint=SHARED)


def test_data_that_hang_on_an_address_of_more_people_are_named() -> None:
    assert "Die hebben wij niet beperkt." in letter(*HELD, footprint=SHARED)
    assert "meer mensen" not in letter(*HELD)


def test_before_it_ends_the_person_reads_why_and_what_changes() -> None:
    text = plain(lifting_mail(lifting(), TO))
    assert "Sinds 25 november 2026 gebruiken wij gegevens van u niet." in text
    assert LiftReason.CLAIM_OVER.nl in text
    assert "De beperking eindigt na het versturen van deze mail." in text
    assert "Bent u het er niet mee eens?".upper() in text
    of_two = plain(lifting_mail(lifting(LiftReason.HANDLED, titles(policy(), {"R1", "R2"})), TO))
    assert f"voor deze gegevens: - {policy().classes['R1'].title.nl} - {policy().classes['R2'].title.nl}" in of_two
    assert "reclame" not in of_two


def test_every_ground_has_reasons_to_end_of_which_agreement_is_one() -> None:
    for reasons in REASONS.values():
        assert LiftReason.AGREED in reasons
        assert len(reasons) > 1
    assert {reason for reasons in REASONS.values() for reason in reasons} == set(LiftReason)


@pytest.mark.parametrize(("told", "words"), [(Told.RESTRICTED, "voorlopig niet"), (Told.LIFTED, "voorbij is")])
def test_the_officer_reads_what_recipients_are_to_be_told(told: Told, words: str) -> None:
    by_hand = policy().recipients_of({"R1"})
    text = plain(loose_ends_mail(NUMBER, policy(), (), by_hand, told=told))
    assert words in text
    assert "gewist" not in text


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_letter_speaks_one_language_and_names_no_table(language: Language) -> None:
    mails = [
        restriction_mail(answer(*steps, ground=ground, language=language, footprint=footprint), TO)
        for ground in RestrictionGround
        for steps in (HELD, ())
        for footprint in (SHARED, Footprint())
    ]
    for reason in LiftReason:
        mails += [lifting_mail(lifting(reason, kinds, language), TO) for kinds in ((), titles(policy(), {"R1"}))]
    for mail in mails:
        speaks_only(mail, language)


@pytest.mark.parametrize(
    ("kind", "title", "figure"),
    [
        ("restriction", "Bewijs van beperken", "Niet gezet"),
        ("lifting", "Bewijs van het einde van een beperking", "Nog beperkt"),
    ],
)
def test_the_evidence_says_what_was_marked(kind: str, title: str, figure: str) -> None:
    table = {"table": "public.contact", "title": "Contact", "marked": 1, "unmarked": 0, "still": 0, "checks": []}
    stores = [{"store": "crm", "title": "CRM", "tables": [table]}]
    shown = page(NUMBER, {"number": NUMBER, "kind": kind, "passed": True, "stores": stores})
    assert title in shown
    assert figure in shown
