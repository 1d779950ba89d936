"""How names are compared, whoever typed them."""

import unicodedata


def clean(text: str) -> str:
    """The text without padding: compatibility forms composed, any run of spaces one space."""
    return " ".join((text if text.isascii() else unicodedata.normalize("NFKC", text)).split())


def fold(text: str) -> str:
    """Clean text as names are compared: without case."""
    return text.casefold()
