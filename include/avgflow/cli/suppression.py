"""`avgflow suppression …`: addresses that nothing may be sent to any more."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from avgflow.cli import shown
from avgflow.cli.keyboard import actor, document, on_day
from avgflow.errors import AvgflowError
from avgflow.handling import environment, suppressing
from avgflow.identity import normal
from avgflow.register import suppressions
from avgflow.register.database import transaction
from avgflow.register.suppressions import Channel

app = typer.Typer(help="Addresses that nothing may be sent to any more.", no_args_is_help=True)

On = Annotated[str, typer.Option(help="The channel: email (marketing) or email-surveys.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

KEY_USE = (
    "The hash of an address is HMAC-SHA-256 under this key (hex for 32 bytes), in hex, of the address in lower case "
    "without blanks around it. Compare it with suppressed_address.hash where channel = 'email'. The key is a secret."
)


class AddressesNotRead(AvgflowError):
    """A file of addresses cannot be read; none is taken for free to send to."""

    def __init__(self, file: str, why: str) -> None:
        super().__init__(f"The addresses in {file} cannot be read ({why}). Give a UTF-8 text file, one address a line.")


@app.command()
def check(
    addresses: Annotated[list[str] | None, typer.Argument(help="The addresses to look up.")] = None,
    file: Annotated[
        str | None, typer.Option("--file", metavar="FILE", help="Read addresses from a file, one a line; - is stdin.")
    ] = None,
    channel: On = Channel.EMAIL,
    as_json: AsJson = False,
) -> None:
    """Say which addresses are suppressed: those alone on standard output, one a line, and how many on standard error.

    With --json a mapping of each address to true or false. The exit code is 0 whatever the answer.
    """
    if not addresses and file is None:
        raise typer.BadParameter("give an address, or --file FILE", param_hint="ADDRESSES")
    asked = list(dict.fromkeys([*(addresses or []), *(_read(file) if file is not None else [])]))
    env = environment.of_settings()
    with transaction(env.register) as register:
        found = suppressions.suppressed(register, env.keyring, channel, asked)
    if as_json:
        typer.echo(json.dumps({address: address in found for address in asked}, indent=2, ensure_ascii=False))
        return
    if found:
        typer.echo("\n".join(address for address in asked if address in found))
    typer.echo(f"{len(found)} of {len(asked)} suppressed.", err=True)


@app.command()
def lift(
    address: Annotated[str, typer.Argument(help="The address of a person who signed up again.")],
    channel: On = Channel.EMAIL,
    as_json: AsJson = False,
) -> None:
    """Lift the suppression of an address, because the person signed up again."""
    env = environment.of_settings()
    suppressing.lift(env, channel, address, actor(env))
    typer.echo(json.dumps({"channel": channel, "lifted": True}) if as_json else "The suppression is lifted.")


@app.command(name="list")
def list_(
    limit: Annotated[int, typer.Option(min=1, help="How many at most, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List suppressions, the newest first. The addresses are not readable: only their keyed hashes are kept."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        found = suppressions.suppressions(register, limit)
    if as_json:
        typer.echo(json.dumps([document(one) for one in found], indent=2))
        return
    table = shown.grid("channel", "hash", "reason", "request", "since", "by")
    for one in found:
        since = on_day(one.added_at)
        table.add_row(one.channel, f"{one.hash[:12]}…", one.reason, one.number or "", since, one.added_by)
    shown.print_table(table)


@app.command()
def key(as_json: AsJson = False) -> None:
    """Show the key with which an importer computes the hashes itself; each showing is put on record."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        own = suppressions.show_key(register, env.keyring, actor(env))
    if as_json:
        typer.echo(json.dumps({"key": own}))
        return
    typer.echo(own)
    typer.echo(KEY_USE, err=True)


def _read(file: str) -> list[str]:
    """The lines of a file that are not blank; a mark that Excel puts at its start is no part of an address."""
    name = "standard input" if file == "-" else file
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as refused:
        raise AddressesNotRead(name, str(refused.strerror)) from None
    except UnicodeDecodeError as wrong:
        line = content[: wrong.start].count(b"\n") + 1
        raise AddressesNotRead(name, f"line {line} is not UTF-8") from None
    return [line.rstrip("\r") for line in text.split("\n") if normal(line)]
