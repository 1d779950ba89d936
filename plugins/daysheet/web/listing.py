"""A list as its URL asks for it: filters, sort, page; and the URLs of its other pages."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from fastapi import Request

from daysheet.desk.reading.receivables import LARGEST_PAGE, PAGE, Order
from daysheet.desk.refusals import not_possible

_NO_FILTERS = {"sort", "page", "size", "done"}
_AS_IT_IS = {"payer"}  # chosen, not typed: a name may begin or end with a space
_LAST_PAGE = 100_000


@dataclass(frozen=True)
class Listing:
    """``filters`` are the words of the URL that narrow it; ``path`` is that of its page.

    ``kept`` are those of them that say which list it is: clearing the filters leaves them.
    """

    path: str
    filters: Mapping[str, str]
    order: Order
    usual: Order
    number: int = 1
    size: int = PAGE
    kept: Collection[str] = ()

    @property
    def offset(self) -> int:
        """How many rows stand on the pages before."""
        return (self.number - 1) * self.size

    @property
    def sort(self) -> str:
        """The order as the URL says it: ``column``, or ``-column`` for descending; "" if usual."""
        return "" if self.order == self.usual else _signed(self.order)

    @property
    def cleared(self) -> str:
        """URL without any filter."""
        kept = {name: word for name, word in self.filters.items() if name in self.kept}
        return replace(self, filters=kept, number=1).url()

    @property
    def is_narrowed(self) -> bool:
        """Whether there is a filter to clear."""
        return self.narrowed_by > 0

    @property
    def narrowed_by(self) -> int:
        """How many filters there are to clear."""
        return len(set(self.filters) - set(self.kept))

    def last(self, count: int) -> int:
        """The number of the last page of ``count`` rows."""
        return max(1, -(-count // self.size))

    def page(self, number: int) -> str:
        """URL of another page."""
        return replace(self, number=number).url()

    def sorted_by(self, column: str) -> str:
        """URL of the first page by ``column``: ascending, descending when it is so already."""
        again = self.order.column == column and not self.order.is_descending
        return replace(self, order=Order(column, again), number=1).url()

    def narrowed(self, **filters: str) -> str:
        """URL of the first page with these filters too."""
        return replace(self, filters={**self.filters, **filters}, number=1).url()

    def url(self) -> str:
        """URL of this page of the list."""
        words = dict(self.filters)
        if self.sort:
            words["sort"] = self.sort
        if self.size != PAGE:
            words["size"] = str(self.size)
        if self.number > 1:
            words["page"] = str(self.number)
        return f"{self.path}?{urlencode(words)}" if words else self.path


def listing(
    request: Request, columns: Collection[str], usual: Order, known: Collection[str] = ()
) -> Listing:
    """Read it off the request's URL; raises a 422 for what the list does not know.

    It can be sorted by ``columns`` and narrowed by the ``known`` words; empty words do not count.
    """
    asked = {
        name: value if name in _AS_IT_IS else value.strip()
        for name, value in request.query_params.items()
        if value.strip()
    }
    sort = asked.get("sort") or _signed(usual)
    order = Order(sort.removeprefix("-"), sort.startswith("-"))
    if order.column not in columns:
        raise not_possible("unknown_column", "there is no such column to sort by", field="sort")
    filters = {name: value for name, value in asked.items() if name not in _NO_FILTERS}
    if not set(filters) <= set(known):
        raise not_possible("unknown_filter", "there is no such filter")
    return Listing(
        request.url.path,
        filters,
        order,
        usual,
        _number(asked.get("page", "1"), _LAST_PAGE, "page"),
        _number(asked.get("size", str(PAGE)), LARGEST_PAGE, "size"),
    )


def _signed(order: Order) -> str:
    return f"{'-' if order.is_descending else ''}{order.column}"


def _number(text: str, most: int, field: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8 and 1 <= int(text) <= most):
        raise not_possible("no_number", f"{field} is a number from 1 to {most}", field=field)
    return int(text)
