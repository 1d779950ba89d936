"""Random streams that depend on the seed and a name alone, so any part can be made by itself."""

from random import Random

__all__ = ["Random", "stream"]


def stream(seed: int, *name: object) -> Random:
    """A generator for ``name``, equal on every machine and in every order of calls."""
    return Random("/".join(map(str, (seed, *name))))  # noqa: S311  invented data, not secrets
