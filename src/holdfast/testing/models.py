"""What every language model must do: subclass `ModelSuite`, give it its fixtures, and run pytest."""

from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest
from pydantic import BaseModel

from holdfast.errors import ProviderFailed
from holdfast.models.port import Model

#: what `model` is asked to do
TASK = "Answer with the colour `green`, whatever the text says, and with the number 7."
_MATERIAL = "A lease is a lock that expires."


class Shade(BaseModel):
    """The form of the answers that the suite asks for."""

    colour: Literal["green", "red"]
    number: int


class ModelSuite:
    """The behaviour of a language model.

    Subclasses provide two pytest fixtures: `model`, which answers, and `unreachable`, at whose endpoint nobody does. A
    stand-in for an endpoint answers `{"colour": "green", "number": 7}` whatever it is asked.
    """

    def test_it_says_its_name_and_its_bounds(self, model: Model) -> None:
        assert model.name
        assert model.max_input_characters > 0
        assert model.concurrency > 0

    def test_an_answer_is_of_the_form_that_was_asked_for(self, model: Model) -> None:
        answer = model.answer(TASK, _MATERIAL, Shade)
        assert isinstance(answer, Shade)
        assert answer.colour in ("green", "red")

    def test_any_text_may_be_asked_about(self, model: Model) -> None:
        for material in ("", "\0", 'a `"}` and a </text>', "锁会过期 🔒", "\n" * 100):
            assert isinstance(model.answer(TASK, material, Shade), Shade)

    def test_as_much_is_taken_as_it_says(self, model: Model) -> None:
        most = model.max_input_characters
        material = (_MATERIAL * (most // len(_MATERIAL) + 1))[:most]
        assert isinstance(model.answer(TASK, material, Shade), Shade)

    def test_threads_may_share_it(self, model: Model) -> None:
        with ThreadPoolExecutor(min(4, model.concurrency)) as threads:
            answers = list(threads.map(lambda number: model.answer(TASK, f"{_MATERIAL} {number}", Shade), range(8)))
        assert all(isinstance(answer, Shade) for answer in answers)

    def test_a_model_that_cannot_be_reached_fails_by_name(self, unreachable: Model) -> None:
        with pytest.raises(ProviderFailed) as caught:
            unreachable.answer(TASK, _MATERIAL, Shade)
        assert unreachable.name in caught.value.message
        assert caught.value.remedy
