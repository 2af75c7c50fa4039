"""A web server on 127.0.0.1 that serves one file, well or badly, as told."""

import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer:
    """Serves `content` at /mnist.npz, and counts.

    `script` says how each request is answered, in their order; its last word goes for
    all later ones: ``ok``, ``404``, ``500``, ``truncated`` (half the bytes that were
    announced), ``stalled`` (half of them, then silence), ``silent`` (not even headers),
    ``wrong`` (other bytes of the same length), ``redirect`` (to /moved/mnist.npz, which
    is answered as the script says), ``loop`` (to itself) and ``held`` (half of the
    bytes; the rest once `release` is called).
    """

    def __init__(self, content, *script):
        self.content, self.script = content, list(script)
        self.paths = []  # of the requests so far
        self.arrived = threading.Event()  # set by the first request
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}/mnist.npz"

    def release(self):
        """Let every request that is being held go on."""
        self._released.set()

    def __enter__(self):
        serve = self._server.serve_forever
        threading.Thread(target=serve, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.release()
        self._server.shutdown()
        self._server.server_close()

    def _handler(server):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.paths.append(self.path)
                script = server.script
                word = script.pop(0) if len(script) > 1 else script[0]
                server.arrived.set()
                with suppress(ConnectionError):  # the client has had enough
                    self.answer(word)

            def answer(self, word):
                content = server.content
                half = len(content) // 2
                if word == "silent":
                    server._released.wait()
                elif word in ("404", "500"):
                    self.send_error(int(word))
                elif word in ("redirect", "loop"):
                    self.send_response(302)
                    place = "/moved/mnist.npz" if word == "redirect" else self.path
                    self.send_header("Location", place)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                elif word == "wrong":
                    self.send(len(content), bytes(len(content)))
                elif word == "ok":
                    self.send(len(content), content)
                elif word == "truncated":
                    self.send(len(content), content[:half])
                elif word in ("stalled", "held"):
                    self.send(len(content), content[:half])
                    server._released.wait()
                    if word == "held":
                        self.wfile.write(content[half:])
                else:
                    raise ValueError(word)

            def send(self, length, content):
                self.send_response(200)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(content)
                self.wfile.flush()

            def log_message(self, *_):
                pass

        return Handler
