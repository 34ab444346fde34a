"""`avgflow catalog`: what a person sees, and the exit code that a script sees."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import Result
from typer.testing import CliRunner

from avgflow.catalog.load import load
from avgflow.cli.catalog import app
from avgflow.configuration import WrongConfiguration

CATALOG = """\
store: shop
title: {nl: Winkel, en: Shop}
connection: store_shop
tables:
  public.client:
    title: {nl: Klanten, en: Clients}
    key: [client_id]
    subject: {email: identifier}
    classes: [{class: R1}]
    columns:
      client_id: none
      email: {category: contact, identifier: email}
"""
CLIENT = """
CREATE TABLE client (client_id bigint PRIMARY KEY, email text);
INSERT INTO client VALUES (1, 'kanarie@example.nl');
"""
INDEX = r"CREATE INDEX ON client (lower(btrim(email, E' \t\r\n\u00a0')));"


class Shop:
    """A store `shop` with its catalog, seen through the command line."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn = dsn
        self.folder = folder

    def run_sql(self, statements: str) -> None:
        with psycopg.connect(self.dsn) as connection:
            connection.execute(statements.encode())

    def avgflow(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def shop(pg: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    name = f"shop_{secrets.token_hex(4)}"
    catalog = tmp_path / "catalog"
    catalog.mkdir()
    (catalog / "shop.yaml").write_text(CATALOG, encoding="utf-8")
    made = Shop(pg.create_database(name), catalog)
    made.run_sql(CLIENT + INDEX)
    monkeypatch.setenv("AVGFLOW_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AVGFLOW_CATALOG", str(catalog))
    monkeypatch.setenv("AIRFLOW_CONN_STORE_SHOP", made.dsn)
    yield made
    pg.drop_database(name)


def test_a_clean_catalog_says_so_and_exits_0(shop: Shop) -> None:
    result = shop.avgflow("check")
    assert (result.exit_code, result.output) == (0, "shop: 1 tables and views, all as the catalog says\n")


def test_each_difference_is_a_line_and_the_exit_code_is_1(shop: Shop) -> None:
    shop.run_sql("ALTER TABLE client ADD nickname text; CREATE TABLE surprise (x int); DROP INDEX client_lower_idx;")
    result = shop.avgflow("check")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert [line.split(":")[0] for line in lines] == ["unsafe", "unsafe", "advice"]
    assert "shop.public.surprise: unknown table" in lines[0]
    assert "shop.public.client: unknown column: column nickname" in lines[1]
    assert "CREATE INDEX CONCURRENTLY ON public.client" in lines[2]


def test_a_foreign_key_without_an_index_is_advice_with_the_statement(shop: Shop) -> None:
    shop.run_sql("ALTER TABLE client ADD parent bigint REFERENCES client;")
    result = shop.avgflow("check")
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.output.splitlines()] == ["unsafe", "advice"]
    assert result.output.endswith("Make one: CREATE INDEX CONCURRENTLY ON public.client (parent);\n")


def test_json_names_the_same(shop: Shop) -> None:
    shop.run_sql("CREATE TABLE surprise (x int);")
    result = shop.avgflow("check", "--json")
    found = json.loads(result.output)
    assert (result.exit_code, found["ok"]) == (1, False)
    (drift,) = found["stores"]["shop"]["drift"]
    assert (drift["table"], drift["kind"], drift["severity"]) == ("public.surprise", "unknown table", "unsafe")


def test_a_store_that_cannot_be_reached_hides_nothing_of_the_others(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop.folder / "away.yaml").write_text(CATALOG.replace("shop", "away"), encoding="utf-8")
    (shop.folder / "unset.yaml").write_text(CATALOG.replace("shop", "unset"), encoding="utf-8")
    monkeypatch.setenv("AIRFLOW_CONN_STORE_AWAY", "postgresql://nobody:secret-word@127.0.0.1:1/none")
    shop.run_sql("CREATE TABLE surprise (x int);")
    result = shop.avgflow("check")
    assert result.exit_code == 1
    assert "away: not checked: The store 'away' cannot be reached" in result.output
    assert "unset: not checked: The connection 'store_unset' is unknown" in result.output
    assert "shop.public.surprise: unknown table" in result.output
    assert "secret-word" not in result.output


def test_a_catalog_that_does_not_fit_the_policy_is_refused(shop: Shop) -> None:
    (shop.folder / "shop.yaml").write_text(CATALOG.replace("R1", "R99"), encoding="utf-8")
    result = shop.avgflow("check")
    assert isinstance(result.exception, WrongConfiguration)
    assert "shop.yaml:9: public.client: class 'R99' is not in the policy" in str(result.exception)


def test_init_drafts_what_does_not_load_and_shows_no_row(shop: Shop, tmp_path: Path) -> None:
    result = shop.avgflow("init", "store_shop")
    assert result.exit_code == 0
    assert "kanarie" not in result.output
    drafted = tmp_path / "drafted"
    drafted.mkdir()
    (drafted / "shop.yaml").write_text(result.output, encoding="utf-8")
    with pytest.raises(WrongConfiguration, match=r"shop\.yaml:\d+: .*not decided yet"):
        load(drafted)


def test_init_never_overwrites(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    assert shop.avgflow("init", "store_shop", "-o", str(file)).exit_code == 0
    before = file.read_text(encoding="utf-8")
    again = shop.avgflow("init", "store_shop", "-o", str(file))
    assert again.exit_code == 1
    assert "is there already" in str(again.exception)
    assert file.read_text(encoding="utf-8") == before
