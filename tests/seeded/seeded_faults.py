"""Faults to put into the rules on purpose: each is one that a hand could slip into, and that would harm somebody.

`test_seeded_faults.py` puts them in one at a time and asks whether the tests of that module notice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Swap(NamedTuple):
    """A text of a module that stands there once, what takes its place, and what comes of it."""

    old: str
    new: str
    harm: str


@dataclass(frozen=True)
class Seeded:
    """The faults of one module, and the tests that have to notice each of them."""

    module: str
    tests: tuple[str, ...]
    swaps: tuple[Swap, ...]


TERMS = Seeded(
    "include/avgflow/terms.py",
    ("tests/unit/test_terms.py", "tests/unit/test_deadlines.py"),
    (
        Swap("TERM_MONTHS = 1", "TERM_MONTHS = 2", "the answer is a month late"),
        Swap("EXTENDED_MONTHS = 3", "EXTENDED_MONTHS = 4", "the extended answer is a month late"),
        Swap("SATURDAY = 5", "SATURDAY = 6", "a Saturday counts as a working day"),
        Swap("SATURDAY = 5", "SATURDAY = 4", "a Friday counts as a day off"),
        Swap('        "Koningsdag",\n', "", "the 27th of April counts as a working day"),
        Swap('        "Bevrijdingsdag",\n', "", "the 5th of May counts as a working day"),
        Swap('        "Tweede paasdag",\n', "", "Easter Monday counts as a working day"),
        Swap("include_good_friday: bool = True", "include_good_friday: bool = False", "Good Friday is forgotten"),
        Swap("include_equated_days: bool = False", "include_equated_days: bool = True", "a day by decree counts"),
        Swap("if self.include_equated_days and day.year == year", "if day.year == year", "a choice is not heeded"),
        Swap("and self.include_good_friday", "", "a choice is not heeded"),
        Swap(
            "if self.answered < self.asked:", "if self.answered <= self.asked:", "an answer on the same day is refused"
        ),
        Swap("if self.answered < self.asked:", "if False:", "a pause can bring a deadline forward"),
        Swap(
            "return (self.answered - self.asked).days", "return (self.answered - self.asked).days + 1", "a day too many"
        ),
        Swap("min(day.day, monthrange(year, month + 1)[1])", "min(day.day, 28)", "months end on the 28th"),
        Swap("day.month - 1 + months, 12)", "day.month + months, 12)", "one month too many"),
        Swap("day += timedelta(days=1)\n    return day", "day -= timedelta(days=1)\n    return day", "rolls backward"),
        Swap(
            "day -= timedelta(days=1)\n    return day", "day += timedelta(days=1)\n    return day", "safe is too late"
        ),
        Swap(
            "roll(nominal(received, holds), calendar)",
            "nominal(received, holds)",
            "a deadline falls on a Sunday",
        ),
        Swap(
            'at_once if calendar.extension == "at-once" else in_steps',
            'in_steps if calendar.extension == "at-once" else at_once',
            "the extension is counted by the other reading",
        ),
        Swap(
            "extended_safe=safe(paused(_in_steps(received), holds), calendar)",
            "extended_safe=safe(nominal_extended(received, holds), calendar)",
            "the safe day is not safe under every reading",
        ),
        Swap("safe(day - timedelta(days=1), calendar)", "safe(day, calendar)", "the warning comes a day late"),
        Swap("hold.asked <= merged[-1].answered", "hold.asked < merged[-1].asked", "a day of two pauses counts twice"),
        Swap("max(merged[-1].answered, hold.answered)", "hold.answered", "a long pause is cut off by a short one"),
        Swap("if hold.asked > end:", "if hold.asked >= end:", "a question on the last day pauses nothing"),
        Swap("break  # a question", "pass  # a question", "a question after the term gives more time"),
    ),
)

DECIDE = Seeded(
    "include/avgflow/policy/decide.py",
    (
        "tests/unit/policy/test_policy_decide.py",
        "tests/unit/policy/test_policy_objection.py",
        "tests/unit/policy/test_policy.py",
        "tests/unit/test_every_case.py",
    ),
    (
        Swap(
            "(_law, _claim, _contract, _proof, _request)", "(_claim, _contract, _proof, _request)", "books are erased"
        ),
        Swap(
            "(_law, _claim, _contract, _proof, _request)", "(_law, _contract, _proof, _request)", "evidence is erased"
        ),
        Swap(
            "(_law, _claim, _contract, _proof, _request)", "(_law, _claim, _proof, _request)", "an open order is erased"
        ),
        Swap("(_law, _claim, _contract, _proof, _request)", "(_law, _claim, _contract, _request)", "proof is erased"),
        Swap(
            "(_law, _claim, _contract, _proof, _request)",
            "(_claim, _law, _contract, _proof, _request)",
            "the letter names the wrong ground",
        ),
        Swap(
            "if not term.law:\n        return None", "if False:\n        return None", "our own term refuses somebody"
        ),
        Swap(
            'until < situation.today:\n        return None\n    return Decision("keep", Ground.LAW',
            'until <= situation.today:\n        return None\n    return Decision("keep", Ground.LAW',
            "books go a day too early",
        ),
        Swap(
            "of_class.other_terms[record.term] if record.term else of_class.term",
            "of_class.term",
            "a row's own term is not heeded",
        ),
        Swap(
            "for held in (record.record_class, EVERYTHING):", "for held in (EVERYTHING,):", "a hold on a class is lost"
        ),
        Swap("for held in (record.record_class, EVERYTHING):", "for held in (record.record_class,):", "a hold is lost"),
        Swap(
            "until is None or until >= situation.today", "until is None or until > situation.today", "a hold ends early"
        ),
        Swap("until is None or until >= situation.today", "until is None", "a hold with an end holds nothing"),
        Swap("situation.contract_runs and not record.former", "situation.contract_runs", "history is kept for nothing"),
        Swap(
            "of_class.contract and situation.contract_runs",
            "situation.contract_runs",
            "all is kept while one order runs",
        ),
        Swap("of_class.contract and situation.contract_runs", "of_class.contract", "the contract never ends"),
        Swap(
            "record.counts_from or situation.today", "record.counts_from or date(1970, 1, 1)", "fresh proof is erased"
        ),
        Swap(
            'return replace(decision, whole=whole) if decision.action == "keep" else decision',
            "return decision",
            "columns are taken out of what a claim needs",
        ),
        Swap("for needs in (_claim, _contract))", "for needs in (_contract,))", "a claim's columns are taken out"),
        Swap(
            "date(counts_from.year, 12, 31) if term.year_end",
            "date(counts_from.year, 1, 1) if term.year_end",
            "books go a year too early",
        ),
        Swap("if term.year_end else counts_from", "if False else counts_from", "books go months too early"),
        Swap('of_class.erasure == "erase_suppress"', "False", "somebody erased gets marketing again"),
        Swap(
            "if scope is not Scope.ALL and of_class.scope != scope and not _proves_consent(of_class):",
            "if False:",
            "an objection to marketing weighs everything",
        ),
        Swap(
            'if of_class.objection != "absolute":\n        return None',
            "return None",
            "marketing is weighed, not stopped",
        ),
        Swap('Decision("stop", ground, reason, suppress=True)', 'Decision("stop", ground, reason)', "is mailed again"),
        Swap("scope in (of_class.scope, Scope.ALL)", "scope in (Scope.ALL,)", "nothing is stopped by name"),
        Swap("scope in (of_class.scope, Scope.ALL)", "scope in (of_class.scope,)", "'everything' stops no marketing"),
        Swap("replace(claimed, whole=True) if claimed else", "claimed if claimed else", "columns of a claim go"),
        Swap(
            'return replace(claimed, whole=True) if claimed else Decision("erase"',
            'return Decision("erase"',
            "what a claim needs goes with the consent",
        ),
        Swap(
            "assessed.sole_proprietor if situation.sole_proprietor else assessed.contact_person",
            "assessed.contact_person",
            "a sole proprietor's contract is weighed",
        ),
        Swap('if {"e", "f"} & set(bases) else None', 'if {"e"} & set(bases) else None', "no interest is weighed"),
        Swap(
            'if "c" in of_class.bases:\n        return Decision("continue"',
            'if False:\n        return Decision("continue"',
            "the wrong reason is told",
        ),
    ),
)

PERIODS = Seeded(
    "include/avgflow/policy/periods.py",
    (
        "tests/unit/policy/test_policy_decide.py",
        "tests/unit/policy/test_policy_housekeeping.py",
        "tests/unit/policy/test_policy.py",
    ),
    (
        Swap("12 * years + months)", "12 * years)", "terms in months are nothing"),
        Swap("12 * years + months)", "years + months)", "a year is a month"),
        Swap(" + timedelta(days=days)", "", "terms in days are nothing"),
        Swap("P(?=[0-9])", "P", "a bare P is a term of nothing"),
        Swap("or fewest_days(value) == 0", "", "what is kept for no day at all is taken"),
        Swap("except (ValueError, OverflowError):", "except OverflowError:", "9999-12-31 stops a plan"),
        Swap("except (ValueError, OverflowError):", "except ValueError:", "a term of ages stops a plan"),
        Swap("years * 365 + months * 28", "years * 366 + months * 31", "the shortest year is a long one"),
        Swap("years * 366 + months * 31", "years * 365 + months * 28", "the longest year is a short one"),
    ),
)

ERASED = Seeded(
    "include/avgflow/dossier/erasure.py",
    ("tests/unit/policy/test_policy_decide.py", "tests/unit/dossier/test_erasure_answer.py"),
    (
        Swap(
            'return "partly_fulfilled" if gone else "refused"',
            'return "partly_fulfilled"',
            "a refusal is called partly",
        ),
        Swap("if all(one.proof for one in stays):", "if not stays:", "mere proof is called a refusal"),
        Swap("if all(one.proof for one in stays):", "if gone:", "what was kept is not told"),
        Swap("if not gone and not stays:", "if not gone:", "what was refused is called not found"),
    ),
)

OBJECTED = Seeded(
    "include/avgflow/dossier/objection.py",
    ("tests/unit/policy/test_policy_objection.py", "tests/unit/dossier/test_objection_letters.py"),
    (
        Swap("if not done and not open_:", "if not done:", "a refusal is called not found"),
        Swap("        if not open_:\n", "        if done:\n", "what goes on is not told"),
        Swap('return "partly_fulfilled" if done', 'return "partly_fulfilled" if True', "a refusal is called partly"),
        Swap("unreached or self.refused or", "self.refused or", "who was not reached is told that it stopped"),
    ),
)

PORTABLE = Seeded(
    "include/avgflow/policy/portable.py",
    ("tests/unit/policy/test_policy_portable.py", "tests/unit/test_ported.py"),
    (
        Swap('frozenset({"provided", "observed"})', 'frozenset({"provided"})', "what was observed stays behind"),
        Swap("    if column.secret:\n        return Stays.SECURITY\n", "", "a password hash goes along"),
        Swap(
            'column.third_party or column.origin == "third party"', 'column.origin == "third party"', "others' data go"
        ),
        Swap(
            'column.third_party or column.origin == "third party"', "column.third_party", "others' data are called ours"
        ),
        Swap("    if not column.personal:\n        return Stays.TECHNICAL\n", "", "the wrong reason is told"),
        Swap("None if column.origin in GIVEN else Stays.DERIVED", "None", "what we derived goes along"),
        Swap('None if of_class.portability != "no" else _by_basis(of_class)', "None", "what is excluded goes along"),
        Swap('on_consent or of_class.bases == {"a"}', "True", "goes along without consent"),
        Swap('Decision(True, Ground.CONTRACT) if "b" in of_class.bases else None', "None", "orders stay behind"),
        Swap('Decision(True, Ground.CONSENT) if "a" in of_class.bases else None', "None", "what was consented stays"),
        Swap('if "c" in of_class.bases:', "if False:", "the wrong reason is told"),
        Swap(
            "if record_class is None:\n        return Decision(False",
            "if record_class is None:\n        return Decision(True",
            "rows without a class go along",
        ),
    ),
)

WHO = Seeded(
    "include/avgflow/policy/who_may_ask.py",
    ("tests/unit/policy/test_who_may_ask.py",),
    (
        Swap("CHANGED = date(2026, 9, 1)", "CHANGED = date(2026, 9, 2)", "a child is refused on the first day"),
        Swap("ASKS_TOO = 12", "ASKS_TOO = 13", "a child of twelve is refused"),
        Swap("ASKS_ALONE = 16", "ASKS_ALONE = 17", "parents see what is not theirs"),
        Swap("ADULT = 18", "ADULT = 21", "a guardian of an adult is refused"),
        Swap(
            "((on.month, on.day) < (born.month, born.day))",
            "((on.month, on.day) <= (born.month, born.day))",
            "younger on the birthday",
        ),
        Swap("received >= CHANGED", "received > CHANGED", "the old law on the new law's first day"),
        Swap(
            "case Capacity.EMPLOYER if not mandate:", "case Capacity.EMPLOYER if False:", "an employer only has to ask"
        ),
        Swap(
            "case Capacity.HEIR if scope is not Scope.MARKETING:",
            "case Capacity.HEIR if True:",
            "the dead go on getting marketing",
        ),
        Swap("return GoOn() if mandate else AskMandate()", "return GoOn()", "anybody may ask for anybody"),
    ),
)

PLAN = Seeded(
    "include/avgflow/plan.py",
    ("tests/unit/test_plan.py",),
    (
        Swap(
            '"keep_until": self.keep_until.isoformat() if self.keep_until else None',
            '"keep_until": None',
            "the last day is not part of what is approved",
        ),
        Swap('"ground": self.ground,', '"ground": "",', "the ground is not part of what is approved"),
        Swap('"columns": list(self.columns),', '"columns": [],', "columns are not part of what is approved"),
        Swap('"keys": sorted(map(list, self.keys)),', '"keys": [],', "other rows than approved can be erased"),
        Swap('"keys": sorted(map(list, self.keys)),', '"keys": list(map(list, self.keys)),', "asks again for the same"),
        Swap(
            'self.action not in _UNCHANGED and (self.action != "keep" or bool(self.columns))',
            "self.action not in _UNCHANGED",
            "what is kept counts as changed",
        ),
        Swap(
            'self.action not in _UNCHANGED and (self.action != "keep" or bool(self.columns))',
            'self.action not in _UNCHANGED and self.action != "keep"',
            "a change to a kept row is not counted",
        ),
        Swap(
            "EVERYTHING in self.restricts or record_class in self.restricts",
            "record_class in self.restricts",
            "a whole restriction restricts nothing",
        ),
        Swap(
            "EVERYTHING in self.restricts or record_class in self.restricts",
            "EVERYTHING in self.restricts",
            "a restricted class is used",
        ),
        Swap(
            "if step.table == table and step.action in _READ)", "if step.table == table)", "rows left out are counted"
        ),
        Swap(
            "step for step in self.steps if step.store == store",
            "step for step in self.steps",
            "a store gets the steps of another",
        ),
        Swap(
            'action: Action = "collect" if table.access else "leave out"',
            'action: Action = "collect"',
            "what is to be left out is collected",
        ),
        Swap("        if not table.subject:\n            continue\n", "", "tables of nobody stand in the plan"),
        Swap(
            "counts.get((store.store, name), {}) or {None: 0}",
            "counts.get((store.store, name), {})",
            "an empty table is left out in silence",
        ),
        Swap(
            "replace(plan, digest=keyed_hash(_canonical(_content(plan))))",
            "replace(plan, digest=keyed_hash(b''))",
            "every plan has one digest",
        ),
        Swap('"suppress": list(plan.suppress),', '"suppress": [],', "a suppression is not part of what is approved"),
        Swap('"footprint": plan.footprint.to_json(),', '"footprint": {},', "another person can be meant than approved"),
        Swap('"done": [step.to_json() for step in plan.done],', '"done": [],', "what was done before is forgotten"),
        Swap(
            '**({"fixes": [[f.attribute, f.new, list(f.former), f.fill] for f in plan.fixes]} if plan.fixes else {}),',
            "",
            "another value than approved can be filled in",
        ),
        Swap(
            '**({"restricts": list(plan.restricts)} if plan.restricts else {}),', "", "what is restricted is forgotten"
        ),
        Swap('**({"scope": plan.scope} if plan.scope else {}),', "", "what is objected to is forgotten"),
        Swap("sort_keys=True, ensure_ascii=False", "sort_keys=False, ensure_ascii=False", "asks again for the same"),
        Swap(
            "replace(step, rows=len(keys), keys=tuple(sorted(keys)))",
            "replace(step, rows=1, keys=tuple(sorted(keys)))",
            "the officer approves another number of rows",
        ),
        Swap(
            "groups[replace(step, rows=0, keys=())]",
            "groups[replace(step, rows=0, keys=(), reason=None)]",
            "a reason is lost",
        ),
    ),
)

IDENTITY = Seeded(
    "include/avgflow/identity.py",
    ("tests/unit/test_identity.py",),
    (
        Swap(
            '(value or "").strip(BLANKS).lower() or None', '(value or "").strip(BLANKS) or None', "Jan@x is not jan@x"
        ),
        Swap('(value or "").strip(BLANKS).lower() or None', '(value or "").lower() or None', "a blank hides somebody"),
        Swap('(value or "").strip(BLANKS).lower() or None', '(value or "").strip(BLANKS).lower()', "blank is somebody"),
        Swap('BLANKS = " \\t\\r\\n\\u00a0"', 'BLANKS = " \\t\\r\\n"', "a hard blank hides somebody"),
        Swap("_union(self.values, other.values),", "self.values,", "rows are missed"),
        Swap("_union(self.identifiers, other.identifiers),", "self.identifiers,", "rows are missed"),
        Swap("_union(self.held, other.held),", "self.held,", "own identifiers are forgotten"),
        Swap("            self.chosen,\n", "            None,\n", "a human's choice is forgotten"),
        Swap("            self.shared,\n", "            {},\n", "a shared address selects somebody else's rows"),
        Swap(
            "one.get(name, frozenset()) | other.get(name, frozenset())",
            "other.get(name, frozenset()) or one.get(name, frozenset())",
            "rows are missed",
        ),
        Swap(
            "for value in found - foreign.get(kind, frozenset()):",
            "for value in found:",
            "two people behind a shared mailbox become one",
        ),
        Swap("    for one, other in tied:\n        join(one, other)\n", "", "one person becomes two"),
        Swap(
            "join(row, same.setdefault((row.store, row.table, row.person), row))",
            "join(row, same.setdefault((row.store, row.table, row.key), row))",
            "one person becomes two",
        ),
        Swap(
            "            for row in groups[other]:\n                groups[row] = groups[one]\n",
            "            groups[other] = groups[one]\n",
            "one person becomes two",
        ),
        Swap("        if len(keys) > 1:", "        if len(keys) > 2:", "a mailbox of two people selects both"),
        Swap(
            "(kind, value, row.store, row.table), set()).add(row.person)",
            "(kind, value, row.store, row.table), set()).add(row.key)",
            "somebody with two rows is not found",
        ),
        Swap(
            "row.person) != row.person for row in held",
            "row.person) == row.person for row in held",
            "everybody is ambiguous, or nobody",
        ),
        Swap(
            "first.setdefault((row.store, row.table), row.person)",
            "first.setdefault((row.store, row.table), row.key)",
            "somebody with two rows is ambiguous",
        ),
    ),
)

VERDICT = Seeded(
    "include/avgflow/completeness/verdict.py",
    ("tests/unit/completeness",),
    (
        Swap(
            "return abs(int(getattr(measure, self.figure)) - int(other))",
            "return int(getattr(measure, self.figure)) - int(other)",
            "a row too few is no fault",
        ),
        Swap("return bool(self.expectations) and all(", "return all(", "no work is a proof"),
        Swap("and all(expectation.passed", "and any(expectation.passed", "one check that holds is a proof"),
        Swap(
            "            if not check.holds(measure)\n", "            if check.holds(measure)\n", "faults are not named"
        ),
        Swap(
            "if table.access and table.subject]", "if table.access and table.subject][1:]", "a table is not asked for"
        ),
        Swap(
            "int(place not in places), times[place] - 1,",
            "0, times[place] - 1,",
            "another table stands for a missing one",
        ),
        Swap(
            "int(place not in places), times[place] - 1,",
            "int(place not in places), 0,",
            "a table measured twice is two",
        ),
        Swap("rows = len(places) * len(batch) * (len(proof.checks) + 2)", "rows = len(faults)", "a store is left out"),
        Swap(
            'gxe.ExpectColumnMaxToBeBetween(column="faults", min_value=0, max_value=0)',
            'gxe.ExpectColumnMaxToBeBetween(column="faults", min_value=0, max_value=1)',
            "one fault is none",
        ),
        Swap(
            "passed[check] = passed.get(check, True) and bool(result.success)",
            "passed[check] = bool(result.success)",
            "a later expectation hides an earlier one",
        ),
        Swap(
            "yield from _judged(proof, stores, {number: measures})",
            "yield from _all_hold(proof, stores, {number: measures})",
            "one request of many is not judged",
        ),
        Swap(
            "yield from _judged(proof, (store,), batch)",
            "yield from _all_hold(proof, (store,), batch)",
            "one store of many is not judged",
        ),
        *(
            Swap(f'"{figure}"{rest}', f'"{instead}"{rest}', harm)
            for figure, rest, instead, harm in (
                ("unknown_columns", "),", "missing_columns", "a column that nobody knows is no fault"),
                ("of_others", "),", "doubled", "somebody else's row is no fault"),
                ("without_key", "),", "doubled", "a row without its key is no fault"),
                ("unredacted", "),", "doubled", "a third party's name is no fault"),
            )
        ),
    ),
)

RECOUNT = Seeded(
    "include/avgflow/completeness/recount.py",
    ("tests/integration/handling/test_proof_of_erasure.py",),
    (
        Swap(
            "left=presence.present(view, target, erased.footprint, gone),", "", "what was not erased is called erased"
        ),
        Swap(
            "missing=len(staying) - presence.present(view, target, erased.footprint, staying),",
            "",
            "too much is erased",
        ),
        Swap("        more=afresh - known,\n", "", "a row that came meanwhile is overlooked"),
        Swap(
            "dangling=sum(presence.dangling(view, ground, key, gone) for key in ground.foreign_keys "
            "if key.target == name),",
            "",
            "pointers into nothing are overlooked",
        ),
        Swap(
            "        beyond=_beyond(erased.receipt, target, steps),\n", "", "another row that was changed is overlooked"
        ),
        Swap(
            'return beyond + abs(deleted - _rows(steps, "delete"))', "return beyond", "PostgreSQL's count is not heeded"
        ),
        Swap("beyond = abs(receipt.counts.get(table, 0) - planned)", "beyond = 0", "the receipt is not heeded"),
        Swap(
            'gone = _keys([*steps, *done], "delete")',
            'gone = _keys(steps, "delete")',
            "what an earlier plan erased may be back",
        ),
        Swap(
            "for step in overwritten\n",
            "for step in overwritten[:0]\n",
            "what was to be overwritten still stands there",
        ),
    ),
)

EVERY = (TERMS, DECIDE, PERIODS, ERASED, OBJECTED, PORTABLE, WHO, PLAN, IDENTITY, VERDICT, RECOUNT)
