"""Settings that are refused at the start, and not found out by what never arrives."""

import pytest
from pydantic import ValidationError

from daysheet.settings import Settings


@pytest.mark.parametrize(
    ("named", "domains"),
    [
        ("practice.example", {"practice.example"}),
        (" Practice.example ,b.example,", {"practice.example", "b.example"}),
        ("", set()),
    ],
)
def test_the_domains_that_may_get_mail_are_a_list(named, domains):
    assert Settings(mail_domains=named).domains == domains


@pytest.mark.parametrize("address", ["", "ops", "a@b.example,c@b.example", "Ops <a@b.example>"])
def test_ops_have_one_plain_address(address):
    with pytest.raises(ValidationError):
        Settings(ops_email=address)
