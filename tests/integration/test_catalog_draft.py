"""A first catalog file from a live database, with every decision left open."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from catalog_lab import AWKWARD, CLIENTS, ORDER_IS_UNIQUE, VISITS, VISITS_REFER

from avgflow.catalog import check, live
from avgflow.catalog.draft import draft
from avgflow.catalog.load import load
from avgflow.configuration import WrongConfiguration


def test_a_draft_loads_only_after_every_decision_and_then_fits(database: Callable[[str], Any], tmp_path: Path) -> None:
    with database(AWKWARD + CLIENTS.replace('public."order"', "public.placed")) as connection:
        text = draft("shop", "store_shop", live.read(connection))
        file = tmp_path / "shop.yaml"
        file.write_text(text, encoding="utf-8")
        with pytest.raises(WrongConfiguration, match="not decided yet"):
            load(tmp_path)
        decided = re.sub(r"    classes: decide.*\n", "", text)
        decided = decided.replace("title: decide", "title: {nl: a, en: b}").replace(": decide", ": none")
        file.write_text(decided, encoding="utf-8")
        assert check.check(connection, load(tmp_path).stores["shop"]).drifts == ()


def test_a_draft_shows_what_the_database_knows(database: Callable[[str], Any]) -> None:
    with database(CLIENTS) as connection:
        text = draft("shop", "store_shop", live.read(connection))
    assert "key: [client_id, line]" in text
    assert "{client_id: shop.public.client.client_id}" in text
    assert re.search(r"email: decide  # text; perhaps \{.*identifier: email", text)
    assert not re.search(r": none\b(?!.*#)", text.split("tables:")[1])


def test_a_draft_names_the_foreign_keys_without_an_index(database: Callable[[str], Any]) -> None:
    with database(VISITS + ORDER_IS_UNIQUE + VISITS_REFER) as connection:
        text = draft("shop", "store_shop", live.read(connection))
    assert "No index serves the foreign key" in text
    assert text.count("CREATE INDEX CONCURRENTLY ON public.visit (line, client_id);") == 1
