"""How people log in at Airflow (its FAB auth manager): by name and password, kept in Airflow's own database.

To have them log in at the company's own directory, put another file in this one's place; Airflow's documentation of the
FAB provider has examples for LDAP and OpenID Connect. Whoever logs in still needs a role of avgflow (README).
"""

from flask_appbuilder.const import AUTH_DB

AUTH_TYPE = AUTH_DB
# Nobody gets in without logging in, and nobody makes an account themselves.
AUTH_USER_REGISTRATION = False
FAB_PASSWORD_COMPLEXITY_ENABLED = True
# Ten wrong passwords in a minute, and the address has to wait.
AUTH_RATE_LIMITED = True
AUTH_RATE_LIMIT = "10 per 1 minute"
RATELIMIT_ENABLED = True
