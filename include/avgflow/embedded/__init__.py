"""The embedded stack: PostgreSQL, a mailbox and Airflow on this machine, under one supervisor.

Everything that it makes lies in one folder (`AVGFLOW_HOME`), and everything that it runs carries the mark of
that folder, so that two of them live beside each other and `down` finds each process of one of them.
"""
