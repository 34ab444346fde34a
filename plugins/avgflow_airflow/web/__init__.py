"""The register's page, served by Airflow's api-server; only that imports it."""
