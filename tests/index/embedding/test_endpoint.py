import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from holdfast.bootstrap import EmbedderOptions
from holdfast.errors import InvalidConfig, ProviderFailed
from holdfast.index.embedding.embedder import Embedder, load_embedder
from holdfast.index.embedding.endpoint import EndpointEmbedder, Rests
from holdfast.index.embedding.vector_cache import VectorCache
from holdfast.testing.embedders import EmbedderSuite
from tests.support.embedserver import WIDTH, Answering, EmbedServer, serving

pytest.importorskip("openai")
OPTIONS = EmbedderOptions(timeout=5, request_texts=4, concurrency=2)


@pytest.fixture
def server() -> Iterator[EmbedServer]:
    with serving() as state:
        yield state


class Rested:
    """Notes rests instead of resting."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.rests = Rests(self.seconds.append, jitter=lambda: 0.5)


@pytest.fixture
def rested() -> Rested:
    return Rested()


@pytest.fixture
def endpoint(server: EmbedServer, rested: Rested) -> Iterator[EndpointEmbedder]:
    made = EndpointEmbedder("m", server.url, OPTIONS, rests=rested.rests)
    yield made
    made.close()


class TestEndpoint(EmbedderSuite):
    @pytest.fixture
    def embedder(self, endpoint: EndpointEmbedder) -> Embedder:
        return endpoint


def test_texts_go_in_batches_each_once_and_come_back_in_order(server: EmbedServer, endpoint: EndpointEmbedder) -> None:
    texts = [f"word{number % 9}" for number in range(30)]
    found = endpoint.encode(texts)
    assert max(map(len, server.asked)) <= OPTIONS.request_texts
    assert sorted(text for request in server.asked for text in request) == sorted(set(texts))
    assert np.array_equal(found[:9], found[9:18])


@pytest.mark.parametrize(
    "failing",
    [
        lambda answer: answer.with_text("{}", 500),
        lambda answer: answer.with_text("{}", 503),
        Answering.by_hanging_up,
    ],
)
def test_what_may_pass_is_asked_again_after_growing_rests(
    server: EmbedServer, endpoint: EndpointEmbedder, rested: Rested, failing: Callable[[Answering], None]
) -> None:
    server.script = [failing] * 3
    assert endpoint.encode(["lock"]).any()
    assert rested.seconds == [0.5, 1.0, 2.0]
    server.script = [failing] * 4
    with pytest.raises(ProviderFailed, match="did not answer"):
        endpoint.encode(["lease"])
    assert len(rested.seconds) == 6


def test_a_busy_endpoint_is_asked_again_when_it_says(server: EmbedServer, endpoint: EndpointEmbedder) -> None:
    server.script = [lambda answer: answer.with_text("{}", 429, Retry_After="0")] * 2
    assert endpoint.encode(["lock"]).any()
    assert len(server.asked) == 3


def test_an_endpoint_that_says_nothing_is_given_up(server: EmbedServer, rested: Rested) -> None:
    until = threading.Event()
    server.otherwise = lambda answer: (until.wait(20), None)[1]
    endpoint = EndpointEmbedder("m", server.url, replace(OPTIONS, timeout=0.05, tries=2), rests=rested.rests)
    with pytest.raises(ProviderFailed):
        endpoint.encode(["lock"])
    until.set()
    endpoint.close()
    assert len(rested.seconds) == 1


def test_an_endpoint_that_took_long_to_fail_is_left_alone_for_as_long(server: EmbedServer) -> None:
    clock = [0.0]

    def wait(seconds: float) -> None:
        clock[0] += seconds

    server.otherwise = lambda answer: answer.with_text("{}", 500)
    endpoint = EndpointEmbedder("m", server.url, OPTIONS, rests=Rests(wait, lambda: clock[0], lambda: 0.5))
    for _ in range(3):
        with pytest.raises(ProviderFailed):
            endpoint.encode(["lock"])
    assert len(server.asked) == OPTIONS.tries
    wait(3.5)
    server.otherwise = Answering.rightly
    assert endpoint.encode(["lock"]).any()
    endpoint.close()


def test_a_refusal_is_final_and_does_not_tell_the_key(
    server: EmbedServer, endpoint: EndpointEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    server.otherwise = Answering.repeating_the_key
    with pytest.raises(ProviderFailed) as caught:
        endpoint.encode(["lock"])
    assert "very-secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("wrongly", "said"),
    [
        (lambda answer: answer.with_vectors([[1.0] * WIDTH]), "1 vectors for 2"),
        (lambda answer: answer.with_vectors([[1.0] * WIDTH, [1.0]]), "not of one length"),
        (lambda answer: answer.with_vectors([[1.0] * WIDTH, [float("nan")] * WIDTH]), "finite"),
        (lambda answer: answer.with_vectors([[], []]), "finite"),
        (lambda answer: answer.with_vectors(["a", "b"]), "rows of"),
        (lambda answer: answer.with_text("<html>"), "no vectors"),
        (lambda answer: answer.with_text('{"data": 3}'), "no vectors"),
        (lambda answer: answer.rightly(width=3), "another model"),
    ],
)
def test_a_wrong_answer_is_not_believed(
    server: EmbedServer, endpoint: EndpointEmbedder, wrongly: Callable[[Answering], None], said: str
) -> None:
    endpoint.expect(WIDTH)
    server.otherwise = wrongly
    with pytest.raises(ProviderFailed, match=said):
        endpoint.encode(["lock", "soup"])


def test_a_text_that_was_embedded_is_not_sent_again(server: EmbedServer, tmp_path: Path) -> None:
    first, second = (EndpointEmbedder("m", server.url, OPTIONS) for _ in range(2))
    first.expect(WIDTH, tmp_path)
    found = first.encode(["lock", "soup"])
    second.expect(WIDTH, tmp_path)
    assert np.array_equal(second.encode(["soup", "lock"]), found[::-1])
    assert len(server.asked) == 1
    other = EndpointEmbedder("n", server.url, OPTIONS)
    other.expect(WIDTH, tmp_path)
    other.encode(["lock"])
    assert len(server.asked) == 2
    for each in (first, second, other):
        each.close()


def test_a_damaged_cache_is_as_good_as_none_and_a_full_one_is_begun_anew(tmp_path: Path) -> None:
    vectors = {f"word{number}": np.full(4, number, dtype=np.float32) for number in range(1, 9)}
    cache = VectorCache(tmp_path, "m", 4, 16 * 36)
    cache.keep(vectors)
    [file] = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:36] + b"?" + whole[37 : 36 * 3 + 5])
    other = VectorCache(tmp_path, "m", 4, 16 * 36)
    assert other.find(vectors).keys() == {"word1", "word3"}
    other.keep({"word8": vectors["word8"]})
    assert np.array_equal(other.find(["word8"])["word8"], vectors["word8"])
    for _ in range(3):
        other.keep(vectors)
        assert other.find(vectors).keys() == vectors.keys()
    assert sum(each.stat().st_size for each in tmp_path.iterdir()) <= 16 * 36


def test_a_cache_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = VectorCache(tmp_path / "file" / "below", "m", 4, 1000)
    cache.keep({"a": np.zeros(4, dtype=np.float32)})
    assert cache.find(["a"]) == {}


@pytest.mark.parametrize("url", ["http://me:secret@host/v1", "ftp://host", "https://host/v1?key=secret"])
def test_an_address_with_a_secret_in_it_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        load_embedder(f"openai:m@{url}")
    assert "secret" not in f"{caught.value} {caught.value.path} {caught.value.remedy}"


def test_a_missing_key_is_asked_for_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(InvalidConfig, match="OPENAI_API_KEY is not set"):
        load_embedder("openai:some-model").encode(["x"])
