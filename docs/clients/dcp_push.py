#!/usr/bin/python3
"""Pushes messages to dcp by DCPService.Push, and loses and repeats none.

A session names one sequence of messages. When the connection or the daemon goes
away, the client reconnects, hears what the daemon holds, and goes on behind it; when the
client itself is killed, it is started again with the same session and the same
messages from the beginning. Each message counts once.

As a library:

    with PushClient("127.0.0.1:9090", session="applier-1", tag="dst") as client:
        client.push(barrier(7))
        client.push(change("shop.orders[42]", 'INSERT [42,"eu"]'))
        client.flush()      # everything is acknowledged (on disk, with ack = "durable")

As a script it reads JSON lines, {"id", "barrier"} or {"id", "key", "content",
"checksum"} with an optional "timestamp" in seconds, on standard input:

    dcp_push.py --target 127.0.0.1:9090 --tag dst --session applier-1 < lines

with --tls-ca, --tls-cert, --tls-key and --token-file where dcp asks for TLS and tokens (docs/security.md).

It needs Debian's python3-grpcio and python3-protobuf, and no generated code: the
messages of dcp.proto that it uses are spelt out below.

Exit status: 0 all accepted, 1 some refused or the daemon did not come back, 2 bad input.
"""

import argparse
import collections
import json
import os
import sys
import threading
import time
import uuid

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FIELD = descriptor_pb2.FieldDescriptorProto
_TYPES = {"string": _FIELD.TYPE_STRING, "uint64": _FIELD.TYPE_UINT64, "int32": _FIELD.TYPE_INT32}

# name: [(field, number, type[, oneof])]; a type with * is repeated.
_MESSAGES = {
    "Payload": [("id", 1, "string"), ("content", 2, "string")],
    "Message": [("id", 1, "string"), ("tag", 2, "string"), ("barrier", 3, "uint64", "body"),
                ("payload", 4, "Payload", "body"), ("timestamp", 14, "uint64"),
                ("checksum", 15, "string")],
    "PushOpen": [("session", 1, "string"), ("tag", 2, "string"), ("acknowledged", 3, "uint64")],
    "PushBatch": [("first_sequence", 1, "uint64"), ("messages", 2, "Message*")],
    "PushRequest": [("open", 1, "PushOpen", "kind"), ("batch", 2, "PushBatch", "kind")],
    "PushRefusal": [("sequence", 1, "uint64"), ("code", 2, "int32"), ("msg", 3, "string")],
    "PushResponse": [("last_sequence", 1, "uint64"), ("refused", 2, "PushRefusal*")],
}


def _describe():
    file = descriptor_pb2.FileDescriptorProto(
        name="dcp_push.proto", package="dcp", syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field_name, number, kind, *oneof in fields:
            field = message.field.add(name=field_name, number=number, label=_FIELD.LABEL_OPTIONAL)
            if kind.endswith("*"):
                field.label = _FIELD.LABEL_REPEATED
                kind = kind[:-1]
            if kind in _TYPES:
                field.type = _TYPES[kind]
            else:
                field.type = _FIELD.TYPE_MESSAGE
                field.type_name = ".dcp." + kind
            if oneof:
                if not message.oneof_decl:
                    message.oneof_decl.add(name=oneof[0])
                field.oneof_index = 0
    return file


def _message_class(pool, name):
    descriptor = pool.FindMessageTypeByName("dcp." + name)
    if hasattr(message_factory, "GetMessageClass"):  # protobuf 4.22 and later
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)


_POOL = descriptor_pool.DescriptorPool()
_POOL.Add(_describe())
Message = _message_class(_POOL, "Message")
PushRequest = _message_class(_POOL, "PushRequest")
PushResponse = _message_class(_POOL, "PushResponse")

# What a reconnect may mend.
_PASSING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.ABORTED, grpc.StatusCode.CANCELLED,
            grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL,
            grpc.StatusCode.RESOURCE_EXHAUSTED)


def barrier(offset, id=""):
    """The barrier with `offset`, as it came through the stream."""
    return Message(id=id, barrier=offset)


def change(key, content="", id="", timestamp=0, checksum=""):
    """One change; docs/push.md says what key and content are."""
    message = Message(id=id, timestamp=timestamp, checksum=checksum)
    message.payload.id = key
    message.payload.content = content
    return message


class PushError(Exception):
    """The daemon does not come back, or does not take the session."""


