"""People whose every value stands nowhere else, with rows in all four stores, so that a value found is a leak found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

SOMEBODY = "Een Medewerker"
MORNING = "2025-03-02 10:00+01"


@dataclass(frozen=True)
class Canary:
    """One invented person. Texts hold the stem, so that half a value is found too; `n` (0 to 9) is in the figures."""

    word: str
    n: int

    @property
    def id(self) -> int:
        """The key of each row of theirs that needs one; far from those of the demonstration world."""
        return 990_000 + self.n

    @property
    def stem(self) -> str:
        return f"{self.word}knarsen"

    @property
    def first_name(self) -> str:
        return f"Zwübbe{self.stem}ë"

    @property
    def last_name(self) -> str:
        return f"van der {self.stem}-Ölmolen"

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def email(self) -> str:
        return f"{self.stem}+vogel@{self.word}-kwetterhof.nl".lower()

    @property
    def phone(self) -> str:
        return f"+31 6 {self.n}8 93 57 4{self.n}"

    @property
    def customer_number(self) -> str:
        return f"K-{self.stem}-77"

    @property
    def contact_number(self) -> str:
        return f"C-{self.stem}-77"

    @property
    def visitor_id(self) -> str:
        return f"bezoeker-{self.stem}-7f3e"

    @property
    def street(self) -> str:
        return f"{self.stem}singel"

    @property
    def iban(self) -> str:
        return f"NL9{self.n}KNAR04171643{self.n}0"

    @property
    def ip(self) -> str:
        return f"198.51.100.{140 + self.n}"

    @property
    def born_on(self) -> str:
        return f"1911-02-{10 + self.n}"

    @property
    def other(self) -> str:
        """Somebody else, in this person's free text."""
        return f"Lodewijk {self.stem}-Buurman"

    @property
    def confession(self) -> str:
        """Free text."""
        return f'{self.other} zegt: "{self.stem} houdt van kwabberdoedas\\tén slaapt op de {self.stem}zolder".'

    @cached_property
    def values(self) -> Mapping[str, str]:
        """Every value that must not get out, by what it is."""
        number = self.phone.replace(" ", "")
        return {
            "stem": self.stem,
            "first name": self.first_name,
            "last name": self.last_name,
            "name": self.name,
            "e-mail": self.email,
            "phone": self.phone,
            "phone without blanks": number,
            "phone without country": number.removeprefix("+31"),
            "customer number": self.customer_number,
            "contact number": self.contact_number,
            "visitor": self.visitor_id,
            "street": self.street,
            "iban": self.iban,
            "ip": self.ip,
            "born on": self.born_on,
            "other person": self.other,
            "free text": self.confession,
        }


Rows = list[tuple[str, dict[str, Any]]]


def plant(stores: Mapping[str, psycopg.Connection[Any]], one: Canary) -> None:
    """Give a canary rows in every table that holds people's rows."""
    for store, rows in (("crm", _crm), ("orders", _orders), ("accounts", _accounts), ("marketing", _marketing)):
        for table, row in rows(one):
            statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                sql.Identifier(table),
                sql.SQL(", ").join(map(sql.Identifier, row)),
                sql.SQL(", ").join(sql.Placeholder() * len(row)),
            )
            stores[store].execute(statement, list(row.values()))
    crm, marketing = stores["crm"], stores["marketing"]
    crm.execute("UPDATE organisation SET primary_contact_id = %s WHERE organisation_id = %s", [one.id, one.id])
    # A change of a contact leaves the row as it was in the history.
    crm.execute('UPDATE contact SET "jobTitle" = %s WHERE contact_id = %s', [f"{one.stem}meester", one.id])
    marketing.execute("REFRESH MATERIALIZED VIEW subscriber_summary")


def _crm(one: Canary) -> Rows:
    key, own = {"contact_id": one.id}, {"contact_number": one.contact_number, "organisation_id": one.id}
    firm = {"customer_number": one.customer_number, "name": f"Handelshuis {one.stem}", "legal_form": "eenmanszaak"}
    reached = {"email": one.email.upper(), "phone": one.phone, "created_at": MORNING}
    names = {"first_name": one.first_name, "last_name": one.last_name, "born_on": one.born_on}
    extra = Jsonb({"bijnaam": one.stem, "opmerking": one.confession})
    place = {"street": one.street, "house_number": "1017", "city": f"{one.stem}waard", "valid": "[2020-01-01,)"}
    ticket = {"opened_by": one.id, "subject": f"Klacht over {one.stem}", "body": one.confession, "status": "open"}
    file = {"file_name": f"{one.stem}-dossier.txt", "content": one.confession.encode(), "uploaded_at": MORNING}
    call = {"phone": one.phone, "transcript": one.confession, "recording": one.confession.encode("utf-16")}
    return [
        ("organisation", {"organisation_id": one.id, **firm, "iban": one.iban, **reached}),
        ("contact", {**key, **own, **names, **reached, "extra": extra}),
        ("address", {**key, "kind": "visiting", **place}),
        ("ticket", {"ticket_id": one.id, **ticket, "opened_at": MORNING}),
        ("attachment", {"ticket_id": one.id, **file}),
        ("call", {**key, **call, "started_at": MORNING}),
        ("note", {**key, "body": one.confession, "author": SOMEBODY, "written_at": MORNING}),
    ]


