"""etcd, whose durable puts stand beside registrations, and the disk that both write to."""

import base64
import json
import os
import struct
import subprocess
import urllib.request

from bench import load, services
from bench.program import Program
from loopback import free_port

HEADERS = ("content-type: application/grpc", "te: trailers")


class Etcd(Program):
    """One member, which syncs its log before it replies, as it does by default."""

    name, executable = "etcd", "etcd"
    environment = {"ETCD_LOGGER": "zap", "ETCD_LOG_LEVEL": "error"}

    def __init__(self, directory):
        super().__init__(directory)
        self.url = f"http://{self.address}:{self.port}"
        # What Rollcall is sent for an instance, so that both keep as much.
        self.value = f"{{{services.settings(services.OTHER_INSTANCES)}}}".encode()

    def command(self):
        peer = f"http://{self.address}:{free_port()}"
        return [
            self.path(), "--data-dir", os.path.join(self.directory, "data"),
            "--listen-client-urls", self.url, "--advertise-client-urls", self.url,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", f"default={peer}",
        ]  # fmt: skip

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=1) as reply:
                return json.load(reply)["health"] == "true"
        except OSError:
            return False

    def revision(self):
        """One step for each put that it has kept."""
        request = urllib.request.Request(f"{self.url}/v3/kv/range", b'{"key":"AA=="}')
        with urllib.request.urlopen(request, timeout=10) as reply:
            return int(json.load(reply)["header"]["revision"])

    def put_by_gateway(self, connections, seconds, first):
        value = base64.b64encode(self.value).decode()
        return self.counted(load.wrk, self.url, connections, seconds, "etcd", first, value)

    def put_by_grpc(self, connections, seconds, first):
        """The same key each time: h2load has one body. For etcd that is a new revision as well."""
        message = protobuf_field(1, b"%09d" % first) + protobuf_field(2, self.value)
        body = os.path.join(self.directory, "put")
        with open(body, "wb") as file:
            file.write(struct.pack(">BI", 0, len(message)) + message)
        url = f"{self.url}/etcdserverpb.KV/Put"
        return self.counted(load.h2load, url, connections, seconds, body, HEADERS)

    def counted(self, work, *arguments):
        before = self.revision()
        counts = work(*arguments)
        kept = self.revision() - before
        if kept < counts["completed"]:
            raise RuntimeError(f"etcd kept {kept} of {counts['completed']} puts")
        return counts


def protobuf_field(number, content):
    """A field of the wire type for bytes."""
    length, size = b"", len(content)
    while size > 127:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


def file_system(directory):
    """The kind of file system that the directory is on."""
    line = ["df", "--output=fstype", directory]
    return subprocess.run(line, stdout=subprocess.PIPE, text=True, check=True).stdout.split()[-1]
