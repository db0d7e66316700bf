"""The client of OpenAI-compatible endpoints, against a real server."""

import pytest
from pydantic import BaseModel

from holdfast.config import LlmSettings, api_key
from holdfast.digest.by_model import ModelDigester, excerpt
from holdfast.digest.digest import Child
from holdfast.errors import ProviderFailed
from holdfast.models.openai_model import OpenAiModel
from tests.modelserver import serving


class Answer(BaseModel):
    number: int


def test_an_answer_comes_back_in_the_form_that_was_asked_for() -> None:
    with serving(lambda asked, call: '{"number": 42}') as server:
        model = OpenAiModel(LlmSettings(base_url=server.url, model="tiny"), "secret")
        assert model.answer("Count", "six times nine", Answer) == Answer(number=42)
        assert [turn["role"] for turn in server.calls[0]["messages"]] == ["system", "user"]
        assert server.calls[0]["response_format"]["json_schema"]["name"] == "Answer"


def test_a_second_wrong_answer_is_a_failure_that_shows_it() -> None:
    with serving(lambda asked, call: '{"number": "many"}') as server:
        model = OpenAiModel(LlmSettings(base_url=server.url, model="tiny"), "none")
        with pytest.raises(ProviderFailed, match=r"number.*many"):
            model.answer("Count", "x", Answer)
        assert len(server.calls) == 2


def test_a_model_is_configured_by_both_its_names() -> None:
    assert not LlmSettings().configured
    assert not LlmSettings(model="tiny").configured
    assert LlmSettings(model="tiny", base_url="http://localhost/v1").configured


def test_the_key_is_taken_from_the_named_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "secret")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert api_key(LlmSettings(api_key_variable="MY_KEY")) == "secret"
    assert api_key(LlmSettings()) == "none"


def test_of_a_long_text_the_start_and_the_end_are_shown() -> None:
    shown = excerpt("a" * 900 + "b" * 900, 1000)
    assert shown.startswith("a" * 750)
    assert shown.endswith("\n\n" + "b" * 250)
    assert "[800 characters are left out here]" in shown


def test_a_folder_without_text_needs_no_model() -> None:
    with serving(lambda asked, call: "") as server:
        digester = ModelDigester(OpenAiModel(LlmSettings(base_url=server.url, model="tiny"), "none"))
        assert digester.of_folder([]).abstract == "Empty"
        assert digester.of_folder([Child(None, None, False)]).abstract == "1 files without text"
        assert digester.of_folder([Child("A", "About a.", False)]).abstract == "About a."
        assert server.calls == []
