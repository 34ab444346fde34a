#!/bin/bash
# as LOGIN COMMAND…: do it as one of the first users. `docker compose exec desk as approver avgflow request list`
set -euo pipefail
login=${1:?usage: as LOGIN COMMAND…}
export AVGFLOW_AIRFLOW_USER=$login AVGFLOW_AIRFLOW_PASSWORD_FILE=/secrets/users/$login
exec "${@:2}"
