"""Conformance suites: subclass one in your tests to prove that your part keeps what its port promises."""

from holdfast.testing.blobs import BlobStoreSuite
from holdfast.testing.converters import ConverterSuite, Sample

__all__ = ["BlobStoreSuite", "ConverterSuite", "Sample"]
