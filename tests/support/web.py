"""Servers on loopback, well-behaved and not."""

import socket
import threading
from http.server import BaseHTTPRequestHandler


class Pages(BaseHTTPRequestHandler):
    """Pages that are there, that move, that never end and that break off."""

    def do_GET(self) -> None:
        page = {
            "/page": self._page,
            "/loop": self._loop,
            "/moved": self._moved,
            "/big": self._big,
            "/endless": self._endless,
            "/broken": self._broken,
            "/inward": self._inward,
            "/to-secret": self._to_secret,
            "/other": self._other,
        }.get(self.path.partition("?")[0])
        if page is None:
            self.send_error(404)
        else:
            page()

    def _head(self, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def _page(self) -> None:
        self._head(Content_Type="text/html; charset=utf-8", Content_Length="42")
        self.wfile.write(b"<h1>Tokens</h1><p>A token only grows.</p>\n")

    def _moved(self) -> None:
        self._head(302, Location="/page", Content_Length="0")

    def _loop(self) -> None:
        self._head(302, Location="/loop", Content_Length="0")

    def _inward(self) -> None:
        self._head(302, Location="http://169.254.169.254/latest/meta-data", Content_Length="0")

    def _to_secret(self) -> None:
        self._head(302, Location=f"/other?access_token={self.path.partition('=')[2]}", Content_Length="0")

    def _other(self) -> None:
        self._head(Content_Type="text/plain", Content_Length="6")
        self.wfile.write(b"Other\n")

    def _big(self) -> None:
        self._head(Content_Length="200000")

    def _endless(self) -> None:
        self._head()
        for _ in range(10):
            self.wfile.write(b"x" * 20_000)

    def _broken(self) -> None:
        self._head(Content_Length="500")
        self.wfile.write(b"only this")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Replies:
    """A server that sends `answer` to whoever asks, and closes; while `held` is cleared it stays silent before that."""

    def __init__(self) -> None:
        self.answer = b""
        #: what was sent to it, one request each
        self.asked: list[bytes] = []
        self.held = threading.Event()
        self.held.set()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def close(self) -> None:
        self.held.set()
        # Closing alone does not wake up who waits for a connection.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                try:
                    self.asked.append(connection.recv(65536))
                    connection.sendall(self.answer)
                    self.held.wait()
                    connection.shutdown(socket.SHUT_WR)
                    # Until the other side is gone: closing with something unread would take back what was sent.
                    while connection.recv(65536):
                        pass
                except OSError:
                    continue
