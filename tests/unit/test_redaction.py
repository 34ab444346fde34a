"""Others' data in an access copy: whoever is named, however it is written, and nothing of the person's own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avgflow.catalog.models import Column, Table, Text
from avgflow.catalog.names import TableName
from avgflow.catalog.termed import RowClass
from avgflow.policy import models as policies
from avgflow.policy.models import Policy
from avgflow.redaction import Known, Pseudonyms, Redaction, Redactor, digits, flat, possible_names, texts_of
from avgflow.settings import INCLUDE
from avgflow.workfile import Header, Row

MAIL, PHONE = "[e-mailadres van iemand anders]", "[telefoonnummer van iemand anders]"
SOMEBODY = "andere persoon 1"


@cache
def policy() -> Policy:
    return policies.load(INCLUDE / "policy" / "milgro.yaml")


def known(*others: str, own: tuple[str, ...] = (), emails: tuple[str, ...] = (), phones: tuple[str, ...] = ()) -> Known:
    pseudonyms = Pseudonyms(policy(), "nl")
    for other in others:
        pseudonyms.give(other, "other")
    return Known(
        frozenset(map(flat, own)), frozenset(emails), frozenset(digits(phone) for phone in phones), pseudonyms.given
    )


def redactor(who: Known, sql_type: str = "text", language: str = "nl", **spec: Any) -> Redactor:
    table = Table(
        title=Text(nl="t", en="t"),
        subject=(),
        classes=(RowClass.model_validate({"class": "R2"}),),
        columns={"value": Column.model_validate({"category": "content", **(spec or {"free_text": True})})},
    )
    return Redactor(table, Header(TableName("public", "note"), (("value", sql_type),)), who, policy(), language)


def redacted(value: str | None, who: Known, sql_type: str = "text", **spec: Any) -> str | None:
    return redactor(who, sql_type, **spec).row(Row("R2", (value,))).values[0]


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "Jan de Vries",
            "Jan van den Berg",
            "Anna Maria van der Velde - de Groot",
            "Mies D'Hondt",
            "Piet van 't Hof",
            "Kees in 't Veld-d'Ølsen",
            "Ayşe Şahin",
            "İbrahim Öztürk",
            "Sinéad O’Neill",
            'Karl Müller "de Bouwer"',
            "Milo Bakker; Zonen",
            "Bích Nguyễn",
            "Rūta Ąžuolas",
            "J.-P. Ouwehand",
            "Sam Bourgondië, van",
        ],
    )
    @pytest.mark.parametrize(
        "text",
        ["{} belde.", "Volgens {}, gisteren.", "({})", '"{}"', "{}\n", "groet,\n{}", "{}/collega", "{}: ja", "door {}"],
    )
    def test_whoever_is_known_is_replaced_in_any_sentence(self, name: str, text: str) -> None:
        assert redacted(text.format(name), known(name)) == text.format(SOMEBODY)

    @pytest.mark.parametrize("written", ["JAN DE VRIES", "jan de vries", "Jan  de\tVries", "Jan de\nVries"])
    def test_however_it_is_written(self, written: str) -> None:
        assert redacted(f"Met {written}.", known("Jan de Vries")) == f"Met {SOMEBODY}."

    @pytest.mark.parametrize(
        ("stored", "written"),
        [
            ("André Hazes", "Andre\u0301 Hazes"),
            ("Andre\u0301 Hazes", "André Hazes"),
            ("İbrahim Kaya", "İBRAHİM KAYA"),
            ("Ayşe Şahin", "AYŞE ŞAHİN".replace("İ", "I")),
            ("Jan Vos", "Jan Voſ"),
            ("Ad Kok", "Ad \u212aok"),
        ],
    )
    def test_letters_that_are_the_same_letter_are_so(self, stored: str, written: str) -> None:
        assert redacted(f"Met {written}.", known(stored)) == f"Met {SOMEBODY}."

    @pytest.mark.parametrize("text", ["Jan de Vriesman", "Arjan de Vries", "Jan_de_Vries", "Janus de Vries"])
    def test_a_part_of_a_longer_word_is_somebody_else(self, text: str) -> None:
        assert redacted(text, known("Jan de Vries")) == text

    def test_the_longer_name_goes_first(self) -> None:
        who = known("Jan de Vries", "Jan de Vries - Bakker")
        assert redacted("Jan de Vries - Bakker en Jan de Vries", who) == "andere persoon 2 en andere persoon 1"

    def test_everyone_keeps_one_pseudonym(self) -> None:
        who = known("Jan Vos", "Mies Bos", "JAN  VOS")
        assert redacted("Jan Vos, Mies Bos, jan vos", who) == "andere persoon 1, andere persoon 2, andere persoon 1"

    def test_staff_and_others_are_counted_apart_and_in_the_language_of_the_answer(self) -> None:
        pseudonyms = Pseudonyms(policy(), "en")
        pseudonyms.give("Jan Vos", "staff")
        pseudonyms.give("Mies Bos", "other")
        pseudonyms.give("Kees Kos", "staff")
        pseudonyms.give(" ", "other")
        given_ = list(pseudonyms.given.values())
        assert len(set(given_)) == 3
        assert [re.sub(r"\D", "", name) for name in given_] == ["1", "1", "2"]
        assert given_[0].replace("1", "2") == given_[2]

    def test_the_persons_own_name_stays_though_it_begins_with_anothers(self) -> None:
        who = known("Kay Van", "Kay", own=("Kay Van Bragt",))
        assert redacted("Kay Van Bragt, niet Kay Van.", who) == "Kay Van Bragt, niet andere persoon 1."

    def test_own_names_with_marks_in_them_stay(self) -> None:
        for own in ("Milo Bakker; Zonen", 'Nadia Müller "de Bouwer"', "Sam Bourgondië, van"):
            first_two = " ".join(own.replace(";", "").replace(",", "").split()[:2])
            assert redacted(f"Voor {own}.", known(first_two, own=(own,))) == f"Voor {own}."

    def test_another_whose_name_begins_with_the_persons_own_is_replaced(self) -> None:
        assert redacted("Thom Jansen", known("Thom Jansen", own=("Thom",))) == SOMEBODY

    def test_a_number_in_a_third_party_column_is_no_name_in_a_text(self) -> None:
        assert redacted("container 1100", known("1100", "Jan Vos")) == "container 1100"

    def test_nobody_known_leaves_every_text(self) -> None:
        assert redacted("Jan de Vries", Known()) == "Jan de Vries"

    @given(st.text(alphabet=st.characters(categories=["L", "Mn", "Pd", "Po", "Zs", "Nd"]), min_size=1, max_size=30))
    def test_whatever_a_store_calls_a_name_never_stops_the_task(self, name: str) -> None:
        who = known(name)
        for text in (name, name.upper(), name.lower(), name.title(), f"a {name} b"):
            assert redacted(text, who) is not None

    @given(
        st.lists(st.sampled_from(["Jan", "Van", "de", "Bos", "Şahin", "Vos-Bos", "d'Or"]), min_size=2, max_size=4),
        st.text(alphabet=" .,;\n(", min_size=1, max_size=3),
    )
    def test_no_known_name_is_readable_afterwards(self, words: list[str], around: str) -> None:
        name = " ".join(words)
        done = redacted(f"Zie{around}{name}{around}en verder", known(name))
        assert done is not None
        assert f" {flat(name)} " not in f" {flat(re.sub(r'[.,;(]', ' ', done))} "


class TestAddressesAndNumbers:
    @pytest.mark.parametrize(
        "email", ["a@b.nl", "Jan.de-Vries+x@sub.example.co.uk", "o'neill@example.nl", "jan_1@bücher.example"]
    )
    def test_an_address_of_another_is_replaced(self, email: str) -> None:
        for text in ("{}", "Mail {}.", "<{}>", "mailto:{},", "({})", "{}; "):
            assert redacted(text.format(email), known()) == text.format(MAIL)

    @pytest.mark.parametrize("text", ["{}", "'{}'", "Mail {}.", "<{}>", "{}, ook bereikbaar"])
    def test_an_own_address_stays_as_it_is_written(self, text: str) -> None:
        who = known(emails=("jan@x.nl",))
        assert redacted(text.format("JAN@x.nl"), who) == text.format("JAN@x.nl")

    def test_an_address_that_only_holds_the_own_one_is_anothers(self) -> None:
        assert redacted("nietjan@x.nl", known(emails=("jan@x.nl",))) == MAIL

    @pytest.mark.parametrize(
        "phone",
        ["0612345678", "06-12345678", "06 12 34 56 78", "+31612345678", "+31 6 1234 5678", "0031612345678",
         "(010) 123 45 67", "010-1234567", "+49 30 1234567", "+31 (0)6 12345678"],
    )  # fmt: skip
    def test_a_number_of_another_is_replaced(self, phone: str) -> None:
        assert redacted(f"Bel {phone}, graag.", known()) == f"Bel {PHONE}, graag."

    @pytest.mark.parametrize("phone", ["0612345678", "+31 6 12 34 56 78", "06-1234 5678"])
    def test_an_own_number_stays_however_it_is_written(self, phone: str) -> None:
        assert redacted(f"Bel {phone}.", known(phones=("06-12345678",))) == f"Bel {phone}."

    @pytest.mark.parametrize(
        "text",
        ["container 1100", "K-200001", "NL91ABNA0417164300", "2024-10-27 02:30", "€ 1.234.567,89", "9007199254740993",
         "V-1a2b3c4d5e6f789", "order 00012345", "+31 6; DROP TABLE contact; --"],
    )  # fmt: skip
    def test_what_is_no_number_stays(self, text: str) -> None:
        assert redacted(text, known()) == text


class TestColumns:
    def test_a_column_of_others_is_replaced_whole_unless_it_is_the_person(self) -> None:
        who = known("Jan Vos", own=("Mies Bos",))
        assert redacted(" jan  VOS", who, third_party=True) == SOMEBODY
        assert redacted("MIES BOS", who, third_party=True) == "MIES BOS"

    @pytest.mark.parametrize("value", [None, "", " ", "\u00a0", "\n"])
    @pytest.mark.parametrize("spec", [{"third_party": True}, {"free_text": True}])
    def test_nothing_stays_nothing(self, value: str | None, spec: Mapping[str, bool]) -> None:
        done = redactor(known("Jan Vos"), **spec)
        assert done.row(Row(None, (value,))) == Row(None, (value,))
        assert done.counts == {}

    def test_a_column_without_others_is_not_touched(self) -> None:
        value = "Jan Vos, jan@x.nl, 0612345678"
        assert redacted(value, known("Jan Vos"), category="order") == value

    def test_each_redaction_is_on_record_by_column_and_reason(self) -> None:
        done = redactor(known("Jan Vos"))
        list(done.rows([Row("R2", ("Jan Vos a@b.nl Jan Vos 0612345678",)), Row("R2", ("a@b.nl",)), Row("R2", ("x",))]))
        assert done.counts == {
            Redaction("value", "name"): 2,
            Redaction("value", "email"): 2,
            Redaction("value", "phone"): 1,
        }

    @given(st.text())
    def test_a_text_in_which_nobody_is_stays_to_the_letter(self, text: str) -> None:
        if "@" not in text and not re.search(r"\d", text):
            assert redacted(text, known("Jan Vos")) == text


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["Jan Vos", 'Karl "de Bouwer" Vos', "mail a@b.nl", "06-12345678", '\\"Jan Vos\\"']),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=12,
)


def shape(value: Any) -> Any:
    """A JSON value with its texts left out."""
    if isinstance(value, dict):
        return {key: shape(part) for key, part in value.items()}
    if isinstance(value, list):
        return [shape(part) for part in value]
    return "text" if isinstance(value, str) else value


class TestJson:
    who = known("Jan Vos", 'Karl "de Bouwer" Vos', "Ann\tBos")

    @given(json_values)
    def test_a_document_stays_a_document_of_the_same_shape(self, value: Any) -> None:
        for ascii_ in (True, False):
            text = json.dumps(value, ensure_ascii=ascii_)
            done = redacted(text, self.who, "jsonb")
            assert shape(json.loads(done or "")) == shape(value)

    @pytest.mark.parametrize("name", ["Jan Vos", 'Karl "de Bouwer" Vos', "Ann\tBos"])
    @pytest.mark.parametrize("ascii_", [True, False])
    def test_a_name_is_found_however_json_writes_it(self, name: str, ascii_: bool) -> None:
        text = json.dumps({"naam": name, "tekst": f"via {name}."}, ensure_ascii=ascii_)
        done = json.loads(redacted(text, self.who, "jsonb") or "")
        assert name not in done["naam"]
        assert name not in done["tekst"]

    def test_diacritics_that_json_writes_in_ascii_are_read(self) -> None:
        assert json.loads(redacted('["Andr\\u00e9 Vos"]', known("André Vos"), "json") or "") == [SOMEBODY]

    @pytest.mark.parametrize(
        "text", ['{"x": 0.123456789}', "[0123456789]".replace("01", "1"), '{"saldo": 9007199254740993}']
    )
    def test_a_number_is_no_telephone_number(self, text: str) -> None:
        assert redacted(text, self.who, "jsonb") == text

    @pytest.mark.parametrize("text", ["null", "{}", "[]", '""', '{"a": [1, 2.50, "drie"]}', '{"a":  "b",\n"c": 1.0e5}'])
    def test_what_holds_nobody_stays_to_the_letter(self, text: str) -> None:
        assert redacted(text, self.who, "json") == text

    def test_a_replaced_text_is_one_text(self) -> None:
        done = redacted(json.dumps({"a": 'x "Jan Vos" y\n\\', "b": "Jan Vos"}), self.who, "jsonb")
        assert json.loads(done or "") == {"a": f'x "{SOMEBODY}" y\n\\', "b": SOMEBODY}

    def test_the_texts_of_a_document_are_read_as_they_are(self) -> None:
        assert list(texts_of('{"a": "x \\"y\\"", "b": [1, "\\u00e9"]}', "jsonb")) == ["a", 'x "y"', "b", "é"]
        assert list(texts_of('{"a": "b"}', "text")) == ['{"a": "b"}']


class TestPossibleNames:
    @pytest.mark.parametrize(
        "name",
        ["Jan de Vries", "Anna Maria van der Velde - de Groot", "Piet van 't Hof", 'Karl Müller "de Bouwer"',
         "Milo Bakker; Zonen", "Mies D'Hondt", "Andre\u0301 Hazes", "J.P. Bos"],
    )  # fmt: skip
    def test_a_name_in_a_sentence_is_among_them(self, name: str) -> None:
        assert flat(name) in possible_names(f"Gisteren belde {name} nog.").all

    def test_a_line_break_ends_a_name(self) -> None:
        assert "jan vos" not in possible_names("Groet Jan\nVos heeft gebeld").all

    def test_lower_case_words_are_no_name(self) -> None:
        assert possible_names("de container is vol").all == ()

    def test_the_shortest_one_is_that_from_each_first_word(self) -> None:
        assert possible_names("Jan de Vries").shortest == ("jan de vries",)
        assert possible_names("Kay Van Bragt").shortest == ("kay van", "van bragt")

    @given(st.text(max_size=200))
    def test_any_text_can_be_looked_through(self, text: str) -> None:
        found = possible_names(text)
        assert set(found.shortest) <= set(found.all)


def test_who_is_who_survives_its_file() -> None:
    who = known("Jan Vos", own=("Mies Bos",), emails=("a@b.nl",), phones=("0612345678",))
    assert Known.from_json(json.loads(json.dumps(who.to_json()))) == who
