"""The environment in which the parts of the embedded Airflow run: all its configuration is here.

Times are in seconds. Measurements were made on two cores with Airflow 3.3.2.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from avgflow.embedded.layout import COMPONENT_VARIABLE, STACK_VARIABLE, Layout
from avgflow.embedded.ports import HOST
from avgflow.embedded.state import CLI_USER, STORES, StackState, write_private
from avgflow.roles import DEMO_USERS

LOOKS_FOR_WORK = 0.2
"""How often the scheduler looks for work when it has none. Airflow's default of 1.0 costs a run of nine tasks several
seconds of waiting; 0.1 takes a tenth of a core more, all day."""


def stack_environment(layout: Layout, state: StackState, repository: Path) -> dict[str, str]:
    """What `stack.env` holds: for Airflow's parts, for the command line, and for a person's own shell."""
    return {
        "AVGFLOW_HOME": str(layout.home),
        "AVGFLOW_REGISTER_DSN": state.dsn("register", "register_app"),
        "AVGFLOW_REGISTER_OWNER_DSN": state.dsn("register"),
        "AVGFLOW_REGISTER_KEYS_FILE": str(layout.register_keys),
        "AVGFLOW_HASH_KEY": state.hash_key,
        "AVGFLOW_AIRFLOW_URL": state.airflow_url,
        "AVGFLOW_AIRFLOW_USER": CLI_USER,
        "AVGFLOW_AIRFLOW_PASSWORD": state.user_passwords[CLI_USER],
        "AVGFLOW_AIRFLOW_DSN": _metadata(state),
        "AIRFLOW_HOME": str(layout.airflow),
        **_connections(state),
        **_airflow_settings(layout, state, repository),
    }


def _connections(state: StackState) -> dict[str, str]:
    stores = {f"AIRFLOW_CONN_STORE_{store.upper()}": state.dsn(store) for store in STORES}
    mail = {
        "conn_type": "smtp",
        "host": HOST,
        "port": state.ports.mailbox,
        # The mailbox is on this machine and speaks no TLS; Airflow would insist on both kinds by default.
        "extra": {"disable_ssl": True, "disable_tls": True},
    }
    return stores | {
        "AIRFLOW_CONN_REGISTER": state.dsn("register", "register_app"),
        "AIRFLOW_CONN_SMTP_DEFAULT": json.dumps(mail),
    }


def _metadata(state: StackState, driver: str = "psycopg2") -> str:
    """Airflow's own database."""
    return state.dsn("airflow").replace("postgresql://", f"postgresql+{driver}://", 1)


def _airflow_settings(layout: Layout, state: StackState, repository: Path) -> dict[str, str]:
    options: dict[tuple[str, str], object] = {
        ("core", "dags_folder"): repository / "dags",
        ("core", "plugins_folder"): repository / "plugins",
        ("core", "load_examples"): False,
        ("core", "dags_are_paused_at_creation"): False,
        ("core", "executor"): "LocalExecutor",
        # Each is an idle process that shares most of its memory.
        ("core", "parallelism"): 16,
        ("core", "max_active_tasks_per_dag"): 32,
        ("core", "max_active_runs_per_dag"): 64,
        ("core", "fernet_key"): state.fernet_key,
        ("core", "execution_api_server_url"): f"{state.airflow_url}/execution/",
        ("core", "simple_auth_manager_users"): ",".join(f"{user}:{role}" for user, role in DEMO_USERS.items()),
        ("core", "simple_auth_manager_passwords_file"): layout.airflow_passwords,
        ("core", "default_timezone"): "utc",
        # Airflow's default asks the name servers, which can take long or never answer.
        ("core", "hostname_callable"): "socket.gethostname",
        ("core", "test_connection"): "Disabled",
        ("database", "sql_alchemy_conn"): _metadata(state),
        ("database", "sql_alchemy_conn_async"): _metadata(state, "asyncpg"),
        ("api", "host"): HOST,
        ("api", "port"): state.ports.airflow,
        ("api", "base_url"): state.airflow_url,
        ("api", "workers"): 1,
        ("api", "secret_key"): state.api_secret_key,
        ("api", "instance_name"): "avgflow",
        # Its page loads scripts from a public network.
        ("api", "enable_swagger_ui"): False,
        ("api_auth", "jwt_secret"): state.jwt_secret,
        ("logging", "base_log_folder"): layout.task_logs,
        ("logging", "file_task_handler_new_folder_permissions"): "0o700",
        ("logging", "file_task_handler_new_file_permissions"): "0o600",
        ("logging", "colored_console_log"): False,
        # Airflow's own parts warn each other of deprecated calls, in the log of every task.
        ("logging", "namespace_levels"): "py.warnings=ERROR",
        ("scheduler", "scheduler_idle_sleep_time"): LOOKS_FOR_WORK,
        ("scheduler", "max_tis_per_query"): 64,
        # A scheduler that is killed is started anew at once; its tasks are taken back when its last heartbeat is
        # older than the threshold, at the next check: within about half a minute.
        ("scheduler", "scheduler_heartbeat_sec"): 3,
        ("scheduler", "scheduler_health_check_threshold"): 12,
        ("scheduler", "orphaned_tasks_check_interval"): 8,
        # For a single task that is killed; longer than the above, because this one counts as a failure.
        ("scheduler", "task_instance_heartbeat_timeout"): 60,
        ("scheduler", "task_instance_heartbeat_timeout_detection_interval"): 10,
        ("scheduler", "trigger_timeout_check_interval"): 5,
        ("dag_processor", "dag_bundle_storage_path"): layout.airflow / "bundles",
        # New files are found and changed ones read again within this time; what files take from the policy and the
        # catalog (when sweeps run, which stores there are) within the longer one, for that reads them all.
        ("dag_processor", "refresh_interval"): 10,
        ("dag_processor", "min_file_process_interval"): 300,
        ("dag_processor", "parsing_processes"): 2,
        ("dag_processor", "print_stats_interval"): 0,
        ("metrics", "statsd_on"): False,
    }
    return {f"AIRFLOW__{section}__{option}".upper(): str(value) for (section, option), value in options.items()}


