"""Every worked case of `cases/decisions.csv` has a test that shows what it must come to, at the level that decides it.

A case is shown by a test whose name stands here and which names the case, or by a table of cases that has its
number. A case that nothing carries out yet is said to be so, with the reason; nothing is left out in silence.
"""

from __future__ import annotations

import ast
import csv
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
CASES = {int(row["id"]): row for row in csv.DictReader((TESTS / "cases/decisions.csv").open(encoding="utf-8"))}

DECIDED = "unit/policy/test_policy_decide.py::ERASURE"
OBJECTED = "unit/policy/test_policy_objection.py::OBJECTIONS"
CODE = "integration/handling/test_coding.py"
DECLINED = "integration/handling/test_declining.py"
TOGETHER = "integration/handling/test_asking_together.py"
ACCESS = "integration/handling/test_access_cases.py"
CORRECTED = "integration/handling/test_rectifying.py"
WHO = "unit/policy/test_who_may_ask.py"
RESTRICTED = "integration/handling/test_restricting.py"
PORTABLE = "unit/policy/test_policy_portable.py"

SHOWN: dict[int, tuple[str, ...]] = {
    **dict.fromkeys((1, 2, 3, 5, 6, 7, 9, 10, 11), (DECIDED,)),
    12: (
        f"{DECLINED}::test_what_follows_from_who_asks_is_confirmed_by_another_than_who_registered_it",
        f"{WHO}::test_companies_and_the_dead_have_no_rights_under_the_avg",
        "system/test_procedure_way.py::test_a_company_is_told_that_the_avg_is_about_people",
    ),
    13: (DECIDED, "integration/handling/test_replay.py::test_a_restored_store_is_brought_back_to_what_it_was"),
    15: (
        f"{TOGETHER}::test_the_erasure_waits_until_the_access_is_closed_also_where_it_stopped",
        "unit/test_several.py::test_a_copy_comes_first_and_what_is_erased_last",
        "system/test_procedure_way.py::test_a_copy_comes_before_the_erasure_and_one_verification_serves_both",
    ),
    16: (
        f"{ACCESS}::test_a_contact_person_gets_a_copy_of_everything",
        "unit/dossier/test_dossier_report.py::test_everything_of_art_15_is_said",
    ),
    17: (
        "integration/handling/test_proof_of_completeness.py"
        "::test_a_person_of_whom_nothing_is_held_is_told_so_in_one_mail",
    ),
    18: (f"{ACCESS}::test_others_in_the_rows_are_replaced_and_never_a_reason_to_refuse",),
    19: (f"{ACCESS}::test_recipients_are_given_by_name",),
    21: (
        "integration/handling/test_withholding.py"
        "::test_case_21_what_an_inquiry_is_about_is_withheld_and_the_rest_is_given",
    ),
    22: ("integration/test_clock.py::test_a_term_is_extended_until_its_last_day_and_the_person_is_told_why",),
    23: (
        "integration/test_clock.py::test_one_day_late_is_too_late_and_the_first_day_stands",
        "integration/test_clock.py::test_a_letter_that_goes_out_one_day_late_is_no_extension_either",
    ),
    24: (f"{CODE}::test_a_request_from_an_unknown_address_gets_its_code_at_the_known_one",),
    25: (f"{CODE}::test_who_is_logged_in_to_the_portal_is_asked_for_nothing_more",),
    26: (
        f"{CODE}::test_the_officer_is_told_to_delete_an_identity_document_that_was_sent_unasked",
        "unit/test_procedure_letters.py::test_no_way_of_verifying_is_a_copy_of_an_identity_document",
    ),
    27: (f"{DECLINED}::test_no_answer_after_a_reminder_is_refused_within_the_term",),
    28: (
        f"{TOGETHER}::test_a_repeat_is_shown_where_an_officer_decides_and_refuses_nothing",
        f"{DECLINED}::test_the_company_gives_the_facts_where_it_has_to_show_them",
    ),
    31: (
        f"{TOGETHER}::test_a_lawyer_with_a_mandate_gets_the_clients_data_and_nothing_of_their_own",
        f"{WHO}::test_who_acts_for_another_shows_a_mandate",
        "system/test_procedure_way.py::test_a_lawyer_gets_the_clients_data_once_the_mandate_was_seen",
    ),
    32: (
        f"{DECLINED}::test_who_may_not_ask_is_told_what_can_be_done",
        f"{WHO}::test_an_employer_needs_the_employees_mandate",
    ),
    33: (f"{DECLINED}::test_who_may_not_ask_is_told_what_can_be_done",),
    34: (f"{WHO}::test_a_child_of_14_asks_itself",),
    36: (f"{CORRECTED}::test_a_number_that_each_store_writes_in_its_own_way_is_right_in_all_of_them",),
    37: (f"{CORRECTED}::test_an_issued_invoice_stays_as_it_is_with_a_note_beside_it",),
    38: (f"{CORRECTED}::test_an_opinion_stays_and_the_statement_of_the_person_is_put_beside_it",),
    39: (f"{RESTRICTED}::test_case_39_a_contested_address_is_restricted_while_it_is_verified",),
    40: (f"{RESTRICTED}::test_case_40_logs_that_a_claim_needs_are_kept_from_deletion",),
    42: (f"{PORTABLE}::test_case_42_account_and_orders_go_and_invoices_are_offered_as_access",),
    43: (f"{PORTABLE}::test_case_43_the_profile_of_a_contact_person_goes_on_the_declared_basis",),
    44: (f"{PORTABLE}::test_case_44_segments_and_agents_notes_do_not_go",),
    **dict.fromkeys((46, 47, 48, 50, 51), (OBJECTED,)),
    53: (
        f"{DECLINED}::test_an_art_22_question_is_fulfilled",
        "unit/test_procedure_letters.py::test_an_article_22_question_is_answered_and_not_refused",
    ),
    54: ("unit/test_breach.py::test_case_54_the_clock_of_a_package_that_went_to_the_wrong_contact",),
}

