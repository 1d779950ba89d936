"""Where mails point to in the UI: the only place that knows the addresses of its pages."""

from urllib.parse import quote


def claim_link(ui_url: str, reference: str) -> str:
    """The record of a claim or session by our random reference, which says nothing of a person."""
    return f"{desk_link(ui_url)}claims/{quote(reference, safe='')}"


def desk_link(ui_url: str) -> str:
    """The first page of the desk, from which all of its lists are reached."""
    return f"{ui_url.rstrip('/')}/daysheet/"
