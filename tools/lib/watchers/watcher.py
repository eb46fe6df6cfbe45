"""A client that waits for the changes of one service, over a connection of its own."""

import json
import socket
import time

WAIT = 300  # seconds of one call
HEAD_END = b"\r\n\r\n"


class Watcher:
    """What it was told, as (revision, when) in order. `mistake` is what it was told wrongly."""

    def __init__(self, target, service):
        self.target, self.service = target, service
        self.told = []
        self.octets = 0  # all that came
        self.mistake = None
        self.text = bytearray()
        self.connect()

    def connect(self):
        self.is_closed = False
        self.socket = socket.create_connection(self.target)
        self.socket.setblocking(False)

    def fileno(self):
        return self.socket.fileno()

    def get(self, path, header=""):
        host = f"{self.target[0]}:{self.target[1]}"
        try:
            self.socket.send(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{header}\r\n".encode())
        except ConnectionError:
            self.is_closed = True

    def receive(self):
        """Takes what is there."""
        try:
            text = self.socket.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            text = b""
        if not text:
            self.is_closed = True
            return
        self.octets += len(text)
        self.text += text
        try:
            while self.read():
                pass
        except (ValueError, KeyError) as error:
            self.mistake = f"{error!r} in {bytes(self.text[:200])!r}"
            self.text.clear()

    def read(self):
        """Takes one thing off the text; false if none is complete."""
        raise NotImplementedError

    def tell(self, revision):
        self.told.append((revision, time.monotonic()))

    @property
    def revisions(self):
        return [revision for revision, _ in self.told]

    def comes_again(self):
        """Whether it has connected again after its connection was closed."""
        return False

    def close(self):
        self.socket.close()

    def take_head(self):
        """The reply's head, or nothing while it is not complete; it must be 200."""
        head, separator, rest = bytes(self.text).partition(HEAD_END)
        if not separator:
            return None
        if not head.startswith(b"HTTP/1.1 200 "):
            raise ValueError(head.split(b"\r\n")[0].decode())
        self.text = bytearray(rest)
        return head.lower()


class Stream(Watcher):
    """Is sent events."""

    def __init__(self, target, service, last_id=None):
        super().__init__(target, service)
        self.last_id = last_id
        self.has_head = self.has_begun = False
        self.comments = 0
        self.events = bytearray()
        resumes = "" if last_id is None else f"Last-Event-ID: {last_id}\r\n"
        self.get(f"/v1/events?service={service}", resumes)

    def read(self):
        if not self.has_head:
            self.has_head = self.take_head() is not None
            return self.has_head
        length, separator, _ = self.text.partition(b"\r\n")
        if not separator:
            return False
        begin = len(length) + 2
        end = begin + int(length, 16)
        if len(self.text) < end + 2:
            return False
        self.events += self.text[begin:end]
        del self.text[: end + 2]
        while (end := self.events.find(b"\n\n")) >= 0:
            self.take_event(self.events[:end].decode())
            del self.events[: end + 2]
        return True

    def take_event(self, text):
        fields = dict(line.split(": ", 1) for line in text.split("\n") if not line.startswith(":"))
        self.last_id = int(fields.get("id", self.last_id or 0))
        if "event" not in fields:
            self.comments += self.has_begun
            self.has_begun = True
            return
        data = json.loads(fields["data"])
        if fields["event"] == "reset" or data["service"] != self.service:
            raise ValueError(f"it watches {self.service}")
        self.has_begun = True
        self.tell(self.last_id)


class Call(Watcher):
    """Waits for a change, takes the reply, and waits for the next.

    Between the two it is no watcher, and its connection may have to make room for another, so it
    comes again then, as every HTTP client does.
    """

    def __init__(self, target, service, revision):
        super().__init__(target, service)
        self.length = None
        self.again = 0
        self.wait(revision)

    def wait(self, revision):
        self.known = revision
        self.get(f"/v1/services/{self.service}/instances?after={revision}&wait={WAIT}")

    def comes_again(self):
        if self.text or self.length is not None:
            return False  # a reply was cut
        self.again += 1
        self.close()
        self.connect()
        self.wait(self.known)
        return True

    def read(self):
        if self.length is None:
            if (head := self.take_head()) is None:
                return False
            self.length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(self.text) < self.length:
            return False
        reply = json.loads(self.text[: self.length])
        del self.text[: self.length]
        self.length = None
        self.tell(reply["revision"])
        self.wait(reply["revision"])
        return True
