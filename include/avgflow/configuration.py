"""YAML into pydantic models, with errors that name file, line and remedy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from avgflow.errors import AvgflowError

Model = TypeVar("Model", bound=BaseModel)

# The C parser where PyYAML was built with it: fifteen times as fast.
_FAST_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SCALARS = yaml.constructor.SafeConstructor()
Part = int | str


class Strict(BaseModel):
    """A part of a configuration file: immutable, and an unknown field is a fault, not a shrug."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class WrongConfiguration(AvgflowError):
    """A catalog or policy file cannot be used; the message has a line per fault: `file:line: what to do`."""


@dataclass(frozen=True)
class Document:
    """One YAML file with the places of its parts."""

    path: Path
    node: yaml.Node | None

    @classmethod
    def open(cls, path: Path) -> Document:
        """The file's parts, not yet looked at; `WrongConfiguration` where it is no YAML."""
        try:
            return cls(path, _composed(path.read_text(encoding="utf-8")))
        except OSError as missing:
            raise WrongConfiguration(
                f"{path}: cannot be read ({missing.strerror}). Give the path of a YAML file."
            ) from None
        except UnicodeDecodeError:
            raise WrongConfiguration(f"{path}: is not text in UTF-8. Save it as UTF-8.") from None
        except yaml.YAMLError as broken:
            raise _not_yaml(path, broken) from None

    def place(self, *location: Part) -> str:
        """`file:line` of a part, or of the deepest part above it that stands in the file."""
        return f"{self.path}:{line_of(self.node, location)}"

    def keys(self, *location: Part) -> tuple[str, ...]:
        """The keys of a mapping, as they are written."""
        node = self.node
        for part in location:
            step = _child(node, part)
            node = step[1] if step else None
        return tuple(key.value for key, _ in node.value) if isinstance(node, yaml.MappingNode) else ()

    def model(self, model: type[Model]) -> Model:
        """The file as a model; `WrongConfiguration` names each fault's line."""
        try:
            data = _load(self.node)
        except yaml.YAMLError as broken:
            raise _not_yaml(self.path, broken) from None
        try:
            return model.model_validate(data)
        except ValidationError as wrong:
            faults = [
                f"{self.place(*fault['loc'])}: {'.'.join(map(str, fault['loc'])) or 'file'}: {_remedy(fault)}"
                for fault in wrong.errors(include_url=False, include_input=False)
            ]
            raise WrongConfiguration("\n".join(faults)) from None


def read(path: Path, model: type[Model]) -> Model:
    """One YAML file as a model; `WrongConfiguration` names each fault's line."""
    return Document.open(path).model(model)


def _not_yaml(path: Path, broken: yaml.YAMLError) -> WrongConfiguration:
    mark = getattr(broken, "problem_mark", None)
    problem = getattr(broken, "problem", None) or "it cannot be read"
    return WrongConfiguration(f"{path}:{mark.line + 1 if mark else 1}: is not YAML: {problem}.")


def _composed(text: str) -> yaml.Node | None:
    """The parts of a YAML text: by the fast parser, and where that meets a fault by the one that places it better."""
    try:
        return yaml.compose(text, Loader=_FAST_LOADER)
    except yaml.YAMLError:
        return yaml.compose(text, Loader=yaml.SafeLoader)


def _load(node: yaml.Node | None) -> Any:
    """The node as plain data; a key written twice is a fault (YAML itself would keep the last in silence)."""
    if isinstance(node, yaml.MappingNode):
        seen: set[Any] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"'{key.value}' is written twice; take one of the two out", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return {_scalar(key): _load(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_load(value) for value in node.value]
    return _scalar(node)


def _scalar(node: yaml.Node | None) -> Any:
    return _SCALARS.construct_object(node, deep=True) if node is not None else None


def line_of(node: yaml.Node | None, location: tuple[Part, ...]) -> int:
    """The line (from 1) of the deepest part of a pydantic location that stands in the file."""
    line = node.start_mark.line + 1 if node is not None else 1
    for part in location:
        step = _child(node, part)
        if step is None:
            break
        line, node = step
    return line


def _child(node: yaml.Node | None, part: Part) -> tuple[int, yaml.Node] | None:
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
    return message.removeprefix("Value error, ").rstrip(".") + "."
