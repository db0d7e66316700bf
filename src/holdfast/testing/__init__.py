"""For those who test against Holdfast, or write a part of it.

Conformance suites: subclass one in your tests to prove that your part keeps what its port promises. The suites need
pytest, and `StoreMachine` needs Hypothesis: `pip install 'holdfast[testing]'`. The clock, the faults and `rooms` need
neither.
"""

from typing import TYPE_CHECKING, Any

from holdfast.host.clock import ManualClock
from holdfast.testing.faulty import failing_at
from holdfast.testing.seams import rooms

if TYPE_CHECKING:
    from holdfast.testing.blobs import BlobStoreSuite
    from holdfast.testing.converters import ConverterSuite, Sample
    from holdfast.testing.embedders import EmbedderSuite
    from holdfast.testing.engines import EngineSuite
    from holdfast.testing.machine import StoreMachine
    from holdfast.testing.models import ModelSuite

__all__ = [
    "BlobStoreSuite",
    "ConverterSuite",
    "EmbedderSuite",
    "EngineSuite",
    "ManualClock",
    "ModelSuite",
    "Sample",
    "StoreMachine",
    "failing_at",
    "rooms",
]

#: names that need more than Holdfast needs, and the modules that they are imported from when they are asked for
_LATER = {
    "BlobStoreSuite": "holdfast.testing.blobs",
    "ConverterSuite": "holdfast.testing.converters",
    "EmbedderSuite": "holdfast.testing.embedders",
    "EngineSuite": "holdfast.testing.engines",
    "ModelSuite": "holdfast.testing.models",
    "Sample": "holdfast.testing.converters",
    "StoreMachine": "holdfast.testing.machine",
}

if not TYPE_CHECKING:  # else every misspelt name would be one of these to a type checker

    def __getattr__(name: str) -> Any:
        if name not in _LATER:
            raise AttributeError(f"module 'holdfast.testing' has no attribute {name!r}")
        import importlib

        return getattr(importlib.import_module(_LATER[name]), name)