OPEN: dict[int, str] = {
    30: "No fee is asked for a second copy: it is free, which favours the person (12(5), 15(3)).",
}
"""Cases that the product does not carry out; each is told to the reader of the README too."""


def named(case: int) -> re.Pattern[str]:
    return re.compile(rf"\bcases?\b[^\n]*?\b{case}\b", re.IGNORECASE)


@cache
def parsed(file: str) -> ast.Module:
    return ast.parse((TESTS / file).read_text(encoding="utf-8"))


def shows(place: str, case: int) -> bool:
    """Whether a test's name or docstring names the case, or a table has it."""
    file, _, name = place.partition("::")
    for node in parsed(file).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return f"_case_{case}_" in name or bool(named(case).search(ast.get_docstring(node) or ""))
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in node.targets):
            assert isinstance(node.value, ast.Dict), place
            return case in {key.value for key in node.value.keys if isinstance(key, ast.Constant)}
    return False


def test_no_case_is_left_out_and_none_is_made_up() -> None:
    told = [*SHOWN, *OPEN]
    assert sorted(told) == sorted(CASES)
    assert all(OPEN.values())


@pytest.mark.parametrize(("case", "place"), [(case, place) for case, places in SHOWN.items() for place in places])
def test_a_case_is_shown_by_a_test(case: int, place: str) -> None:
    row = CASES[case]
    assert shows(place, case), f"{place} does not show case {case}: {row['request and situation']} -> {row['expected']}"


@pytest.mark.parametrize("case", OPEN)
def test_a_case_that_is_open_is_told_to_the_reader(case: int) -> None:
    limits = (TESTS.parent / "README.md").read_text(encoding="utf-8").partition("## Limits")[2]
    word = {30: "fee"}[case]
    assert word in limits
