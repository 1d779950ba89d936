"""A whole deployment on one bare machine: Postgres from a wheel, Airflow, a local mailbox."""


class DeploymentProblem(Exception):
    """The deployment keeps a command from its work; the message says why and what to do."""
