"""Airflow DAG: send the mails that a server did not take at once."""

from daysheet.orchestration.send_mail_dag import send_mail_dag

dag = send_mail_dag("send_mail")
