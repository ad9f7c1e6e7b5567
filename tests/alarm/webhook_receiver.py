#!/usr/bin/python3
"""A webhook receiver that behaves as badly as it is told.

    webhook_receiver.py LOG [--secret S] [--seed N] [--bad PERCENT] [--modes a,b] [--poison ID]
                            [--status CODE] [--tls CERT KEY]

Prints its port. Each alarm that it has taken is one line of LOG, a JSON object with what came. A
share of the requests meets one of the modes, by chance, each of which is a line of LOG.modes:
  reset     the connection is reset before anything is read
  500       the alarm is not taken, and the receiver says so
  redirect  to a place that would take it: there must be no line of it
  stall     taken, and no answer in time
  trickle   taken, and an answer that comes byte by byte and never ends
  breakoff  taken, and half an answer
"""

import argparse
import hashlib
import hmac
import http.server
import json
import random
import socket
import ssl
import struct
import threading

STALL = 0.5  # seconds; longer than the client waits


class Receiver(http.server.BaseHTTPRequestHandler):
    options = None
    chance = None
    lock = threading.Lock()
    gone = threading.Event()  # never set: to wait with

    def log_message(self, *_):
        pass

    def handle(self):
        if self.pick() == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        try:
            super().handle()
        except OSError:
            pass  # the client gave up

    def finish(self):
        try:
            super().finish()
        except (OSError, ValueError):
            pass

    def pick(self):
        with self.lock:
            bad = self.chance.random() * 100 < self.options.bad
            self.mode = self.chance.choice(self.options.modes) if bad else "good"
            if bad:
                with open(self.options.log + ".modes", "a", encoding="utf-8") as modes:
                    modes.write(self.mode + "\n")
        return self.mode

    def signed(self, body):
        if not self.options.secret:
            return None
        text = self.headers.get("X-Dcp-Timestamp", "").encode() + b"." + body
        mac = hmac.new(self.options.secret.encode(), text, hashlib.sha256).hexdigest()
        return hmac.compare_digest("v1=" + mac, self.headers.get("X-Dcp-Signature", ""))

    def take(self, body):
        line = {"path": self.path, "key": self.headers.get("Idempotency-Key"),
                "signed": self.signed(body), "body": body.decode(),
                "headers": {k.lower(): v for k, v in self.headers.items()}}
        with self.lock, open(self.options.log, "a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")

    def answer(self, status, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        self.take(b"GET")
        self.answer(200)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.options.poison and self.headers.get("Idempotency-Key") == self.options.poison:
            return self.answer(400)
        if self.mode == "500":
            return self.answer(500)
        if self.mode == "redirect":
            return self.answer(307, [("Location", "/redirected")])
        if self.options.status:
            return self.answer(self.options.status)
        self.take(body)
        if self.mode == "good":
            return self.answer(200)
        self.close_connection = True
        if self.mode == "stall":
            self.gone.wait(STALL)
        elif self.mode == "trickle":
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 20:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                self.gone.wait(STALL / 20)
        elif self.mode == "breakoff":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nha")
        return None


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that gives up is no error


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("log")
    parser.add_argument("--secret")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bad", type=float, default=0)
    parser.add_argument("--modes", default="reset,500,redirect,stall,trickle,breakoff")
    parser.add_argument("--poison")
    parser.add_argument("--status", type=int)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", nargs=2)
    options = parser.parse_args()
    options.modes = options.modes.split(",")
    Receiver.options = options
    Receiver.chance = random.Random(options.seed)
    server = Server(("127.0.0.1", options.port), Receiver)
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*options.tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    server.serve_forever()


main()
