"""What Holdfast asks of a language model: an answer of a stated form."""

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from pydantic import BaseModel

Shape = TypeVar("Shape", bound="BaseModel")


class Model(Protocol):
    """A language model."""

    @property
    def name(self) -> str:
        """How it is called in what it derives."""
        ...

    @property
    def max_input_characters(self) -> int:
        """How much it is given in one call."""
        ...

    @property
    def concurrency(self) -> int:
        """How many calls of it may be under way at once."""
        ...

    def answer(self, task: str, material: str, shape: type[Shape]) -> Shape:
        """Do `task` with `material` and return the answer as a `shape`.

        Raises ProviderFailed when the model cannot be reached, refuses, or answers something else.
        """
        ...
