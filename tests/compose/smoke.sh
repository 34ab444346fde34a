#!/bin/bash
# An access and an erasure request over Celery with two workers, one of them killed in the middle; then the whole stack
# stopped and started again. `docker compose --profile demo up --wait` comes before (make test-compose does both).
# No image is built or pulled here.
# It asserts on the mails, the rows of the stores and the register. Nothing that it prints is of a person.
# AVGFLOW_SMOKE_MANY=300: so many requests of all rights at once besides; AVGFLOW_DEMO_PEOPLE must be one and a half
# as many.
set -euo pipefail
cd "$(dirname "$0")/../.."
export COMPOSE_PROFILES=${COMPOSE_PROFILES:-demo} AVGFLOW_WORKERS=2

began=$EPOCHSECONDS since=$EPOCHSECONDS doing=
step() { # step NAME: the time of the step before, and what begins now
  [ -z "$doing" ] || printf '   %-66s %4d s\n' "$doing" $((EPOCHSECONDS - since))
  doing=$1 since=$EPOCHSECONDS
}
before=$(mktemp)
clean_up() {
  local rc=$?
  rm -f "$before"
  [ $rc = 0 ] || { echo "smoke: FAILED at: $doing" >&2; docker compose unpause stores >/dev/null 2>&1; }
}
trap clean_up EXIT
is() { [ "$1" = "$2" ] || { echo "smoke: $3: '$1' where '$2' was expected" >&2; exit 1; }; }
office() { docker compose exec -T desk python - "$@" <tests/compose/office.py; }
untouched_but_for() {
  docker compose exec -T desk tee /tmp/rows-before.json <"$before" >/dev/null
  office erased "$1"
}
crowd() { docker compose exec -T desk python - "$@" <tests/compose/crowd.py; }
post() { docker compose exec -T mailbox python - "$@" <tests/compose/post.py; }
as() { docker compose exec -T desk /opt/avgflow/docker/as.sh "$@"; }
workers() { docker compose ps --status running -q worker | wc -l; }
up() { docker compose up -d --no-build --pull never --wait --wait-timeout 600 >/dev/null 2>&1; }
two_workers() {
  step 'a second worker'
  docker compose up -d --no-build --pull never --no-deps --wait --wait-timeout 600 worker >/dev/null 2>&1
  is "$(workers)" 2 'workers'
}
delivered() { # delivered NUMBER ADDRESS: there is one mail about this request, to this person
  is "$(post delivered "$1" "$2")" 1 "mails about $1"
}
ask() { # ask RIGHT WHO: the officer registers what somebody asks; the number
  local words
  mapfile -t words < <(office who "$2")
  as officer avgflow request new "$1" "${words[@]}" --verified-by portal-login --json |
    sed -n 's/^.*"number": *"\(AVG-[0-9-]*\)".*$/\1/p' | head -1
}

if [ -z "$(docker compose ps --status running -q stores)" ]; then
  step 'the demonstration, which was not asked for'
  up
fi

[ "$(workers)" = 2 ] || two_workers
mapfile -t known < <(office address access -- address erasure -- address later -- owned access)

step 'an access and an erasure request, the second approved by another'
office pool marketing 0 -- known erasure -- remember >"$before" # both come to a halt before this store
access=$(ask access access)
erasure=$(ask erasure erasure)
plan=$(office rests "$erasure" waiting:approval -- plan "$erasure")
as approver avgflow request approve "$erasure" --plan "$plan" >/dev/null
office held marketing "$access" "$erasure"

step 'the worker that has the erasure in hand is killed'
docker compose pause stores >/dev/null 2>&1 # a store that answers nobody: the task stays in the middle
killed=$(office pool marketing 4 -- at_work marketing "$erasure")
docker kill "$killed" >/dev/null
docker compose unpause stores >/dev/null 2>&1
is "$(workers)" 1 'workers that are left'

step 'the other worker brings both to their end'
tries=$(office rests "$access" closed -- rests "$erasure" closed -- tries marketing "$erasure")
[ "$tries" -gt 1 ] || { echo 'smoke: the killed task was not begun again' >&2; exit 1; }

step 'mails, stores, register'
is "$(office answered "$access" -- answered "$erasure" -- approved_by "$erasure")" approver 'who approved'
untouched_but_for erasure
delivered "$access" "${known[0]}"
delivered "$erasure" "${known[1]}"
phrase=$(as officer avgflow request passphrase "$access")
is "$(post rows "$access" "${known[0]}" "$phrase")" "${known[3]}" 'rows in the package'
as officer avgflow audit verify >/dev/null

step 'everything is stopped in the middle of a third request'
later=$(ask access later)
docker compose down -t 30 >/dev/null 2>&1

step 'and started again, with one worker'
AVGFLOW_WORKERS=1 up

step 'nothing is lost'
office rests "$later" closed -- answered "$later" -- answered "$access" -- answered "$erasure"
untouched_but_for erasure
delivered "$later" "${known[2]}"
delivered "$access" "${known[0]}"
delivered "$erasure" "${known[1]}"
as officer avgflow audit verify >/dev/null

step 'the register gets a new key, and every value is sealed anew'
docker compose run --rm --no-deps -T keys avgflow keys rotate --new-key >/dev/null 2>&1
is "$(as officer avgflow request passphrase "$access")" "$phrase" 'the passphrase after the rotation'
as officer avgflow audit verify >/dev/null

step 'housekeeping, which reaches into Airflow and its logs too'
office housekept
as officer avgflow status >/dev/null # exit code 0: all is well

if [ -n "${AVGFLOW_SMOKE_MANY:-}" ]; then
  two_workers
  step "$AVGFLOW_SMOKE_MANY requests of all rights at once; a worker killed and the broker restarted in between"
  asked=$(crowd ask "$AVGFLOW_SMOKE_MANY" "${AVGFLOW_DEMO_PEOPLE:-300}")
  docker kill "$(docker compose ps -q worker | head -1)" >/dev/null
  docker compose restart broker >/dev/null 2>&1
  docker compose up -d --no-build --pull never --no-deps worker >/dev/null 2>&1
  crowd finish
  for service in desk mailbox; do docker compose exec -T "$service" tee /tmp/asked.json <<<"$asked" >/dev/null; done
  crowd ended
  post once
  as officer avgflow audit verify >/dev/null
fi

step ''
echo "smoke: all is well, $((EPOCHSECONDS - began)) s"
