"""The data dictionary: what each number means and where it comes from, as static pages."""

from daysheet.dictionary.entries import Dictionary, compile_dictionary
from daysheet.dictionary.pages import FolderInUse, Written, write_pages

__all__ = ["Dictionary", "FolderInUse", "Written", "compile_dictionary", "write_pages"]
