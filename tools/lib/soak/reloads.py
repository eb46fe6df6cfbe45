"""A zone file that changes, is broken, and is read again by the API and by SIGHUP."""

import os
import signal
import time

from soak.client import Client, records

NAME = "soak.example."
WAIT = 20  # seconds for a reload by SIGHUP, of which nobody says when it is done


class Reloads:
    """Steps of one operator."""

    def __init__(self, server, chance, outcome):
        self.server, self.chance, self.outcome = server, chance, outcome
        self.client = Client(server)
        self.path = os.path.join(server.zones, "soak.example.zone")
        self.serial = 1
        self.write()

    def step(self):
        self.outcome.count("reloads")
        if self.chance.random() < 0.2:
            self.write(f"{NAME} broken\n")
            status, _ = self.client.call("POST", "/v1/zones/reload")
            if status != 422:
                self.outcome.wrong(f"a broken zone file was reloaded with {status}")
            self.expect(self.serial)
            return
        self.serial += 1
        self.write()
        if self.chance.random() < 0.5:
            status, reply = self.client.call("POST", "/v1/zones/reload")
            if status != 200:
                self.outcome.wrong(f"reload: {status} {reply}")
        else:
            self.server.process.send_signal(signal.SIGHUP)
            deadline = time.monotonic() + WAIT
            while self.answer() != {str(self.serial)} and time.monotonic() < deadline:
                time.sleep(0.05)
        self.expect(self.serial)

    def close(self):
        self.client.__exit__()

    def write(self, more=""):
        lines = [
            f"@ 60 SOA ns hostmaster {self.serial} 3600 600 604800 1", "@ 60 NS ns",
            "ns 60 A 192.0.2.1", f'serial 60 TXT "{self.serial}"',
        ]  # fmt: skip
        lines += [f"host{n} 60 A 192.0.2.{n}" for n in range(1, 100 + self.serial % 100)]
        with open(self.path + ".new", "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n" + more)
        os.replace(self.path + ".new", self.path)

    def answer(self):
        reply, _, _ = self.client.ask(f"serial.{NAME}", "TXT", tcp=False)
        return {b"".join(r.strings).decode() for r in records(reply, f"serial.{NAME}", "TXT")}

    def expect(self, serial):
        found = self.answer()
        if found != {str(serial)}:
            self.outcome.wrong(f"after reload {serial} the zone says {found}")
