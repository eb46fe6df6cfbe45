"""Watches DNS while a server is under load: it answers, and its serial never goes back."""

import os
import threading
import time

from durability.inspection import ZONE, soa_serial
from durability.server import udp_socket
from oracle import message

PAUSE = 0.005  # seconds between queries
RESEND = 0.5
PATIENCE = 10  # seconds without an answer until DNS is called down


class Observer(threading.Thread):
    """Asks for the zone's SOA, and for `names` that must have addresses all the time."""

    def __init__(self, server, model, names=()):
        super().__init__(daemon=True)
        self.model, self.names = model, list(names)
        self.socket = udp_socket(server.dns_port, RESEND)
        self.is_ending = False  # from now on silence is no fault
        self.answers = 0
        self.serials = []  # (time, serial) of each new one

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.is_ending = True
        self.join()
        self.socket.close()

    def run(self):
        while not self.is_ending:
            self.look_at_serial()
            for name in self.names:
                reply = self.ask(name, "A")
                if reply and (reply.rcode or not reply.sections[0]):
                    self.model.faults.append(f"DNS lost {name}: code {reply.rcode}")
            time.sleep(PAUSE)

    def look_at_serial(self):
        reply = self.ask(ZONE, "SOA")
        if reply:
            serial = soa_serial(reply)
            if not self.serials or self.serials[-1][1] != serial:
                self.serials.append((time.time(), serial))
            fault = self.model.saw_serial(serial)
            if fault:
                self.model.faults.append(fault)

    def ask(self, name, kind):
        """The reply; None when the server is about to end."""
        deadline = time.monotonic() + PATIENCE
        while not self.is_ending:
            identifier = os.urandom(2)
            try:
                self.socket.send(identifier + message.query(name, message.type_number(kind)))
                while (octets := self.socket.recv(65_535))[:2] != identifier:
                    pass
                self.answers += 1
                return message.Reply(octets)
            except OSError:
                if time.monotonic() > deadline:
                    self.model.faults.append(f"no DNS answer for {PATIENCE} s")
                    return None
                time.sleep(PAUSE)
        return None
