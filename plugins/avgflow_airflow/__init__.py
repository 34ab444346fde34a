"""The one layer that knows Airflow: tasks that the DAGs share, connections, questions to humans."""
