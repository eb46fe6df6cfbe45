"""A network namespace with a server as it is without settings, and two HTTP servers: runs a script.

usage: unshare --map-root-user --net python3 world.py PROGRAM SCRIPT
"""

import http.server
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

READY = 60  # seconds
SCRIPT = 30  # seconds


def main(program, script):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for port in (8080, 8081):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as directory:
        log = open(os.path.join(directory, "log"), "wb")
        serving = subprocess.Popen([program, "serve"], cwd=directory, stdout=log, stderr=log)
        try:
            wait_until_ready()
            return subprocess.run([sys.executable, "-B", script], timeout=SCRIPT).returncode
        finally:
            serving.kill()
            serving.wait()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"{self.headers['Rollcall-Caller']} called {self.server.server_port}".encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def wait_until_ready():
    deadline = time.monotonic() + READY
    while True:
        try:
            return urllib.request.urlopen("http://127.0.0.1:8053/readyz", timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
