"""A Modbus server on pymodbus for the tests, told on its standard input what its registers hold.

Its arguments are the transport (tcp, udp, rtu-over-tcp, rtu, ascii) and the port, 0 for any, or the path of a serial
line. It prints `port N` when it listens, N being 1 for a serial line. Then each line is a JSON object; it answers `ok` when the change is made:
  {"unit": 1, "area": "holding", "address": 4, "encoding": "float32",
   "byteOrder": "big", "wordOrder": "little", "value": "12.5"}      pymodbus encodes the value
  {"unit": 1, "area": "holding", "address": 4, "hex": "0119640b063b",
   "byteOrder": "big", "wordOrder": "little"}                        bytes in the order of the specification
  {"unit": 1, "area": "coil", "address": 0, "bits": [1, 0, 1]}
  {"unit": 1, "area": "holding", "address": 4, "remove": 2}         the addresses no longer exist
  {"identity": {"0": "Vendor", "128": "anything"}}                  objects of function 43, of all units
A unit exists from its first change on; requests to others are not answered at all.
"""

import asyncio
import json
import struct
import sys

from pymodbus.constants import Endian
from pymodbus.datastore import (
    ModbusServerContext,
    ModbusSlaveContext,
    ModbusSparseDataBlock,
)
from pymodbus.device import ModbusControlBlock
from pymodbus.payload import BinaryPayloadBuilder
from pymodbus.server.async_io import ModbusSerialServer, ModbusTcpServer, ModbusUdpServer
from pymodbus.transaction import ModbusAsciiFramer, ModbusRtuFramer

ORDER = {"big": Endian.Big, "little": Endian.Little}
ENCODERS = {
    "int16": ("add_16bit_int", int),
    "uint16": ("add_16bit_uint", int),
    "int32": ("add_32bit_int", int),
    "uint32": ("add_32bit_uint", int),
    "int64": ("add_64bit_int", int),
    "uint64": ("add_64bit_uint", int),
    "float16": ("add_16bit_float", float),
    "float32": ("add_32bit_float", float),
    "float64": ("add_64bit_float", float),
    "string": ("add_string", str),
}


class Unit:
    """The four tables of one unit; only addresses that were set exist."""

    def __init__(self):
        self.tables = {area: ModbusSparseDataBlock({0: 0}) for area in ("coil", "discrete", "input", "holding")}
        for block in self.tables.values():
            block.values.clear()
        self.context = ModbusSlaveContext(
            co=self.tables["coil"],
            di=self.tables["discrete"],
            ir=self.tables["input"],
            hr=self.tables["holding"],
            zero_mode=True,
        )

    def change(self, change):
        table = self.tables[change["area"]].values
        address = change["address"]
        for offset in range(change.get("remove", 0)):
            table.pop(address + offset, None)
        for offset, value in enumerate(change.get("bits") or reordered(change) or encoded(change)):
            table[address + offset] = value


def reordered(change):
    if "hex" not in change:
        return []
    order = "<" if change["byteOrder"] == "little" else ">"
    words = [word for (word,) in struct.iter_unpack(order + "H", bytes.fromhex(change["hex"]))]
    return words[::-1] if change["wordOrder"] == "little" else words


def encoded(change):
    if "encoding" not in change:
        return []
    builder = BinaryPayloadBuilder(byteorder=ORDER[change["byteOrder"]], wordorder=ORDER[change["wordOrder"]])
    method, convert = ENCODERS[change["encoding"]]
    getattr(builder, method)(convert(change["value"]))
    return builder.to_registers()


async def serve(context, transport, where):
    """Serves for ever; answers with the port."""
    if transport in ("rtu", "ascii"):
        framer = ModbusRtuFramer if transport == "rtu" else ModbusAsciiFramer
        server = ModbusSerialServer(
            context, framer=framer, port=where, baudrate=115200, bytesize=8, parity="N", ignore_missing_slaves=True
        )
        await server.start()
        running.append(asyncio.ensure_future(server.serve_forever()))
        return 1
    address = ("127.0.0.1", int(where))
    if transport == "udp":
        server = ModbusUdpServer(context, address=address, ignore_missing_slaves=True)
    else:
        framer = ModbusRtuFramer if transport == "rtu-over-tcp" else None
        server = ModbusTcpServer(
            context, framer=framer, address=address, allow_reuse_address=True, ignore_missing_slaves=True
        )
    running.append(asyncio.ensure_future(server.serve_forever()))
    await server.serving
    # pymodbus keeps the transport of its datagrams under the name of the protocol.
    socket = server.protocol.get_extra_info("socket") if transport == "udp" else server.server.sockets[0]
    return socket.getsockname()[1]


running = []


async def main():
    units = {}
    context = ModbusServerContext(slaves={}, single=False)
    port = await serve(context, sys.argv[1], sys.argv[2])
    print("port", port, flush=True)

    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        change = json.loads(line)
        if "identity" in change:
            for number, text in change["identity"].items():
                ModbusControlBlock().Identity[int(number)] = text
            print("ok", flush=True)
            continue
        unit = change["unit"]
        if unit not in units:
            units[unit] = Unit()
            context[unit] = units[unit].context
        units[unit].change(change)
        print("ok", flush=True)


asyncio.run(main())
