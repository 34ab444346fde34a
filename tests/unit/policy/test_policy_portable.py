"""What a person may take along, decided per class and per column: the worked cases, and the order of the rules."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avgflow.catalog import load as catalogs
from avgflow.catalog.models import Catalog, Column
from avgflow.catalog.names import TableName
from avgflow.configuration import WrongConfiguration
from avgflow.handling import porting
from avgflow.identity import Footprint
from avgflow.plan import Plan, Step, portability
from avgflow.policy import portable
from avgflow.policy.models import Policy, RecordClass, load
from avgflow.policy.portable import Ground, Stays
from avgflow.settings import INCLUDE

CASES = {int(row["id"]): row for row in csv.DictReader((Path(__file__).parents[2] / "cases/decisions.csv").open())}
POLICY: Policy = load(INCLUDE / "policy" / "milgro.yaml")
CATALOG: Catalog = catalogs.load(INCLUDE / "catalog")

GOING = {"R1", "R2", "R3", "R6", "R7", "R8", "R11"}
STAYING = {"R4": Ground.OBLIGATION, "R5": Ground.OBLIGATION, "R10": Ground.INTEREST, "R12": Ground.OBLIGATION}


def planned(*rows: tuple[str, str, str, bool]) -> Plan:
    """The plan for a person with a row each of store, table, record class, on consent."""
    counts = {
        (store, TableName.parse(table)): {(record_class, on_consent): 1}
        for store, table, record_class, on_consent in rows
    }
    steps = porting.steps(CATALOG, POLICY, counts)
    return portability("AVG-2026-00042", steps, Footprint(), 0, lambda content: "digest")


def step_of(plan: Plan, store: str, table: str) -> Step:
    (found,) = (one for one in plan.steps_of(store) if one.table == TableName.parse(table))
    return found


def test_case_42_account_and_orders_go_and_invoices_are_offered_as_access() -> None:
    assert CASES[42]["expected"] == "FUL JSON/CSV; R4 offered as access"
    plan = planned(
        ("accounts", "public.portal_account", "R6", False),
        ("orders", 'public."order"', "R3", False),
        ("orders", "public.invoice", "R4", False),
    )
    account, order = step_of(plan, "accounts", "public.portal_account"), step_of(plan, "orders", 'public."order"')
    invoice = step_of(plan, "orders", "public.invoice")
    assert (account.action, order.action) == ("hand over", "hand over")
    assert "password_hash" not in account.columns
    assert {"remark", "ordered_at"} <= set(order.columns)
    assert "user" not in order.columns
    assert (invoice.action, invoice.ground) == ("withhold", Ground.OBLIGATION)
    assert plan.rows == 2


def test_case_43_the_profile_of_a_contact_person_goes_on_the_declared_basis() -> None:
    """By assessment it rests on the company's interest; what favours the person applies (policy defect 1)."""
    assert CASES[43]["expected"] == "FUL (declared b, CFG)"
    assert "b" not in POLICY.classes["R1"].basis_assessed.contact_person
    profile = step_of(planned(("crm", "public.contact", "R1", False)), "crm", "public.contact")
    assert (profile.action, profile.ground) == ("hand over", Ground.CONTRACT)
    assert {"first_name", "last_name", "phone", "jobTitle"} <= set(profile.columns)


def test_case_44_segments_and_agents_notes_do_not_go() -> None:
    assert CASES[44]["expected"] == "REF port; available via access"
    plan = planned(("crm", "public.note", "R2", False), ("crm", "public.contact", "R1", False))
    note = step_of(plan, "crm", "public.note")
    assert (note.action, note.ground, note.columns) == ("withhold", Ground.NOT_PROVIDED, ())
    assert note.reason is not None
    assert "tags" not in step_of(plan, "crm", "public.contact").columns
    assert "risk_score" not in portable.columns(CATALOG.stores["orders"].tables[TableName.parse("public.customer")])


@pytest.mark.parametrize("record_class", sorted(GOING))
def test_what_rests_on_consent_or_contract_goes(record_class: str) -> None:
    decision = portable.rows(POLICY, record_class, on_consent=False)
    assert decision.goes
    assert decision.ground in (Ground.CONSENT, Ground.CONTRACT)


@pytest.mark.parametrize("record_class", sorted(STAYING))
def test_what_the_law_or_our_interest_asks_for_stays_with_its_reason(record_class: str) -> None:
    decision = portable.rows(POLICY, record_class, on_consent=False)
    assert (decision.goes, decision.ground) == (False, STAYING[record_class])
    assert decision.reason is not None


