"""Calls: a request to the instance whose turn it is, and to others where that may be."""

import http.client
import logging
import random
import socket
import time
from typing import List, NamedTuple, Tuple

from .connection import Connection, ConnectFailed, ConnectionPool
from .counters import Counters
from .discovery import Discovery
from .endpoint import Endpoint
from .errors import CallFailed, CallTimedOut
from .request import LARGEST_BODY, Request
from .response import Response
from .turn import Turns

log = logging.getLogger("servicemesh")

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0  # seconds before an instance is asked again in one call
_PIECE = 65_536  # octets


class _TooLarge(Exception):
    """A response that is not read to its end; no other instance is asked for it."""


class _Failure(NamedTuple):
    """What came of a try."""

    text: str
    is_timeout: bool
    maybe_sent: bool
    is_final: bool

    @classmethod
    def of(cls, error: Exception) -> "_Failure":
        is_timeout = isinstance(error, socket.timeout) or getattr(error, "is_timeout", False)
        text = "no reply in time" if is_timeout else getattr(error, "strerror", None) or str(error)
        if isinstance(error, ConnectFailed):
            text = "no connection in time" if is_timeout else f"can't connect: {text}"
        return cls(
            text or type(error).__name__,
            is_timeout,
            not isinstance(error, ConnectFailed),
            isinstance(error, _TooLarge),
        )


class Calls:
    """Safe to use from several threads."""

    def __init__(self, discovery: Discovery, counters: Counters) -> None:
        self._discovery = discovery
        self._counters = counters
        self._turns = Turns()
        self._pool = ConnectionPool()

    def close(self) -> None:
        self._pool.close()

    def carry_out(self, request: Request) -> Response:
        """Raises LookupFailed, or CallFailed when no instance gave a reply."""
        self._counters.add("calls")
        try:
            until = time.monotonic() + request.deadline
            endpoints = self._discovery.endpoints(request.callee, until)
            return self._try_all(request, self._turns.next_order(request.callee, endpoints), until)
        except Exception:
            self._counters.add("calls_failed")
            raise

    def _try_all(self, request: Request, order: List[Endpoint], until: float) -> Response:
        failures: List[Tuple[Endpoint, _Failure]] = []
        for number in range(request.retries + 1):
            endpoint = order[number % len(order)]
            if number >= len(order):
                time.sleep(_pause(number - len(order), max(0.0, until - time.monotonic())))
            if number > 0:
                if time.monotonic() >= until:
                    break
                self._counters.add("retries")
            self._counters.add("tries")
            try:
                return self._try(request, endpoint, until, number + 1)
            except (OSError, http.client.HTTPException, _TooLarge) as error:
                failure = _Failure.of(error)
            self._counters.add("timeouts" if failure.is_timeout else "connection_errors")
            log.info("%s %s: %s", request.callee, endpoint, failure.text)
            failures.append((endpoint, failure))
            if failure.is_final or (failure.maybe_sent and not request.is_repeatable):
                break
        raise _error(request, failures)

    def _try(self, request: Request, endpoint: Endpoint, until: float, number: int) -> Response:
        """Raises OSError, HTTPException or _TooLarge."""
        deadline = min(until, time.monotonic() + request.timeout)
        # A kept connection may be closing while the request is on its way, and then nobody knows
        # whether it was carried out (RFC 9112 section 9.3.1).
        kept = self._pool.take(endpoint) if request.is_repeatable else None
        if kept is not None:
            try:
                return self._exchange(kept, request, endpoint, deadline, number)
            except (ConnectionError, http.client.BadStatusLine) as error:
                log.debug("%s: a kept connection was closed: %r", endpoint, error)
        self._counters.add("connections")
        return self._exchange(Connection(endpoint), request, endpoint, deadline, number)

    def _exchange(
        self,
        connection: Connection,
        request: Request,
        endpoint: Endpoint,
        deadline: float,
        number: int,
    ) -> Response:
        connection.deadline = deadline
        try:
            connection.request(request.method, request.path, request.body, request.fields)
            reply = connection.getresponse()
            body = _body(reply)
        except BaseException:
            connection.close()
            raise
        if reply.will_close:
            connection.close()
        else:
            self._pool.keep(connection)
        return Response(reply.status, reply.reason, reply.headers, body, endpoint, number)


def _body(reply: http.client.HTTPResponse) -> bytes:
    """All of it, never a part. (`read` with a size takes a body that was cut off for whole.)"""
    if (reply.length or 0) > LARGEST_BODY:
        raise _TooLarge(f"the response has {reply.length} octets, the limit is {LARGEST_BODY}")
    if reply.length is not None:
        return reply.read()
    body = bytearray()
    while True:
        piece = reply.read(_PIECE)
        if not piece:
            return bytes(body)
        body += piece
        if len(body) > LARGEST_BODY:
            raise _TooLarge(f"the response has more than {LARGEST_BODY} octets, the limit")


def _pause(rounds: int, most: float) -> float:
    """Doubles, and varies so that callers who failed together don't come back together."""
    doubled = min(FIRST_PAUSE * 2 ** min(rounds, 10), LONGEST_PAUSE)
    return min(doubled * random.uniform(0.5, 1.0), most)


def _error(request: Request, failures: List[Tuple[Endpoint, _Failure]]) -> CallFailed:
    last = failures[-1][1]
    tries = [(str(endpoint), failure.text) for endpoint, failure in failures]
    told = "; ".join(f"{endpoint}: {text}" for endpoint, text in tries)
    text = f"no reply from {request.callee} to {request.method} {request.path:.80}: {told}"
    if last.maybe_sent and not (request.is_repeatable or last.is_final):
        text += "; not sent again, as it may have been carried out (idempotent=True allows it)"
    kind = CallTimedOut if last.is_timeout else CallFailed
    return kind(text, tries, any(failure.maybe_sent for _, failure in failures))
