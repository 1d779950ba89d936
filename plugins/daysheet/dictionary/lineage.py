"""Where each column of a model comes from, read from its SQL: step by step, down to its inputs.

Lineage is of values: what a column is made of, not what its rows were joined to or filtered by.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from daysheet.catalog import CatalogError, Model
from daysheet.dictionary.wording import AS_OF, worded
from daysheet.rendering import Relations, render_model

ROWS = "*"  # stands for the column where rows are counted


@dataclass(frozen=True, order=True)
class Origin:
    """A column of something the model reads; column ``*`` where its rows are counted."""

    relation: str  # a model, or a source table as ``source__table``
    column: str


@dataclass(frozen=True)
class Step:
    """One expression on the way: what the select named ``place`` calls ``name``."""

    place: str
    name: str
    sql: str


@dataclass(frozen=True)
class Derivation:
    """How one column comes about: the steps that compute it (none: copied) and their inputs."""

    steps: tuple[Step, ...] = ()
    origins: frozenset[Origin] = frozenset()
    uses_as_of: bool = False

    def __or__(self, other: "Derivation") -> "Derivation":
        return Derivation(
            tuple(dict.fromkeys(self.steps + other.steps)),
            self.origins | other.origins,
            self.uses_as_of or other.uses_as_of,
        )


@dataclass(frozen=True)
class _Only:
    """Rows are wanted only where ``column`` is, or is not, one of ``values``."""

    column: str
    values: frozenset[str]
    wanted: bool = True

    def excludes(self, value: str) -> bool:
        return (value in self.values) != self.wanted


_NOTHING: frozenset[_Only] = frozenset()


def derive(model: Model, columns: Mapping[str, Iterable[str]]) -> dict[str, Derivation]:
    """How each column of ``model`` comes about.

    ``columns`` are those of everything the model reads, by relation. SQL that cannot be followed
    is a :class:`CatalogError`.
    """
    text = render_model(model, Relations(), date.fromisoformat(AS_OF))
    try:
        tree = qualify(
            sqlglot.parse_one(text, dialect="postgres"),
            dialect="postgres",
            schema={name: dict.fromkeys(names, "text") for name, names in columns.items()},
            quote_identifiers=False,
            validate_qualify_columns=False,
        )
    except sqlglot.errors.SqlglotError as error:
        raise CatalogError(f"{model.sql_path}: {error}") from None
    scope = build_scope(tree)
    if scope is None:
        raise CatalogError(f"{model.sql_path}: not a select")
    reader = _Reader(model, scope)
    return {name: reader.column(scope, name, model.name) for name in tree.named_selects}


class _Reader:
    """Follows columns through the selects of one statement, each column once."""

    def __init__(self, model: Model, root: Scope) -> None:
        self._model = model
        # Within itself a recursive query stands as a copy of its first part: read the whole.
        self._wholes = {
            id(scope.set_operation_scopes[0].expression): scope
            for scope in root.traverse()
            if scope.is_cte and scope.set_operation_scopes
        }
        self._known: dict[tuple[int, str, frozenset[_Only]], Derivation] = {}

    def column(
        self, scope: Scope, name: str, place: str, only: frozenset[_Only] = _NOTHING
    ) -> Derivation:
        """How the select of ``scope`` makes its column ``name``, in the rows that are wanted."""
        key = (id(scope), name, only)
        if key not in self._known:
            self._known[key] = Derivation()  # a recursive query reads itself
            self._known[key] = self._column(scope, name, place, only)
        return self._known[key]

    def _column(self, scope: Scope, name: str, place: str, only: frozenset[_Only]) -> Derivation:
        query = scope.expression
        if scope.set_operation_scopes:
            return self._union(scope, name, place, only)
        if isinstance(query, exp.Lateral) and scope.subquery_scopes:
            return self.column(scope.subquery_scopes[0], name, place, only)
        if not isinstance(query, exp.Query):  # unnest, values
            return self._of_function(scope, query, Step(place, name, worded(query)))
        made = {projection.alias_or_name: projection.unalias() for projection in query.selects}
        node = made.get(name) or self._starred(scope, name)
        inside = self._made_of(scope, node, _passed_on(made, only))
        if isinstance(node, exp.Column):
            return inside
        return Derivation((Step(place, name, worded(node)),)) | inside

    def _union(self, scope: Scope, name: str, place: str, only: frozenset[_Only]) -> Derivation:
        names = scope.expression.named_selects
        found = Derivation()
        for branch in scope.set_operation_scopes:
            own = branch.expression.named_selects
            wanted = frozenset(
                _Only(own[names.index(each.column)], each.values, each.wanted) for each in only
            )
            if branch.set_operation_scopes or not _is_excluded(branch, wanted):
                found |= self.column(branch, own[names.index(name)], place, wanted)
        return found

    def _made_of(self, scope: Scope, node: exp.Expr, only: frozenset[_Only]) -> Derivation:
        """Everything an expression is made of, the selects within it included."""
        found = Derivation()
        if isinstance(node, exp.Filter):
            only |= _conditions(node.expression.this)
        if isinstance(node, exp.Column):
            return self._reference(scope, node, only)
        if isinstance(node, exp.Query):
            return self._subquery(scope, node.unnest())
        if isinstance(node, exp.Literal):
            return Derivation(uses_as_of=node.this == AS_OF)
        if isinstance(node, exp.Count) and isinstance(node.this, exp.Star):
            found = Derivation(origins=self._rows(scope))
        for part in node.iter_expressions():
            found |= self._made_of(scope, part, only)
        return found

    def _reference(self, scope: Scope, column: exp.Column, only: frozenset[_Only]) -> Derivation:
        owner: Scope | None = scope
        table = column.table or self._table_of(scope, column.name)
        while owner is not None:
            source = owner.sources.get(table)
            if isinstance(source, exp.Table) and isinstance(source.this, exp.Func):
                step = Step(table, column.name, worded(source.this))
                return self._of_function(owner, source.this, step)
            if isinstance(source, exp.Table):
                return Derivation(origins=frozenset({Origin(source.name, column.name)}))
            if source is not None:
                own = only | _conditions(owner.expression.args.get("where"))
                wanted = frozenset(
                    _Only(name, each.values, each.wanted)
                    for each in own
                    for table, _, name in [each.column.rpartition(".")]
                    if table == column.table
                )
                whole = self._wholes.get(id(source.expression), source)
                return self.column(whole, column.name, table, wanted)
            owner = owner.parent
        raise self._lost(column.sql(dialect="postgres"))

    def _table_of(self, scope: Scope, name: str) -> str:
        """Whose column an unqualified name is: a function's own, or of the one thing selected."""
        selected = list(scope.selected_sources)
        return name if name in scope.sources or len(selected) != 1 else selected[0]

    def _starred(self, scope: Scope, name: str) -> exp.Column:
        """The column a star stands for; qualifying leaves stars beside a function as they are."""
        if any(isinstance(each, exp.Star) for each in scope.expression.selects):
            for table, (_, source) in scope.selected_sources.items():
                query = source.expression if isinstance(source, Scope) else None
                has = isinstance(query, exp.Query) and name in query.named_selects
                if has or name == table:
                    return exp.column(name, table=table)
        raise self._lost(name)

    def _of_function(self, scope: Scope, function: exp.Expr, step: Step) -> Derivation:
        return Derivation((step,)) | self._made_of(scope, function, _NOTHING)

    def _subquery(self, scope: Scope, query: exp.Query) -> Derivation:
        inner = next((each for each in scope.subquery_scopes if each.expression is query), None)
        if inner is None:
            raise self._lost(worded(query))
        found = Derivation()
        for name in query.named_selects:
            found |= self.column(inner, name, "")
        where = query.args.get("where")
        if isinstance(query.parent, exp.Exists) and where:
            found |= self._made_of(inner, where, _NOTHING)
        return found

    def _rows(self, scope: Scope) -> frozenset[Origin]:
        """The relations whose rows a select counts: those of what it selects from first."""
        if scope.set_operation_scopes:
            return frozenset().union(*map(self._rows, scope.set_operation_scopes))
        source = next((pair[1] for pair in scope.selected_sources.values()), None)
        if isinstance(source, exp.Table):
            return frozenset({Origin(source.name, ROWS)})
        return self._rows(source) if source else frozenset()

    def _lost(self, name: str) -> CatalogError:
        return CatalogError(f"{self._model.sql_path}: where {name} comes from cannot be read")


