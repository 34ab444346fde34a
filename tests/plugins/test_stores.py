"""The stores of a DAG are those of the catalog as it is now."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from avgflow.settings import INCLUDE
from avgflow_airflow import running
from avgflow_airflow.environment import StoreNotConnected, dsn_of
from avgflow_airflow.stores import store_names


def test_a_changed_catalog_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = tmp_path / "catalog"
    shutil.copytree(INCLUDE / "catalog", catalog)
    monkeypatch.setenv("AVGFLOW_CATALOG", str(catalog))
    before = store_names()
    file = catalog / "crm.yaml"
    file.write_text(file.read_text().replace(before["crm"], "Relaties en meer", 1))
    os.utime(file)
    assert store_names() == {**before, "crm": "Relaties en meer"}
    file.unlink()
    assert "crm" not in store_names()


def test_a_store_without_a_connection_is_named_and_no_try_is_lost_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_STORE_NOWHERE", raising=False)
    with pytest.raises(StoreNotConnected, match="'store_nowhere'"):
        dsn_of("store_nowhere")
    assert not issubclass(StoreNotConnected, running.PASSING)
