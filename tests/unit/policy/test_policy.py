"""Milgro's policy: it loads, it is whole in two languages, and its facts are those of the assessment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from avgflow.catalog.models import Text
from avgflow.configuration import WrongConfiguration
from avgflow.policy.models import Erasure, Policy, load
from avgflow.policy.recipients import UnknownRecipient
from avgflow.register.detail import DetailRefused, checked_actor
from avgflow.settings import INCLUDE

FILE = INCLUDE / "policy" / "milgro.yaml"


class Facts(NamedTuple):
    """What the assessment says of a class; bases as letters of art. 6(1)."""

    purposes: tuple[int, ...]
    sole_proprietor: str
    contact_person: str
    term: tuple[str | None, bool]
    other_terms: dict[str, tuple[str | None, bool]]
    erasure: str
    objection: str
    portability: str


ASSESSMENT = {
    "R1": Facts((1, 3), "b", "f", ("P2Y", False), {}, "erase", "balance", "provided"),
    "R2": Facts(
        (3,),
        "bf",
        "f",
        ("P2Y", False),
        {"audio": ("P90D", False), "claim": ("P5Y", False)},
        "erase",
        "balance",
        "provided",
    ),
    "R3": Facts((1,), "b", "f", ("P2Y", False), {"sales_records": ("P7Y", True)}, "erase", "balance", "yes"),
    "R4": Facts((1, 6), "bc", "c", ("P7Y", True), {}, "keep", "none", "no"),
    "R5": Facts((6,), "c", "c", ("P5Y", True), {}, "keep", "none", "no"),
    "R6": Facts((2,), "b", "f", ("P30D", False), {"idle": ("P24M", False)}, "erase", "balance", "yes"),
    "R7": Facts((2,), "bf", "f", ("P12M", False), {}, "erase", "balance", "provided"),
    "R8": Facts((4, 5), "a", "a", ("P5Y", False), {}, "keep", "none", "yes"),
    "R9": Facts((5,), "af", "af", ("P0D", False), {"events": ("P24M", False)}, "erase_suppress", "absolute", "consent"),
    "R10": Facts((4,), "f", "f", ("P12M", False), {}, "erase", "absolute", "no"),
    "R11": Facts((4,), "a", "a", ("P6M", False), {}, "erase", "none", "yes"),
    "R12": Facts((6,), "cf", "cf", ("P5Y", False), {}, "keep", "balance", "no"),
    "R13": Facts((5,), "f", "f", (None, False), {}, "keep", "none", "no"),
}
DECLARED = {1: "b", 2: "b", 3: "bf", 4: "fa", 5: "fa", 6: "c"}


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load(FILE)


def test_it_names_the_controller_of_the_privacy_policy(policy: Policy) -> None:
    controller = policy.controller
    assert (controller.name, controller.address, controller.postal_code, controller.city) == (
        "Milgro B.V.",
        "Pittsburghstraat 31",
        "3047 BL",
        "Rotterdam",
    )
    assert (controller.phone, controller.email) == ("010-2380310", "privacy@milgro.nl")


def test_the_purposes_are_the_six_of_the_privacy_policy(policy: Policy) -> None:
    assert {number: "".join(purpose.basis_declared) for number, purpose in policy.purposes.items()} == DECLARED


def test_there_is_every_class_and_no_other(policy: Policy) -> None:
    assert set(policy.classes) == set(ASSESSMENT) == {f"R{n}" for n in range(1, 14)}


@pytest.mark.parametrize("name", ASSESSMENT)
def test_the_facts_of_a_class(policy: Policy, name: str) -> None:
    found = policy.classes[name]
    assert ASSESSMENT[name] == Facts(
        found.purposes,
        "".join(found.basis_assessed.sole_proprietor),
        "".join(found.basis_assessed.contact_person),
        (found.term.period, found.term.law),
        {key: (term.period, term.law) for key, term in found.other_terms.items()},
        found.erasure,
        found.objection,
        found.portability,
    )
    assert set(found.basis_declared) <= {basis for p in found.purposes for basis in DECLARED[p]}


def test_the_fiscal_term_runs_from_the_end_of_the_year_and_statutes_are_named(policy: Policy) -> None:
    invoices, sales = policy.classes["R4"].term, policy.classes["R3"].other_terms["sales_records"]
    waste = policy.classes["R5"].term
    assert invoices.year_end
    assert sales.year_end
    assert not waste.year_end
    assert invoices.source is not None
    assert "52 lid 4" in invoices.source.nl
    assert waste.source is not None
    assert "10.38 lid 2" in waste.source.nl


def _texts(value: object) -> Iterator[Text]:
    if isinstance(value, Text):
        yield value
    elif isinstance(value, BaseModel):
        for field in type(value).model_fields:
            yield from _texts(getattr(value, field))
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _texts(part)


def test_every_text_is_there_in_both_languages_and_closed(policy: Policy) -> None:
    texts = list(_texts(policy))
    assert len(texts) >= 90
    for text in texts:
        assert text.nl.strip() == text.nl != ""
        assert text.en.strip() == text.en != ""
    for record_class in policy.classes.values():
        for term in [record_class.term, *record_class.other_terms.values()]:
            assert term.text.nl.endswith(".")
            assert term.text.en.endswith(".")


def test_sentences_are_short_enough_to_be_read_by_anyone(policy: Policy) -> None:
    for text in [*_texts(policy.statements), *_texts(policy.classes), *_texts(policy.purposes)]:
        for sentence in re.split(r"(?<=[.?])\s", text.nl):
            assert len(sentence.split()) <= 28, sentence


def test_the_answer_names_every_right_with_its_article(policy: Policy) -> None:
    statements = policy.statements
    rights = " ".join(text.nl for text in statements.rights)
    for article in (16, 17, 18, 20, 21):
        assert f"artikel {article} " in rights
    assert "artikel 7 lid 3" in statements.withdrawal.nl
    assert "artikel 22" in statements.automated_decisions.nl
    assert "artikel 46" in statements.transfers.nl
    assert "Autoriteit Persoonsgegevens" in statements.remedies.authority.nl
    assert "zes weken" in statements.remedies.court.nl
    assert "artikel 35 UAVG" in statements.remedies.court.nl
    assert "90 dagen" in statements.backups.nl
    assert "90 dagen" in statements.erased_backups.nl
    assert "artikel 21 lid 3" in statements.suppression_explained.nl


def test_the_recipients_are_those_of_the_privacy_policy(policy: Policy) -> None:
    titles = " ".join(recipient.title.nl for recipient in policy.recipients)
    for kind in ("ICT", "Leveranciers", "Deurwaarders", "Advocaten", "Bewindvoerders", "Belastingdienst", "politie"):
        assert kind in titles


def test_processors_and_controllers_are_told_of_an_erasure_and_authorities_are_not(policy: Policy) -> None:
    assert {r.id: r.notified for r in policy.recipients} == {
        "it-companies": True,
        "suppliers": True,
        "bailiffs": True,
        "lawyers": True,
        "administrators": True,
        "tax-administration": False,
        "police": False,
    }
    for recipient in policy.recipients:
        assert recipient.notified == (recipient.role != "authority")
        assert recipient.why_not is None or "artikel 4 punt 9 AVG" in recipient.why_not.nl


def test_no_address_of_a_recipient_is_made_up(policy: Policy) -> None:
    """The privacy policy names no company, so there is nothing to write to and nobody's identifiers to give."""
    assert {(r.email, r.known_by, r.named) for r in policy.recipients} == {(None, (), ())}


