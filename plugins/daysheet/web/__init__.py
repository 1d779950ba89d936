"""The billing desk's pages: one FastAPI app, shown inside the Airflow UI."""
