"""An object storage on Airflow's `ObjectStoragePath`: packages too large for a mail, by links that end by themselves.

`AVGFLOW_PACKAGE_STORAGE=s3://CONNECTION@BUCKET/FOLDER`: the connection's login and password are the access key, its
extra fields may name `endpoint_url` (which must be the address that people reach) and `region_name`; without one AWS's
own chain of credentials serves. Files (`file://…`, or nothing) give no links: the request waits for the officer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from avgflow.errors import WrongSetting
from avgflow.objects import ObjectStore, StorageUnreachable
from avgflow.settings import Settings

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

_DAY = 24 * 60 * 60


class NoS3(WrongSetting):
    """The storage is S3, but what speaks it is not installed."""

    def __init__(self) -> None:
        super().__init__("AVGFLOW_PACKAGE_STORAGE is on S3, but s3fs is not installed. Install avgflow[s3].")


class UnknownStorage(WrongSetting):
    """A storage of a kind that avgflow does not know."""

    def __init__(self, scheme: str) -> None:
        super().__init__(
            f"AVGFLOW_PACKAGE_STORAGE begins with '{scheme}:', which avgflow does not know. Write "
            f"s3://CONNECTION@BUCKET/FOLDER, or leave it empty."
        )


def of(settings: Settings) -> ObjectStore | None:
    """The storage of an installation, which connects when first used; None where it gives no links."""
    scheme = urlsplit(settings.package_storage).scheme
    if scheme in ("", "file", "local"):
        return None
    if scheme != "s3":
        raise UnknownStorage(scheme)
    return S3Storage(settings.package_storage)


class S3Storage:
    """A folder of a bucket."""

    def __init__(self, address: str) -> None:
        self._address = address

    @cached_property
    def _folder(self) -> ObjectStoragePath:
        from airflow.sdk import ObjectStoragePath
        from airflow.sdk.io import attach

        connection = urlsplit(self._address).username
        # Airflow's path looks for the file system of its own provider, unless one is attached.
        attach(protocol="s3", conn_id=connection, fs=_file_system(connection))
        return ObjectStoragePath(self._address)

    def put(self, name: str, file: Path) -> None:
        with _faults("take a package"):
            path = self._folder / name
            path.fs.put_file(str(file), path.path)

    def link(self, name: str, days: int, shown_as: str) -> str:
        with _faults("give a link"):
            path = self._folder / name
            disposition = f'attachment; filename="{shown_as}"'
            return str(path.fs.url(path.path, expires=days * _DAY, ResponseContentDisposition=disposition))

    def delete(self, name: str) -> bool:
        with _faults("delete a package"):
            path = self._folder / name
            path.fs.invalidate_cache()
            if not path.exists():
                return False
            path.unlink()
            return True


def _file_system(connection: str | None) -> Any:
    try:
        from s3fs import S3FileSystem
    except ImportError:
        raise NoS3 from None
    key = secret = None
    client: dict[str, str] = {}
    if connection:
        from airflow.sdk import BaseHook

        found = BaseHook.get_connection(connection)
        key, secret = found.login, found.password
        named = {"endpoint_url": found.extra_dejson.get("endpoint_url") or found.host}
        named["region_name"] = found.extra_dejson.get("region_name")
        client = {name: value for name, value in named.items() if value}
    # The newer signature: the older one is refused by most, and has no end after seven days at most.
    config = {"signature_version": "s3v4"}
    return S3FileSystem(key=key, secret=secret, client_kwargs=client, config_kwargs=config, skip_instance_cache=True)


@contextmanager
def _faults(what: str) -> Iterator[None]:
    """Whatever an S3 client raises, by its kind only: its text may quote what was sent."""
    try:
        yield
    except WrongSetting:
        raise
    except Exception as fault:  # noqa: BLE001  a client's faults are of many kinds
        raise StorageUnreachable(what, type(fault).__name__) from None
