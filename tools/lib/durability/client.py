"""Clients that send changes, each on a connection of its own, until the server is gone."""

import random
import threading
import time

from durability.api import API, NO_REPLY
from durability.writer import BulkWriter, LeavingWriter, ServiceWriter, Writer

PAUSE = 0.02  # seconds until a writer that had nothing to change is asked again


class Client(threading.Thread):
    """Sends the changes of one writer, one after the other."""

    def __init__(self, port, writer, model, stop, on_reply=None):
        super().__init__(daemon=True)
        self.port, self.writer, self.model = port, writer, model
        self.stop, self.on_reply = stop, on_reply
        self.exchanges = 0

    def run(self):
        try:
            api = API(self.port)
        except NO_REPLY:
            return
        while not self.stop.is_set():
            change, sent = self.writer.next(self.model), time.time()
            if change is None:
                self.stop.wait(PAUSE)
                continue
            before = self.model.begin(change, sent)
            try:
                reply = api.call(change.method, change.path, change.body)
            except NO_REPLY:
                reply = None
            self.model.finish(change, reply, sent, before)
            if reply is None:
                break
            self.exchanges += 1
            if self.on_reply:
                self.on_reply()
        api.close()


class Load:
    """Several clients at once. In its context they run; leaving it they have all ended."""

    def __init__(self, server, writers, model, on_reply=None):
        self.stop = threading.Event()
        self.clients = [
            Client(server.http_port, writer, model, self.stop, on_reply) for writer in writers
        ]

    def __enter__(self):
        for client in self.clients:
            client.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for client in self.clients:
            client.join()

    @property
    def exchanges(self):
        return sum(client.exchanges for client in self.clients)


def writers(seed, abilities, singles=3):
    """Those of one load: several that change one instance at a time, and one of each other kind."""
    def of(kind, name):
        return kind(name, random.Random(f"{seed} {name}"), abilities)

    several = [of(Writer, f"c{number}") for number in range(singles)]
    return [
        *several, of(BulkWriter, "bulk"), of(ServiceWriter, "own"), of(LeavingWriter, "leaving"),
    ]  # fmt: skip
