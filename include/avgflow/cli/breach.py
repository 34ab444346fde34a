"""`avgflow breach …`: a letter or package that went to the wrong person (AVG art. 33 and 34)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from avgflow import breach as rules
from avgflow.breach import Field, Missing, What
from avgflow.cli import shown
from avgflow.cli.keyboard import actor
from avgflow.cli.shown import say
from avgflow.errors import AvgflowError
from avgflow.fields import AMSTERDAM
from avgflow.handling import breaching, environment
from avgflow.register import breaches
from avgflow.register.breaches import Breach
from avgflow.register.database import transaction

app = typer.Typer(
    help="Breaches: a letter or package that went to the wrong person, and the 72 hours to tell the AP (art. 33).",
    no_args_is_help=True,
)

Id = Annotated[int, typer.Argument(metavar="BREACH", help="The breach's number, as `avgflow breach list` shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Moment = "YYYY-MM-DD HH:MM in Dutch time, or now"


class NothingToRecord(AvgflowError):
    """Facts were to be recorded of a breach, and none was given."""

    def __init__(self, id_: int) -> None:
        super().__init__(
            f"Say what to put on record of breach {id_}; `avgflow breach record --help` names what there is."
        )


@app.command(name="open")
def open_(
    number: Annotated[str, typer.Argument(help="The number of the request whose letter or package it is.")],
    aware: Annotated[str, typer.Option(help=f"When you came to know of it: {Moment}. The 72 hours run from then.")],
    what: Annotated[str, typer.Option(help="What went to the wrong person: letter or package.")],
    to: Annotated[str, typer.Option(help="To whom it went, as far as you know; kept encrypted.")],
    as_json: AsJson = False,
) -> None:
    """Put a breach on record; the 72 hours run, weekends and holidays too."""
    if what not in list(What):
        raise typer.BadParameter(f"choose one of: {', '.join(What)}", param_hint="--what")
    whom = rules.recipient(to)
    env = environment.of_settings()
    made = breaching.open_(env, number, What(what), whom, rules.moment(aware, rules.AWARE), actor(env))
    if as_json:
        say(json.dumps(_document(made), indent=2))
        return
    say(f"Breach {made.id} of {number} is on record. The AP must be told by {_at(made.due_at)} ({_left(made)}),")
    say("unless a risk for the person is unlikely. Weekends and holidays count.")
    say(f"What is known already stands in it; look at it and add the rest: avgflow breach show {made.id}")


@app.command(name="list")
def list_(
    every: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False, as_json: AsJson = False
) -> None:
    """List breaches that are not closed, the newest first."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        found = [one for one in breaches.list_(register) if every or one.closed_at is None]
        settled = {one.id: rules.settled(breaches.facts(register, env.keyring, one.id)) for one in found}
    if as_json:
        say(json.dumps([{**_document(one), "ap_settled": settled[one.id]} for one in found], indent=2))
        return
    table = shown.grid("breach", "request", "what", "aware", "72 hours end", "left", "AP", "closed")
    for one in found:
        left = "-" if settled[one.id] or one.closed_at else _left(one)
        ap = "settled" if settled[one.id] else "OPEN"
        closed = _at(one.closed_at) if one.closed_at else "no"
        table.add_row(str(one.id), one.number, one.what, _at(one.aware_at), _at(one.due_at), left, ap, closed)
    shown.print_table(table)


@app.command()
def show(breach: Id, as_json: AsJson = False) -> None:
    """Show all that is on record of a breach (personal data; put on record), and what is still to be done."""
    env = environment.of_settings()
    found = breaching.show(env, breach, actor(env))
    if as_json:
        document = {
            **_document(found.breach),
            "to": found.to,
            "passphrase_shown": found.passphrase_shown,
            "facts": {field.value: value for field, value in found.facts.items()},
            "history": [
                {"at": one.at.isoformat(), "by": one.actor, "field": one.field.value, "value": one.value}
                for one in found.history
            ],
            "missing": found.missing.why if found.missing else None,
        }
        say(json.dumps(document, indent=2))
        return
    one = found.breach
    say(f"Breach {one.id}: a {one.what} of {one.number} went to {found.to}.")
    state = f"Closed on {_at(one.closed_at)} by {one.closed_by}." if one.closed_at else f"{_left(one)}."
    say(f"You knew of it on {_at(one.aware_at)}; the 72 hours end on {_at(one.due_at)}. {state}")
    told = "was shown, so it may be known" if found.passphrase_shown else "was never shown"
    say(f"The package's passphrase {told}; without it the package cannot be opened.")
    table = shown.grid("what", "on record", folds=("on record",))
    for field in Field:
        if field in found.facts:
            table.add_row(field, found.facts[field])
    shown.print_table(table)
    if one.closed_at is None:
        say(_next(one.id, found.missing))


