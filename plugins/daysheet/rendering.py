"""Turn templates into SQL. ``ref`` and ``source`` name relations; nothing else is looked up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, nodes

from daysheet.catalog import CatalogError, Contract, Model, load_codes
from daysheet.settings import PROJECT


@dataclass(frozen=True)
class Relations:
    """Where ``ref`` and ``source`` point; without schemas the names stay symbolic."""

    build_schema: str | None = None
    stage_schema: str | None = None
    tables: Mapping[str, str] = field(default_factory=dict)  # model -> its table in ``store``

    def ref(self, model: str) -> str:
        """A model of the same build."""
        if model in self.tables:
            return f"store.{self.tables[model]}"
        return f"{self.build_schema}.{model}" if self.build_schema else model

    def source(self, source: str, table: str) -> str:
        """A staging view at the build's batch."""
        name = f"{source}__{table}"
        return f"{self.stage_schema}.{name}" if self.stage_schema else name


def label(codes: str, column: str, source: str = "opendental") -> str:
    """SQL that decodes ``column`` by a code list of the source; unknown codes give null."""
    try:
        values = load_codes(source)[codes]
    except KeyError:
        raise CatalogError(f"label('{codes}', ...): no such list in {source}/_codes.yml") from None
    whens = "\n".join(
        f"        when {value if isinstance(value, int) else _quote(value)} then {_quote(name)}"
        for value, name in values.items()
    )
    return f"case {column}\n{whens}\n    end"


def _quote(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"


@cache
def _environment(root: Path) -> Environment:
    environment = Environment(  # noqa: S701  output is SQL, not HTML
        loader=FileSystemLoader([root / "templates", root / "sql"]),
        undefined=StrictUndefined,
        keep_trailing_newline=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["label"] = label
    for path in sorted((root / "templates" / "macros").glob("*.sql")):
        module = environment.get_template(f"macros/{path.name}").module
        macros = {name: item for name, item in vars(module).items() if not name.startswith("_")}
        environment.globals.update(macros)
    return environment


def render_template(name: str, root: Path = PROJECT, /, **values: object) -> str:
    """Render a file below ``templates/`` or ``sql/``."""
    return _environment(root).get_template(name).render(**values)


def render_text(
    text: str,
    relations: Relations,
    as_of: date,
    where: str,
    root: Path = PROJECT,
    **values: object,
) -> str:
    """Render SQL text; an undefined name or a bad call is a :class:`CatalogError`."""
    lookups = {
        "ref": relations.ref,
        "source": relations.source,
        "as_of": as_of.isoformat(),
        **values,
    }
    try:
        return _environment(root).from_string(text).render(lookups).strip()
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        raise CatalogError(f"{where}{f', line {line}' if line else ''}: {error}") from None


def render_model(model: Model, relations: Relations, as_of: date) -> str:
    """The model's ``select``, with relations named by ``relations``."""
    return render_text(model.sql, relations, as_of, str(model.sql_path))


def calls(text: str, where: str) -> set[tuple[str, ...]]:
    """Every ``ref(...)`` and ``source(...)`` in a template, as ``(function, *arguments)``.

    Arguments must be plain strings, so that the graph can be read without running anything.
    """
    try:
        tree = Environment(autoescape=False).parse(text)  # noqa: S701  nothing is rendered
    except TemplateError as error:
        raise CatalogError(f"{where}: {error}") from None
    found = set()
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in ("ref", "source"):
            arguments = [item.value for item in call.args if isinstance(item, nodes.Const)]
            if len(arguments) != len(call.args):
                raise CatalogError(
                    f"{where}, line {call.lineno}: {call.node.name}() takes plain strings"
                )
            found.add((call.node.name, *map(str, arguments)))
    return found


def render_staging(contract: Contract, schema: str, batch: int) -> str:
    """DDL of one staging view: vendor columns renamed, "nothing" values made null."""
    columns = [
        f"{_staged(contract, name)} as {contract.staging_name(name)}" for name in contract.loaded
    ]
    for alias, name in {
        "_created_at": contract.created_at,
        "_updated_at": contract.changed_at,
    }.items():
        stamp = f"nullif({_name(name)}::timestamp, '0001-01-01')" if name else "null::timestamp"
        columns.append(f"{stamp} as {alias}")
    return render_template(
        "build/staging.sql",
        schema=schema,
        relation=contract.relation,
        columns=",\n    ".join(columns),
        batch=batch,
    )


def _staged(contract: Contract, name: str) -> str:
    column, quoted = contract.loaded[name], _name(name)
    if column.load == "presence" or column.is_boolean:
        return f"{quoted} != 0"
    if column.references and not column.keep_zero and name not in contract.key:
        return f"nullif({quoted}, 0)"
    if column.blank is not None:
        return f"nullif({quoted}, {column.blank})"
    if column.type == "timestamp" or (column.type == "date" and not column.keep_sentinel):
        return f"nullif({quoted}, '0001-01-01')"
    return quoted


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
