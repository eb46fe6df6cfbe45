"""Queries to DNS servers: over UDP, over TCP where a reply was truncated, server after server."""

import logging
import secrets
import socket
import struct
import time
from typing import Optional, Sequence

from . import message
from .address import Address
from .counters import Counters
from .errors import LookupFailed
from .message import Question, Reply
from .name import text_of

log = logging.getLogger("servicemesh")

ROUNDS = 3  # how often each server is asked, at most
UDP_WAIT = 0.5  # seconds for a reply over UDP, and for what a server sends over TCP
_PORT_TRIES = 8
_FIRST_PORT, _PORTS = 1_024, 64_512
_LARGEST = 65_535  # octets of a message (RFC 1035 section 4.2.2)


class _NoReply(Exception):
    """Why a server gave no usable reply."""


class DNSClient:
    """Safe to use from several threads: each query has a socket of its own."""

    def __init__(self, servers: Sequence[Address], counters: Counters) -> None:
        self._servers = tuple(servers)
        self._counters = counters
        self._preferred = 0  # the server that answered last

    def ask(self, question: Question, deadline: float, over_tcp: bool = False) -> Reply:
        """A reply with NOERROR or NXDOMAIN.

        `deadline` is a time of the monotonic clock, in seconds. Raises LookupFailed when no server
        has answered by then, or each was asked ROUNDS times.
        """
        reasons = {}
        for _ in range(ROUNDS):
            first = self._preferred
            for turn in range(len(self._servers)):
                number = (first + turn) % len(self._servers)
                server = self._servers[number]
                if time.monotonic() >= deadline:
                    break
                try:
                    reply = self._ask_one(server, question, deadline, over_tcp)
                except (_NoReply, OSError) as error:
                    reasons[server] = _reason(error)
                    log.debug("%s: %s", server, reasons[server])
                    continue
                self._preferred = number
                return reply
        self._counters.add("dns_failures")
        told = "; ".join(f"{server}: {reason}" for server, reason in reasons.items())
        raise LookupFailed(
            f"no DNS server answers for {text_of(question.name)} ({told or 'no time was left'});"
            " does `rollcall serve` run there? ROLLCALL_DNS says where"
        )

    def _ask_one(
        self, server: Address, question: Question, deadline: float, over_tcp: bool
    ) -> Reply:
        """Raises OSError or _NoReply."""
        reply = None if over_tcp else self._over_udp(server, question, deadline)
        if reply is None or reply.is_truncated:
            reply = self._over_tcp(server, question, deadline)
        if reply.code not in (message.NOERROR, message.NXDOMAIN):
            raise _NoReply(f"answers {message.RCODE_TEXT.get(reply.code, reply.code)}")
        return reply

    def _over_udp(self, server: Address, question: Question, deadline: float) -> Reply:
        """The first datagram from the server that answers the question; others are ignored."""
        identifier = secrets.randbits(16)
        until = min(deadline, time.monotonic() + UDP_WAIT)
        with _udp_socket(server) as udp:
            self._counters.add("dns_queries")
            udp.send(message.encode_query(identifier, question))
            while True:
                udp.settimeout(_left(until))
                reply = _answer(udp.recv(_LARGEST), identifier, question)
                if reply:
                    return reply
                self._counters.add("dns_ignored")

    def _over_tcp(self, server: Address, question: Question, deadline: float) -> Reply:
        identifier = secrets.randbits(16)
        query = message.encode_query(identifier, question)
        until = min(deadline, time.monotonic() + UDP_WAIT)
        self._counters.add("dns_queries")
        self._counters.add("dns_tcp_queries")
        with socket.create_connection(server, _left(until)) as tcp:
            tcp.settimeout(_left(until))
            tcp.sendall(struct.pack(">H", len(query)) + query)
            length = struct.unpack(">H", _receive(tcp, 2, until))[0]
            reply = _answer(_receive(tcp, length, until), identifier, question)
        if reply is None or reply.is_truncated:
            self._counters.add("dns_ignored")
            raise _NoReply("sends over TCP what is no whole answer to the query")
        return reply


def _answer(octets: bytes, identifier: int, question: Question) -> Optional[Reply]:
    """The reply if it is one to this query: its id, its question (RFC 5452 section 9.1)."""
    try:
        reply = message.decode(octets)
    except message.Malformed as error:
        log.debug("a reply can't be read: %s", error)
        return None
    if reply.is_query or reply.id != identifier or reply.questions != (question,):
        return None
    return reply


def _udp_socket(server: Address) -> socket.socket:
    """Connected, so that the kernel takes only what comes from the server; from a port that nobody
    can foretell (RFC 5452 section 9.2).
    """
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM)
    try:
        for _ in range(_PORT_TRIES):
            try:
                udp.bind(("", _FIRST_PORT + secrets.randbelow(_PORTS)))
                break
            except OSError:
                continue  # taken; after the last try the kernel picks one
        udp.connect(server)
    except OSError:
        udp.close()
        raise
    return udp


def _receive(tcp: socket.socket, length: int, until: float) -> bytes:
    octets = bytearray()
    while len(octets) < length:
        tcp.settimeout(_left(until))
        piece = tcp.recv(length - len(octets))
        if not piece:
            raise _NoReply("closes the TCP connection amid a reply")
        octets += piece
    return bytes(octets)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise socket.timeout("timed out")
    return left


def _reason(error: Exception) -> str:
    if isinstance(error, socket.timeout):
        return f"no reply within {UDP_WAIT} s"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
