"""What a client made with asyncua must see of the demo plant; arguments: endpoint, certificate and key (DER), its URI."""

import asyncio
import sys
from datetime import datetime, timedelta, timezone

from asyncua import Client, ua
from asyncua.crypto import security_policies as policies

ENDPOINT, CERTIFICATE, KEY, URI = sys.argv[1:5]
POLICIES = (
    policies.SecurityPolicyBasic256Sha256,
    policies.SecurityPolicyAes128Sha256RsaOaep,
    policies.SecurityPolicyAes256Sha256RsaPss,
)
failed = 0


def plant(identifier):
    return f"ns=4;s={identifier}"


def say(claim, holds, why=""):
    global failed
    failed += not holds
    print("ok  " if holds else "FAIL", claim, "" if holds else f": {why}", flush=True)


async def check(claim, work, expected=lambda _: True):
    try:
        result = await work
        say(claim, expected(result), result)
        return result
    except Exception as error:  # every failure is a finding, and the rest is to be seen too
        say(claim, False, f"{type(error).__name__} {error}")


async def refused(claim, work, *names):
    try:
        say(claim, False, f"accepted: {await work}")
    except ua.UaStatusCodeError as error:
        say(claim, type(error).__name__ in names, type(error).__name__)


async def client(policy=POLICIES[0], mode=ua.MessageSecurityMode.SignAndEncrypt, password="demo"):
    made = Client(ENDPOINT, timeout=10)
    made.application_uri = URI
    await made.set_security(policy, CERTIFICATE, KEY, mode=mode)
    made.set_user("demo")
    made.set_password(password)
    return made


class Heard:
    def __init__(self):
        self.values = []
        self.events = []

    def datachange_notification(self, _node, value, _data):
        self.values.append(value)

    def event_notification(self, event):
        self.events.append(event)

    def status_change_notification(self, status):
        say("the subscription goes on", False, status)


async def security():
    await refused("no security, no user: refused", Client(ENDPOINT).connect(), "BadSecurityModeRejected")
    await refused("a wrong password: refused", (await client(password="wrong")).connect(), "BadUserAccessDenied")
    for policy in POLICIES:
        for mode in (ua.MessageSecurityMode.Sign, ua.MessageSecurityMode.SignAndEncrypt):
            async with await client(policy, mode) as one:
                await check(f"{policy.__name__}, {mode.name}", one.nodes.server_state.read_value(), lambda state: state == 0)


async def values(one):
    level = one.get_node(plant("pump/level"))
    await check("a browse path", one.nodes.objects.get_child(["2:DeviceSet", "4:pump", "4:level"]), lambda node: node == level)
    await check("a value with its time", level.read_data_value(), lambda v: v.StatusCode.is_good() and v.SourceTimestamp)
    await refused("an unknown node", one.get_node(plant("nothing")).read_value(), "BadNodeIdUnknown")
    units = await check("engineering units", one.get_node(plant("pump/level#EngineeringUnits")).read_value())
    say("of UNECE", units and units.UnitId == 20529, units)

    start = one.get_node(plant("pump/start-level"))

    def written(value, kind=ua.VariantType.UInt16, **times):
        return start.write_value(ua.DataValue(ua.Variant(value, kind), **times))

    await check("a write", written(36))
    await check("what was written is read back", start.read_value(), lambda value: value == 36)
    await refused("another type", written("36", ua.VariantType.String), "BadTypeMismatch")
    await refused("a time beside the value", written(37, SourceTimestamp=datetime.now(timezone.utc)), "BadWriteNotSupported")
    await refused("a tag that is only read", level.write_value(ua.DataValue(ua.Variant(1.0))), "BadNotWritable")


async def methods(one):
    commands, levels = one.get_node(plant("pump#Commands")), one.get_node(plant("pump/commands/levels"))

    def call(*arguments):
        return commands.call_method(levels, *[ua.Variant(value, ua.VariantType.UInt16) for value in arguments])

    await check("a command", call(30, 80), lambda outputs: outputs[0] > 0)
    await refused("an argument out of range", call(300, 80), "BadInvalidArgument")
    await refused("no argument", call(), "BadArgumentsMissing")


async def history(one):
    level, now = one.get_node(plant("pump/level")), datetime.now(timezone.utc)
    hour = (now - timedelta(hours=1), now)
    raw = await check("history", level.read_raw_history(*hour, 1000, return_bounds=False), len)
    back = await level.read_raw_history(hour[1], hour[0], 5, return_bounds=False)
    times = [value.SourceTimestamp for value in back]
    say("history backwards, the newest first", times == sorted(times, reverse=True) and raw, times)

    asked = ua.HistoryReadValueId(NodeId=level.nodeid, IndexRange="")
    details = ua.ReadProcessedDetails(
        StartTime=now - timedelta(minutes=3),
        EndTime=now,
        ProcessingInterval=60_000.0,
        AggregateType=[ua.NodeId(ua.ObjectIds.AggregateFunction_Average)],
    )
    request = ua.HistoryReadParameters(
        HistoryReadDetails=details,
        TimestampsToReturn=ua.TimestampsToReturn.Both,
        ReleaseContinuationPoints=False,
        NodesToRead=[asked],
    )
    await check("averages", one.uaclient.history_read(request), lambda r: len(r[0].HistoryData.DataValues) == 3)


async def subscriptions(one):
    heard = Heard()
    subscription = await one.create_subscription(200, heard)
    level, pumped = one.get_node(plant("pump/level")), one.get_node(plant("pump/pumped"))
    items = await subscription.subscribe_data_change([level, pumped], queuesize=5, sampling_interval=100)
    await check("events", subscription.subscribe_events())
    await check("another sampling interval", subscription.modify_monitored_item(items[0], 1000.0, new_queuesize=3))
    # Over two renewals of the channel, each after three quarters of its lifetime.
    for _ in range(10):
        await asyncio.sleep(2)
        await level.read_value()
    say("changes go on over renewals of the channel", len(heard.values) > 4, heard.values)
    await check("the end of the subscription", subscription.delete())


async def main():
    await security()
    one = await client(POLICIES[2])
    one.secure_channel_timeout = 8_000
    async with one:
        await values(one)
        await methods(one)
        await history(one)
        await subscriptions(one)
        await check("all types of the server", one.load_data_type_definitions())


asyncio.run(main())
sys.exit(1 if failed else 0)
