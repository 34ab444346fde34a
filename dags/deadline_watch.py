"""
### Termijnen bewaken (AVG art. 12)

Loopt elke ochtend om zes uur alle open verzoeken na en mailt de privacy officer wat te laat is, wat binnen 10, 5 of 2
dagen klaar moet zijn, wie waarop wacht en sinds wanneer, wat gestopt is en welke mail al een uur niet is aangenomen.
Die mail wordt meteen opnieuw geprobeerd. Er staat ook in wat er aan de installatie niet goed is, en wat eraan te doen
is. Is er niets te melden, dan komt er geen mail; het register zegt dat er gekeken is. `avgflow deadlines` en `avgflow
status` tonen hetzelfde op elk moment.

1. **watch** (Nalopen): legt vast wat te laat is. Is een verzoek te laat, of is dit de laatste werkdag voor de laatste
   dag? Dan krijgt ook het tweede adres bericht, als het beleid dat noemt (`escalation_mailbox`). Kwam de brief over
   extra tijd niet binnen de eerste maand aan, dan geldt de oude termijn weer.

Per dag gaat er één mail per soort uit, hoe vaak deze run ook draait. Nog een keer starten kan geen kwaad.

In deze run staan geen persoonsgegevens, en in de mails ook niet.

**Owner:** the privacy officer.

**When a task fails** its log says in one line what to do.

- `mail server did not take`: mend the mail server, then clear **watch**; the next morning it is tried again anyway.
- `refuses the mail about the deadlines for good`: correct the address in the policy; tomorrow's mails go there.
- `register's database cannot be reached`: mend it, then clear **watch**.
- no run at all this morning: Airflow's scheduler is down, or this DAG is paused. `avgflow deadlines` works without it.
"""

from airflow.sdk import DAG, CronTriggerTimetable

from avgflow_airflow.priority import FIRST
from avgflow_airflow.tasks import DEFAULT_ARGS, WATCH_RETRIES, watch

with DAG(
    dag_id="deadline_watch",
    dag_display_name="Termijnen bewaken (AVG art. 12)",
    description="Elke ochtend: wat is te laat, bijna te laat of blijft liggen (what is due, late or stuck)",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 6 * * *", timezone="Europe/Amsterdam"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["avg", "art-12"],
):
    watch.override(task_display_name="Nalopen", retries=WATCH_RETRIES, priority_weight=FIRST)()
