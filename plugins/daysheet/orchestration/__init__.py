"""The only package that imports Airflow: operators, sensors, triggers and the phase DAGs."""
