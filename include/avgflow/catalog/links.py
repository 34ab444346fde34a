"""How a row belongs to a person: what the catalog says under `subject`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import field_validator, model_validator

from avgflow.catalog.names import ColumnName
from avgflow.configuration import Strict

IDENTIFIER = "identifier"
"""In the place of a column that is referred to: the column holds an identifier of the person itself."""


class Link(Strict):
    """How a row belongs to a person: every named column matches, and the row fulfils `when` (SQL over its columns)."""

    columns: dict[str, ColumnName | Literal["identifier"]]
    when: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, dict) and not isinstance(value.get("columns"), dict):
            return {"columns": value}
        return value

    @field_validator("columns", mode="before")
    @classmethod
    def _targets(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not value:
            raise ValueError("name the columns by which a row belongs to a person")
        return {
            str(column): target
            if target == IDENTIFIER or isinstance(target, ColumnName)
            else ColumnName.parse(str(target))
            for column, target in value.items()
        }

    @model_validator(mode="after")
    def _one_target(self) -> Link:
        references = [target for target in self.columns.values() if isinstance(target, ColumnName)]
        if references and len(references) != len(self.columns):
            raise ValueError("a link is either an identifier or a reference, not both; write two links")
        if len({(target.store, target.table) for target in references}) > 1:
            raise ValueError("a composite reference names columns of one table")
        if not references and len(self.columns) > 1:
            raise ValueError("an identifier link names one column; write one link for each")
        return self

    @property
    def is_identifier(self) -> bool:
        return IDENTIFIER in self.columns.values()

    @property
    def targets(self) -> tuple[ColumnName, ...]:
        """The referenced columns, in the order of `columns`; empty for an identifier link."""
        return tuple(target for target in self.columns.values() if isinstance(target, ColumnName))
