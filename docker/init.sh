#!/bin/bash
# Once, before everything else and at every start: databases, their tables, pools, roles and first users. Does no harm again.
set -euo pipefail
python -m avgflow.deployment.databases main
airflow db migrate &
migration=$!
avgflow register migrate
wait "$migration"
python -m avgflow_airflow.installing
