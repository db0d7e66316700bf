"""The client of OpenAI-compatible endpoints, against a real server."""

import traceback
from base64 import b64encode

import pytest
from pydantic import BaseModel

from holdfast.config import LlmSettings, api_key
from holdfast.digest.by_model import ModelDigester, excerpt
from holdfast.digest.digest import DirectoryItem
from holdfast.errors import ProviderFailed
from holdfast.models import openai_model
from holdfast.models.openai_model import OpenAiModel
from tests.support.modelserver import indiscreet, serving, status


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


@pytest.mark.parametrize("user", ["", "me:pass-word@"])
def test_an_endpoint_that_repeats_a_secret_does_not_get_it_into_an_error(user: str) -> None:
    with serving(lambda asked, call: indiscreet()) as server:
        address = server.url.replace("://", f"://{user}") + "?token=t0ken"
        model = OpenAiModel(LlmSettings(base_url=address, model="tiny"), "sk-very-secret")
        with pytest.raises(ProviderFailed, match=r"\*\*\* is not allowed") as caught:
            model.answer("Count", "x", Answer)
        told = "".join(traceback.format_exception(caught.value))
        assert str(server.port) in told
        for secret in ("very-secret", "pass-word", b64encode(b"me:pass-word").decode(), "t0ken"):
            assert secret not in told


def test_an_endpoint_may_say_when_to_come_back() -> None:
    with serving(lambda asked, call: status(429, Retry_After="120")) as server:
        model = OpenAiModel(LlmSettings(base_url=server.url, model="tiny"), "none")
        with pytest.raises(ProviderFailed) as caught:
            model.answer("Count", "x", Answer)
        assert caught.value.retry_after == 120
        server.brain = lambda asked, call: status(503, Retry_After="Wed, 21 Oct 2026 07:28:00 GMT")
        with pytest.raises(ProviderFailed) as caught:
            model.answer("Count", "x", Answer)
        assert caught.value.retry_after is None


def test_an_answer_without_end_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda asked, call: '{"number": 42}' + " " * 5000) as server:
        model = OpenAiModel(LlmSettings(base_url=server.url, model="tiny"), "none")
        with monkeypatch.context() as patch:
            patch.setattr(openai_model, "ANSWER_BYTES", 1000)
            with pytest.raises(ProviderFailed, match="more than 1000 bytes"):
                model.answer("Count", "x", Answer)
        monkeypatch.setattr(openai_model, "TIMES_SILENCE", 0)
        with pytest.raises(ProviderFailed, match="too slowly"):
            model.answer("Count", "x", Answer)


def test_a_connection_that_is_refused_is_called_so() -> None:
    with serving(lambda asked, call: "") as server:
        url = server.url
    model = OpenAiModel(LlmSettings(base_url=url, model="tiny"), "none")
    with pytest.raises(ProviderFailed, match="refused"):
        model.answer("Count", "x", Answer)


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
        assert digester.of_folder([DirectoryItem(None, None, False)]).abstract == "1 files without text"
        assert digester.of_folder([DirectoryItem("A", "About a.", False)]).abstract == "About a."
        assert server.calls == []
