"""What the steps work with: configuration, keys, the register and the stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Connection, Engine

from avgflow.airflow_api import AirflowApi
from avgflow.catalog import check, live
from avgflow.catalog.check import Checked
from avgflow.catalog.models import Catalog
from avgflow.catalog.names import TableName
from avgflow.crypto import Keyring
from avgflow.handling import configured
from avgflow.identity import Place
from avgflow.objects import ObjectStore
from avgflow.policy.models import Policy
from avgflow.register import database
from avgflow.settings import Settings
from avgflow.stores import session
from avgflow.stores.resolve import targets
from avgflow.stores.selection import Target
from avgflow.stores.together import together
from avgflow.templating import Templates


@dataclass(frozen=True)
class View:
    """The stores as they are at one moment: an open snapshot each."""

    connections: Mapping[str, Connection]
    places: Mapping[Place, Target]

    def targets(self, store: str) -> list[Target]:
        """The catalogued tables of one store."""
        return [target for (name, _), target in self.places.items() if name == store]


@dataclass(frozen=True)
class CheckedView(View):
    """Snapshots of all stores, each compared with the catalog."""

    checked: Mapping[str, Checked]


@dataclass(frozen=True)
class Environment:
    """One installation. `dsn_of` gives the DSN of a connection id; engines connect when first used.

    `session`: as whom Airflow is asked to do things, where that is not the user of the settings. `pool`: the register's
    engine, where it outlives this environment. `objects`: where packages go that are too large for a mail, if anywhere.
    """

    settings: Settings
    dsn_of: Callable[[str], str]
    session: AirflowApi | None = None
    pool: Engine | None = None
    objects: ObjectStore | None = None

    @cached_property
    def catalog(self) -> Catalog:
        return configured.catalog(self.settings.catalog)

    @cached_property
    def policy(self) -> Policy:
        return configured.policy(self.settings.policy, self.settings.catalog)

    @cached_property
    def templates(self) -> Templates:
        return Templates(self.settings.templates)

    @cached_property
    def keyring(self) -> Keyring:
        return Keyring.of(self.settings)

    @cached_property
    def register(self) -> Engine:
        return self.pool if self.pool is not None else database.engine_of(self.settings)

    @cached_property
    def airflow(self) -> AirflowApi:
        """Airflow's API; `AirflowUnreachable` where no address or user is set."""
        return self.session if self.session is not None else AirflowApi.of(self.settings)

    @cached_property
    def _engines(self) -> dict[str, Engine]:
        """Those used so far, by store."""
        return {}

    def _engine(self, store: str) -> Engine:
        if store not in self._engines:
            self._engines[store] = session.connected(self.dsn_of(self.catalog.stores[store].connection), store)
        return self._engines[store]

    @contextmanager
    def view(self, *stores: str) -> Iterator[View]:
        """Snapshots of the named stores, or of all; `StoreUnreachable` names the one that does not answer."""
        with self._snapshots(*stores or self.catalog.stores) as connections:
            yield View(connections, self._places(together(connections, lambda name: live.types(connections[name]))))

    @contextmanager
    def checked_view(self) -> Iterator[CheckedView]:
        """Snapshots of all stores, each compared with the catalog; `StoreUnreachable` as for `view`."""
        with self._snapshots(*self.catalog.stores) as connections:
            described = self.catalog.stores
            checked = together(connections, lambda name: check.check(connections[name], described[name]))
            places = self._places({name: found.live.types for name, found in checked.items()})
            yield CheckedView(connections, places, checked)

    def checked(self, store: str) -> Checked:
        """One store, compared with the catalog; `StoreUnreachable` where it does not answer."""
        with self._snapshots(store) as connections:
            return check.check(connections[store], self.catalog.stores[store])

    @contextmanager
    def writing(self, store: str) -> Iterator[Connection]:
        """A transaction on one store, committed at the end; errors as `session.writing` has them."""
        with session.writing(self._engine(store), store) as connection:
            yield connection

    @contextmanager
    def measuring(self, store: str) -> Iterator[Connection]:
        """A snapshot of one store with room for temporary tables; errors as `session.measuring` has them."""
        with session.measuring(self._engine(store), store) as connection:
            yield connection

    def targets(self, store: str, types: Mapping[TableName, Mapping[str, str]]) -> list[Target]:
        """The catalogued tables of one store with these live column types."""
        return list(self._places({store: types}).values())

    @contextmanager
    def _snapshots(self, *stores: str) -> Iterator[dict[str, Connection]]:
        # Airflow gives out connections to the task's own thread only.
        engines = {name: self._engine(name) for name in stores}
        with ExitStack() as stack:
            yield together(stores, lambda name: stack.enter_context(session.reading(engines[name], name)))

    def _places(self, types: Mapping[str, Mapping[TableName, Mapping[str, str]]]) -> dict[Place, Target]:
        """The catalogued tables of the stores whose live column types are given."""
        return {place: target for place, target in targets(self.catalog, types).items() if place[0] in types}

    def dispose(self) -> None:
        """Close every pooled connection; no connection is held across long waits (fides#5834)."""
        for made in self._engines.values():
            made.dispose()
        if self.pool is None and "register" in self.__dict__:
            self.register.dispose()


def of_settings() -> Environment:
    """The environment of the command line: settings, and connections from variables."""
    settings = Settings.load()
    return Environment(settings, settings.store_dsn)
