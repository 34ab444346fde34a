"""A catalog that cannot be used says in which file, on which line, and what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from catalog_world import SHOP, changed, line, written

from avgflow.catalog.load import check_against, load
from avgflow.catalog.models import Catalog
from avgflow.catalog.names import ColumnName, TableName
from avgflow.configuration import WrongConfiguration
from avgflow.policy.models import Policy
from avgflow.policy.models import load as load_policy
from avgflow.settings import INCLUDE


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(INCLUDE / "policy" / "milgro.yaml")


def refusal(folder: Path) -> str:
    with pytest.raises(WrongConfiguration) as refused:
        load(folder)
    return str(refused.value)


def policy_refusal(catalog: Catalog, policy: Policy) -> str:
    with pytest.raises(WrongConfiguration) as refused:
        check_against(catalog, policy)
    return str(refused.value)


def says(message: str, file: str, number: int, *words: str) -> None:
    """The message has one line for that place with all of the words, and ends with a remedy."""
    places = [row for row in message.splitlines() if re.search(rf"{re.escape(file)}:{number}: ", row)]
    assert places, f"no line for {file}:{number} in {message!r}"
    for word in words:
        assert any(word in row for row in places), f"{word!r} is not in {places}"
    assert all(row.endswith(".") for row in message.splitlines())


def test_the_shop_loads_and_fits_the_policy(tmp_path: Path, policy: Policy) -> None:
    catalog = load(written(tmp_path))
    check_against(catalog, policy)
    order = catalog.stores["shop"].tables[TableName("public", "order")]
    assert [rows.record_class for rows in order.classes] == ["R4", "R3"]
    assert order.subject[0].targets == (ColumnName.parse("shop.public.client.client_id"),)
    client = catalog.stores["shop"].tables[TableName("public", "client")]
    assert client.subject[0].is_identifier
    assert not client.columns["client_id"].personal


def test_an_unknown_field(tmp_path: Path) -> None:
    message = refusal(changed(tmp_path, "category: contact, ", "category: contact, colour: red, "))
    says(message, "shop.yaml", line("email: {category"), "public.client.columns.email.colour", "unknown", "take it out")


def test_a_missing_field(tmp_path: Path) -> None:
    message = refusal(changed(tmp_path, "    title: {nl: Klanten, en: Clients}\n", ""))
    says(message, "shop.yaml", line("public.client:"), "public.client.title", "missing; add it")


def test_a_fault_below_a_quoted_name_has_its_own_line(tmp_path: Path) -> None:
    message = refusal(changed(tmp_path, "      invoiced_on: none", "      invoiced_on: 7"))
    says(message, "shop.yaml", line("      invoiced_on: none"), 'public."order".columns.invoiced_on')


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    text = SHOP.replace("title: {nl: Klanten, en: Clients}", "title: {nl: Klanten}").replace(
        "key: [order_id]", "keys: []"
    )
    message = refusal(written(tmp_path, text))
    says(message, "shop.yaml", line("nl: Klanten"), "title.en")
    says(message, "shop.yaml", line("key: [order_id]"), "keys", "unknown")


def test_a_key_written_twice(tmp_path: Path) -> None:
    message = refusal(changed(tmp_path, "      left_on: none\n", "      left_on: none\n      client_id: none\n"))
    says(message, "shop.yaml", line("      left_on: none") + 1, "'client_id' is written twice")


def test_a_table_written_twice_in_two_spellings(tmp_path: Path) -> None:
    text = SHOP + '  public."client":\n    title: {nl: a, en: b}\n    subject: none\n    columns: {}\n'
    message = refusal(written(tmp_path, text))
    assert "are one table; take one of the two out." in message


@pytest.mark.parametrize("name", ["client", "shop.public.client", 'public."client', "public.my-client", "public."])
def test_a_bad_table_name(tmp_path: Path, name: str) -> None:
    message = refusal(changed(tmp_path, "public.client:", f"'{name}':"))
    says(message, "shop.yaml", line("tables:"), "write schema.table" if "-" not in name else "dot was expected")


def test_a_bad_reference(tmp_path: Path) -> None:
    message = refusal(changed(tmp_path, "shop.public.client.client_id", "client.client_id"))
    says(message, "shop.yaml", line("subject: {client_id"), "write store.schema.table.column")


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("warehouse.public.client.client_id", "there is no store 'warehouse'"),
        ("shop.public.person.client_id", "shop has no table public.person"),
        ("shop.public.client.number", "shop.public.client has no such column"),
    ],
)
def test_a_dangling_reference(tmp_path: Path, target: str, words: str) -> None:
    message = refusal(changed(tmp_path, "shop.public.client.client_id", target))
    says(message, "shop.yaml", line("subject: {client_id"), words, "correct the name")


def test_an_unknown_class(tmp_path: Path, policy: Policy) -> None:
    catalog = load(changed(tmp_path, "{class: R3}", "{class: R33}"))
    says(policy_refusal(catalog, policy), "shop.yaml", line("{class: R3}"), "class 'R33' is not in the policy")


def test_an_unknown_term_of_a_class(tmp_path: Path, policy: Policy) -> None:
    catalog = load(changed(tmp_path, "{class: R3}", "{class: R3, term: audio}"))
    says(policy_refusal(catalog, policy), "shop.yaml", line("{class: R3}"), "class R3 has no term 'audio'")


def test_an_unknown_category(tmp_path: Path, policy: Policy) -> None:
    catalog = load(changed(tmp_path, "category: contact", "category: contacts"))
    message = policy_refusal(catalog, policy)
    says(message, "shop.yaml", line("email: {category"), "email: category 'contacts' is not in the policy")


def test_an_unknown_purpose(tmp_path: Path, policy: Policy) -> None:
    catalog = load(changed(tmp_path, "category: contact", "category: contact, purpose: 7"))
    says(policy_refusal(catalog, policy), "shop.yaml", line("email: {category"), "purpose 7 is not in the policy")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("key: [client_id]", "key: [number]", "key names column 'number'"),
        ("{email: identifier}", "{mail: identifier}", "subject names column 'mail'"),
        ("term_from: left_on", "term_from: gone_on", "term_from names column 'gone_on'"),
        ("identifier: email, ", "", "say of which kind"),
        ("    classes:\n      - {class: R1, term_from: left_on}\n", "", "give the table a record class"),
        ("key: [client_id]\n    person", "person", "a table of persons needs its key"),
        ("person: true", "person: [mail]", "person names column 'mail'"),
        ("person: true", "access: false", "say why its rows are not in an access copy"),
        ("{category: contact, identifier", "{identifier", "give the column a category, or write 'none'"),
    ],
)
def test_a_table_that_does_not_hang_together(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert words in refusal(changed(tmp_path, old, new))


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("{email: identifier, client_id: shop.public.client.client_id}", "write two links"),
        ("{email: identifier, left_on: identifier}", "write one link for each"),
        ("{}", "name the columns by which a row belongs to a person"),
    ],
)
def test_a_link_that_says_two_things(tmp_path: Path, subject: str, words: str) -> None:
    message = refusal(changed(tmp_path, "{email: identifier}", subject))
    says(message, "shop.yaml", line("{email: identifier}"), words)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: {nl: Klanten, en: Clients}", "title: decide"),
        ("subject: {email: identifier}", "subject: decide"),
        ("classes:\n      - {class: R1, term_from: left_on}", "classes: decide"),
        ("left_on: none", "left_on: decide"),
    ],
)
def test_what_is_not_decided_does_not_load(tmp_path: Path, old: str, new: str) -> None:
    assert "not decided yet; " in refusal(changed(tmp_path, old, new))


def test_two_files_for_one_store(tmp_path: Path) -> None:
    written(tmp_path)
    message = refusal(written(tmp_path, name="shop2.yaml"))
    says(message, "shop2.yaml", 1, "shop.yaml too", "a name of its own")


def test_an_empty_folder(tmp_path: Path) -> None:
    assert "holds no catalog file" in refusal(tmp_path)


@pytest.mark.parametrize("text", ["tables: [", "a: b: c", "\tx: 1", "x: &a *b", ""])
def test_what_is_not_yaml_or_nothing(tmp_path: Path, text: str) -> None:
    assert re.match(r".*shop\.yaml:1: ", refusal(written(tmp_path, text)))


def test_what_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_bytes(b"\xff\xfe\x00")
    assert "Save it as UTF-8." in refusal(tmp_path)


STOPS = "    key: [client_id]\n    person: true\n"


@pytest.mark.parametrize(
    ("stop", "why"),
    [
        ("{scope: marketing, when: left_on IS NULL, set: {gone: now()}}", "gone"),
        ("{scope: marketing, when: left_on IS NULL, set: {client_id: '0'}}", "of the key"),
        ("{scope: letters, when: left_on IS NULL, set: {left_on: now()}}", "scope"),
        ("{scope: marketing, set: {left_on: now()}}", "when"),
        ("{scope: marketing, when: left_on IS NULL, set: {}}", "set"),
    ],
)
def test_what_an_objection_cannot_set(stop: str, why: str, tmp_path: Path) -> None:
    assert why in refusal(changed(tmp_path, STOPS, f"{STOPS}    stops: [{stop}]\n"))


def test_a_column_that_two_objections_set_gets_one_value(tmp_path: Path) -> None:
    one = "{scope: marketing, when: left_on IS NULL, set: {left_on: now()}}"
    other = "{scope: surveys, when: left_on IS NULL, set: {left_on: current_date}}"
    assert "two values" in refusal(changed(tmp_path, STOPS, f"{STOPS}    stops: [{one}, {other}]\n"))
    (tmp_path / "good").mkdir()
    catalog = load(changed(tmp_path / "good", STOPS, f"{STOPS}    stops: [{one}]\n"))
    assert catalog.stores["shop"].tables[TableName("public", "client")].sets == {"left_on": "now()"}


RESTRICT = "{when: left_on IS NULL, set: {left_on: now()}, lift: {left_on: 'NULL'}}"


@pytest.mark.parametrize(
    ("restrict", "why"),
    [
        ("{when: left_on IS NULL, set: {left_on: now()}, lift: {gone: 'NULL'}}", "under lift"),
        ("{when: left_on IS NULL, set: {gone: now()}, lift: {gone: 'NULL'}}", "gone"),
        ("{when: left_on IS NULL, set: {client_id: '0'}, lift: {client_id: '1'}}", "of the key"),
        ("{when: left_on IS NULL, set: {left_on: now()}}", "lift"),
    ],
)
def test_what_a_restriction_cannot_set(restrict: str, why: str, tmp_path: Path) -> None:
    assert why in refusal(changed(tmp_path, STOPS, f"{STOPS}    restricts: [{restrict}]\n"))


def test_what_a_restriction_sets_and_lifts_no_objection_sets(tmp_path: Path) -> None:
    catalog = load(changed(tmp_path, STOPS, f"{STOPS}    restricts: [{RESTRICT}]\n"))
    table = catalog.stores["shop"].tables[TableName("public", "client")]
    assert (table.sets, table.lifts) == ({"left_on": "now()"}, {"left_on": "NULL"})
    (tmp_path / "both").mkdir()
    stop = "{scope: marketing, when: left_on IS NULL, set: {left_on: now()}}"
    both = f"{STOPS}    stops: [{stop}]\n    restricts: [{RESTRICT}]\n"
    assert "would end the other" in refusal(changed(tmp_path / "both", STOPS, both))


def test_a_mark_is_set_by_key(tmp_path: Path) -> None:
    keyless = "    key: []\n    stops: [{scope: marketing, when: left_on IS NULL, set: {left_on: now()}}]\n"
    assert "give its key" in refusal(changed(tmp_path, STOPS, keyless))
