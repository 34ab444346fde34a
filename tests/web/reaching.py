"""Which faults can reach the page: a walk over the code from its routes, along all that they refer to.

It errs on the side of too many: whatever a function names counts as called, and a method by its name alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import avgflow
import avgflow_airflow

FOLDERS = {"avgflow": Path(avgflow.__path__[0]), "avgflow_airflow": Path(avgflow_airflow.__path__[0])}
LEFT_OUT = (
    "avgflow.cli",
    "avgflow.demo",
    "avgflow.embedded",
    "avgflow.register.migrations",
    "avgflow_airflow.web.portal",
)
"""What no route of a page calls: the commands, the demonstration, and the answers to programs."""
ROOTS = "avgflow_airflow.web"

_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Node:
    """A function, a class or a value of a module: what it names."""

    parts: list[ast.AST]
    imports: Mapping[str, str]
    module: str


@dataclass
class Code:
    """All modules: their nodes by dotted name, and methods by their own name."""

    nodes: dict[str, Node] = field(default_factory=dict)
    methods: dict[str, list[str]] = field(default_factory=dict)
    modules: set[str] = field(default_factory=set)


def reached(faults: Iterable[str]) -> frozenset[str]:
    """Those of some faults, by dotted name, that something names which a page's route may call."""
    code = _code()
    wanted = frozenset(faults)
    seen: set[str] = set()
    todo = [name for name, node in code.nodes.items() if node.module.startswith(ROOTS)]
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        if name not in wanted:
            todo += [one for one in _named(code, code.nodes[name]) if one not in seen]
    return wanted & seen


@cache
def _code() -> Code:
    code = Code()
    for package, folder in FOLDERS.items():
        for file in sorted(folder.rglob("*.py")):
            module = ".".join((package, *file.relative_to(folder).with_suffix("").parts)).removesuffix(".__init__")
            if not module.startswith(LEFT_OUT) and not module.endswith("routes.portal"):
                _read(code, module, ast.parse(file.read_text(encoding="utf-8")))
    return code


def _read(code: Code, module: str, tree: ast.Module) -> None:
    code.modules.add(module)
    imports = dict(_imports(tree))
    for statement in tree.body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                code.nodes[f"{module}.{statement.name}"] = Node([*_body(statement)], imports, module)
            case ast.ClassDef():
                _read_class(code, module, statement, imports)
            case ast.Assign() | ast.AnnAssign() if statement.value is not None:
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                for target in targets:
                    if isinstance(target, ast.Name):
                        code.nodes[f"{module}.{target.id}"] = Node([statement.value], imports, module)


def _read_class(code: Code, module: str, of: ast.ClassDef, imports: Mapping[str, str]) -> None:
    own: list[ast.AST] = [*of.bases]
    for statement in of.body:
        if isinstance(statement, _FUNCTION):
            name = f"{module}.{of.name}.{statement.name}"
            code.nodes[name] = Node([*_body(statement)], imports, module)
            if statement.name.startswith("__") or statement.decorator_list:
                # Called by nobody by name: by Python, or by what decorates it.
                own += _body(statement)
            code.methods.setdefault(statement.name, []).append(name)
        elif isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            own.append(statement.value)
    code.nodes[f"{module}.{of.name}"] = Node(own, imports, module)


def _body(function: _FUNCTION) -> Iterator[ast.AST]:
    """What a function names, less its annotations."""
    yield from function.body
    yield from function.decorator_list
    yield from function.args.defaults
    yield from (one for one in function.args.kw_defaults if one)
    # `Annotated[..., Depends(...)]` is called by whoever reads it.
    for argument in (*function.args.args, *function.args.kwonlyargs):
        if argument.annotation is not None:
            yield argument.annotation


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for one in ast.walk(tree):
        if isinstance(one, ast.ImportFrom) and one.module:
            for alias in one.names:
                yield alias.asname or alias.name, f"{one.module}.{alias.name}"
        elif isinstance(one, ast.Import):
            for alias in one.names:
                yield alias.asname or alias.name.partition(".")[0], alias.name


def _named(code: Code, node: Node) -> Iterator[str]:
    """The nodes that a node names."""
    todo: list[ast.AST] = list(node.parts)
    while todo:
        one = todo.pop()
        match one:
            case ast.ExceptHandler():
                todo += one.body  # what is caught is not raised by that
                continue
            case ast.MatchClass():
                todo += [*one.patterns, *one.kwd_patterns]
                continue
            case ast.AnnAssign():
                todo += [one.value] if one.value else []
                continue
            case ast.Name() if isinstance(one.ctx, ast.Load):
                yield from _known(code, node, one.id)
            case ast.Attribute():
                dotted = _dotted(node, one)
                if dotted in code.nodes:
                    yield dotted
                elif not (dotted and dotted.rpartition(".")[0] in code.modules):
                    yield from code.methods.get(one.attr, ())
        todo += ast.iter_child_nodes(one)


def _known(code: Code, node: Node, name: str) -> Iterator[str]:
    for dotted in (f"{node.module}.{name}", node.imports.get(name, "")):
        if dotted in code.nodes:
            yield dotted


def _dotted(node: Node, of: ast.Attribute) -> str | None:
    """`module.name` of an attribute of an imported module or class."""
    if isinstance(of.value, ast.Name):
        return f"{node.imports.get(of.value.id, f'{node.module}.{of.value.id}')}.{of.attr}"
    return None
