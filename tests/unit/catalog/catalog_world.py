"""Small catalog files for the tests: a store `shop` with two tables, whole and valid."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

SHOP = """\
store: shop
title: {nl: Winkel, en: Shop}
connection: store_shop
tables:
  public.client:
    title: {nl: Klanten, en: Clients}
    key: [client_id]
    person: true
    subject: {email: identifier}
    classes:
      - {class: R1, term_from: left_on}
    columns:
      client_id: none
      email: {category: contact, identifier: email, label: {nl: E-mailadres, en: E-mail address}}
      left_on: none
  public."order":
    title: {nl: Bestellingen, en: Orders}
    key: [order_id]
    subject: {client_id: shop.public.client.client_id}
    classes:
      - {class: R4, when: invoiced_on IS NOT NULL, term_from: invoiced_on}
      - {class: R3}
    columns:
      order_id: none
      client_id: none
      invoiced_on: none
"""


def written(folder: Path, text: str = SHOP, name: str = "shop.yaml") -> Path:
    """A folder with one catalog file."""
    (folder / name).write_text(dedent(text), encoding="utf-8")
    return folder


def changed(folder: Path, old: str, new: str) -> Path:
    """The folder with the shop's file in which one text, which must be there once, is replaced."""
    assert SHOP.count(old) == 1, f"{old!r} is not in the shop's file exactly once"
    return written(folder, SHOP.replace(old, new))


def line(text: str, of: str = SHOP) -> int:
    """The number (from 1) of the one line that holds a text."""
    found = [number for number, row in enumerate(of.splitlines(), start=1) if text in row]
    assert len(found) == 1, f"{text!r} is on lines {found}"
    return found[0]
