"""Handling a request, step by step: what each task of a DAG does, without Airflow.

Each step takes a batch of request numbers (a single request is a batch of one), can be killed and run again at any
point, and leaves what it did on the register.
"""
