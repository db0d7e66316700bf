"""Connections to an address that was checked, which end when their time is over, whatever the server sends."""

import io
import socket
import ssl
import time
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

#: seconds that a server may stay silent
SILENCE_SECONDS = 30.0

#: tells the time in seconds, from any beginning on
Now = Callable[[], float]


class Deadline:
    """The end of the time that one document may take."""

    def __init__(self, seconds: float, now: Now = time.monotonic) -> None:
        self._now = now
        self._end = now() + seconds

    def left(self) -> float:
        """Return the seconds until the server must have said something; raises TimeoutError when none are left."""
        left = self._end - self._now()
        if left <= 0:
            raise TimeoutError
        return min(SILENCE_SECONDS, left)


class CheckedConnection(HTTPConnection):
    """A connection to `address`, which was checked, under the name that was asked for; `tls` encrypts it.

    Every wait for the server is bounded by what is left until the deadline: a server that sends a byte now and then
    gains nothing, be it in the headers, between chunks or behind the last one.
    """

    def __init__(self, host: str, port: int, address: str, deadline: Deadline, *, tls: bool) -> None:
        super().__init__(host, port)
        # What the Host header leaves out of itself.
        self.default_port = 443 if tls else 80
        self._address = address
        self._deadline = deadline
        self._tls = tls
        self._timed: _Timed | None = None

    def connect(self) -> None:
        bare = socket.create_connection((self._address, self.port), self._deadline.left())
        try:
            bare.settimeout(self._deadline.left())
            name = self.host.strip("[]")
            sock = ssl.create_default_context().wrap_socket(bare, server_hostname=name) if self._tls else bare
        except BaseException:
            bare.close()
            raise
        self._timed = _Timed(sock, self._deadline)
        self.sock: Any = self._timed

    def hang_up(self) -> None:
        """Let go of the socket, also while a response is still being read from it."""
        self.close()
        if self._timed is not None:
            self._timed.hang_up()


class _Timed:
    """As much of a socket as an HTTPConnection uses."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def sendall(self, data: Any) -> None:
        self._sock.settimeout(self._deadline.left())
        self._sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._sock, self._deadline))

    def close(self) -> None:
        """Leave the socket to the response that is read from it."""

    def hang_up(self) -> None:
        self._sock.close()


class _TimedReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._deadline.left())
        return self._sock.recv_into(buffer)
