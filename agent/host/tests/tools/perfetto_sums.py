"""Prints what a trace holds as Perfetto's own types read it: bytes and blocks that its last heap profiles have live, and how many of
its fields these types do not know."""

import sys

from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace


def unknown(message):
    """Counts fields that a message, or one in it, has beyond its type."""
    count = len(UnknownFieldSet(message))
    for _, value in message.ListFields():
        parts = [value] if isinstance(value, Message) else value
        if not isinstance(parts, (str, bytes, int, float)):
            count += sum(unknown(part) for part in parts if isinstance(part, Message))
    return count


with open(sys.argv[1], "rb") as file:
    trace = Trace.FromString(file.read())
profiles = [packet for packet in trace.packet if packet.HasField("profile_packet")]
last = max(packet.timestamp for packet in profiles)
samples = [
    sample
    for packet in profiles
    if packet.timestamp == last
    for dump in packet.profile_packet.process_dumps
    for sample in dump.samples
]
live = sum(sample.self_allocated - sample.self_freed for sample in samples)
blocks = sum(sample.alloc_count - sample.free_count for sample in samples)
print(live, blocks, unknown(trace))
