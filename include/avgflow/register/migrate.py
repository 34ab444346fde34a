"""Bringing the register's schema up to date, as its owner."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select, text

from avgflow.crypto import Keyring
from avgflow.errors import AvgflowError
from avgflow.register import chain
from avgflow.register.database import RegisterNotMigrated, named_faults
from avgflow.register.events import SYSTEM, entry
from avgflow.register.names import EventName
from avgflow.settings import Settings, engine

_SCRIPTS = Path(__file__).parent / "migrations"
_LOCK = 0x72656769  # 'regi': two migrations at once wait for each other


@dataclass(frozen=True)
class Migration:
    """The revision before (None for a new register) and after."""

    before: str | None
    after: str


class RegisterTooNew(AvgflowError):
    """A newer avgflow made this register; going back would lose what only that one knows."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The register is of a newer avgflow ({revision}). Install that version again, or restore the backup of "
            "the register from before the upgrade."
        )


def migrate(owner_dsn: str, app_role: str, keyring: Keyring) -> Migration:
    """Bring the register to the newest revision in one transaction, with an event; nothing happens where it is there.

    `owner_dsn` is the role that will own the tables, `app_role` the existing role that works with them. The first
    event of a new register is that of its making, so that an emptied register is never a whole one.
    """
    owner = engine(owner_dsn)
    try:
        with named_faults(), owner.begin() as conn:
            conn.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            before = _revision(conn)
            if before is not None and before not in known():
                raise RegisterTooNew(before)
            _upgrade(conn, app_role)
            after = _revision(conn)
            assert after is not None, "Alembic ran no migration"
            if before is None:
                chain.start(conn, keyring)
            if before != after:
                facts = {"revision": after, **({"before": before} if before else {})}
                chain.link(conn, keyring, [entry(EventName.REGISTER_MIGRATED, None, SYSTEM, facts)])
    finally:
        owner.dispose()
    return Migration(before, after)


def known() -> tuple[str, ...]:
    """The revisions that this version of avgflow knows, the newest first."""
    return tuple(script.revision for script in ScriptDirectory(str(_SCRIPTS)).walk_revisions())


def require_newest(conn: Connection) -> None:
    """That the register is of this version; `RegisterNotMigrated` or `RegisterTooNew`."""
    found = conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    newest, *earlier = known()
    if found is not None and found != newest and found not in earlier:
        raise RegisterTooNew(found)
    if found != newest:
        raise RegisterNotMigrated


def migrate_installation(settings: Settings) -> Migration:
    """`migrate` with the settings of an installation; `WrongSetting` where one is missing."""
    return migrate(settings.secret("register_owner_dsn"), settings.register_app_role, Keyring.of(settings))


def _upgrade(conn: Connection, app_role: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(connection=conn, app_role=app_role)
    command.upgrade(config, "head")


def _revision(conn: Connection) -> str | None:
    return MigrationContext.configure(conn).get_current_revision()


if __name__ == "__main__":
    migrate_installation(Settings.load())
