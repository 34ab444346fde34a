#!/bin/bash
# Fills the demonstration stores with invented people, unless they were filled before.
set -euo pipefail
python -m avgflow.deployment.databases demo
avgflow demo load --if-empty --subjects "${AVGFLOW_DEMO_PEOPLE:-300}"
