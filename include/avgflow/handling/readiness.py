"""What tasks share, made before they are forked: configuration, statements, templates, Great Expectations.

A task that finds nothing ready makes it itself, and it alone says what is wrong.
"""

from __future__ import annotations

from contextlib import suppress

from avgflow.completeness import verdict
from avgflow.errors import WrongSetting
from avgflow.handling import configured
from avgflow.register import database
from avgflow.settings import Settings, prepare_engine
from avgflow.stores import readiness as statements
from avgflow.templating import Templates


def prepare() -> None:
    """Make it; takes about a second and opens no connection. Raises what a broken configuration raises."""
    settings = Settings.load()
    catalog = configured.catalog(settings.catalog)
    configured.policy(settings.policy, settings.catalog)
    statements.compose(catalog)
    database.prepare(settings)
    for store in catalog.stores.values():
        # A connection that Airflow keeps elsewhere is known in the task only.
        with suppress(WrongSetting):
            prepare_engine(settings.store_dsn(store.connection))
    Templates(settings.templates).read_all()
    verdict.frames()
