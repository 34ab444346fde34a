"""`avgflow audit`: checking what the register says of itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from avgflow.crypto import Keyring
from avgflow.dossier.audit import folder, seal
from avgflow.errors import AvgflowError
from avgflow.register import chain, database, evidence
from avgflow.settings import Settings


class EvidenceChanged(AvgflowError):
    """Evidence is not as the event chain says."""

    def __init__(self, numbers: Sequence[str]) -> None:
        named = ", ".join(numbers)
        super().__init__(
            f"De keten is heel, maar bewijs is met de hand gewijzigd bij: {named}. / "
            f"The chain is whole, but evidence was changed by hand for: {named}."
        )


app = typer.Typer(help="Check the register's event chain.", no_args_is_help=True)


@app.callback()
def audit() -> None:
    """Check the register's event chain."""


@app.command()
def verify(
    noted: Annotated[
        str | None,
        typer.Option(
            metavar="ID:HASH", help="The end of the chain as an earlier check printed it: it must still be in it."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Check every event of the register and name the first that is not as it was written."""
    settings = Settings.load()
    keyring = Keyring.of(settings)
    earlier = chain.Head.parse(noted) if noted else None
    with database.transaction(database.engine_of(settings)) as conn:
        report = chain.verify(conn, keyring, earlier)
        # Only a whole chain can vouch for anything else.
        changed = list(evidence.changed_by_hand(conn)) if report.ok else []
    if as_json:
        typer.echo(json.dumps({**asdict(report), "ok": report.ok and not changed, "changed_evidence": changed}))
    if not report.ok:
        raise chain.ChainBroken(f"De keten is verbroken: {report.reason_nl}. / The chain is broken: {report.reason}.")
    if changed:
        raise EvidenceChanged(changed)
    if not as_json:
        typer.echo(f"De keten is heel: {report.events} gebeurtenissen. / The chain is whole: {report.events} events.")
        typer.echo(f"Einde, om te noteren / end, to be noted: {report.head}")


@app.command()
def key(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show the public key that checks this installation's dossiers, to be made known; it is no secret."""
    public = seal.public_key(Keyring.of(Settings.load()))
    digest = hashlib.sha256(folder.script()).hexdigest()
    if as_json:
        typer.echo(json.dumps({"public_key": public, "verify_py_sha256": digest}))
        return
    typer.echo(f"Openbare sleutel / public key (Ed25519): {public}")
    typer.echo(f"verify.py (SHA-256):                     {digest}")
    typer.echo(
        "Maak beide bekend op een plek buiten de dossiers, zoals uw website. / Publish both outside the dossiers."
    )
