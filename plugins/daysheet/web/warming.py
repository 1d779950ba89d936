"""What the first pages would wait for is made when the server starts, beside its first requests."""

from functools import cache
from threading import Thread

from daysheet.web.models import dictionary
from daysheet.web.pages import compile_pages


@cache
def warm() -> Thread:
    """Begin with it, once in the life of the process: Airflow starts no lifespan of a mounted app.

    A thread, so that the server answers meanwhile; what fails in it fails again on the page itself.
    """
    thread = Thread(target=_make, name="daysheet-warming", daemon=True)
    thread.start()
    return thread


def _make() -> None:
    compile_pages()
    dictionary()
