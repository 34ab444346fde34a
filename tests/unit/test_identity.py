"""Who may be meant: normal forms, people told apart, and what several people share."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avgflow.catalog.names import ColumnName, TableName
from avgflow.identity import (
    BLANKS,
    Candidate,
    Footprint,
    PersonRow,
    ambiguous,
    candidates,
    chosen_from_json,
    chosen_to_json,
    normal,
    shared_identifiers,
)
from avgflow.stores.resolve import Start

CONTACT, ACCOUNT, SUBSCRIBER = (TableName("public", name) for name in ("contact", "portal_account", "subscriber"))
STORES = {CONTACT: "crm", ACCOUNT: "accounts", SUBSCRIBER: "marketing"}

Held = dict[PersonRow, Mapping[str, frozenset[str]]]


def row(table: TableName, key: str, person: str | None = None) -> PersonRow:
    return PersonRow(STORES[table], table, (key,), (person or key,))


def holding(**identifiers: str) -> Mapping[str, frozenset[str]]:
    """Identifiers by kind, several of a kind with a comma between."""
    return {kind: frozenset(values.split(",")) for kind, values in identifiers.items()}


def rows_of(found: tuple[Candidate, ...]) -> list[set[PersonRow]]:
    return [set(person.rows) for person in found]


class TestNormalForm:
    @pytest.mark.parametrize("blank", ["", " ", "\t\r\n", "\u00a0", " \u00a0 ", None])
    def test_a_blank_identifier_is_none(self, blank: str | None) -> None:
        assert normal(blank) is None

    @pytest.mark.parametrize("written", ["Jan@X.nl", " jan@x.nl", "jan@x.nl\r\n", "\u00a0JAN@x.NL\t", "jan@x.nl"])
    def test_case_and_blanks_around_make_no_difference(self, written: str) -> None:
        assert normal(written) == "jan@x.nl"

    def test_blanks_within_do(self) -> None:
        assert normal("jan @x.nl") != normal("jan@x.nl")

    @given(st.text())
    def test_the_normal_form_is_its_own(self, text: str) -> None:
        once = normal(text)
        assert once is None or normal(once) == once

    @given(st.text(), st.text(alphabet=BLANKS), st.text(alphabet=BLANKS))
    def test_any_blanks_around_are_taken_off(self, text: str, before: str, after: str) -> None:
        assert normal(before + text + after) == normal(text)


class TestCandidates:
    def test_rows_with_an_identifier_of_their_own_in_common_are_one_person(self) -> None:
        contact, account = row(CONTACT, "1"), row(ACCOUNT, "a")
        held: Held = {contact: holding(email="x", contact_number="c-1"), account: holding(contact_number="c-1")}
        (person,) = candidates(held, ())
        assert person.rows == {contact, account}
        assert person.identifiers == {"email": {"x"}, "contact_number": {"c-1"}}

    def test_a_shared_mailbox_ties_nobody_together(self) -> None:
        one, other, account = row(CONTACT, "1"), row(CONTACT, "2"), row(ACCOUNT, "a")
        held: Held = {
            one: holding(email="info", contact_number="c-1"),
            other: holding(email="info", contact_number="c-2"),
            account: holding(email="info", contact_number="c-2"),
        }
        assert rows_of(candidates(held, ())) == [{other, account}, {one}]

    def test_what_hangs_on_the_shared_mailbox_alone_is_a_candidate_of_its_own(self) -> None:
        held: Held = {
            row(CONTACT, "1"): holding(email="info"),
            row(CONTACT, "2"): holding(email="info"),
            row(SUBSCRIBER, "9"): holding(email="info"),
        }
        assert len(candidates(held, ())) == 3

    def test_rows_that_refer_to_each_other_are_one_person(self) -> None:
        contact, account = row(CONTACT, "1"), row(ACCOUNT, "a")
        held: Held = {contact: holding(email="x"), account: holding(email="y")}
        assert len(candidates(held, ())) == 2
        assert rows_of(candidates(held, [(contact, account)])) == [{account, contact}]

    def test_ties_lead_on_from_row_to_row(self) -> None:
        contact, account, subscriber = row(CONTACT, "1"), row(ACCOUNT, "a"), row(SUBSCRIBER, "9")
        held: Held = {
            contact: holding(contact_number="c-1"),
            account: holding(contact_number="c-1", email="old"),
            subscriber: holding(email="old"),
        }
        assert rows_of(candidates(held, ())) == [{account, contact, subscriber}]

    def test_an_address_that_subscribed_twice_is_one_person(self) -> None:
        lower, upper = row(SUBSCRIBER, "1", "jan@x"), row(SUBSCRIBER, "2", "jan@x")
        held: Held = {lower: holding(email="jan@x"), upper: holding(email="jan@x")}
        assert not ambiguous(held)
        assert shared_identifiers(held) == {}
        assert rows_of(candidates(held, ())) == [{lower, upper}]

    def test_two_rows_of_one_person_are_one_also_where_they_share_nothing(self) -> None:
        one, other = row(SUBSCRIBER, "1", "same"), row(SUBSCRIBER, "2", "same")
        held: Held = {one: holding(email="x"), other: holding(email="y")}
        assert rows_of(candidates(held, [])) == [{one, other}]

    def test_there_is_doubt_only_within_one_table(self) -> None:
        assert not ambiguous([row(CONTACT, "1"), row(ACCOUNT, "a"), row(SUBSCRIBER, "9")])
        assert ambiguous([row(CONTACT, "1"), row(ACCOUNT, "a"), row(CONTACT, "2")])

    def test_nobody_is_no_doubt(self) -> None:
        assert not ambiguous([])
        assert candidates({}, ()) == ()

    def test_the_same_value_of_another_kind_is_another_identifier(self) -> None:
        held: Held = {row(CONTACT, "1"): holding(email="1"), row(ACCOUNT, "a"): holding(contact_number="1")}
        assert len(candidates(held, ())) == 2

    @given(st.permutations(range(6)))
    def test_the_order_in_which_rows_are_found_makes_no_difference(self, order: list[int]) -> None:
        found = [
            (row(CONTACT, "1"), holding(email="info", contact_number="c-1")),
            (row(CONTACT, "2"), holding(email="info", contact_number="c-2")),
            (row(ACCOUNT, "a"), holding(contact_number="c-1", email="old")),
            (row(ACCOUNT, "b"), holding(contact_number="c-2")),
            (row(SUBSCRIBER, "8", "old"), holding(email="old")),
            (row(SUBSCRIBER, "9", "info"), holding(email="info")),
        ]
        assert candidates(dict(found[i] for i in order), ()) == candidates(dict(found), ())

    def test_every_row_is_of_exactly_one_candidate(self) -> None:
        held: Held = {row(CONTACT, str(n)): holding(email=f"e{n % 3}") for n in range(9)}
        found = candidates(held, ())
        assert sorted(r.key for person in found for r in person.rows) == sorted(r.key for r in held)


class TestFootprint:
    def test_of_two_both_count_in_either_order(self) -> None:
        mine = ColumnName("crm", CONTACT, "contact_id"), ColumnName("accounts", ACCOUNT, "account_id")
        one = Footprint(
            identifiers={"email": frozenset({"x"}), "phone": frozenset({"1"})},
            values={mine[:1]: frozenset({("1",)})},
            chosen={("crm", CONTACT): frozenset({("1",)})},
            shared={"email": frozenset({"info"})},
            held={"email": frozenset({"x"})},
        )
        other = Footprint(
            identifiers={"email": frozenset({"y"}), "customer_number": frozenset({"k"})},
            values={mine[:1]: frozenset({("2",)}), mine[1:]: frozenset({("a",)})},
            held={"email": frozenset({"y"}), "customer_number": frozenset({"k"})},
        )
        both = one.joined(other)
        assert both.identifiers == {
            "email": frozenset({"x", "y"}),
            "phone": frozenset({"1"}),
            "customer_number": frozenset({"k"}),
        }
        assert both.values == {mine[:1]: frozenset({("1",), ("2",)}), mine[1:]: frozenset({("a",)})}
        assert both.held == {"email": frozenset({"x", "y"}), "customer_number": frozenset({"k"})}
        assert other.joined(one).identifiers == both.identifiers

    def test_the_choice_of_a_human_and_what_others_share_are_those_of_the_first(self) -> None:
        one = Footprint(chosen={("crm", CONTACT): frozenset({("1",)})}, shared={"email": frozenset({"info"})})
        assert (one.joined(Footprint()).chosen, one.joined(Footprint()).shared) == (one.chosen, one.shared)
        assert (Footprint().joined(one).chosen, Footprint().joined(one).shared) == (None, {})


class TestChoosing:
    one, other = row(CONTACT, "1"), row(CONTACT, "2")
    people = candidates(
        {
            one: holding(email="info,one", contact_number="c-1"),
            other: holding(email="info,other", contact_number="c-2"),
        },
        (),
    )

    def test_the_search_goes_on_by_nothing_that_somebody_else_holds(self) -> None:
        start = Start.given({"email": " INFO "}).choosing(self.people, frozenset({0}))
        assert start.identifiers == {"email": {"one"}, "contact_number": {"c-1"}}
        assert start.shared == {"email": {"info", "other"}, "contact_number": {"c-2"}}
        assert start.chosen == {("crm", CONTACT): {("1",)}}

    def test_several_picked_are_one_person(self) -> None:
        start = Start.given({"email": "info"}).choosing(self.people, frozenset({0, 1}))
        assert start.identifiers["email"] == {"info", "one", "other"}
        assert start.chosen == {("crm", CONTACT): {("1",), ("2",)}}
        assert start.shared == {}

    def test_a_blank_identifier_begins_no_search(self) -> None:
        assert Start.given({"email": " \u00a0", "contact_number": ""}).identifiers == {}

    def test_a_choice_survives_the_register(self) -> None:
        start = Start.given({"email": "info"}).choosing(self.people, frozenset({0}))
        assert Start.from_json(start.to_json()) == start


def test_a_candidate_survives_the_register() -> None:
    person = Candidate(
        frozenset({PersonRow("crm", TableName("audit", 'Odd "x".y'), ("1", "é,"), ("1", ""))}), holding(email="x,y")
    )
    assert Candidate.from_json(person.to_json()) == person


def test_a_footprint_survives_the_register_and_equal_ones_look_alike() -> None:
    order = TableName("public", "order")
    columns = (ColumnName("orders", order, "order_id"), ColumnName("orders", order, "line no"))
    footprint = Footprint(
        identifiers=holding(email="b,a", contact_number="c"),
        values={columns: frozenset({("1", "2"), ("1", "1")})},
        chosen={("crm", CONTACT): frozenset({("2",), ("1",)})},
        shared=holding(email="info"),
        held=holding(email="a"),
    )
    assert Footprint.from_json(footprint.to_json()) == footprint
    again = Footprint.from_json(footprint.to_json())
    assert str(again.to_json()) == str(footprint.to_json())
    assert Footprint.from_json(Footprint().to_json()) == Footprint()


@given(st.dictionaries(st.text(min_size=1), st.frozensets(st.tuples(st.text(), st.text())), max_size=3))
def test_chosen_rows_survive_whatever_they_are_called(names: dict[str, frozenset[tuple[str, str]]]) -> None:
    chosen = {("crm", TableName("public", name)): keys for name, keys in names.items()}
    assert chosen_from_json(chosen_to_json(chosen)) == chosen
