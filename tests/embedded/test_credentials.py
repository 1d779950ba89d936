"""Secrets are made once, complete, and readable by nobody else."""

import base64

from daysheet.embedded.credentials import read_or_make
from daysheet.warehouse.provision import NEEDED_PASSWORDS


def test_secrets_are_complete_distinct_and_long(tmp_path):
    made = read_or_make(tmp_path / "secrets.json")
    assert set(made.roles) == set(NEEDED_PASSWORDS)
    secrets = [made.superuser, made.fernet_key, made.jwt_secret, made.api_secret_key]
    secrets += [made.web_password, *made.roles.values()]
    assert len(set(secrets)) == len(secrets)
    assert len(made.jwt_secret) >= 64
    assert len(base64.urlsafe_b64decode(made.fernet_key)) == 32
    assert min(map(len, secrets)) >= 16


def test_secrets_stay_the_same(tmp_path):
    assert read_or_make(tmp_path / "secrets.json") == read_or_make(tmp_path / "secrets.json")


def test_only_we_may_read_them(tmp_path):
    read_or_make(tmp_path / "secrets.json")
    (left,) = tmp_path.iterdir()
    assert left.stat().st_mode & 0o777 == 0o600


def test_two_homes_share_no_secret(tmp_path):
    one, two = read_or_make(tmp_path / "one.json"), read_or_make(tmp_path / "two.json")
    assert one.mark != two.mark
    assert one.superuser != two.superuser
    assert not set(one.roles.values()) & set(two.roles.values())


def test_secrets_are_not_shown_by_accident(tmp_path):
    made = read_or_make(tmp_path / "secrets.json")
    assert made.superuser not in f"{made} {made!r}"
