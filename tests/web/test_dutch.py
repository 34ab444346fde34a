"""What a form is refused for is said in Dutch on a Dutch page, at the field that it is about."""

from __future__ import annotations

import pytest

from avgflow import asked, attributes, capacity, fields, intake, several
from avgflow.fields import IntakeRefused
from avgflow.roles import FAB_ROLES, Role, of_fab
from avgflow_airflow.web.dutch import DUTCH

_ = (asked, attributes, capacity, intake, several)


def kinds(of: type[IntakeRefused]) -> list[type[IntakeRefused]]:
    return [one for each in of.__subclasses__() for one in (each, *kinds(each))]


@pytest.mark.parametrize("kind", kinds(IntakeRefused), ids=lambda kind: kind.__name__)
def test_every_refusal_of_an_intake_has_dutch_and_a_field(kind: type[IntakeRefused]) -> None:
    if kind is not fields.InvalidText:  # which names its own field, of many
        dutch, field = DUTCH[kind.__name__]
        assert dutch
        assert field


def test_dutch_lines_are_sentences() -> None:
    for dutch, _field in DUTCH.values():
        assert dutch is None or (dutch[0].isupper() and dutch.endswith("."))


def test_roles_of_the_fab_auth_manager_are_known_by_name() -> None:
    assert of_fab(["AVG auditor", "Viewer"]) == {Role.AUDITOR}
    assert of_fab(["Viewer", "User", "Op", "Public"]) == frozenset()
    assert set(FAB_ROLES.values()) == set(Role)
