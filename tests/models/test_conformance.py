"""The model that ships keeps what the suite asks of every language model."""

import socket
from collections.abc import Iterator

import pytest

from holdfast.config import LlmSettings
from holdfast.models.openai_model import OpenAiModel
from holdfast.models.port import Model
from holdfast.testing import ModelSuite
from tests.support.modelserver import serving


class TestOpenAiModel(ModelSuite):
    @pytest.fixture
    def model(self) -> Iterator[Model]:
        with serving(lambda asked, call: '{"colour": "green", "number": 7}') as server:
            model = OpenAiModel(LlmSettings(base_url=server.url, model="tiny"), "none")
            yield model
            model.close()

    @pytest.fixture
    def unreachable(self) -> Iterator[Model]:
        # Bound and not listening: whoever connects is refused, and nobody else gets the port.
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
            model = OpenAiModel(LlmSettings(base_url=address, model="tiny"), "none")
            yield model
            model.close()
