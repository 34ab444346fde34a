"""What Airflow must see of avgflow; everything else is imported from `avgflow_airflow` and `avgflow`."""

from airflow.plugins_manager import AirflowPlugin


class AvgflowPlugin(AirflowPlugin):
    """Data subject requests under the AVG."""

    name = "avgflow"