def _conditions(node: exp.Expr | None) -> frozenset[_Only]:
    """What ``a.b = 'c'`` and the like, joined by ``and``, say of the rows."""
    if isinstance(node, exp.Where | exp.Paren):
        return _conditions(node.this)
    if isinstance(node, exp.And):
        return _conditions(node.left) | _conditions(node.right)
    if isinstance(node, exp.EQ | exp.NEQ):
        column, values, wanted = node.left, [node.right], isinstance(node, exp.EQ)
    elif isinstance(node, exp.In):
        column, values, wanted = node.this, node.expressions, True
    else:
        return _NOTHING
    plain = values and all(isinstance(value, exp.Literal) for value in values)
    if not (isinstance(column, exp.Column) and plain):
        return _NOTHING
    named = f"{column.table}.{column.name}"
    return frozenset({_Only(named, frozenset(value.this for value in values), wanted)})


def _passed_on(made: Mapping[str, exp.Expr], only: frozenset[_Only]) -> frozenset[_Only]:
    """Conditions on a select's columns as conditions on what it copies them from."""
    return frozenset(
        _Only(f"{node.table}.{node.name}", each.values, each.wanted)
        for each in only
        for node in [_copied(made.get(each.column), each)]
        if node is not None
    )


def _copied(node: exp.Expr | None, only: _Only) -> exp.Column | None:
    """The column that wanted values are copied from, if they can come from nowhere else."""
    if isinstance(node, exp.Column):
        return node
    if not (isinstance(node, exp.Case) and only.wanted):
        return None
    results = _results(node)
    columns = [each for each in results if isinstance(each, exp.Column)]
    written = {each.this for each in results if isinstance(each, exp.Literal)}
    known = len(columns) == 1 and len(columns) + len(written) == len(results)
    return columns[0] if known and not only.values & written else None


def _results(case: exp.Case) -> list[exp.Expr | None]:
    return [each.args["true"] for each in case.args["ifs"]] + [case.args.get("default")]


def _is_excluded(branch: Scope, only: frozenset[_Only]) -> bool:
    """A branch of a union that marks its rows with constants nobody wants here."""
    made = {each.alias_or_name: each.unalias() for each in branch.expression.selects}
    return any(
        values is not None and all(each.excludes(value) for value in values)
        for each in only
        for values in [_constants(made[each.column])]
    )


def _constants(node: exp.Expr | None) -> set[str] | None:
    """Every value an expression can take, where they are all written out."""
    if isinstance(node, exp.Literal):
        return {node.this}
    if not isinstance(node, exp.Case):
        return None
    values = [_constants(each) for each in _results(node)]
    return None if None in values else set().union(*filter(None, values))
