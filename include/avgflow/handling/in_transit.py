"""What this installation sends unprotected on the way, because its configuration says so: named, never silent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from avgflow.catalog import load as catalogs
from avgflow.catalog.models import Store
from avgflow.errors import AvgflowError
from avgflow.settings import Settings
from avgflow.transport import Transport, of_mail, transport


def unsafe(settings: Settings) -> Mapping[str, str]:
    """What is not encrypted and verified, with the reason, by where it goes; what is not set is not looked at."""
    return {name: found.why for name, found in _ways(settings) if not found.safe}


def _ways(settings: Settings) -> Iterator[tuple[str, Transport]]:
    for name in ("register", "register_owner"):
        try:
            yield name.replace("_", "'s "), transport(settings.secret(f"{name}_dsn"))
        except AvgflowError:
            continue
    for store in _stores(settings):
        if settings.connection(store.connection):
            yield store.store, transport(settings.store_dsn(store.connection))
    mail = settings.connection(settings.smtp_connection)
    if mail:
        yield "mail server", of_mail(mail)


def _stores(settings: Settings) -> Iterable[Store]:
    """None where the catalog cannot be read: whoever asks how things stand is told that elsewhere."""
    try:
        return catalogs.load(settings.catalog).stores.values()
    except AvgflowError:
        return ()
