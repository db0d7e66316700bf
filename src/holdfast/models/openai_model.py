"""A language model behind an OpenAI-compatible endpoint, through the `openai` client (an optional extra)."""

import json
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from holdfast.errors import ProviderFailed, Unsupported
from holdfast.models.port import Shape

if TYPE_CHECKING:
    from holdfast.config import LlmSettings

#: times that a model is told what was wrong with its answer and asked again, within one call
REPAIRS = 1
#: characters of a wrong answer that are shown to a person
SHOWN = 200


class OpenAiModel:
    """A `Model` on one endpoint. May be shared between threads."""

    def __init__(self, settings: "LlmSettings", key: str) -> None:
        openai = _client_library()
        self._settings = settings
        # Retries are the queue's: here they would only hold the job's lease longer.
        self._client = openai.OpenAI(base_url=settings.base_url, api_key=key, timeout=settings.timeout, max_retries=0)
        self._error: type[Exception] = openai.OpenAIError

    @property
    def name(self) -> str:
        return str(self._settings.model)

    @property
    def max_input_characters(self) -> int:
        return self._settings.max_input_characters

    def answer(self, task: str, material: str, shape: type[Shape]) -> Shape:
        """Return the model's answer as a `shape`; a wrong one is sent back once with what is wrong about it."""
        turns = [
            {"role": "system", "content": f"{task}\n\nAnswer with one JSON object of this schema:\n{_schema(shape)}"},
            {"role": "user", "content": material},
        ]
        for left in range(REPAIRS, -1, -1):
            said = self._ask(turns, shape)
            try:
                return shape.model_validate_json(_bare(said))
            except ValidationError as error:
                wrong = _first(error)
            if left:
                turns += [
                    {"role": "assistant", "content": said},
                    {"role": "user", "content": f"That is not of the schema ({wrong}). Answer with the JSON only."},
                ]
        raise self._failed(f"answered something else than was asked ({wrong}): {said[:SHOWN]!r}")

    def _ask(self, turns: list[dict[str, str]], shape: type[Shape]) -> str:
        try:
            came: Any = self._client.chat.completions.create(
                model=self.name, messages=turns, temperature=0, **self._form(shape)
            )
            message = came.choices[0].message
            refusal, text = getattr(message, "refusal", None), message.content
        except self._error as error:
            raise self._failed(f"did not answer ({error})") from error
        except (AttributeError, IndexError, TypeError, ValueError) as error:
            # What an endpoint sends that is no completion at all meets the client's own code in many ways.
            raise self._failed(f"sent no completion ({type(error).__name__}: {error})") from error
        if refusal or not isinstance(text, str) or not text.strip():
            raise self._failed(f"refused: {str(refusal)[:SHOWN]}" if refusal else "answered nothing")
        return text

    def _form(self, shape: type[Shape]) -> dict[str, Any]:
        asked = self._settings.structured
        if asked == "json_schema":
            form = {"name": shape.__name__, "schema": shape.model_json_schema()}
            return {"response_format": {"type": "json_schema", "json_schema": form}}
        return {"response_format": {"type": "json_object"}} if asked == "json_object" else {}

    def _failed(self, what: str) -> ProviderFailed:
        return ProviderFailed(f"The model {self.name} at {self._settings.base_url} {what}", path=self.name)


def _client_library() -> Any:
    try:
        import openai
    except ImportError as error:
        raise Unsupported(
            "A model is configured and its client is not installed", remedy="pip install 'holdfast[openai]'"
        ) from error
    return openai


def _schema(shape: type[Shape]) -> str:
    return json.dumps(shape.model_json_schema(), separators=(",", ":"))


def _bare(text: str) -> str:
    """Return what is between the first and the last brace: models like to wrap JSON in fences and courtesies."""
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else text


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]
