"""A program that has nothing of Penstock but its .proto files: what it sees of a gateway, as JSON on standard output.

Usage: grpc_client.py <address> <user:password> <folder of the generated code>
"""

import base64
import json
import sys

address, credentials, generated = sys.argv[1:]
sys.path.insert(0, generated)

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool
from grpc_reflection_generated import reflection_pb2, reflection_pb2_grpc
from penstock.v1 import (
    command_service_pb2,
    command_service_pb2_grpc,
    history_service_pb2,
    history_service_pb2_grpc,
    plant_service_pb2,
    plant_service_pb2_grpc,
    value_pb2,
    value_service_pb2,
    value_service_pb2_grpc,
)

TIMEOUT = 20
login = (("authorization", "Basic " + base64.b64encode(credentials.encode()).decode()),)


def value(message):
    """The Python value of a Value, None where it is absent."""
    kind = message.WhichOneof("kind")
    if kind is None:
        return None
    if kind == "array_value":
        return [value(element) for element in message.array_value.elements]
    if kind == "date_time_value":
        return message.date_time_value.ToMilliseconds()
    given = getattr(message, kind)
    return given.hex() if isinstance(given, bytes) else given


def pool_of(files, name, pool=None):
    """A pool that has this file after all that it imports."""
    pool = pool or descriptor_pool.DescriptorPool()
    for imported in files[name].dependency:
        pool_of(files, imported, pool)
    pool.Add(files[name])
    return pool


def reflected(channel):
    """The methods of ValueService as a tool learns them that has no files at all."""
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    asked = [
        reflection_pb2.ServerReflectionRequest(list_services="*"),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="penstock.v1.ValueService"),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="penstock.v1.Nothing.at_all"),
    ]
    services, files, nothing = stub.ServerReflectionInfo(iter(asked), metadata=login, timeout=TIMEOUT)
    described = [
        descriptor_pb2.FileDescriptorProto.FromString(encoded)
        for encoded in files.file_descriptor_response.file_descriptor_proto
    ]
    pool = pool_of({file.name: file for file in described}, described[0].name)
    service = pool.FindServiceByName("penstock.v1.ValueService")
    sample = pool.FindMessageTypeByName("penstock.v1.Sample")
    return {
        "services": [each.name for each in services.list_services_response.service],
        "methods": [method.name for method in service.methods],
        "fields": [field.name for field in sample.fields],
        "first": described[0].name,
        "unknown": nothing.error_response.error_code,
    }


with grpc.insecure_channel(address) as channel:
    plant = plant_service_pb2_grpc.PlantServiceStub(channel)
    values = value_service_pb2_grpc.ValueServiceStub(channel)
    history = history_service_pb2_grpc.HistoryServiceStub(channel)
    commands = command_service_pb2_grpc.CommandServiceStub(channel)

    tags = plant.ListTags(plant_service_pb2.ListTagsRequest(), metadata=login, timeout=TIMEOUT)
    read = values.ReadValues(value_service_pb2.ReadValuesRequest(), metadata=login, timeout=TIMEOUT)
    stream = values.StreamValues(value_service_pb2.StreamValuesRequest(), metadata=login, timeout=TIMEOUT)
    events = []
    for message in stream:
        events.append(message.WhichOneof("event"))
        if message.cursor:
            break
    stream.cancel()
    pages = history.ReadRaw(history_service_pb2.ReadRawRequest(tag="pump/level", page_size=2), metadata=login, timeout=TIMEOUT)
    sent = commands.SendCommand(
        command_service_pb2.SendCommandRequest(
            device="pump",
            write=command_service_pb2.WriteTag(tag="level", value=value_pb2.Value(double_value=1.5)),
        ),
        metadata=login,
        timeout=TIMEOUT,
    )
    try:
        plant.ListTags(plant_service_pb2.ListTagsRequest(device="ghost"), metadata=login, timeout=TIMEOUT)
        refused = None
    except grpc.RpcError as error:
        refused = {
            "status": error.code().name,
            "code": dict(error.trailing_metadata())["penstock-code"],
            "message": error.details(),
        }

    json.dump(
        {
            "types": {tag.id: value_pb2.DataType.Name(tag.data_type) for tag in tags.tags},
            "values": {each.tag: value(each.sample.value) for each in read.values},
            "status": {each.tag: each.sample.status_name for each in read.values},
            "hasTime": {each.tag: each.sample.HasField("source_time") for each in read.values},
            "events": events,
            "pages": [[value(sample.value) for sample in page.samples] for page in pages],
            "state": command_service_pb2.CommandState.Name(sent.command.state),
            "refused": refused,
            "reflected": reflected(channel),
        },
        sys.stdout,
    )
