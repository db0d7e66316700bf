"""An embedding endpoint of the tests' own: a real HTTP server on loopback that does what a script says."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

#: numbers of a vector
WIDTH = 8


def vector(text: str, width: int = WIDTH) -> list[float]:
    """Return the vector of a text: the sum of those of its words."""
    rows = [np.random.default_rng(list(word.encode()[:20])).normal(size=width) for word in text.lower().split()]
    return [float(each) for each in np.sum(rows, axis=0)]


class Answering:
    """One request, and the ways to answer it."""

    def __init__(self, handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
        self._handler = handler
        self.asked = asked

    def rightly(self, width: int = WIDTH) -> None:
        """Answer with a vector for each text, in reverse order as the API allows."""
        self.with_vectors([vector(text, width) for text in self.asked["input"]])

    def with_vectors(self, vectors: list[Any]) -> None:
        """Answer with these vectors."""
        data = [{"object": "embedding", "index": n, "embedding": each} for n, each in enumerate(vectors)]
        self.with_text(json.dumps({"object": "list", "model": "m", "data": data[::-1], "usage": {}}))

    def with_text(self, text: str, status: int = 200, **headers: str) -> None:
        """Answer with a status and a body."""
        self._handler.send_response(status)
        self._handler.send_header("Content-Length", str(len(text.encode())))
        for name, value in headers.items():
            self._handler.send_header(name.replace("_", "-"), value)
        self._handler.end_headers()
        self._handler.wfile.write(text.encode())

    def by_hanging_up(self) -> None:
        """Answer with half of a body."""
        self._handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{")
        self._handler.wfile.flush()
        self._handler.connection.shutdown(socket.SHUT_RDWR)

    def repeating_the_key(self) -> None:
        """Refuse, and say which key was given."""
        self.with_text(json.dumps({"error": {"message": f"{self._handler.headers['Authorization']} is wrong"}}), 401)


@dataclass
class EmbedServer:
    """What was asked, and how the next requests are answered."""

    url: str = ""
    #: of each request, its texts
    asked: list[list[str]] = field(default_factory=list)
    #: how the next requests are answered, one after another; rightly when there are none left
    script: list[Callable[[Answering], None]] = field(default_factory=list)
    #: how all other requests are answered
    otherwise: Callable[[Answering], None] = Answering.rightly

    @property
    def address(self) -> str:
        """What a store calls the embedder."""
        return f"openai:m@{self.url}"


@contextmanager
def serving() -> Iterator[EmbedServer]:
    """Run an endpoint."""
    state = EmbedServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.asked.append(asked["input"])
            answer = state.script.pop(0) if state.script else state.otherwise
            with suppress(OSError):
                answer(Answering(self, asked))

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
