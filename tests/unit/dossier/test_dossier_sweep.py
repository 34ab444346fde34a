"""The page of a sweep: figures that agree with each other, every reason in words, nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from swept_pages import NUMBER, a_sweep, catalog, found, policy, verdict

from avgflow.dossier import months, sweep
from avgflow.dossier.months import HEIGHT, LONGEST, WIDTH, Month
from avgflow.register.sweeps import Found, SweepStatus
from avgflow.sweep.caps import Ask, Key

TICKETS = found(
    {"2023-02": 30, "2023-04": 12},
    people=17,
    held={"hold": 5, "needed": 2},
    held_months={"2023-02": 7},
    needed_by={"public.call": 2},
    undated=3,
)
CALLS = found({"2024-11": 4}, table="public.call", code="lapse-1-R2-audio", action="anonymise")
LOGINS = found({"2025-11": 900}, store="accounts", table="public.login_event", code="1-R7", record_class="R7")
ALL = (TICKETS, CALLS, LOGINS)


def key(one: Found) -> Key:
    return one.store, one.table, one.code


def all_of(*given: Found) -> Mapping[Key, tuple[int, int]]:
    return {key(one): (one.rows, one.rows) for one in given}


def page(
    of: Sequence[Found] = ALL,
    done: Mapping[Key, tuple[int, int]] | None = None,
    proof: Mapping[str, Any] | None = None,
    status: SweepStatus = SweepStatus.DONE,
    **changes: Any,
) -> str:
    carried_out = all_of(*of) if done is None else done
    return sweep.page(a_sweep(status, **changes), of, carried_out, proof, catalog(), policy())


class Text(HTMLParser):
    """The words of a page as a reader sees them."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def text(html: str) -> str:
    reader = Text()
    reader.feed(html)
    return " ".join(" ".join(reader.parts).split())


def in_both(proof: dict[str, Any]) -> dict[str, Any]:
    """A verdict as a sweep of this version keeps it, with each check in both languages."""
    for store in proof["stores"]:
        for table in store["tables"]:
            for check in table["checks"]:
                check["text_en"] = "all is as it should be"
    return proof


@pytest.mark.parametrize("status", [SweepStatus.DONE, SweepStatus.REFUSED, SweepStatus.STOPPED, SweepStatus.WAITING])
@pytest.mark.parametrize("proven", [True, False])
def test_in_english_no_dutch_is_left(status: SweepStatus, proven: bool) -> None:
    proof = in_both(verdict()) if proven else None
    done = all_of(*ALL) if proven else {}
    html = sweep.page(a_sweep(status), ALL, done, proof, catalog(), policy(), language="en")
    words = set(text(html).lower().split())
    assert '<html lang="en">' in html
    assert not words & {
        "rijen",
        "blijft",
        "weg",
        "nageteld",
        "omdat",
        "maand",
        "bewaard",
        "zonder",
        "goedgekeurd",
        "van",
    }
    assert {"rows", "stays", "month", "without"} <= words


def test_a_proven_sweep_says_what_went_and_what_stayed_and_why() -> None:
    read = text(page(proof=verdict()))
    for words in (
        NUMBER,
        "✓ Opgeschoond. Wat te lang bewaard was, is weg of leeggemaakt.",
        "Te lang bewaard, mag weg 946 rijen",
        "Gewist of leeggemaakt 946 rijen",
        "Te lang bewaard, maar blijft 7 rijen, elk met een reden",
        "Zonder datum 3 rijen",
        "goedgekeurd door officer op 29 november 2026, 02:00:05",
        "5 omdat er een wisverbod is",
        "2 omdat een rij die blijft ernaar verwijst",
        "verwezen vanuit public.call : 2",
        "niets is over van wat weg moest",
    ):
        assert words in read, words
    assert "Nog niet gedaan" not in read


def test_a_sweep_that_is_not_proven_names_the_table_and_the_check() -> None:
    read = text(page(proof=verdict(passed=False), status=SweepStatus.FAILED))
    assert "✗ Niet bewezen." in read
    assert "Mislukt bij public.ticket (3)" in read


def test_a_stopped_sweep_shows_what_it_did_not_get_to() -> None:
    html = page(done={key(TICKETS): (42, 40), key(LOGINS): (500, 500)}, status=SweepStatus.STOPPED)
    read = text(html)
    assert "✗ Gestopt." in read
    assert "Toch gebleven 2 rijen" in read
    assert "Nog niet gedaan 404 rijen" in read
    assert 'class="open"' in html