def test_who_is_told_depends_on_what_was_erased(policy: Policy) -> None:
    assert [r.id for r in policy.recipients_of({"R11"})] == ["it-companies"]
    assert [r.id for r in policy.recipients_of({"R4"})] == ["it-companies", "bailiffs", "lawyers", "administrators"]
    assert policy.recipients_of(set()) == ()


def test_a_recipient_is_found_by_its_id(policy: Policy) -> None:
    assert policy.recipient("lawyers").title.nl == "Advocaten"
    with pytest.raises(UnknownRecipient, match=r"Choose one of: it-companies, suppliers, .*police"):
        policy.recipient("belastingdienst")


def test_nothing_is_waited_for_and_one_officer_is_enough_unless_configured(policy: Policy) -> None:
    assert (policy.erasure.cooling_off_days, policy.erasure.officers) == (0, ())


def _spoiled(tmp_path: Path, **changes: object) -> Path:
    """A copy of the policy in which parts, named by dotted paths, are replaced (None: taken out)."""
    data = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    for path, value in changes.items():
        *parents, last = path.split("__")
        at = data
        for part in parents:
            at = at[part]
        if value is None:
            del at[last]
        else:
            at[last] = value
    file = tmp_path / "policy.yaml"
    file.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return file


def test_a_term_by_law_without_its_statute_is_refused(tmp_path: Path) -> None:
    file = _spoiled(tmp_path, classes__R4__term__source=None)
    with pytest.raises(
        WrongConfiguration, match=r"policy\.yaml:\d+: classes\.R4\.term: a term by law names its source"
    ):
        load(file)


def test_a_class_of_an_unknown_purpose_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongConfiguration, match="class R5 names purpose 9"):
        load(_spoiled(tmp_path, classes__R5__purposes=[9]))


def test_a_recipient_of_an_unknown_class_is_refused(tmp_path: Path) -> None:
    file = _spoiled(tmp_path)
    file.write_text(file.read_text(encoding="utf-8").replace("- R13\n", "- R99\n", 1), encoding="utf-8")
    with pytest.raises(WrongConfiguration, match="names class R99"):
        load(file)


