"""The content of the answer to an erasure: kinds of data, grounds, days, and what it all came to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from dossier_world import policy
from erasure_world import (
    CLAIM,
    CONSENT,
    INVOICES_OF_2020,
    INVOICES_OF_2024,
    SALES_OF_2024,
    SOLE_PROPRIETOR,
    UNPAID,
    VISITOR,
    WASTE,
    answer,
    catalog,
    gone,
    plan,
    stays,
    title,
)

from avgflow.dossier.erasure import of_plan
from avgflow.plan import Step


def test_a_kind_of_data_is_erased_once_in_all_its_stores() -> None:
    (erased,) = answer(gone("R1", "crm", rows=2), gone("R1", "accounts", rows=1), gone("R1", "crm", rows=4)).erased
    stores = catalog().stores
    assert erased.title == title("R1")
    assert set(erased.stores) == {stores["crm"].title, stores["accounts"].title}
    assert erased.rows == 7
    assert not erased.partly


def test_rows_that_stay_emptied_count_as_erased() -> None:
    (erased,) = answer(gone("R3", "orders", "anonymise")).erased
    assert erased.emptied


@pytest.mark.parametrize("action", ["unlink", "refresh", "follow"])
def test_what_is_not_the_persons_is_not_told(action: str) -> None:
    step = gone("R1", action=action)  # type: ignore[arg-type]
    made = answer(step)
    assert made.erased == ()
    assert made.outcome == "nothing_found"


def test_a_step_without_rows_is_nothing() -> None:
    assert answer(gone("R1", rows=0)).outcome == "nothing_found"


def test_rows_of_no_class_are_told_last_under_a_name_of_their_own() -> None:
    erased = answer(gone(None), gone("R11", "marketing")).erased
    assert [one.title.nl for one in erased] == [title("R11").nl, "Overige gegevens"]


def test_invoices_of_more_years_are_one_kind_with_the_first_and_the_last_day() -> None:
    (kind,) = answer(INVOICES_OF_2024, INVOICES_OF_2020).stays
    (part,) = kind.parts
    assert (part.oldest_until, part.until, part.rows) == (date(2027, 12, 31), date(2031, 12, 31), 4)
    assert part.how_long is not None
    assert part.how_long.nl == (
        "De oudste gegevens bewaren wij tot en met 31 december 2027, de nieuwste tot en met 31 december 2031."
    )


@pytest.mark.parametrize(
    ("step", "articles"),
    [
        (
            INVOICES_OF_2024,
            "artikel 52 lid 4 van de Algemene wet inzake rijksbelastingen, en in artikel 17 lid 3 letter b AVG",
        ),
        (
            SALES_OF_2024,
            "artikel 52 lid 4 van de Algemene wet inzake rijksbelastingen, en in artikel 17 lid 3 letter b AVG",
        ),
        (
            WASTE,
            "artikel 10.38 lid 2 en artikel 10.55 van de Wet milieubeheer, en in artikel 17 lid 3 letter b AVG",
        ),
        (CLAIM, "artikel 17 lid 3 letter e AVG"),
        (UNPAID, "artikel 6 lid 1 letter b AVG"),
        (CONSENT, "artikel 7 lid 1 AVG, en in artikel 5 lid 2 AVG"),
    ],
)
def test_each_ground_is_written_out_with_its_statute(step: Step, articles: str) -> None:
    (kept, *_) = answer(step).kept
    assert kept.articles.nl == articles
    assert "AVG" not in kept.articles.en


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (INVOICES_OF_2024, "tot en met 31 december 2031."),
        (stays("R5"), "zolang de wet dat voorschrijft."),
        (CLAIM, "zolang dat loopt."),
        (stays("R2", held_until=[date(2027, 3, 1)]), "tot en met 1 maart 2027."),
        (UNPAID, "zolang dat zo is."),
    ],
)
def test_it_is_said_until_when_or_as_long_as_what(step: Step, words: str) -> None:
    (kept, *_) = answer(step).kept
    assert kept.how_long is not None
    assert words in kept.how_long.nl


def test_a_kind_kept_on_two_grounds_is_one_kind_with_both() -> None:
    (kind,) = answer(SALES_OF_2024, stays("R3", contract=True)).stays
    assert [part.ground for part in kind.parts] == ["17(3)(b)", "6(1)(b)"]


def test_the_record_of_the_request_stays_and_is_named_once() -> None:
    earlier = stays("R12", counts_from=date(2025, 1, 1), store="crm")
    for made in (answer(), answer(*VISITOR), answer(earlier)):
        assert [kind.title for kind in made.proofs].count(title("R12")) == 1


@pytest.mark.parametrize(
    ("steps", "outcome"),
    [
        (VISITOR, "fulfilled"),
        (SOLE_PROPRIETOR, "partly_fulfilled"),
        ((INVOICES_OF_2024,), "refused"),
        ((INVOICES_OF_2024, CONSENT), "refused"),
        ((CONSENT,), "fulfilled"),
        ((), "nothing_found"),
    ],
)
def test_keeping_mere_proof_is_no_refusal(steps: tuple[Step, ...], outcome: str) -> None:
    assert answer(*steps).outcome == outcome


def test_only_who_got_erased_data_is_told_and_no_authority() -> None:
    assert answer(INVOICES_OF_2024).told == ()
    assert [recipient.id for recipient in answer(gone("R11", "marketing")).told] == ["it-companies"]
    told = {recipient.id for recipient in answer(gone("R1"), gone("R4", "orders")).told}
    assert told == {"it-companies", "suppliers", "bailiffs", "lawyers", "administrators"}


def test_what_changes_for_the_person_is_said_only_where_all_is_gone() -> None:
    (whole,) = answer(gone("R6", "accounts")).erased
    assert whole.means is not None
    (part,) = answer(gone("R6", "accounts"), stays("R6", held_until=[None])).erased
    assert part.partly
    assert part.means is None


def test_rows_that_other_rows_hang_on_are_kept_for_those_and_by_their_statute() -> None:
    (kind,) = answer(replace(INVOICES_OF_2024, record_class="R1")).stays
    (part,) = kind.parts
    assert kind.title == title("R1")
    assert part.for_kind == title("R4")
    assert "artikel 52 lid 4" in part.articles.nl
    (own,) = answer(INVOICES_OF_2024).stays[0].parts
    assert own.for_kind is None


def test_rows_that_only_proof_hangs_on_are_proof_too_and_refuse_nobody() -> None:
    made = answer(gone("R11", "marketing"), replace(CONSENT, record_class="R9"))
    assert made.outcome == "fulfilled"
    assert made.stays == ()
    assert [kind.title for kind in made.proofs] == [title("R9"), title("R12")]


def test_what_an_earlier_plan_of_the_request_erased_is_told_too() -> None:
    made = of_plan(
        replace(plan(INVOICES_OF_2024), done=(gone("R1"),)),
        catalog(),
        policy(),
        language="nl",
        name=None,
        received=date(2026, 11, 3),
        made_on=date(2026, 11, 25),
    )
    assert [one.title for one in made.erased] == [title("R1")]
    assert made.outcome == "partly_fulfilled"


def test_a_refusal_that_emptied_columns_changed_something() -> None:
    assert answer(INVOICES_OF_2024).changed
    assert not answer(WASTE).changed