def _orders(one: Canary) -> Rows:
    order, customer = {"order_id": one.id}, {"customer_id": one.id}
    firm = {"customer_number": one.customer_number, "name": f"Handelshuis {one.stem}", "legal_form": "eenmanszaak"}
    reached = {"email": one.email, "phone": one.phone, "street": one.street, "iban": one.iban, "created_at": MORNING}
    named = {"contact_number": one.contact_number, "contact_email": one.email, "contact_name": one.name}
    quote = {"quote_no": f"O-{one.stem}", "body": one.confession, "amount": "12.50", "status": "open"}
    bought = {"order_no": f"B-{one.stem}", "status": "placed", "remark": one.confession, "street": one.street}
    line = {"line_no": 1, "product": "container", "description": one.confession, "quantity": "1", "unit_price": "10"}
    printed = {
        "printed_name": one.name,
        "printed_address": f"{one.street} 1017\n9999 KN",
        "amount": "10",
        "vat": "2.10",
    }
    paid = {"amount_cents": 1210, "iban": one.iban, "account_holder": one.name, "paid_at": MORNING}
    waste = {"origin_name": one.name, "origin_address": f"{one.street} 1017", "waste_code": "200301"}
    return [
        ("customer", {**customer, **firm, **reached}),
        ("quote", {**customer, **named, **quote, "made_at": MORNING}),
        ("order", {**order, **customer, **named, **bought, "user": SOMEBODY, "ordered_at": MORNING}),
        ("order_line", {**order, **line}),
        ("invoice", {"invoice_id": one.id, "invoice_no": f"F-{one.stem}", **customer, "issued_on": MORNING, **printed}),
        ("payment", {"invoice_id": one.id, **paid}),
        ("cancellation", {**order, "reason": one.confession, "cancelled_at": MORNING}),
        ("waste_document", {"document_no": f"W-{one.stem}", **order, "line_no": 1, **waste, "transported_on": MORNING}),
    ]


def _accounts(one: Canary) -> Rows:
    account = {"account_id": f"00000000-0000-4000-8000-{one.id:012}"}
    names = {"contact_number": one.contact_number, "email": one.email, "display_name": one.name, "phone": one.phone}
    device = Jsonb({"naam": f"Telefoon van {one.name}"})
    return [
        ("portal_account", {**account, **names, "password_hash": f"$argon2id${one.stem}", "created_at": MORNING}),
        ("login", {**account, "at": MORNING, "ip": one.ip, "succeeded": True}),
        (
            "session",
            {
                **account,
                "token": f"token-{one.stem}",
                "ip": one.ip,
                "device": device,
                "created_at": MORNING,
                "expires_at": MORNING,
            },
        ),
        ("preference", {**account, "key": "bijnaam", "value": Jsonb([one.stem, one.confession])}),
    ]


def _marketing(one: Canary) -> Rows:
    subscriber = {"subscriber_id": one.id}
    known = {"email": f" {one.email} ", "visitor_id": one.visitor_id, "first_name": one.first_name, "tags": [one.stem]}
    consent = {"purpose": "nieuwsbrief", "source": "website", "proof": Jsonb({"ip": one.ip, "adres": one.email})}
    visit = {"visitor_id": one.visitor_id, "page": f"/zoek?q={one.stem}", "ip": one.ip}
    return [
        ("subscriber", {**subscriber, **known, "subscribed_at": MORNING}),
        ("consent", {**subscriber, **consent, "given_at": MORNING}),
        ("event", {**subscriber, "kind": "click", "url": f"https://example.org/?u={one.stem}", "at": MORNING}),
        (
            "survey_answer",
            {"survey_id": 1, **subscriber, "question_no": 1, "answer": one.confession, "answered_at": MORNING},
        ),
        ("web_visit", {**visit, "at": MORNING}),
    ]
