"""A server with fewer descriptors than its limits of connections: only watchers get less."""

import os
import re
import signal
import socket
import struct

from bench import message
from durability.server import ADDRESS, Server
from watchers.crowd import Crowd
from watchers.registry import Registry
from watchers.watcher import Stream

ALLOWED = 4_000  # descriptors
TOO_MANY = 50  # watchers
DNS_CONNECTIONS = 800  # at once, besides all watchers
FROM_ONE_ADDRESS = 50  # of these; the server allows 100
SERVICE = "scarce"
WITHIN = 10  # seconds for whatever must come
SAID = re.compile(r"too few descriptors .*\ballowed=(\d+) needed=\d+ watchers=(\d+)")


def perform(binary, directory, outcome):
    Server.binary = binary
    server = Server(os.path.join(directory, "scarce"))
    # Root could raise the limit again.
    unprivileged = ["setpriv", "--bounding-set=-sys_resource"] if os.geteuid() == 0 else []
    crowd = Crowd()
    try:
        server.start([*unprivileged, "prlimit", f"--nofile={ALLOWED}:{ALLOWED}"])
        said = SAID.search(server.log())
        if not said or int(said[1]) != ALLOWED:
            outcome.wrong("the log does not say that there are too few descriptors")
            return
        watch(crowd, server, int(said[2]), outcome)
    finally:
        crowd.close()
        if (status := server.end(signal.SIGTERM)) != 0:
            outcome.wrong(f"the server with few descriptors ended with {status}")


def watch(crowd, server, room, outcome):
    registry, http = Registry(server.http_port), (ADDRESS, server.http_port)
    registry.register([SERVICE])
    come(crowd, http, room)
    let_in = sum(stream.has_begun for stream in crowd.all())
    refused = come(crowd, http, TOO_MANY)
    if let_in != room or any("503" not in (stream.mistake or "") for stream in refused):
        outcome.wrong(f"{let_in} watchers of {room} were let in, or others did not get 503")
    for stream in refused:
        crowd.remove(stream)
    answered = dns_connections_answered((ADDRESS, server.dns_port))
    if answered != DNS_CONNECTIONS:
        outcome.wrong(f"beside all watchers {answered} of {DNS_CONNECTIONS} had DNS over TCP")
    registry.change(SERVICE)
    told = crowd.attend_until(lambda: all(stream.told for stream in crowd.all()), WITHIN)
    for stream in crowd.all()[:TOO_MANY]:
        crowd.remove(stream)
    crowd.attend_until(lambda: registry.watchers() == room - TOO_MANY, WITHIN)
    if not told or not all(stream.has_begun for stream in come(crowd, http, TOO_MANY)):
        outcome.wrong("watchers were not told a change, or not let in when others had left")
    outcome.figures.append(
        f"{ALLOWED:,} descriptors: {room:,} watchers were let in, {TOO_MANY} more got 503, and "
        f"{answered} DNS queries were answered over as many connections at once"
    )


def come(crowd, http, count):
    """So many more streams, each begun or refused."""
    streams = []
    for number in range(count):
        streams.append(Stream(http, SERVICE))
        crowd.add(streams[-1])
        if number % 100 == 99 or number == count - 1:
            crowd.attend_until(
                lambda: all(s.has_begun or s.mistake for s in streams), WITHIN
            )  # fmt: skip
    return streams


def dns_connections_answered(server):
    query = message.query(f"{SERVICE}.mesh.internal", "A")
    connections, answered = [], 0
    try:
        for number in range(DNS_CONNECTIONS):
            source = (f"127.0.1.{1 + number // FROM_ONE_ADDRESS}", 0)
            connections.append(socket.create_connection(server, WITHIN, source))
            connections[-1].sendall(struct.pack(">H", len(query)) + query)
        for connection in connections:
            reply = connection.recv(4096)
            answered += message.has_answers(reply[2:])
    except OSError:
        pass
    finally:
        for connection in connections:
            connection.close()
    return answered
