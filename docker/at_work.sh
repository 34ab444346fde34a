#!/bin/bash
# The health check of a part of Airflow that serves nothing itself: Airflow's report calls it healthy, by its heartbeat.
set -euo pipefail
curl --fail --silent http://api-server:8080/api/v2/monitor/health | grep -Eq "\"$1\": ?\{[^}]*\"status\": ?\"healthy\""
