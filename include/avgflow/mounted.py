"""Where Airflow's api-server serves the register's page."""

PAGE = "/avgflow"
