"""Who reads whom, taken from the ``ref`` and ``source`` calls in the SQL."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter

from daysheet.catalog import Catalog, CatalogError, Model, load_catalog
from daysheet.rendering import calls


@dataclass(frozen=True)
class Reads:
    """What one model reads."""

    models: frozenset[str]
    sources: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Graph:
    """The models in an order in which each comes after all it reads or reconciles to."""

    reads: Mapping[str, Reads]
    order: tuple[str, ...]

    def downstream(self, names: Iterable[str]) -> frozenset[str]:
        """``names`` and every model that reads one of them, however far down."""
        found = set(names)
        for model in self.order:
            if self.reads[model].models & found:
                found.add(model)
        return frozenset(found)

    def upstream(self, names: Iterable[str]) -> frozenset[str]:
        """``names`` and every model they read, however far up."""
        found = set(names)
        for model in reversed(self.order):
            if model in found:
                found |= self.reads[model].models
        return frozenset(found)

    def sources(self) -> frozenset[tuple[str, str]]:
        """Every source table some model reads."""
        return frozenset(source for reads in self.reads.values() for source in reads.sources)


def build_graph(catalog: Catalog) -> Graph:
    """Read the graph; a model that reads an unknown one, or a cycle, is a CatalogError."""
    reads: dict[str, Reads] = {}
    for name, model in catalog.models.items():
        found = calls(model.sql, str(model.sql_path))
        refs = {argument for function, argument, *_ in found if function == "ref"}
        unknown = sorted(refs - set(catalog.models))
        if unknown:
            raise CatalogError(f"{model.sql_path}: ref to unknown model {', '.join(unknown)}")
        sources = {(call[1], call[2]) for call in found if call[0] == "source"}
        reads[name] = Reads(frozenset(refs), frozenset(sources))
    try:
        order = TopologicalSorter({name: sorted(reads[name].models) for name in sorted(reads)})
        # By phase, as they are built: what a model reconciles to is of an earlier one, or read.
        in_phases = sorted(order.static_order(), key=lambda name: catalog.models[name].phase)
        graph = Graph(reads, tuple(in_phases))
    except CycleError as error:
        raise CatalogError(
            f"models read each other in a circle: {' -> '.join(error.args[1])}"
        ) from None
    for model in catalog.models.values():
        _require_reconcilable(catalog, graph, model)
    return graph


def _require_reconcilable(catalog: Catalog, graph: Graph, model: Model) -> None:
    """A model reconciles to one that is there by then: of an earlier phase, or read by it."""
    upstream = graph.upstream([model.name])
    for other in (one.of for one in model.reconciles if "." not in one.of):
        found = catalog.models.get(other)
        if found is None or (found.phase >= model.phase and other not in upstream):
            raise CatalogError(
                f"{model.sql_path.with_suffix('.yml')}: reconciles to {other}, which is not made "
                "before it"
            )


@cache
def load_graph() -> Graph:
    """The graph of the project's own models."""
    return build_graph(load_catalog())
