"""What the files under ``sql/`` declare: source contracts, code lists, systems and models."""

from daysheet.catalog.contracts import (
    Column,
    Contract,
    all_contracts,
    load_codes,
    load_contract,
    load_contracts,
)
from daysheet.catalog.documents import CatalogError
from daysheet.catalog.models import Catalog, Check, Model, Reconciliation, System, load_catalog

__all__ = [
    "Catalog",
    "CatalogError",
    "Check",
    "Column",
    "Contract",
    "Model",
    "Reconciliation",
    "System",
    "all_contracts",
    "load_catalog",
    "load_codes",
    "load_contract",
    "load_contracts",
]
