"""A whole deployment on one bare machine: Postgres from a wheel, Airflow, a local mailbox."""
