"""A request that went its whole way years ago: what goes of it first, what an auditor sees then, and its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from handling_world import Office
from past_events import events_at
from test_approving import somebody

from avgflow.demo.truth import SubjectTruth
from avgflow.dossier.audit import verify
from avgflow.handling import auditing, identify
from avgflow.housekeeping import files, register
from avgflow.register import chain, evidence, passphrases
from avgflow.register.database import transaction
from avgflow.register.passphrases import NoPassphrase
from avgflow.register.requests import CaseFileGone

AUDITOR = "auditor-1"
ENDED = datetime(2021, 3, 4, 11, tzinfo=UTC)
MAIL_DAY = date(2021, 3, 4)


@pytest.fixture
def old(office: Office, register: Any, subjects: Sequence[SubjectTruth]) -> str:
    """An inzage that was answered and closed on 4 March 2021, with its package on disk."""
    with events_at(ENDED):
        number = office.register_subject(somebody(subjects))
        assert identify.identify(office.env, [number]) == {number: None}
        office.answer(number)
    with psycopg.connect(register.superuser_dsn) as conn:
        conn.execute("UPDATE mail SET queued_at = %s, attempted_at = %s, accepted_at = %s", (ENDED, ENDED, ENDED))
    return number


def faults(office: Office, number: str, folder: Path) -> list[str]:
    """What is wrong with the dossier that an auditor gets now."""
    auditing.export(office.env, number, folder, AUDITOR)
    return [fault for found in verify.check(folder).values() for fault in found]


def test_the_copy_goes_first_and_the_dossier_stays_whole_until_its_own_last_day(
    office: Office, old: str, tmp_path: Path
) -> None:
    env = office.env
    package = list((env.settings.work / old).glob("inzage-*"))
    assert package
    assert faults(office, old, tmp_path / "before") == []
    soon = MAIL_DAY + timedelta(90)
    assert files.run(env, soon).counts == {}
    assert register.run(env, soon).counts == {}
    assert files.run(env, soon + timedelta(1)).counts == {"packages": len(package)}
    assert register.run(env, soon + timedelta(1)).counts == {"attachments": 1, "passphrases": 1}
    assert not (env.settings.work / old).exists()
    with pytest.raises(NoPassphrase), transaction(env.register) as conn:
        passphrases.show_passphrase(conn, env.keyring, old, AUDITOR)
    assert faults(office, old, tmp_path / "between") == []
    last = date(2026, 3, 4)
    assert register.run(env, last).counts == {}
    assert faults(office, old, tmp_path / "last") == []
    found = register.run(env, last + timedelta(1))
    assert (found.counts, found.failed) == ({"case_files": 1}, ())
    with pytest.raises(CaseFileGone):
        auditing.export(env, old, tmp_path / "after", AUDITOR)
    with transaction(env.register) as conn:
        assert chain.verify(conn, env.keyring).ok
        assert list(evidence.changed_by_hand(conn)) == []
    assert verify.check(tmp_path / "last"), "a dossier that was issued remains what it was"
