"""HTTP servers to call: one that answers, and ones that misbehave in a way of their own."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Backend:
    """Answers every request with what it was asked, as `reply` says: status, fields, body."""

    def __init__(self, reply=None, host="127.0.0.1", protocol="HTTP/1.1"):
        self.requests = []  # (method, path, fields, body)
        self.connections = 0
        self.reply = reply or (lambda method, path, body: (200, {}, self.name.encode()))
        self._server = ThreadingHTTPServer((host, 0), self._handler(protocol))
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # the client went
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.address = f"{host}:{self._server.server_port}"
        self.name = self.address

    def _handler(backend, protocol):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = protocol
            timeout = 30

            def setup(self):
                backend.connections += 1
                super().setup()

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                backend.requests.append((self.command, self.path, self.headers, body))
                status, fields, content = backend.reply(self.command, self.path, body)
                self.send_response(status)
                for field in {"Content-Length": str(len(content)), **fields}.items():
                    self.send_header(*field)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = answer

            def log_message(self, *_):
                pass

        return Handler

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class RawBackend:
    """Accepts connections and hands each to `behave(connection)`, with its request unread."""

    def __init__(self, behave):
        self.connections = 0
        self._behave = behave
        self._open = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            self._behave(connection)
        except OSError:
            pass  # the client went

    def close(self):
        # An accept that is under way is woken by this alone.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()


def closed_port():
    """`host:port` where nobody listens: it is bound, so that nobody else gets it."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    return holder, "127.0.0.1:%d" % holder.getsockname()[1]