def process_environment(layout: Layout, stack: Mapping[str, str], inherited: Mapping[str, str]) -> dict[str, str]:
    """The environment of every process of the stack: what is inherited, what the stack sets, and its mark.

    A person's own `AVGFLOW_…` and `AIRFLOW_CONN_…` win over the stack's, as they do for the command line.
    """
    own = {
        name: value
        for name, value in inherited.items()
        if name.startswith(("AVGFLOW_", "AIRFLOW_CONN_", "AIRFLOW_VAR_")) and name in stack
    }
    loopback = ",".join(filter(None, (inherited.get("NO_PROXY") or inherited.get("no_proxy"), HOST, "localhost")))
    environment = {
        **{name: value for name, value in inherited.items() if name not in _NOT_INHERITED},
        **stack,
        **own,
        "AVGFLOW_HOME": str(layout.home),
        STACK_VARIABLE: layout.mark,
        # Process titles must not overwrite the environment that /proc shows: `down` reads the mark there.
        "SPT_NOENV": "1",
        # Tasks talk to Airflow's own API over HTTP; a proxy for the outside world has no part in it.
        "NO_PROXY": loopback,
        "no_proxy": loopback,
        # Great Expectations' usage reports.
        "GX_ANALYTICS_ENABLED": "False",
    }
    environment.pop(COMPONENT_VARIABLE, None)
    return environment


# The first two would keep Python from using the compiled modules beside the sources: twice the start-up time.
_NOT_INHERITED = frozenset(
    {"PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONSTARTUP", "AIRFLOW_CONFIG", "AIRFLOW_HOME"}
)


def render(environment: Mapping[str, str]) -> str:
    """`stack.env`: one KEY='value' a line, as dotenv reads it."""
    lines = ["# Written by 'avgflow up' at each start. Secrets: keep it to yourself."]
    for name, value in environment.items():
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        lines.append(f"{name}='{escaped}'")
    return "\n".join(lines) + "\n"


def write_airflow_home(layout: Layout, state: StackState, repository: Path) -> None:
    """Lay out `AIRFLOW_HOME`: the users' passwords, and `config` as a link to the repository's folder.

    An empty `airflow.cfg` keeps Airflow from writing one of 120 kB with the defaults of today. Airflow looks for
    `airflow_local_settings.py` in `AIRFLOW_HOME/config` and has no option for another place.
    """
    write_private(layout.airflow / "airflow.cfg", "# Configured by the environment; see ../stack.env.\n")
    write_private(layout.airflow_passwords, json.dumps(state.user_passwords) + "\n")
    link = layout.airflow / "config"
    target = repository / "config"
    if not (link.is_symlink() and link.readlink() == target):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
