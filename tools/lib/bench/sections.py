"""Whether the servers send the same sections, and how long their replies are."""

import collections
import socket

from bench import message

ASKED = 2000  # queries of the workload, the same for all


def replies(server, queries, udp_size, tcp=False):
    """Asks one after the other. Returns (kind of query, shape, length) of each reply."""
    ask = ask_by_tcp if tcp else ask_by_udp
    wire = [message.query(name, kind, udp_size, number) for number, (name, kind) in queries]
    found = ask(server, wire)
    return [
        (kind_of(name, kind), message.shape(reply), len(reply))
        for (_, (name, kind)), reply in zip(queries, found)
    ]


def kind_of(name, kind):
    return "no such name" if name.startswith("nope") else kind


def ask_by_udp(server, queries):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(5)
        udp.connect((server.address, server.port))
        for query in queries:
            udp.send(query)
            yield udp.recv(4096)


def ask_by_tcp(server, queries):
    with socket.create_connection((server.address, server.port), timeout=5) as tcp:
        stream = tcp.makefile("rb")
        for query in queries:
            tcp.sendall(len(query).to_bytes(2, "big") + query)
            yield stream.read(int.from_bytes(stream.read(2), "big"))


class Comparison:
    """The replies of all servers to the same queries."""

    def __init__(self, servers, services, seed, udp_size=0, tcp=False):
        queries = list(enumerate(services.queries(seed, ASKED)))
        self.replies = {s.name: replies(s, queries, udp_size, tcp) for s in servers}
        self.own = self.replies.pop(servers[0].name)
        self.asked = len(queries)

    def larger(self):
        """How many of Rollcall's replies are larger than another's with no fewer records."""
        others = zip(*self.replies.values())
        return sum(
            any(length < own[2] and holds(shape, own[1]) for _, shape, length in given)
            for own, given in zip(self.own, others)
        )

    def differences(self):
        """A sentence for each server and kind of query that gets other sections than ours."""
        for name, given in self.replies.items():
            seen = collections.Counter(
                (kind, str(own), str(other))
                for (kind, own, _), (_, other, _) in zip(self.own, given)
                if own != other
            )
            asked = collections.Counter(kind for kind, _, _ in self.own)
            for (kind, own, other), count in sorted(seen.items()):
                yield f"{name}, {kind}, {count} of {asked[kind]} replies: {other}; ours: {own}"


def holds(shape, own):
    """Whether a reply has as many records as ours, answers and others."""
    return shape.answers >= own.answers and (
        shape.authorities + shape.additionals >= own.authorities + own.additionals
    )
