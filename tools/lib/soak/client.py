"""A client of the server: HTTP on a kept connection, DNS over UDP and TCP."""

import http.client
import json
import socket
import time

import dns.flags
import dns.message
import dns.rdatatype

TIMEOUT = 10  # seconds; a sanitizer makes everything slow
TRIES = 3  # a datagram may be lost


class Client:
    """One of each connection; leaving its context closes them."""

    def __init__(self, server):
        self.server = server
        self.http = self.stream = None
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.settimeout(TIMEOUT / TRIES)
        self.udp.connect(server.dns)
        self.lost = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leave()
        self.udp.close()

    def leave(self):
        """Closes its connections, as a client that is started anew; the next call opens others."""
        if self.http:
            self.http.close()
        if self.stream:
            self.stream.close()
        self.http = self.stream = None

    def call(self, method, path, body=None):
        """The status and the body of the reply."""
        if self.http is None:
            self.http = http.client.HTTPConnection(*self.server.http, timeout=TIMEOUT)
        text = None if body is None else json.dumps(body)
        headers = {} if text is None else {"Content-Type": "application/json"}
        try:
            self.http.request(method, path, text, headers)
            reply = self.http.getresponse()
            content = reply.read()
        except (OSError, http.client.HTTPException):
            # Else each later call would be wrong because of this one.
            self.http.close()
            self.http = None
            raise
        return reply.status, json.loads(content) if content else None

    def ask(self, name, kind, tcp):
        """The reply, and when the query for it was sent and the reply had come."""
        query = dns.message.make_query(name, kind, use_edns=0, payload=1232)
        query.flags = 0
        reply, since = self.over_tcp(query) if tcp else self.over_udp(query)
        if reply.flags & dns.flags.TC:
            reply, since = self.over_tcp(query)
        return reply, since, time.monotonic()

    def over_udp(self, query):
        wire = query.to_wire()
        for _ in range(TRIES):
            since = time.monotonic()
            self.udp.send(wire)
            try:
                while True:
                    reply = self.udp.recv(65535)
                    if reply[:2] == wire[:2]:
                        return dns.message.from_wire(reply), since
            except TimeoutError:
                self.lost += 1
        raise RuntimeError(f"no reply over UDP to {query.question[0]}")

    def over_tcp(self, query):
        if self.stream is None:
            self.stream = socket.create_connection(self.server.dns, TIMEOUT)
        wire, since = query.to_wire(), time.monotonic()
        try:
            self.stream.sendall(len(wire).to_bytes(2, "big") + wire)
            reply = self.read(int.from_bytes(self.read(2), "big"))
        except (ConnectionError, EOFError):
            # It was idle for too long: that is the server's right.
            self.stream.close()
            self.stream = socket.create_connection(self.server.dns, TIMEOUT)
            self.stream.sendall(len(wire).to_bytes(2, "big") + wire)
            reply = self.read(int.from_bytes(self.read(2), "big"))
        return dns.message.from_wire(reply), since

    def read(self, length):
        text = b""
        while len(text) < length:
            more = self.stream.recv(length - len(text))
            if not more:
                raise EOFError
            text += more
        return text


def records(reply, name, kind):
    """The records of that owner and type in the answer section."""
    wanted = dns.rdatatype.from_text(kind)
    return [
        record
        for rrset in reply.answer
        if rrset.rdtype == wanted and rrset.name.to_text().lower() == name.lower()
        for record in rrset
    ]
