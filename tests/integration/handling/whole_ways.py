"""The whole way of each right for a canary, to the closed request: as the DAGs take it, less Airflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import psycopg
import test_answering_an_erasure as erasure
import test_objecting as objection
import test_rectifying as rectification
import test_restricting as restriction
import test_taking_along as portability
from canary_people import Canary, plant
from handling_world import OFFICER, Office
from test_approving import name_of_plan

from avgflow.handling import approving, closing, erasing, identify, planning, recounting, validating, weighing
from avgflow.handling.waiting import Question, Waiting

CANARY = Canary("Meloen", 6)
OTHER_CONTROLLER = "overstap@andere-inzamelaar.example"
NEW_PHONE = "+31 6 98 765 432"


def planted(office: Office, one: Canary = CANARY) -> Canary:
    """A canary with rows in every table that holds people's rows."""
    connections = {store: psycopg.connect(dsn, autocommit=True) for store, dsn in office.stores.items()}
    try:
        plant(connections, one)
    finally:
        for connection in connections.values():
            connection.close()
    return one


def asked(office: Office, one: Canary, right: str, **more: object) -> str:
    given = {"email": one.email, "name": one.name, "customer_number": one.customer_number, "phone": one.phone}
    number = office.register(right=right, **given, **more)
    assert identify.identify(office.env, [number]) == {number: None}
    return number


def _access(office: Office, one: Canary) -> str:
    number = asked(office, one, "access")
    office.answer(number)
    return number


def _erasure(office: Office, one: Canary) -> str:
    number = asked(office, one, "erasure")
    planning.make(office.env, [number])
    _approved(office, number)
    for store in office.env.catalog.stores:
        erasing.run(office.env, store, [number])
    assert recounting.run(office.env, [number])[number].verdict.passed
    erasure.answered(office, number)
    assert closing.run(office.env, number).missing == ()
    return number


def _rectification(office: Office, one: Canary) -> str:
    number = asked(office, one, "rectification", correct={"phone": NEW_PHONE})
    planning.make(office.env, [number])
    rectification.approved(office, number)
    rectification.carried_out(office, number)
    rectification.closed(office, number)
    return number


def _restriction(office: Office, one: Canary) -> str:
    number = asked(office, one, "restriction", ground="claims")
    planning.make(office.env, [number])
    restriction.carried_out(office, number)
    restriction.closed(office, number)
    restriction.told_and_lifted(office, number)
    return number


def _portability(office: Office, one: Canary) -> str:
    number = asked(office, one, "portability", destination=OTHER_CONTROLLER)
    office.collect(number)
    assert validating.run(office.env, [number])[number].verdict.passed
    portability.answered(office, number)
    return number


def _objection(office: Office, one: Canary) -> str:
    number = asked(office, one, "objection", to="all-processing")
    planning.make(office.env, [number])
    objection.carried_out(office, number)
    assert weighing.weigh(office.env, number) == Question(number, Waiting.WEIGHING)
    weighing.take(office.env, number, "all=refuse:compelling-grounds", OFFICER)
    assert weighing.weigh(office.env, number) is None
    objection.closed(office, number)
    return number


def _approved(office: Office, number: str) -> None:
    assert approving.approve(office.env, number) == Question(number, Waiting.APPROVAL)
    approving.take(office.env, number, name_of_plan(office, number), OFFICER)
    assert approving.approve(office.env, number) is None


WAYS: Mapping[str, Callable[[Office, Canary], str]] = {
    "access": _access,
    "rectification": _rectification,
    "erasure": _erasure,
    "restriction": _restriction,
    "portability": _portability,
    "objection": _objection,
}
"""By right: from registering to the closed request; its number."""