def test_why_a_human_looked_is_told_in_words_with_the_figures() -> None:
    asks = [
        Ask("first", 946),
        Ask("share", 900, "accounts", "public.login_event", "1-R7", 50, 1000),
        Ask("usual", 42, "crm", "public.ticket", "1-R2", 25, 4.5),
    ]
    read = text(page(proof=verdict(), asks=[ask.to_json() for ask in asks]))
    assert "Er is nog nooit opgeschoond." in read
    assert "900 rijen van de 1.000 in de tabel, dat is 90%. Bij 50 of minder vragen wij niets." in read
    assert "In een gewone week zijn het er ongeveer 4." in read


@pytest.mark.parametrize(
    ("status", "by", "words"),
    [
        (SweepStatus.DONE, "avgflow", "niemand hoefde te kijken"),
        (SweepStatus.REFUSED, "avgflow", "niemand gaf antwoord op tijd"),
        (SweepStatus.REFUSED, "officer", "afgekeurd door officer"),
    ],
)
def test_it_says_who_decided(status: SweepStatus, by: str, words: str) -> None:
    assert words in text(page(done={}, status=status, decided_by=by))


def test_a_sweep_that_found_nothing_says_so() -> None:
    read = text(page(of=(), proof=verdict()))
    assert "Op deze dag was er niets te lang bewaard." in read


def test_it_asks_nothing_of_anywhere_else() -> None:
    html = page(proof=verdict())
    assert not re.search(r"<script|<link|<img|<iframe|src=|https?:|@import|url\((?!#)", html)
    assert "default-src 'none'" in html
    assert '<html lang="nl">' in html


def test_a_name_with_signs_of_html_is_a_name() -> None:
    html = page(of=(found({"2023-02": 3}, table='public."<b>x"'),), proof=verdict())
    assert "<b>x" not in html


def test_every_picture_has_a_name_a_description_and_the_same_figures_in_a_table() -> None:
    html = page(proof=verdict())
    pictures = [ElementTree.fromstring(svg) for svg in re.findall(r'<svg viewBox="-.*?</svg>', html, re.DOTALL)]
    assert [svg.findtext("title") for svg in pictures] == ["R2: rijen per maand", "R7: rijen per maand"]
    for svg in pictures:
        assert svg.get("role") == "img"
        named = (svg.get("aria-labelledby") or "").split()
        assert {element.get("id") for element in svg if element.get("id")} == set(named)
    assert "februari 2023 30 7" in text(html)
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_what_went_and_what_stayed_are_told_apart_without_colour() -> None:
    html = page(proof=verdict())
    assert ".stayed { fill: url(#stayed); stroke" in html
    assert ".went { fill: var(--good); }" in html


def test_rows_that_go_with_another_are_counted_beside_the_picture() -> None:
    lines = found({}, store="orders", table="public.order_line", code="1-R4", record_class="R4", held={"needed": 2})
    rows = 30
    of_lines = Found("orders", "public.order_line", "1-R4", "R4", "delete", rows, {**lines.figures, "rows": rows})
    read = text(page(of=(TICKETS, of_lines), proof=verdict()))
    assert "R4: Facturen en betalingen 32 rijen zonder eigen datum." in read
    assert "Op deze dag was er niets" not in read


of_months = st.lists(
    st.builds(
        Month,
        st.builds("{:04d}-{:02d}".format, st.integers(1990, 2026), st.integers(1, 12)),
        st.integers(0, 10**6),
        st.integers(0, 10**6),
        st.integers(0, 50),
    ),
    max_size=60,
)


@given(of_months)
def test_a_picture_stays_within_its_lines_and_loses_no_row(given: list[Month]) -> None:
    of_class = months.summed(given)
    assert sum(one.rows for one in of_class) == sum(one.rows for one in given)
    assert [one.month for one in of_class] == sorted({one.month for one in given if one.rows})
    drawn = months.picture(of_class)
    if drawn is None:
        assert not of_class
        return
    told = sum(int(bar.title.split(": ")[1].split()[0]) for bar in drawn.bars)
    assert told == sum(one.rows for one in of_class)
    for bar in drawn.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH + 0.1
        assert bar.height > 0
        assert -3 <= bar.y <= bar.y + bar.height <= HEIGHT + 0.1
    places = sorted({bar.x for bar in drawn.bars})
    assert len(places) <= LONGEST
    assert drawn.top >= max(one.rows for one in of_class) or drawn.earlier
    assert [x for x, _ in drawn.years] == sorted(x for x, _ in drawn.years)


def test_a_date_of_the_last_century_does_not_flatten_the_picture() -> None:
    old, new = Month("1970-01", went=3), Month("2026-10", went=9)
    drawn = months.picture([old, new])
    assert drawn is not None
    assert drawn.earlier == "2006-11"
    assert [bar.title for bar in drawn.bars] == ["november 2006: 3 weg", "oktober 2026: 9 weg"]
