"""The register's event chain after everything that the other tests did to it."""

from __future__ import annotations

import pytest
from desk import Desk


def test_the_chain_is_whole_after_all_that_happened(desk: Desk, settled: None) -> None:
    said = desk.done("audit", "verify", "--json").json
    assert said["ok"] is True
    assert said["events"] > 100
    assert said["changed_evidence"] == []
    assert "whole" in desk.done("audit", "verify").out


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'somebody-else'",
        "at = at + interval '1 second'",
        "number = 'AVG-2026-00001'",
        "name = 'check.passed'",
        "detail = detail || '{\"rows\": 987654}'",
    ],
)
def test_an_event_that_was_changed_by_hand_is_named(change: str, desk: Desk, settled: None) -> None:
    """As one who can do everything in the database would: as its superuser, with triggers off."""
    with desk.database("register") as admin:
        admin.execute("SET session_replication_role = replica")
        where = "name = 'store.collected' AND number <> 'AVG-2026-00001'"
        found = admin.execute(f"SELECT id, at, name, number, actor, detail::text FROM event WHERE {where} LIMIT 1")
        event, *before = found.fetchone() or []
        admin.execute(f"UPDATE event SET {change} WHERE id = %s", [event])
        try:
            said = desk.says("audit", "verify")
            assert said.code == 1
            (line,) = said.err.splitlines()
            assert f"event {event} was changed by hand" in line
            assert desk.says("audit", "verify", "--json").code == 1
        finally:
            admin.execute(
                "UPDATE event SET at = %s, name = %s, number = %s, actor = %s, detail = %s::jsonb WHERE id = %s",
                [*before, event],
            )
    assert desk.done("audit", "verify", "--json").json["ok"] is True


def test_an_event_that_was_removed_is_named_also_the_last(desk: Desk, settled: None) -> None:
    with desk.database("register") as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("CREATE TEMPORARY TABLE kept AS SELECT * FROM event ORDER BY id DESC LIMIT 1")
        (event,) = admin.execute("DELETE FROM event WHERE id = (SELECT id FROM kept) RETURNING id").fetchone() or [0]
        try:
            said = desk.says("audit", "verify")
            assert said.code == 1
            assert f"event {event} was removed" in said.err
        finally:
            admin.execute("INSERT INTO event SELECT * FROM kept")
    assert desk.done("audit", "verify", "--json").json["ok"] is True
