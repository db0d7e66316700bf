"""A language model behind an OpenAI-compatible endpoint, through the `openai` client (an optional extra)."""

import json
import time
from base64 import b64encode
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from pydantic import ValidationError

from holdfast.config import NO_KEY
from holdfast.errors import ProviderFailed, Unsupported
from holdfast.host.importing import importing
from holdfast.models.port import Shape

if TYPE_CHECKING:
    from holdfast.config import LlmSettings

#: times that a model is told what was wrong with its answer and asked again, within one call
REPAIRS = 1
#: bytes of one answer; two hundred memories of the greatest length fit in a quarter of it
ANSWER_BYTES = 16 * 1024 * 1024
#: times the limit for silence that an answer may take which comes drop by drop
TIMES_SILENCE = 10
#: characters of a wrong answer that are shown to a person, and of what an endpoint says instead of answering
SHOWN, SHOWN_OF_ERROR = 200, 600


class OpenAiModel:
    """A `Model` on one endpoint. May be shared between threads."""

    def __init__(self, settings: "LlmSettings", key: str) -> None:
        self._settings = settings
        self._key = key

    @cached_property
    def _client(self) -> Any:
        # Made with the first question: to read what was derived before, the model's name is enough.
        # Retries are the queue's: here they would only hold the job's lease longer.
        return _client_library().OpenAI(
            base_url=self._settings.base_url, api_key=self._key, timeout=self._settings.timeout, max_retries=0
        )

    @property
    def name(self) -> str:
        return str(self._settings.model)

    @property
    def max_input_characters(self) -> int:
        return self._settings.max_input_characters

    @property
    def concurrency(self) -> int:
        return self._settings.concurrency

    def close(self) -> None:
        """Let go of the connections to the endpoint; a later question opens them anew."""
        client = self.__dict__.pop("_client", None)
        if client is not None:
            client.close()

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
        came = self._receive(turns, shape)
        try:
            choice = json.loads(came)["choices"][0]
            message, why = choice["message"], choice.get("finish_reason")
            refusal, text = message.get("refusal"), message.get("content")
        except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
            # What an endpoint sends that is no completion at all is wrong in many ways.
            raise self._failed(f"sent no completion ({type(error).__name__}: {error})") from None
        if refusal:
            raise self._failed(f"refused: {str(refusal)[:SHOWN]}")
        if why == "content_filter":
            raise self._failed("refused: its content filter stopped the answer")
        if why == "length":
            raise self._failed("ran into its limit of output tokens before its answer was complete")
        if not isinstance(text, str) or not text.strip():
            raise self._failed("answered nothing")
        return text

    def _receive(self, turns: list[dict[str, str]], shape: type[Shape]) -> bytes:
        """Return the body of an answer. Its errors are not chained: a traceback would print what they repeat."""
        calls, library = self._client.chat.completions.with_streaming_response, _client_library()
        received = bytearray()
        until = time.monotonic() + self._settings.timeout * TIMES_SILENCE
        try:
            with calls.create(model=self.name, messages=turns, temperature=0, **self._form(shape)) as response:
                for piece in response.iter_bytes():
                    received += piece
                    # The client has a limit for silence only.
                    if len(received) > ANSWER_BYTES:
                        raise OverflowError(f"it sends more than {ANSWER_BYTES} bytes")
                    if time.monotonic() > until:
                        raise TimeoutError(f"it sends too slowly: no end after {TIMES_SILENCE} times the limit")
        except library.OpenAIError as error:
            failure = self._failed(f"did not answer ({_said(error)})", retry_after(error))
            status = getattr(error, "status_code", None)
            failure.busy = status == 429 or (status == 503 and failure.retry_after is not None)
            raise failure from None
        except Exception as error:  # noqa: BLE001 - while a body is read, the errors are those of the HTTP library
            raise self._failed(f"did not answer ({type(error).__name__}: {_said(error)})") from None
        return bytes(received)

    def _form(self, shape: type[Shape]) -> dict[str, Any]:
        asked = self._settings.structured
        if asked == "json_schema":
            form = {"name": shape.__name__, "schema": shape.model_json_schema()}
            return {"response_format": {"type": "json_schema", "json_schema": form}}
        return {"response_format": {"type": "json_object"}} if asked == "json_object" else {}

    def _failed(self, what: str, wait: float | None = None) -> ProviderFailed:
        message = f"The model {self.name} at {_shown_address(str(self._settings.base_url))} {what}"
        for secret in self._secrets():
            message = message.replace(secret, "***")
        error = ProviderFailed(message, path=self.name)
        error.retry_after = wait
        return error

    def _secrets(self) -> list[str]:
        """Return what must never be shown: endpoints repeat keys and addresses in their errors."""
        parts = urlsplit(str(self._settings.base_url))
        # A user and password in the address are sent, and may come back, as basic authentication writes them.
        pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        basic = b64encode(pair.encode()).decode() if parts.password else None
        key = None if self._key == NO_KEY else self._key
        return [secret for secret in (key, parts.password, basic) if secret]


def _client_library() -> Any:
    try:
        with importing():
            import openai
    except ImportError as error:
        raise Unsupported(
            "A model is configured and its client is not installed", remedy="Install it: pip install openai"
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


def _said(error: Exception) -> str:
    """Return what the client says went wrong, and what it was told: `Connection error` alone helps nobody."""
    cause = f": {error.__cause__}" if error.__cause__ is not None and not hasattr(error, "response") else ""
    return f"{error}{cause}"[:SHOWN_OF_ERROR]


def _shown_address(address: str) -> str:
    """Return an endpoint's address without the user, the password and the query, which may be secrets."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def retry_after(error: Exception) -> float | None:
    """Return how many seconds an endpoint asks to be left alone, as it says with a status of 429 or 503."""
    headers = getattr(getattr(error, "response", None), "headers", {})
    asked = headers.get("retry-after", "")
    try:
        # A date, which the header may be too, would need both clocks to agree.
        return max(0.0, float(asked))
    except ValueError:
        return None
