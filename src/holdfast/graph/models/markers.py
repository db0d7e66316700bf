"""What is said of a field of a model beside its type, in `Annotated[...]`: as a class, or as a value of it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from holdfast.arguments import checks_arguments


@checks_arguments
@dataclass(frozen=True, slots=True)
class Key:
    """A field that is (a part of) the key of its type: `handle: Annotated[str, Key]`."""


@checks_arguments
@dataclass(frozen=True, slots=True)
class Unique:
    """A field of which no two rows of the type have the same value; rows that have none do no harm."""


@checks_arguments
@dataclass(frozen=True, slots=True)
class Index:
    """A field that rows are looked up by."""


@checks_arguments
@dataclass(frozen=True, slots=True)
class Range:
    """The least and the most that a field, or each item of a list, may be: `Range(0, 5)`."""

    #: None for any
    minimum: int | float | Decimal | date | None = None
    #: None for any
    maximum: int | float | Decimal | date | None = None


@checks_arguments
@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression in RE2's syntax that is found in each text of a field; `^` and `$` hold it to all of it."""

    #: RE2's syntax: no look-around, no back references
    pattern: str


@checks_arguments
@dataclass(frozen=True, slots=True)
class MaxLength:
    """How many characters a text may have."""

    #: at most
    characters: int


@checks_arguments
@dataclass(frozen=True, slots=True)
class Vector:
    """A list of so many numbers, kept in 32 bits each: `Annotated[list[float], Vector[384]]`."""

    #: how many
    dimensions: int

    def __class_getitem__(cls, dimensions: int) -> "Vector":
        return cls(dimensions)


@checks_arguments
@dataclass(frozen=True, slots=True)
class Embed:
    """A text that is to be searched by meaning: `Annotated[str, Embed]`; on a vector, the text that it is made of.

    The schema keeps it. Rows are not searched yet.
    """

    #: of a vector: the name of the field of text
    field: str | None = None


@checks_arguments
@dataclass(frozen=True, slots=True)
class FullText:
    """A text whose words are to be searched. The schema keeps it; rows are not searched yet."""


@checks_arguments
@dataclass(frozen=True, slots=True)
class File:
    """A text that names a file of this store: its path, or `content:` and the id of a content."""


@checks_arguments
@dataclass(frozen=True, slots=True)
class RenamedFrom:
    """What a field was called before, so that its values stay."""

    #: of the field, before
    name: str


#: all of them
Marker = Key | Unique | Index | Range | Pattern | MaxLength | Vector | Embed | FullText | File | RenamedFrom
