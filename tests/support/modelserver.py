"""A language model of the tests' own: a real HTTP server on loopback that can be slow, wrong, rude or dead."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

#: answers one request: gets what was asked and the number of the call, from 1; returns the text of the answer, or one
#: of the misbehaviours below
Brain = Callable[[dict[str, Any], int], "str | Misbehaviour"]


class Misbehaviour:
    """What a server may do instead of answering."""

    def __init__(self, act: "Callable[[_Handler], None]") -> None:
        self.act = act


def status(code: int, text: str = '{"error": {"message": "no"}}', **headers: str) -> Misbehaviour:
    """Answer with an HTTP status."""
    return Misbehaviour(lambda handler: handler.reply(code, text.encode(), headers))


def indiscreet() -> Misbehaviour:
    """Refuse the key, and say which it was."""

    def act(handler: "_Handler") -> None:
        told = {"error": {"message": f"{handler.headers['Authorization']} is not allowed"}}
        handler.reply(401, json.dumps(told).encode())

    return Misbehaviour(act)


def rude() -> Misbehaviour:
    """Hang up in the middle of an answer."""

    def act(handler: "_Handler") -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{")
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)

    return Misbehaviour(act)


def page() -> Misbehaviour:
    """Answer with something that is no completion at all."""
    return Misbehaviour(lambda handler: handler.reply(200, b"<html>Welcome to the gateway</html>"))


def silent(until: threading.Event) -> Misbehaviour:
    """Say nothing until the event is set."""

    def act(handler: "_Handler") -> None:
        until.wait(60)

    return Misbehaviour(act)


def refusal() -> Misbehaviour:
    """Refuse, as OpenAI's models do."""
    message = {"role": "assistant", "content": None, "refusal": "I will not"}
    return Misbehaviour(lambda handler: handler.reply(200, _completion(message)))


def stopped(why: str) -> Misbehaviour:
    """Stop in the middle of the answer, for a reason that is told."""
    message = {"role": "assistant", "content": '{"abstract": "They ta'}
    return Misbehaviour(lambda handler: handler.reply(200, _completion(message, why)))


class ModelServer:
    """One server; `brain` may be replaced at any time."""

    def __init__(self, brain: Brain, port: int = 0) -> None:
        self.brain = brain
        self.calls: list[dict[str, Any]] = []
        self.closed = False
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.owner = self
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def note(self, asked: dict[str, Any]) -> int:
        """Keep what was asked and return the number of the call."""
        with self._lock:
            self.calls.append(asked)
            return len(self.calls)

    def close(self) -> None:
        """Be dead from now on: connections are refused, and those that are open say nothing more."""
        self.closed = True
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving(brain: Brain) -> Iterator[ModelServer]:
    """Run a server for as long as the context lasts."""
    server = ModelServer(brain)
    try:
        yield server
    finally:
        with suppress(OSError):
            server.close()


def extract(
    *memories: dict[str, Any], abstract: str = "They talked.", overview: str = "# They talked\n\nA lot."
) -> str:
    """Return the answer to a memory job's question."""
    return json.dumps({"abstract": abstract, "overview": overview, "memories": list(memories)})


def memory(key: str, content: str, *, kind: str = "preferences", action: str = "add", **more: Any) -> dict[str, Any]:
    """Return one memory of an answer."""
    return {"action": action, "kind": kind, "key": key, "title": key.capitalize(), "content": content, **more}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    owner: ModelServer

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing about clients that hang up."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        owner = self.server.owner
        if owner.closed:
            self.close_connection = True
            return
        said = owner.brain(asked, owner.note(asked))
        if isinstance(said, Misbehaviour):
            self.close_connection = True
            said.act(self)
            return
        self.reply(200, _completion({"role": "assistant", "content": said}))

    def reply(self, code: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in (headers or {}).items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _completion(message: dict[str, Any], why: str = "stop") -> bytes:
    choice = {"index": 0, "finish_reason": why, "message": message}
    return json.dumps(
        {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
    ).encode()


def configure(folder: Path, server: ModelServer, more: str = "") -> None:
    """Name the server as the store's model."""
    with (folder / "holdfast.toml").open("a") as file:
        file.write(f'[llm]\nbase_url = "{server.url}"\nmodel = "tiny"\n{more}')
