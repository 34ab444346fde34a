"""The letters of a portability, as their readers see them: the person, another company, and the privacy officer."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from dossier_world import NUMBER, policy
from letters_world import TO, plain

from avgflow.catalog import load as catalogs
from avgflow.catalog.names import TableName
from avgflow.dossier import portability
from avgflow.dossier.content import Answer, Language, StoreContent, TableContent
from avgflow.dossier.package import Package
from avgflow.dossier.portability import PortableAnswer
from avgflow.handling import porting
from avgflow.identity import Footprint
from avgflow.plan import Plan
from avgflow.plan import portability as planned
from avgflow.portability_letters import (
    controller_mail,
    given_mail,
    nothing_found_mail,
    officer_mail,
    refused_mail,
    taken_mail,
)
from avgflow.settings import INCLUDE

CATALOG = catalogs.load(INCLUDE / "catalog")
ELSEWHERE = "binnen@andere-kliko.example"
CONTACT = ("crm", "public.contact", "R1", False)
NOTE = ("crm", "public.note", "R2", False)
INVOICE = ("orders", "public.invoice", "R4", False)
ACCOUNT = ("accounts", "public.portal_account", "R6", False)
ON_CONSENT, WITHOUT = ("marketing", "public.subscriber", "R9", True), ("marketing", "public.event", "R9", False)
Rows = tuple[str, str, str, bool]


def plan(*rows: Rows) -> Plan:
    counts = {(store, TableName.parse(table)): {(of_class, consent): 1} for store, table, of_class, consent in rows}
    return planned(NUMBER, porting.steps(CATALOG, policy(), counts), Footprint(), 0, lambda content: "digest")


def answer(*rows: Rows, language: Language = "nl", to_controller: bool = False, others: bool = False) -> PortableAnswer:
    made = plan(*rows)
    table = CATALOG.stores["crm"].tables[TableName.parse("public.contact")]
    content = TableContent("public.contact", table, (), made.rows, lambda: iter(()))
    stores = (StoreContent("crm", CATALOG.stores["crm"].title, (content,)),) if made.rows else ()
    base = Answer(NUMBER, language, "Johanna de Vries", date(2026, 11, 3), date(2026, 11, 25), policy(), stores)
    return portability.of_plan(base, made, CATALOG, others=others, to_controller=to_controller)


@pytest.fixture
def package(tmp_path: Path) -> Package:
    file = tmp_path / f"overdracht-{NUMBER}.zip"
    file.write_bytes(b"encrypted")
    return Package(None, file, {}, {file.name: 9}, "digest")


def test_who_takes_data_along_reads_what_is_in_it_and_what_is_not_and_why(package: Package) -> None:
    given = answer(CONTACT, NOTE, INVOICE, ACCOUNT, ON_CONSENT, WITHOUT, others=True)
    mail = taken_mail(given, package, TO)
    text = plain(mail)
    assert mail["Subject"] == f"Uw verzoek om gegevens mee te nemen {NUMBER}"
    assert text.startswith("Beste Johanna de Vries, Op 3 november 2026 vroeg u ons om uw gegevens mee te geven")
    assert "- Contactgegevens - Account in het klantenportaal - Nieuwsbrieven en aanbiedingen" in text
    assert "Facturen en betalingen: Wij hebben deze gegevens omdat de wet ons dat verplicht." in text
    assert "Nieuwsbrieven en aanbiedingen (een deel): Wij gebruiken deze gegevens niet met uw toestemming" in text
    assert "- Notities - Account: Contactnummer" in text
    assert "- Contactgegevens: Contactnummer, Volledige naam, Kenmerken" in text
    assert "Stonden er namen, e-mailadressen of telefoonnummers van andere mensen in uw teksten?" in text
    assert "Wachtwoorden en geheime inlogcodes:" in text
    assert "Vraag ons dan om inzage (artikel 15 AVG)." in text
    assert "Wij hebben niets gewist." in text
    assert "binnen zes weken" in text
    assert [part.get_filename() for part in mail.iter_attachments()] == [f"overdracht-{NUMBER}.zip"]


def test_who_asked_in_english_reads_english(package: Package) -> None:
    text = plain(taken_mail(answer(CONTACT, INVOICE, language="en"), package, TO))
    assert text.startswith("Dear Johanna de Vries, On 3 November 2026 you asked us for your data")
    assert "Invoices and payments: We have these data because the law obliges us to." in text
    assert "Passwords" not in text
    assert "Data of others" not in text
    assert "We erased nothing." in text


def test_where_everything_goes_along_nothing_is_said_to_stay() -> None:
    given = answer(("orders", "public.order_line", "R3", False))
    assert [one.title.nl for one in given.made] == ["Regels van bestellingen"]
    whole = answer(("marketing", "public.consent", "R8", False))
    assert (whole.withheld, whole.made, whole.outcome) == ((), (), "fulfilled")


def test_the_person_reads_of_the_other_companys_address_only_what_follows_the_sign() -> None:
    text = plain(given_mail(answer(CONTACT, INVOICE, to_controller=True), ELSEWHERE, TO))
    assert "vroeg u ons om uw gegevens aan een ander bedrijf te geven" in text
    assert "eindigt op andere-kliko.example. Klopt dat niet?" in text
    assert "binnen@" not in text
    assert "Dat bedrijf krijgt wat u ons zelf gaf" in text
    assert "HOE U HET BESTAND OPENT" not in text


def test_a_refusal_gives_the_reasons_and_where_to_go() -> None:
    given = answer(INVOICE, NOTE, others=True)
    assert given.outcome == "refused"
    text = plain(refused_mail(given, TO))
    assert "Wij hebben gegevens van u, maar daar zit niets bij dat u kunt meenemen." in text
    assert "WAAROM U DEZE GEGEVENS NIET KUNT MEENEMEN Facturen en betalingen:" in text
    assert "Deze gegevens kunt u wel inzien." in text
    assert "BLIJVEN OOK BIJ ONS" not in text
    assert "Gegevens van anderen" not in text
    assert "een klacht indienen bij de Autoriteit Persoonsgegevens" in text
    assert "binnen zes weken" in text


@pytest.mark.parametrize(("language", "said"), [("nl", "niets dat wij kunnen meegeven"), ("en", "nothing that we can")])
def test_of_whom_nothing_is_held_reads_where_was_searched(language: Language, said: str) -> None:
    given = answer(language=language)
    assert given.outcome == "nothing_found"
    text = plain(nothing_found_mail(given, TO))
    assert said in text
    for store in CATALOG.stores.values():
        assert store.title.in_(language) in text


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_other_company_reads_nothing_of_the_person_but_the_reference(package: Package, language: Language) -> None:
    mail = controller_mail(NUMBER, policy(), language, package, ELSEWHERE)
    assert mail["To"] == ELSEWHERE
    assert "Johanna" not in mail.as_string()
    assert NUMBER in plain(mail)
    assert "AES-256" in plain(mail)


def test_the_officer_reads_whom_to_call_and_how_to_know_that_it_is_them() -> None:
    text = plain(officer_mail(NUMBER, policy(), ELSEWHERE))
    assert ELSEWHERE in text
    assert "Zoek het telefoonnummer zelf op" in text
    assert f"- avgflow request passphrase {NUMBER}" in text
    assert "om het zelf aan dat bedrijf te geven" in text
    assert "Johanna" not in text
