#!/usr/bin/python3
"""A client of DCPService.Process, written from gravity's message format alone.

It shares no file with dcp: the descriptor below is built in code from what
moiot/gravity's dcp.proto says (names, numbers and types of the fields). So it
proves that a client of gravity's works unchanged. It needs Debian's
python3-grpcio and python3-protobuf.

As a script it reads JSON lines on standard input,

    {"tag": "src", "id": "m1", "barrier": 7}
    {"tag": "src", "id": "m2", "key": "42", "content": "INSERT [42]", "checksum": ""}

sends each as soon as it is read, and prints each response as one JSON line,
{"id": "m1", "code": 0, "msg": ""}. Optional: "timestamp" in seconds; "tag"
may be left out when --tag is given. A line without "barrier" and "key" is sent
without a body.

Exit status: 0 all accepted, 1 some refused or the call failed, 2 bad input.
"""

import argparse
import json
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FIELD = descriptor_pb2.FieldDescriptorProto


def _add_field(message, name, number, kind, **more):
    message.field.add(name=name, number=number, type=kind, label=_FIELD.LABEL_OPTIONAL, **more)


def _gravity_file():
    file = descriptor_pb2.FileDescriptorProto(
        name="gravity/dcp.proto", package="dcp", syntax="proto3")
    message = file.message_type.add(name="Message")
    _add_field(message, "id", 1, _FIELD.TYPE_STRING)
    _add_field(message, "tag", 2, _FIELD.TYPE_STRING)
    message.oneof_decl.add(name="body")
    _add_field(message, "barrier", 3, _FIELD.TYPE_UINT64, oneof_index=0)
    _add_field(message, "payload", 4, _FIELD.TYPE_MESSAGE, type_name=".dcp.Payload", oneof_index=0)
    _add_field(message, "timestamp", 14, _FIELD.TYPE_UINT64)
    _add_field(message, "checksum", 15, _FIELD.TYPE_STRING)
    payload = file.message_type.add(name="Payload")
    _add_field(payload, "id", 1, _FIELD.TYPE_STRING)
    _add_field(payload, "content", 2, _FIELD.TYPE_STRING)
    response = file.message_type.add(name="Response")
    _add_field(response, "id", 1, _FIELD.TYPE_STRING)
    _add_field(response, "code", 2, _FIELD.TYPE_INT32)
    _add_field(response, "msg", 3, _FIELD.TYPE_STRING)
    return file


def _message_class(pool, name):
    descriptor = pool.FindMessageTypeByName(name)
    if hasattr(message_factory, "GetMessageClass"):  # protobuf 4.22 and later
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)


_POOL = descriptor_pool.DescriptorPool()
_POOL.Add(_gravity_file())
Message = _message_class(_POOL, "dcp.Message")
Response = _message_class(_POOL, "dcp.Response")


def to_message(line, default_tag=""):
    """The Message that one parsed JSON line tells."""
    message = Message(id=line.get("id", ""), tag=line.get("tag", default_tag),
                      timestamp=line.get("timestamp", 0), checksum=line.get("checksum", ""))
    if "barrier" in line:
        message.barrier = line["barrier"]
    elif "key" in line:
        message.payload.id = line["key"]
        message.payload.content = line.get("content", "")
    return message


class GravityClient:
    """One connection. `process` makes one call of Process."""

    def __init__(self, target):
        self._channel = grpc.insecure_channel(target)
        self._process = self._channel.stream_stream(
            "/dcp.DCPService/Process",
            request_serializer=Message.SerializeToString,
            response_deserializer=Response.FromString)

    def process(self, messages, timeout=None):
        """Sends `messages` (any iterable), yields the responses as they come.

        Raises grpc.RpcError when the call does not end with OK.
        """
        return self._process(iter(messages), timeout=timeout, wait_for_ready=timeout is not None)

    def close(self):
        self._channel.close()


class _Input:
    """The messages of a text stream; remembers the line that it could not read."""

    def __init__(self, lines, tag):
        self._lines = lines
        self._tag = tag
        self.error = None

    def __iter__(self):
        for number, text in enumerate(self._lines, 1):
            if not text.strip():
                continue
            try:
                message = to_message(json.loads(text), self._tag)
            except (ValueError, TypeError, AttributeError) as error:
                self.error = "line %d: %s" % (number, error)
                return
            yield message


def main():
    parser = argparse.ArgumentParser(description="Sends JSON lines to DCPService.Process.")
    parser.add_argument("--target", required=True, help="HOST:PORT")
    parser.add_argument("--tag", default="", help="the tag of lines without one")
    parser.add_argument("--timeout", type=float, help="seconds for the whole call")
    options = parser.parse_args()

    client = GravityClient(options.target)
    messages = _Input(sys.stdin, options.tag)
    refused = 0
    try:
        for response in client.process(messages, options.timeout):
            refused += response.code != 0
            print(json.dumps({"id": response.id, "code": response.code, "msg": response.msg}),
                  flush=True)
    except grpc.RpcError as error:
        print("%s: %s" % (error.code().name, error.details()), file=sys.stderr)
        return 1
    finally:
        client.close()
    if messages.error:
        print(messages.error, file=sys.stderr)
        return 2
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