@app.command()
def record(
    breach: Id,
    nature: Annotated[str | None, typer.Option(help="What happened (art. 33(3)(a)).")] = None,
    categories: Annotated[str | None, typer.Option(help="Which kinds of people and data (art. 33(3)(a)).")] = None,
    people: Annotated[int | None, typer.Option(min=0, help="About how many people (art. 33(3)(a)).")] = None,
    records: Annotated[int | None, typer.Option(min=0, help="About how many records (art. 33(3)(a)).")] = None,
    contact: Annotated[str | None, typer.Option(help="Who can be asked more (art. 33(3)(b)).")] = None,
    consequences: Annotated[str | None, typer.Option(help="What is likely to come of it (art. 33(3)(c)).")] = None,
    measures: Annotated[str | None, typer.Option(help="What was done about it, or will be (art. 33(3)(d)).")] = None,
    ap_told: Annotated[str | None, typer.Option(help=f"When the AP was told: {Moment}.")] = None,
    ap_not_told: Annotated[
        str | None, typer.Option(help="Why the AP need not be told: why a risk is unlikely (art. 33(1)).")
    ] = None,
    ap_late: Annotated[str | None, typer.Option(help="Why the AP was told after the 72 hours (art. 33(1)).")] = None,
    high_risk: Annotated[str | None, typer.Option(help="Whether the risk for the person is high: yes or no.")] = None,
    subject_told: Annotated[str | None, typer.Option(help=f"When the person was told (art. 34): {Moment}.")] = None,
    subject_not_told: Annotated[
        str | None, typer.Option(help="Why the person need not be told though the risk is high (art. 34(3)).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add to a breach what you know by now; what was recorded before stays, the newest counts."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        aware = breaches.get(register, breach).aware_at
    if high_risk not in (None, "yes", "no"):
        raise typer.BadParameter("say yes or no", param_hint="--high-risk")
    typed = {
        Field.NATURE: nature,
        Field.CATEGORIES: categories,
        Field.PEOPLE: people,
        Field.RECORDS: records,
        Field.CONTACT: contact,
        Field.CONSEQUENCES: consequences,
        Field.MEASURES: measures,
        Field.AP_TOLD: ap_told,
        Field.AP_NOT_TOLD: ap_not_told,
        Field.AP_LATE: ap_late,
        Field.HIGH_RISK: high_risk,
        Field.SUBJECT_TOLD: subject_told,
        Field.SUBJECT_NOT_TOLD: subject_not_told,
    }
    facts = rules.facts_of({field: str(given) for field, given in typed.items() if given is not None}, aware)
    if not facts:
        raise NothingToRecord(breach)
    left = breaching.record(env, breach, facts, actor(env))
    if as_json:
        recorded = [field.value for field in facts]
        say(json.dumps({"id": breach, "recorded": recorded, "missing": left.why if left else None}, indent=2))
        return
    say(f"Breach {breach}: recorded {', '.join(facts)}.")
    say(_next(breach, left))


@app.command()
def close(breach: Id, as_json: AsJson = False) -> None:
    """Close a breach; only if all that art. 33 asks is on record, and the AP was told or it says why not."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        closed = breaches.close(register, env.keyring, breach, actor(env))
    say(json.dumps(_document(closed), indent=2) if as_json else f"Breach {breach} is closed.")


def _next(id_: int, missing: Missing | None) -> str:
    if missing is None:
        return f"Everything is on record: avgflow breach close {id_}"
    return f"Still to do: {missing.why} avgflow breach record {id_} {missing.how}"


def _at(moment: datetime) -> str:
    return moment.astimezone(AMSTERDAM).strftime("%Y-%m-%d %H:%M")


def _left(one: Breach) -> str:
    hours = (one.due_at - datetime.now(UTC)).total_seconds() / 3600
    return f"{int(hours)} hours left" if hours >= 0 else f"{int(-hours)} hours LATE"


def _document(one: Breach) -> dict[str, Any]:
    moments = {"aware": one.aware_at, "due": one.due_at, "opened": one.opened_at, "closed": one.closed_at}
    return {
        "id": one.id,
        "number": one.number,
        "what": one.what.value,
        **{name: at.astimezone(AMSTERDAM).isoformat() if at else None for name, at in moments.items()},
        "opened_by": one.opened_by,
        "closed_by": one.closed_by,
        "hours_left": round((one.due_at - datetime.now(UTC)).total_seconds() / 3600, 1),
    }