def test_a_newsletter_goes_only_where_it_rests_on_consent() -> None:
    assert portable.rows(POLICY, "R9", on_consent=True) == portable.Decision(True, Ground.CONSENT)
    without = portable.rows(POLICY, "R9", on_consent=False)
    assert (without.goes, without.ground) == (False, Ground.INTEREST)
    plan = planned(("marketing", "public.subscriber", "R9", True))
    assert step_of(plan, "marketing", "public.subscriber").action == "hand over"
    plan = planned(("marketing", "public.subscriber", "R9", False))
    assert step_of(plan, "marketing", "public.subscriber").action == "withhold"


def test_rows_of_no_class_stay() -> None:
    assert not portable.rows(POLICY, None, on_consent=True).goes


classes = st.builds(
    lambda portability, declared, proprietor, contact: RecordClass.model_validate(
        {
            **POLICY.classes["R2"].model_dump(),
            "portability": portability,
            "basis_declared": declared,
            "basis_assessed": {"sole_proprietor": proprietor, "contact_person": contact},
        }
    ),
    st.sampled_from(["yes", "no", "provided", "consent"]),
    *(st.lists(st.sampled_from("abcdef"), max_size=3) for _ in range(3)),
)


@given(classes, st.booleans())
def test_nothing_goes_without_consent_or_contract_and_nothing_stays_without_a_reason(
    of_class: RecordClass, on_consent: bool
) -> None:
    policy = POLICY.model_copy(update={"classes": {**POLICY.classes, "R2": of_class}})
    decision = portable.rows(policy, "R2", on_consent)
    if decision.goes:
        assert of_class.portability != "no"
        assert {"a", "b"} & of_class.bases or on_consent
        assert decision.reason is None
    else:
        assert decision.reason is not None
    if of_class.portability in ("yes", "provided") and {"a", "b"} & of_class.bases:
        assert decision.goes


@pytest.mark.parametrize(
    ("spec", "stays"),
    [
        ({}, None),
        ({"origin": "observed"}, None),
        ({"origin": "derived"}, Stays.DERIVED),
        ({"origin": "third party"}, Stays.OTHERS),
        ({"third_party": True}, Stays.OTHERS),
        ({"third_party": True, "origin": "provided"}, Stays.OTHERS),
        ({"category": "staff", "third_party": True, "origin": "observed"}, Stays.OTHERS),
        ({"secret": True}, Stays.SECURITY),
        ({"secret": True, "origin": "observed"}, Stays.SECURITY),
    ],
)
def test_a_column_goes_only_if_it_comes_from_the_person(spec: dict[str, object], stays: Stays | None) -> None:
    assert portable.stays(Column.model_validate({"category": "content", **spec})) is stays


def test_what_is_not_personal_stays() -> None:
    assert portable.stays(Column.model_validate("none")) is Stays.TECHNICAL


def test_every_table_has_a_step_and_no_column_of_another_origin_is_in_any() -> None:
    rows = [
        (store.store, str(name), rows.record_class, True)
        for store, name, table in CATALOG.tables()
        for rows in table.classes
    ]
    plan = planned(*rows)
    assert {(step.store, step.table) for step in plan.steps} == {
        (store.store, name) for store, name, table in CATALOG.tables() if table.subject
    }
    for step in plan.steps:
        columns = CATALOG.stores[step.store].tables[step.table].columns
        origins = {columns[name].origin for name in step.columns}
        assert origins <= {"provided", "observed"}
        assert not any(columns[name].third_party or columns[name].secret for name in step.columns)


def test_a_former_row_goes_as_the_row_itself_would() -> None:
    history = CATALOG.stores["crm"].tables[TableName.parse("audit.contact_history")]
    kept = portable.former(CATALOG, "crm", history)
    assert {"email", "phone", "last_name"} <= kept
    assert not {"tags", "contact_number", "full_name", "household_contact_id", "contact_id"} & kept


def test_a_catalog_that_does_not_say_which_rows_rest_on_consent_is_refused() -> None:
    marketing = CATALOG.stores["marketing"]
    name = TableName.parse("public.event")
    silent = marketing.tables[name].model_copy(update={"on_consent": None})
    store = marketing.model_copy(update={"tables": {**marketing.tables, name: silent}})
    catalog = Catalog(stores={**CATALOG.stores, "marketing": store})
    with pytest.raises(WrongConfiguration, match=r"public\.event: class R9 is portable only on consent .*on_consent"):
        catalogs.check_against(catalog, POLICY)
    catalogs.check_against(CATALOG, POLICY)
