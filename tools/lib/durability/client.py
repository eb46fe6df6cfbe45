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
        self.own_port, self.exchanges = None, []  # (change, when sent, reply) of each

    def run(self):
        try:
            api = API(self.port)
        except NO_REPLY:
            return
        self.own_port = api.port
        while not self.stop.is_set():
            change = self.writer.next(self.model)
            if change is None:
                self.stop.wait(PAUSE)
                continue
            sent = time.time()
            reply = exchange(api, self.model, change)
            self.exchanges.append((change, sent, reply))
            if reply is None:
                break
            if self.on_reply:
                self.on_reply()
        api.close()


def exchange(api, model, change):
    """Sends the change and tells the model of it; returns the reply, None if there is none."""
    sent = time.time()
    before = model.begin(change, sent)
    try:
        reply = api.call(change.method, change.path, change.body)
    except NO_REPLY:
        reply = None
    model.finish(change, reply, sent, before)
    return reply


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


def writers(seed, abilities, singles=3, suffix=""):
    """Those of one load: several that change one instance at a time, and one of each other kind.

    Loads whose suffixes differ have no instance in common.
    """
    def of(kind, name):
        name += suffix
        return kind(name, random.Random(f"{seed} {name}"), abilities)

    several = [of(Writer, f"c{number}") for number in range(singles)]
    return [
        *several, of(BulkWriter, "bulk"), of(ServiceWriter, "own"), of(LeavingWriter, "leaving"),
    ]  # fmt: skip
