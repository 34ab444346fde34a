"""YAML into pydantic models, with errors that name file, line and remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from avgflow.errors import AvgflowError

Model = TypeVar("Model", bound=BaseModel)


class WrongConfiguration(AvgflowError):
    """A catalog or policy file cannot be used; the message has a line per fault: `file:line: what to do`."""


def read(path: Path, model: type[Model]) -> Model:
    """One YAML file as a model; `WrongConfiguration` names each fault's line."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as missing:
        raise WrongConfiguration(
            f"{path}: cannot be read ({missing.strerror}). Give the path of a YAML file."
        ) from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = _load(node)
    except yaml.MarkedYAMLError as broken:
        line = broken.problem_mark.line + 1 if broken.problem_mark else 1
        raise WrongConfiguration(f"{path}:{line}: is not YAML: {broken.problem}.") from None
    try:
        return model.model_validate(data)
    except ValidationError as wrong:
        faults = [
            f"{path}:{line_of(node, fault['loc'])}: {'.'.join(map(str, fault['loc']))}: {_remedy(fault)}"
            for fault in wrong.errors(include_url=False, include_input=False)
        ]
        raise WrongConfiguration("\n".join(faults)) from None


def _load(node: yaml.Node | None) -> Any:
    """The node as plain data; a key written twice is a fault (YAML itself would keep the last in silence)."""
    if isinstance(node, yaml.MappingNode):
        seen: set[Any] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"'{key.value}' is written twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return {_scalar(key): _load(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_load(value) for value in node.value]
    return _scalar(node)


def _scalar(node: yaml.Node | None) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node, deep=True) if node is not None else None
    finally:
        loader.dispose()


def line_of(node: yaml.Node | None, location: tuple[int | str, ...]) -> int:
    """The line (from 1) of the deepest part of a pydantic location that stands in the file."""
    line = node.start_mark.line + 1 if node is not None else 1
    for part in location:
        step = _child(node, part)
        if step is None:
            break
        line, node = step
    return line


def _child(node: yaml.Node | None, part: int | str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line + 1, node.value[part]
    return None


def _remedy(fault: Any) -> str:
    if fault["type"] == "missing":
        return "this field is missing; add it."
    if fault["type"] == "extra_forbidden":
        return "this field is unknown; correct its name or take it out."
    message: str = fault["msg"]
    return message.removeprefix("Value error, ") + "."
