"""What clients write: loose in its types, because the use cases say better what is wrong with a value."""

from typing import Annotated, Any

from pydantic import BaseModel, WithJsonSchema

Text = Annotated[Any, WithJsonSchema({"type": ["string", "null"]})]
Texts = Annotated[Any, WithJsonSchema({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]})]
WholeNumbers = Annotated[
    Any, WithJsonSchema({"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]})
]
Number = Annotated[
    Any,
    WithJsonSchema(
        {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}, {"type": "null"}]}
    ),
]
"""An exact number: as JSON, or as text."""
Tiers = Annotated[
    Any,
    WithJsonSchema(
        {
            "anyOf": [
                {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"up_to": {"type": ["string", "null"]}, "percentage": {"type": "string"}},
                        "required": ["percentage"],
                    },
                },
                {"type": "null"},
            ]
        }
    ),
]
"""A support fee's tiers in order; the last has no ``up_to``."""
WholeNumber = Annotated[Any, WithJsonSchema({"type": ["integer", "null"]})]
Flag = Annotated[Any, WithJsonSchema({"type": ["boolean", "null"]})]


class Given(BaseModel):
    """A body of which every key may be missing. Unknown keys are ignored, and null says nothing."""

    def fields(self) -> dict[str, Any]:
        """Return the keys that say something."""
        return {name: value for name, value in self if name in self.model_fields_set and value is not None}
