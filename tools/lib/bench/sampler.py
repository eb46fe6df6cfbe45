"""Latency as a client sees it: queries at fixed times, however long the replies take.

dnsperf has averages only, and one query at a time would wait with the server and miss the rest.
"""

import collections
import select
import socket
import time

PRIORITY = 2  # above that of anything else on its core
GIVE_UP = 1.0  # seconds after the last query, until when replies are awaited

# In seconds. `late` is how long after it was due the query was sent, `latency` counts from when
# it was due and is None for a query without reply.
Sample = collections.namedtuple("Sample", "due late latency")


def sample(told_to_end, server, queries, rate, tcp=False):
    """Asks `rate` queries a second until told to end, and returns the samples."""
    own = Stream(server) if tcp else Datagrams(server)
    waiting, samples, number = {}, [], 0
    due, ending = time.time(), None
    while ending is None or (waiting and time.time() < ending):
        now = time.time()
        if now >= due and ending is None:
            identifier = (number & 0xFFFF).to_bytes(2, "big")
            own.send(identifier + queries[number % len(queries)][2:])
            waiting[identifier] = (due, now - due)
            number, due = number + 1, due + 1 / rate
            continue
        until = due if ending is None else ending
        ready, _, _ = select.select([own.socket, told_to_end], [], [], max(0, until - now))
        if told_to_end in ready and ending is None:
            told_to_end.recv()
            ending = time.time() + GIVE_UP
        if own.socket in ready:
            for identifier in own.replies():
                if asked := waiting.pop(identifier, None):
                    samples.append(Sample(*asked, time.time() - asked[0]))
    samples += [Sample(*asked, None) for asked in waiting.values()]
    return sorted(samples, key=lambda s: s.due)


class Datagrams:
    """Queries over UDP."""

    def __init__(self, server):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(server)
        self.socket.setblocking(False)

    def send(self, query):
        try:
            self.socket.send(query)
        except OSError:
            pass  # refused or no room: it will count as lost

    def replies(self):
        """The message IDs of what has arrived."""
        while True:
            try:
                yield self.socket.recv(4096)[:2]
            except OSError:
                return


class Stream:
    """Queries over one TCP connection (RFC 7766)."""

    def __init__(self, server):
        self.socket = socket.create_connection(server)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.text = b""

    def send(self, query):
        self.socket.sendall(len(query).to_bytes(2, "big") + query)

    def replies(self):
        received = self.socket.recv(1 << 16)
        if not received:
            raise RuntimeError("the server closed the sampler's connection")
        self.text += received
        while len(self.text) >= 2:
            end = 2 + int.from_bytes(self.text[:2], "big")
            if len(self.text) < end:
                return
            yield self.text[2:4]
            self.text = self.text[end:]


def percentiles(samples):
    """Milliseconds by share, and how many of the queries got no reply.

    Those count as if the reply had come when a client gives up. A machine that stood still shows
    in how late the queries were sent.
    """
    latencies = [GIVE_UP if s.latency is None else s.latency for s in samples]
    return latency_percentiles(latencies) | {
        "sent_late_ms": max((s.late for s in samples), default=0) * 1e3,
        "sampled": len(samples),
        "samples_lost": sum(s.latency is None for s in samples),
    }


def latency_percentiles(latencies):
    """Milliseconds by share, of seconds."""
    if not latencies:
        raise RuntimeError("nothing was timed")
    latencies = sorted(latencies)
    return {
        "p50_ms": at_share(latencies, 0.50) * 1e3,
        "p99_ms": at_share(latencies, 0.99) * 1e3,
        "p999_ms": at_share(latencies, 0.999) * 1e3,
    }


def at_share(ordered, share):
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
