"""Airflow plugin: the billing desk's pages and their place in the navigation."""

from importlib import import_module
from typing import Any

from airflow.plugins_manager import AirflowPlugin


class DaysheetPlugin(AirflowPlugin):
    """Every component loads this; only the API server asks for the app, and imports it then."""

    name = "daysheet"
    external_views = [
        {
            "name": "Billing desk",
            "href": "/daysheet/",
            "destination": "nav",
            "url_route": "billing-desk",
            "nav_top_level": True,
        },
        {
            "name": "Builds",
            "href": "/daysheet/builds",
            "destination": "nav",
            "url_route": "builds",
            "nav_top_level": True,
        },
        {
            "name": "What it made",
            "href": "/daysheet/dags/{DAG_ID}",
            "destination": "dag",
            "url_route": "what-it-made",
        },
    ]

    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:
        """The web app below ``/daysheet``."""
        app = import_module("daysheet.web.app").app
        import_module("daysheet.web.warming").warm()
        return [{"app": app, "url_prefix": "/daysheet", "name": "daysheet"}]
