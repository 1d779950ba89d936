"""Dollars to the cent: what an amount may be, and how one is shared out without losing a cent."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

from daysheet.desk.refusals import not_possible

CENT = Decimal("0.01")
_LARGEST = Decimal("9999999.99")


def dollars(amount: Decimal, field: str = "amount") -> Decimal:
    """The amount with two decimals; raises a 422 naming the field if it is no sum of money."""
    if not isinstance(amount, Decimal) or not amount.is_finite():
        raise not_possible("bad_amount", "not an amount of money", field=field)
    if abs(amount) > _LARGEST:
        raise not_possible("amount_out_of_range", f"at most {_LARGEST}", field=field)
    if amount != amount.quantize(CENT):
        raise not_possible("sub_cent_amount", "an amount has two decimals", field=field)
    return amount.quantize(CENT)


def positive(amount: Decimal, field: str = "amount") -> Decimal:
    """The amount, if it is above zero; raises a 422 naming the field otherwise."""
    amount = dollars(amount, field)
    if amount <= 0:
        raise not_possible("not_positive", "the amount must be above 0.00", field=field)
    return amount


def share(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """The amount shared by weight; cents left over go to the largest remainders, then the first.

    The shares sum to the amount exactly, whatever its sign. Weights are not negative; if all are
    zero everybody gets the same.
    """
    if not any(weights):
        weights = [Decimal(1)] * len(weights)
    whole = sum(weights)
    exact = [abs(amount) * weight / whole for weight in weights]
    shares = [each.quantize(CENT, ROUND_DOWN) for each in exact]
    left = int((abs(amount) - sum(shares)) / CENT)
    by_remainder = sorted(range(len(weights)), key=lambda at: shares[at] - exact[at])
    for at in by_remainder[:left]:
        shares[at] += CENT
    return [each.copy_sign(amount) for each in shares]
