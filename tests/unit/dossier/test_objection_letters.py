"""The letters to who objected or withdrew consent, as their readers see them."""

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
from avgflow.dossier.objection import ObjectionAnswer, of_plan
from avgflow.identity import Footprint
from avgflow.intake import Scope
from avgflow.letters import objection_mail
from avgflow.plan import Action, Plan, Step
from avgflow.policy import decide
from avgflow.policy.decide import Ground, Record, Situation
from avgflow.register.weighings import Refusal

TODAY = date(2026, 11, 25)
SHARED = Footprint(shared={"email": frozenset({"info@example.nl"})})


def step(record_class: str, scope: Scope = Scope.ALL, action: Action | None = None, store: str = "marketing") -> Step:
    """A step as the decision on its class has it; a mark where `set` is asked for."""
    decided = decide.objection(policy(), Record(record_class), Situation(TODAY), scope)
    assert decided is not None, record_class
    known: dict[str, Action] = {"erase": "delete", "stop": "stop", "weigh": "weigh", "continue": "continue"}
    return Step(store, SECRET_TABLE, record_class, 2, action or known[decided.action], decided.reason, decided.ground)


def answer(scope: Scope, *steps: Step, language: Language = "nl", addresses: int = 1, **more: Any) -> ObjectionAnswer:
    weighed = more.pop("weighed", {})
    channels = tuple(str(one.channel) for one in decide.stopped(policy(), scope).values())
    plan = Plan(NUMBER, "objection", steps, more.pop("footprint", Footprint()), 0, "digest", channels, scope=scope)
    return of_plan(
        plan,
        catalog(),
        policy(),
        weighed,
        addresses=addresses if channels else 0,
        language=language,
        name=NAME,
        received=date(2026, 11, 3),
        stopped_on=TODAY,
    )


def letter(*given: Any, **more: Any) -> str:
    return plain(objection_mail(answer(*given, **more), TO))


def words(refusal: Refusal) -> Text:
    return Text(nl=refusal.nl, en=refusal.en)


MARKED = (step("R9", action="set"), step("R8", action="set"))


def test_who_wants_no_marketing_reads_that_it_stopped_and_from_when() -> None:
    text = letter(Scope.MARKETING, *MARKED)
    assert "Wij hebben gedaan wat u vroeg." in text
    assert "Vanaf 25 november 2026 gebruiken wij uw gegevens niet meer voor: - Nieuwsbrieven en aanbiedingen" in text
    assert "staat nu ook in: Marketing en website." in text
    assert "een code die wij daaruit berekenen" in text
    assert "WAT WIJ NIET STOPPEN" not in text
    assert "binnen zes weken" in text


def test_of_whom_nothing_is_held_reads_that_the_address_is_on_the_list_all_the_same() -> None:
    text = letter(Scope.MARKETING)
    assert "Uw e-mailadres hebben wij toch op de lijst gezet." in text
    for store in catalog().stores.values():
        assert store.title.nl in text
    assert answer(Scope.COOKIES).outcome == "nothing_found"
    assert "Er was dus niets om te stoppen." in letter(Scope.COOKIES)


def test_who_wants_no_surveys_reads_nothing_of_marketing() -> None:
    text = letter(Scope.SURVEYS, step("R10"))
    assert "geen klantonderzoeken meer per e-mail" in text
    assert "reclame" not in text.lower()
    assert "WAAR WIJ HEBBEN GEZOCHT" not in text


def test_who_withdraws_consent_to_cookies_reads_what_is_gone_and_what_only_they_can_do() -> None:
    text = letter(Scope.COOKIES, step("R11"))
    assert "gewist wat wij alleen met uw toestemming mochten gebruiken: - Bezoek aan onze website" in text
    assert "blijft geldig" in text
    assert "in uw browser" in text
    assert "back-up" in text


def test_who_objects_to_everything_reads_how_it_was_weighed_and_what_goes_on() -> None:
    steps = (*MARKED, step("R1", store="crm"), step("R2", store="crm"), step("R4", store="orders"), step("R11"))
    made = answer(Scope.ALL, *steps, weighed={"R1": words(Refusal.COMPELLING), "R2": None})
    assert made.outcome == "partly_fulfilled"
    text = plain(objection_mail(made, TO))
    assert "Contactgegevens" in text.split("WAT WIJ NIET STOPPEN, EN WAAROM")[1]
    assert "dwingende redenen" in text
    assert "Wij geven u gelijk voor deze gegevens." in text
    assert "Dit staat in artikel 52 lid 4 van de Algemene wet inzake rijksbelastingen." in text
    meanwhile = text.split("ZOLANG WIJ UW BEZWAAR AFWOGEN")[1]
    assert "alleen bewaard, en niet gebruikt (artikel 18 lid 1 AVG)" in meanwhile
    assert "eindigt dat na het versturen van deze mail" in meanwhile
    assert "blijven deze gegevens beperkt: wij bewaren ze alleen" in text


def test_who_is_upheld_in_everything_reads_of_no_end_of_the_restriction() -> None:
    text = plain(objection_mail(answer(Scope.ALL, step("R1", store="crm"), weighed={"R1": None}), TO))
    assert "alleen bewaard, en niet gebruikt" in text
    assert "eindigt dat na het versturen" not in text


def test_who_is_refused_altogether_reads_so() -> None:
    made = answer(Scope.ALL, step("R4", store="orders"), addresses=0)
    assert made.outcome == "refused"
    assert "Wij stoppen niet." in plain(objection_mail(made, TO))


def test_what_reached_no_address_of_the_person_was_not_done_as_asked() -> None:
    assert answer(Scope.MARKETING, addresses=0, footprint=SHARED).outcome == "refused"
    assert answer(Scope.MARKETING, *MARKED, addresses=0, footprint=SHARED).outcome == "partly_fulfilled"
    assert answer(Scope.MARKETING, *MARKED).outcome == "fulfilled"


def test_an_address_that_others_use_too_is_named_as_not_on_the_list() -> None:
    text = letter(Scope.MARKETING, addresses=0, footprint=SHARED)
    assert "Dat adres staat niet op de lijst" in text
    assert "niet meer voor: - Nieuwsbrieven" not in text
    assert "toch op de lijst" not in text


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_letter_speaks_one_language_and_names_no_table(language: Language) -> None:
    every = (*MARKED, step("R1"), step("R2"), step("R4"), step("R10"), step("R11"))
    held = [
        Step("marketing", SECRET_TABLE, "R11", 1, "keep", step("R4").reason, ground)
        for ground in (Ground.CLAIM, Ground.OTHER_BASIS)
    ]
    weighed = {"R1": words(Refusal.NO_SITUATION), "R2": None}
    for scope in Scope:
        for steps in (every, (), tuple(held)):
            made = answer(scope, *steps, language=language, weighed=weighed if steps == every else {}, footprint=SHARED)
            speaks_only(objection_mail(made, TO), language)


def test_the_evidence_of_an_objection_says_what_was_set_and_how_many_addresses_are_on_the_list() -> None:
    table = {"table": "public.subscriber", "title": "Inschrijving", "marked": 1, "unmarked": 0, "checks": []}
    verdict = {
        "number": NUMBER,
        "kind": "objection",
        "passed": True,
        "stores": [{"store": "marketing", "title": "Marketing", "tables": [table]}],
        "suppressions": [{"channel": "email", "addresses": 2}],
    }
    shown = page(NUMBER, verdict)
    assert "Bewijs van stoppen" in shown
    assert "reclame per e-mail: 2 adressen" in shown
    assert "Niet gezet" in shown
