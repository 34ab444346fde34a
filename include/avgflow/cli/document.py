"""`avgflow document …`: what a person gave to show that something about them is wrong (AVG art. 16)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from avgflow.cli import shown
from avgflow.cli.keyboard import actor, on_day
from avgflow.cli.keyboard import document as as_document
from avgflow.handling import environment
from avgflow.register import requests
from avgflow.register.database import transaction
from avgflow.register.documents import DocumentRefused, documents, open_document, put_document

app = typer.Typer(
    help="Documents that show that something is wrong (AVG art. 16). Never keep an identity document here.",
    no_args_is_help=True,
)

Number = Annotated[str, typer.Argument(help="The request's number, such as AVG-2026-00042.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def add(number: Number, file: Annotated[Path, typer.Argument(help="The file to keep; no identity document.")]) -> None:
    """Keep a document with a request, encrypted; at most 5 MB, at most ten."""
    env = environment.of_settings()
    try:
        content = file.read_bytes()
    except OSError as fault:
        raise DocumentRefused(
            f"The file cannot be read ({fault.strerror}). Name another.",
            f"Het bestand is niet te lezen ({fault.strerror}). Kies een ander.",
        ) from None
    with transaction(env.register) as register:
        requests.get(register, number)
        kept = put_document(register, env.keyring, number, file.name, content, actor(env))
    shown.say(f"{number}: document {kept.place} is kept.")


@app.command(name="list")
def list_(number: Number, as_json: AsJson = False) -> None:
    """List the documents of a request; nothing of what they say."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        requests.get(register, number)
        found = documents(register, number)
    if as_json:
        shown.say(json.dumps([as_document(one) for one in found], indent=2))
        return
    table = shown.grid("document", "bytes", "added", "by")
    for one in found:
        table.add_row(str(one.place), str(one.size), on_day(one.added_at), one.added_by)
    shown.print_table(table)


@app.command()
def get(
    number: Number,
    place: Annotated[int, typer.Argument(help="Which one, as `avgflow document list` numbers them.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Write it here; the file must not be there yet.")],
) -> None:
    """Write a document to a file that only you can read; each time is put on record."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        requests.get(register, number)
        _, content = open_document(register, env.keyring, number, place, actor(env))
    try:
        output.touch(mode=0o600, exist_ok=False)
        output.write_bytes(content)
    except OSError as fault:
        raise DocumentRefused(
            f"The document cannot be written there ({fault.strerror}). Name another file.",
            f"Het bewijsstuk kan daar niet staan ({fault.strerror}). Kies een ander bestand.",
        ) from None
    shown.say(f"{number}: document {place} is in {output}. Remove it when you have seen it.")