class PushClient:
    """One session. Messages are numbered from 1 in the order of push().

    on_refusal(sequence, code, text) is called, by another thread, for each refused message.
    ca, cert and key are PEM bytes: with any of them the connection is by TLS. token is a text.
    """

    MAX_WAITING = 10000  # messages that are not acknowledged
    MAX_BATCH = 500

    def __init__(self, target, session, tag, patience=30.0, on_refusal=None, ca=None, cert=None,
                 key=None, token=None):
        self._session = session
        self._tag = tag
        self._patience = patience
        self._on_refusal = on_refusal or (lambda sequence, code, text: None)
        self._metadata = (("authorization", "Bearer " + token),) if token else None
        options = [("grpc.initial_reconnect_backoff_ms", 100),
                   ("grpc.max_reconnect_backoff_ms", 1000),
                   ("grpc.min_reconnect_backoff_ms", 100)]
        if ca or cert:
            credentials = grpc.ssl_channel_credentials(ca, key, cert)
            self._channel = grpc.secure_channel(target, credentials, options=options)
        else:
            self._channel = grpc.insecure_channel(target, options=options)
        self._method = self._channel.stream_stream(
            "/dcp.DCPService/Push", request_serializer=PushRequest.SerializeToString,
            response_deserializer=PushResponse.FromString)
        self._changed = threading.Condition()
        # Guarded by _changed:
        self._waiting = collections.deque()  # (sequence, message), not acknowledged
        self._last = 0                       # pushed
        self._acknowledged = 0
        self._calls = 0                      # the number of the present call
        self._held = None                    # what the daemon held when it began
        self._progress = time.monotonic()
        self._closing = False
        self._failure = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def push(self, message):
        """Sends a message; waits while too many are not acknowledged."""
        with self._changed:
            self._changed.wait_for(
                lambda: len(self._waiting) < self.MAX_WAITING or self._failure is not None)
            self._check()
            self._last += 1
            if self._last <= self._acknowledged:
                return  # the session was used before, and the daemon holds this one
            if not self._waiting:
                self._progress = time.monotonic()
            self._waiting.append((self._last, message))
            self._changed.notify_all()

    def flush(self):
        """Waits until everything is acknowledged. Raises PushError."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting or self._failure is not None)
            self._check()

    def close(self):
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout=5)
        self._channel.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.flush()
        self.close()

    def _check(self):
        if self._failure is not None:
            raise PushError(self._failure)

    def _run(self):
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if self._closing:
                    return
                self._calls += 1
                self._held = None
                call = self._calls
            try:
                for response in self._method(self._requests(call), metadata=self._metadata):
                    self._take(response)
            except grpc.RpcError as error:
                if not self._may_retry(error):
                    return
            finally:
                with self._changed:
                    self._calls += 1  # the requests of the call that was end
                    self._changed.notify_all()

    def _requests(self, call):
        """What is sent in one call; runs in a thread of gRPC's."""
        request = PushRequest()
        request.open.session = self._session
        request.open.tag = self._tag
        with self._changed:
            request.open.acknowledged = self._acknowledged
        yield request
        with self._changed:
            self._changed.wait_for(lambda: self._held is not None or self._calls != call)
            sent = self._held
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._last > sent or self._closing or self._calls != call)
                if self._calls != call or self._last <= sent or not self._waiting:
                    return
                request = PushRequest()
                skip = max(0, sent + 1 - self._waiting[0][0])
                batch = [self._waiting[i]
                         for i in range(skip, min(skip + self.MAX_BATCH, len(self._waiting)))]
                request.batch.first_sequence = batch[0][0]
                request.batch.messages.extend(message for _, message in batch)
                sent = batch[-1][0]
            yield request

    def _take(self, response):
        for refusal in response.refused:
            self._on_refusal(refusal.sequence, refusal.code, refusal.msg)
        with self._changed:
            self._progress = time.monotonic()
            self._acknowledged = max(self._acknowledged, response.last_sequence)
            if self._held is None:
                self._held = response.last_sequence
            while self._waiting and self._waiting[0][0] <= self._acknowledged:
                self._waiting.popleft()
            self._changed.notify_all()

    def _may_retry(self, error):
        with self._changed:
            if not self._waiting or self._closing:
                return True
            late = time.monotonic() - self._progress >= self._patience
            if error.code() in _PASSING and not late:
                self._changed.wait(0.1)
                return True
            self._failure = "%s: %s" % (error.code().name, error.details())
            self._changed.notify_all()
            return False


def _to_message(line):
    if "barrier" in line:
        return barrier(line["barrier"], line.get("id", ""))
    return change(line["key"], line.get("content", ""), line.get("id", ""),
                  line.get("timestamp", 0), line.get("checksum", ""))


def _read(path):
    """The bytes of a file; None for no file."""
    if path is None:
        return None
    with open(path, "rb") as file:
        return file.read()


def main():
    parser = argparse.ArgumentParser(description="Pushes JSON lines by DCPService.Push.")
    parser.add_argument("--target", required=True, help="HOST:PORT")
    parser.add_argument("--tag", required=True)
    parser.add_argument("--session", default=uuid.uuid4().hex,
                        help="name of the input; the same one for the same input")
    parser.add_argument("--patience", type=float, default=30.0,
                        help="seconds without an acknowledgement")
    parser.add_argument("--tls-ca", help="use TLS, and trust the authorities in this file")
    parser.add_argument("--tls-cert", help="file with the certificate to show; with --tls-key")
    parser.add_argument("--tls-key", help="file with its private key")
    parser.add_argument("--token-file", help="file with the token (default: $DCP_TOKEN)")
    options = parser.parse_args()
    token = os.environ.get("DCP_TOKEN", "")
    if options.token_file:
        token = _read(options.token_file).decode("ascii")

    refused = []

    def on_refusal(sequence, code, text):
        refused.append(sequence)
        print("message %d was refused with code %d: %s" % (sequence, code, text), file=sys.stderr)

    try:
        with PushClient(options.target, options.session, options.tag, options.patience,
                        on_refusal, _read(options.tls_ca), _read(options.tls_cert),
                        _read(options.tls_key), token.strip()) as client:
            for number, text in enumerate(sys.stdin, 1):
                if not text.strip():
                    continue
                try:
                    message = _to_message(json.loads(text))
                except (ValueError, TypeError, KeyError, AttributeError) as error:
                    print("line %d: %r" % (number, error), file=sys.stderr)
                    return 2
                client.push(message)
    except PushError as error:
        print(error, file=sys.stderr)
        return 1
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
