#!/bin/bash
# What every container of the image starts with: its secrets become its settings, then it becomes its command.
set -euo pipefail
umask 0077
python -m avgflow.deployment.settings_file /run/avgflow/stack.env
exec "$@"