@pytest.mark.parametrize("wrong", ["twelve months", "P", "PT1H", "P1W", "-P5Y", "p5y", "P1D1M", "P٥Y", ""])
def test_a_period_is_an_iso_duration(tmp_path: Path, wrong: str) -> None:
    """A bare P would be a term of nothing: everything of the class would go a day after its term began."""
    with pytest.raises(WrongConfiguration, match=r"classes\.R10\.term\.period: .*P5Y, P6M, P90D"):
        load(_spoiled(tmp_path, classes__R10__term__period=wrong))


def _with_recipient(tmp_path: Path, **changes: object) -> Path:
    """A copy of the policy in which the first recipient is another."""
    first, *others = yaml.safe_load(FILE.read_text(encoding="utf-8"))["recipients"]
    return _spoiled(tmp_path, recipients=[{**first, **changes}, *others])


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"id": "lawyers"}, "two recipients have the id lawyers; give each an id of its own"),
        ({"id": "ICT bedrijven"}, r"recipients\.0\.id: "),
        ({"email": "privacy at ict"}, "email is not an e-mail address; correct it, or take it out"),
        ({"email": "a@ict.nl, b@ict.nl"}, "email is not an e-mail address"),
        ({"notified": False}, r"says why \(why_not: \{nl: …, en: …\}\); give the reason, or set notified: true"),
        ({"why_not": {"nl": "x", "en": "x"}}, "take why_not out, or set notified: false"),
        (
            {"known_by": ["debtor_number"]},
            "it-companies knows a person by debtor_number, which is not under identifiers; add what it is called there",
        ),
    ],
)
def test_a_recipient_that_cannot_be_used_is_refused_with_a_remedy(
    tmp_path: Path, changes: dict[str, object], remedy: str
) -> None:
    with pytest.raises(WrongConfiguration, match=remedy):
        load(_with_recipient(tmp_path, **changes))


@pytest.mark.parametrize(
    "wrong", ["", "privacy.milgro.nl", "a@milgro.nl, b@milgro.nl", "Milgro <a@milgro.nl>", "é@milgro.nl"]
)
@pytest.mark.parametrize("name", ["controller__email", "mail_from", "officer_mailbox"])
def test_an_address_from_or_to_which_no_mail_could_go_is_refused_at_once(tmp_path: Path, name: str, wrong: str) -> None:
    """Else it comes out when a request stops, and the mail that tells the officer so cannot be made either."""
    with pytest.raises(WrongConfiguration, match=rf"{name.replace('__', '.')} is not an e-mail address.*correct it"):
        load(_spoiled(tmp_path, **{name: wrong}))


def test_a_recipient_with_an_address_and_a_number_it_knows_is_taken(tmp_path: Path) -> None:
    made = load(_with_recipient(tmp_path, email="privacy@ict.example", known_by=["customer_number"]))
    assert made.recipients[0].known_by == ("customer_number",)


@pytest.mark.parametrize(
    ("section", "remedy"),
    [
        ({"cooling_off_days": -1}, "give 0 to 14"),
        ({"cooling_off_days": 30}, r"give 0 to 14, for the answer is due within a month \(art\. 12\(3\)\)"),
        ({"officers": ["anna", "Anna"]}, "one person could approve alone; take one of the two out"),
        ({"officers": ["Anna de Vries"]}, "give the names under which officers log in to Airflow"),
        ({"officers": [""]}, "give the names under which officers log in to Airflow"),
    ],
)
def test_rules_for_approval_that_cannot_work_are_refused_with_a_remedy(
    tmp_path: Path, section: dict[str, object], remedy: str
) -> None:
    with pytest.raises(WrongConfiguration, match=rf"policy\.yaml:\d+: erasure: .*{remedy}"):
        load(_spoiled(tmp_path, erasure=section))


@pytest.mark.parametrize(
    "login", ["anna", "bas@milgro.example", "b.de-vries+1:x_", "x" * 100, "x" * 101, "", "Anna de Vries", ".a", "é"]
)
def test_who_may_be_an_officer_is_who_the_register_takes_for_having_done_something(login: str) -> None:
    def takes(check: Callable[[], object], refusal: type[Exception]) -> bool:
        try:
            check()
        except refusal:
            return False
        return True

    by_policy = takes(lambda: Erasure(officers=(login,)), ValidationError)
    assert by_policy == takes(lambda: checked_actor(login), DetailRefused)


def test_officers_and_a_time_to_withdraw_can_be_given(tmp_path: Path) -> None:
    made = load(_spoiled(tmp_path, erasure={"cooling_off_days": 5, "officers": ["anna", "bas@milgro.example"]}))
    assert (made.erasure.cooling_off_days, made.erasure.officers) == (5, ("anna", "bas@milgro.example"))


@pytest.mark.parametrize("schedule", ["", "weekly", "0 2 * *", "99 2 * * 0", "* * * * * *", "@daily"])
def test_a_time_that_is_none_is_named_with_an_example(schedule: str, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    said = FILE.read_text(encoding="utf-8") + f"\nretention: {{schedule: '{schedule}'}}\n"
    file.write_text(said, encoding="utf-8")
    with pytest.raises(WrongConfiguration, match="every Sunday at two"):
        load(file)
