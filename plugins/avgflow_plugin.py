"""What Airflow must see of avgflow; everything else is imported from `avgflow_airflow` and `avgflow`."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

from avgflow.mounted import PAGE

_AT = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/") + PAGE
"""Where that is for a browser: Airflow may be served below a path of its own."""


class AvgflowPlugin(AirflowPlugin):
    """Data subject requests under the AVG: the register's page."""

    name = "avgflow"
    # In a frame of Airflow's own: without `url_route` its navigation shows a button that leads nowhere (3.3.2).
    external_views = [  # noqa: RUF012 - as Airflow declares it
        {
            "name": "Verzoekenregister",
            "href": f"{_AT}/",
            "destination": "nav",
            "url_route": "verzoekenregister",
            "nav_top_level": True,
            "icon": f"{_AT}/static/register.svg",
            "icon_dark_mode": f"{_AT}/static/register-dark.svg",
        }
    ]

    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The page; asked for by the api-server alone, so that no task or DAG reading pays for its import."""
        from avgflow_airflow.web.app import create_app

        return [{"app": create_app(), "url_prefix": PAGE, "name": "avgflow"}]
