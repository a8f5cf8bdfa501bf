import {
  AttributeIds,
  BrowseDirection,
  type ClientSession,
  DataType,
  type DataValue,
  StatusCodes,
  type Variant,
  type VariantOptions,
} from 'node-opcua'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { CommandRecord } from '../../src/core/command.ts'
import { StatusCode } from '../../src/core/status-code.ts'
import {
  aCommand,
  type CommandRoom,
  commandPlant,
  obey,
  pump,
  pumpCommands,
  startCommandRoom,
} from '../support/opcua-commands.ts'
import { EngineStandIn } from '../support/opcua-engine.ts'
import { eventsOf } from '../support/opcua-events.ts'
import { nodeId, watch } from '../support/opcua-room.ts'

const COMMANDS = nodeId('pump#Commands')
/** Positions in CommandStateEnumeration. */
const QUEUED = 0
const SENDING = 1
const CONFIRMED = 4
const CANCELLED = 8

let room: CommandRoom
let otto: ClientSession

beforeAll(async () => {
  room = await startCommandRoom({ writeTimeoutMs: 1_000 })
  otto = room.sessions.otto
})
beforeEach(() => obey(room))
afterAll(() => room.end())

const double = (value: number): VariantOptions => ({ dataType: DataType.Double, value })
const int32 = (value: number): VariantOptions => ({ dataType: DataType.Int32, value })
const int64 = (low: number): VariantOptions => ({ dataType: DataType.Int64, value: [0, low], arrayType: 0 })
const boolean = (value: boolean): VariantOptions => ({ dataType: DataType.Boolean, value })
const nothing: VariantOptions = { dataType: DataType.Null }
const command = (id: number): VariantOptions => ({ dataType: DataType.UInt64, value: [0, id], arrayType: 0 })

const call = (method: string, inputArguments: VariantOptions[] = [], session = otto) =>
  session.call({ objectId: COMMANDS, methodId: nodeId(`pump/commands/${method}`), inputArguments })
const cancel = (id: VariantOptions, device = 'pump') =>
  otto.call({
    objectId: nodeId(`${device}#Commands`),
    methodId: nodeId(`${device}#Commands#Cancel`),
    inputArguments: [id],
  })
const read = (id: string, attributeId = AttributeIds.Value) => otto.read({ nodeId: nodeId(id), attributeId })
const value = async (id: string): Promise<unknown> => (await read(id)).value.value
const write = (id: string, written: VariantOptions, session = otto) =>
  session.write({ nodeId: nodeId(id), attributeId: AttributeIds.Value, value: { value: written } })

const ordered = () => room.asked.map(({ order }) => order)
/** The engine accepts and nothing more happens. */
const holdBack = (): CommandRecord[] => {
  const accepted: CommandRecord[] = []
  room.engine.onCommand = (request) => {
    const record = room.engine.accept(request)
    accepted.push(record)
    return { accepted: record }
  }
  return accepted
}
const numberIn = (variant: Variant | undefined): number => {
  const [high, low] = (variant?.value ?? []) as [number, number]
  return high * 2 ** 32 + low
}

async function children(id: string, mask: number): Promise<string[]> {
  const { references } = await otto.browse({
    nodeId: nodeId(id),
    referenceTypeId: 'Aggregates',
    includeSubtypes: true,
    browseDirection: BrowseDirection.Forward,
    nodeClassMask: mask,
    resultMask: 63,
  })
  return (references ?? []).map(({ browseName }) => browseName.name ?? '')
}
const METHOD = 4

describe('the methods of a device', () => {
  it('are its commands, and Cancel; a device without any has none', async () => {
    expect((await children('pump#Commands', METHOD)).toSorted()).toEqual(['Cancel', 'dose', 'purge', 'run-at', 'stop'])
    expect(await children('tank#Commands', METHOD)).toEqual(['Cancel'])
    expect((await read('meter#Commands', AttributeIds.NodeClass)).statusCode).toBe(StatusCodes.BadNodeIdUnknown)
  })

  it('say what their arguments are, with unit, range, states and default', async () => {
    const dose = await otto.getArgumentDefinition(nodeId('pump/commands/dose'))
    const runAt = await otto.getArgumentDefinition(nodeId('pump/commands/run-at'))
    const described = (definition: typeof dose) =>
      definition.inputArguments.map(({ name, dataType, valueRank, description }) => [
        name,
        dataType.value,
        valueRank,
        description.text,
      ])

    expect(described(dose)).toEqual([
      ['amount', DataType.Int64, -1, 'amount (1 to 10000)'],
      ['mode', DataType.Int32, -1, 'mode (1 = Slow, 2 = Fast; 1 where it is null)'],
    ])
    expect(described(runAt)).toEqual([['speed', DataType.Double, -1, 'Speed (rpm; 0 to 3000)']])
    expect(dose.outputArguments.map(({ name }) => name)).toEqual(['CommandId', 'State'])
    expect(await value('pump/commands/dose#InputArguments')).toHaveLength(2)
    const { inputArguments } = await otto.getArgumentDefinition(nodeId('pump/commands/purge'))
    expect(inputArguments.map(({ name }) => name)).toEqual(['Confirm'])
  })

  it('say when they are done: guards, intervals and whether they have to be confirmed', async () => {
    const { value: described } = await read('pump/commands/purge', AttributeIds.Description)
    expect(described.value.text).toBe(
      'Only when pump/flow is below 1. It has to be confirmed that it is meant. ' +
        'At least 5 min after the one before; sooner it waits.',
    )
  })

  it('can be called by whom UserExecutable says: Operators and Engineers, not Observers', async () => {
    const executable = async (session: ClientSession) =>
      (await session.read({ nodeId: nodeId('pump/commands/stop'), attributeId: AttributeIds.UserExecutable })).value
        .value
    const { olga, emil } = room.sessions

    expect(await Promise.all([olga, otto, emil].map(executable))).toEqual([false, true, true])
    expect((await call('stop', [], emil)).statusCode).toBe(StatusCodes.Good)
    expect((await call('stop', [], olga)).statusCode).toBe(StatusCodes.BadUserAccessDenied)
    expect(room.asked.map(({ by }) => by.user)).toEqual(['emil'])
  })
})

describe('a call', () => {
  it('is answered with the number of the command and its state when the engine has it', async () => {
    const accepted = holdBack()

    const result = await call('run-at', [double(1_200)])

    expect(result.statusCode).toBe(StatusCodes.Good)
    const [id, state] = result.outputArguments ?? []
    expect(numberIn(id)).toBe(accepted[0]?.id)
    expect(state?.value).toBe(QUEUED)
    expect(accepted[0]).toMatchObject({
      device: 'pump',
      order: { kind: 'command', command: 'run-at', arguments: { speed: 1_200 } },
      by: { user: 'otto', origin: 'opcua', client: 'Test' },
    })
  })

  it.each<[string, VariantOptions[], object]>([
    ['all arguments', [int64(7), int32(2)], { amount: 7n, mode: 2 }],
    ['null for one that has a default', [int64(7), nothing], { amount: 7n }],
    ['one that has a default left out', [int64(7)], { amount: 7n }],
  ])('with %s reaches the engine with what was given, exactly', async (_what, inputs, given) => {
    expect((await call('dose', inputs)).statusCode).toBe(StatusCodes.Good)
    expect(ordered()).toEqual([{ kind: 'command', command: 'dose', arguments: given }])
  })

  it.each<[string, string, VariantOptions[], string, string[]]>([
    ['a wrong type', 'run-at', [int32(5)], 'BadInvalidArgument', ['BadTypeMismatch']],
    ['null without a default', 'run-at', [nothing], 'BadInvalidArgument', ['BadTypeMismatch']],
    [
      'an array',
      'run-at',
      [{ dataType: DataType.Double, arrayType: 1, value: [1] }],
      'BadInvalidArgument',
      ['BadTypeMismatch'],
    ],
    ['a value out of range', 'run-at', [double(3_001)], 'BadInvalidArgument', ['BadOutOfRange']],
    ['no number', 'run-at', [double(Number.NaN)], 'BadInvalidArgument', ['BadOutOfRange']],
    ['a state that is none', 'dose', [int64(7), int32(3)], 'BadInvalidArgument', ['Good', 'BadOutOfRange']],
    ['two wrong arguments', 'dose', [int64(0), int32(3)], 'BadInvalidArgument', ['BadOutOfRange', 'BadOutOfRange']],
    ['no confirmation', 'purge', [boolean(false)], 'BadInvalidArgument', ['BadInvalidArgument']],
  ])('with %s is refused, argument by argument', async (_what, method, inputs, status, results) => {
    const result = await call(method, inputs)

    expect(result.statusCode.name).toBe(status)
    expect(result.inputArgumentResults?.map(({ name }) => name)).toEqual(results)
    expect(room.asked).toEqual([])
  })

  it.each<[string, string, VariantOptions[], string]>([
    ['an argument missing', 'run-at', [], 'BadArgumentsMissing'],
    ['the confirmation missing', 'purge', [], 'BadArgumentsMissing'],
    ['an argument too many', 'stop', [boolean(true)], 'BadTooManyArguments'],
    ['an unknown command', 'explode', [], 'BadMethodInvalid'],
  ])('with %s is refused', async (_what, method, inputs, status) => {
    expect((await call(method, inputs)).statusCode.name).toBe(status)
    expect(room.asked).toEqual([])
  })

  it('of another device’s command is BadMethodInvalid', async () => {
    const objectId = nodeId('tank#Commands')
    const { statusCode } = await otto.call({ objectId, methodId: nodeId('pump/commands/stop') })

    expect(statusCode).toBe(StatusCodes.BadMethodInvalid)
    expect(room.asked).toEqual([])
  })

  it('is refused as the engine refuses it', async () => {
    room.engine.onCommand = () => ({ refused: { status: StatusCode.BadOutOfService, reason: 'pump is disabled' } })

    expect((await call('stop')).statusCode).toBe(StatusCodes.BadOutOfService)
  })

  it('that needs a confirmation goes with it', async () => {
    expect((await call('purge', [boolean(true)])).statusCode).toBe(StatusCodes.Good)
    expect(room.asked).toMatchObject([{ order: { command: 'purge', arguments: {} }, confirmed: true }])
  })
})

describe('Cancel', () => {
  it('takes a command back that waits', async () => {
    const { engine } = room
    const accepted = holdBack()
    await call('stop')
    const [record] = accepted as [CommandRecord]
    const asked = vi.fn(() => ({ accepted: engine.tellCommand(record, { state: 'cancelled', changedAt: 9 }) }))
    engine.onCancel = asked

    const result = await cancel(command(record.id))

    expect(result.statusCode).toBe(StatusCodes.Good)
    expect(result.outputArguments?.[0]?.value).toBe(CANCELLED)
    expect(asked).toHaveBeenCalledWith({
      id: record.id,
      by: expect.objectContaining({ user: 'otto', origin: 'opcua' }),
    })
  })

  it('does not reach the commands of other devices', async () => {
    const accepted = holdBack()
    await call('stop')
    const asked = vi.spyOn(room.engine, 'onCancel')

    expect((await cancel(command(accepted[0]?.id ?? 0), 'tank')).statusCode).toBe(StatusCodes.BadInvalidArgument)
    expect(asked).not.toHaveBeenCalled()
  })

  it('of what has gone out already is refused as the engine says', async () => {
    room.engine.onCancel = () => ({ refused: { status: StatusCode.BadInvalidArgument, reason: 'it was sent' } })

    expect((await cancel(command(1))).statusCode).toBe(StatusCodes.BadInvalidArgument)
  })
})

describe('a command without methods: its variable', () => {
  it('is there where there is at most one parameter and no confirmation to give', async () => {
    const node = async (key: string) =>
      (await read(`pump/commands/${key}/request`, AttributeIds.DataType)).value.value?.value

    expect(await Promise.all(['stop', 'run-at', 'dose', 'purge'].map(node))).toEqual([
      DataType.Boolean,
      DataType.Double,
      undefined,
      undefined,
    ])
  })

  it('asks for the command when it is written, and shows what was last accepted', async () => {
    const id = 'tank-2/commands/fill/request'
    const fill = aCommand('fill', { parameters: [{ key: 'level', name: 'Level', type: 'Float' }] })
    const { engine } = room
    await engine.changePlant(commandPlant(pump({ commands: [...pumpCommands, fill] })))
    const request = id.replace('tank-2', 'pump')
    expect((await read(request)).statusCode).toBe(StatusCodes.BadWaitingForInitialData)

    expect(await write(request, { dataType: DataType.Float, value: 2.5 })).toBe(StatusCodes.Good)
    expect(ordered()).toEqual([{ kind: 'command', command: 'fill', arguments: { level: 2.5 } }])
    await vi.waitFor(async () => expect(await value(request)).toBe(2.5))
    engine.onCommand = () => ({ refused: { status: StatusCode.BadOutOfRange, reason: 'too full' } })

    expect(await write(request, { dataType: DataType.Float, value: 99 })).toBe(StatusCodes.BadOutOfRange)
    expect(await value(request)).toBe(2.5)
    await engine.changePlant(commandPlant())
  })

  it('of a command without parameter takes true alone', async () => {
    expect(await write('pump/commands/stop/request', boolean(true))).toBe(StatusCodes.Good)
    expect(await write('pump/commands/stop/request', boolean(false))).toBe(StatusCodes.BadOutOfRange)
    expect(await write('pump/commands/stop/request', int32(1))).toBe(StatusCodes.BadTypeMismatch)
    expect(ordered()).toEqual([{ kind: 'command', command: 'stop', arguments: {} }])
    await vi.waitFor(async () => expect(await value('pump/commands/stop/request')).toBe(true))
  })

  it('cannot be written by an Observer', async () => {
    expect(await write('pump/commands/stop/request', boolean(true), room.sessions.olga)).toBe(
      StatusCodes.BadUserAccessDenied,
    )
    expect(room.asked).toEqual([])
  })
})

describe('the state of commands', () => {
  it('is shown for each command and for the device, as it changes', async () => {
    const { engine } = room
    const accepted = holdBack()
    const { values, subscription } = await watch(otto, nodeId('pump/commands/run-at#State'))
    await call('run-at', [double(10)])
    await call('stop')
    const [runAt, stop] = accepted as [CommandRecord, CommandRecord]

    await vi.waitFor(async () => expect(await value('pump#Commands#Command')).toBe('stop'))
    expect(await value('pump#Commands#CommandId')).toEqual([0, stop.id])
    await vi.waitFor(async () => expect(await value('pump#Commands#QueueLength')).toBeGreaterThanOrEqual(2))
    expect((await read('pump/commands/run-at#ExpectedAt')).statusCode).toBe(StatusCodes.BadNoData)
    const changedAt = runAt.acceptedAt + 1_000
    const sent = engine.tellCommand(runAt, {
      state: 'sending',
      changedAt,
      reason: 'The line is busy',
      expectedAt: changedAt + 5,
    })
    await vi.waitFor(async () => expect(await value('pump/commands/run-at#State')).toBe(SENDING))
    expect((await read('pump/commands/run-at#State')).sourceTimestamp).toEqual(new Date(changedAt))
    expect(await value('pump/commands/run-at#Reason')).toBe('The line is busy')
    expect(await value('pump/commands/run-at#ChangedAt')).toEqual(new Date(changedAt))
    expect(await value('pump/commands/run-at#AcceptedAt')).toEqual(new Date(runAt.acceptedAt))
    expect(await value('pump/commands/run-at#ExpectedAt')).toEqual(new Date(changedAt + 5))
    engine.tellCommand(sent, { state: 'confirmed', changedAt: changedAt + 2 })
    engine.tellCommand(stop, { state: 'cancelled', changedAt })

    await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(CONFIRMED))
    expect(await value('pump#Commands#State')).toBe(CANCELLED)
    await subscription.terminate()
  })

  it('has names for its values', async () => {
    const { references } = await otto.browse({ nodeId: 'ns=3;i=3011', referenceTypeId: 'HasProperty', resultMask: 63 })
    const names = await otto.read({ nodeId: references?.[0]?.nodeId ?? '' })

    expect(names.value.value.map(({ text }: { text: string }) => text)).toEqual([
      ...['Queued', 'Sending', 'Sent', 'Transmitted', 'Confirmed', 'Refused', 'Failed', 'Expired', 'Cancelled', 'Lost'],
      'Uncertain',
    ])
  })

  it('is told as events of the device and of the server, writes included', async () => {
    const device = await eventsOf(otto, nodeId('pump'))
    const server = await eventsOf(otto, 'i=2253')
    const { engine } = room
    engine.onCommand = (request) => {
      const accepted = engine.accept(request)
      const end = { state: 'failed', status: StatusCode.BadDeviceFailure, reason: 'It did not answer' } as const
      setImmediate(() => engine.tellCommand(accepted, end))
      return { accepted }
    }

    await write('pump/speed', double(4))

    const told = [
      {
        Command: 'speed',
        State: QUEUED,
        Reason: '',
        Status: 'GoodCompletesAsynchronously',
        User: 'otto',
        Severity: 100,
      },
      {
        Command: 'speed',
        State: 6,
        Reason: 'It did not answer',
        Status: 'BadDeviceFailure',
        User: 'otto',
        Severity: 600,
      },
    ]
    for (const { events, subscription } of [device, server]) {
      await vi.waitFor(() => expect(events).toMatchObject(told))
      const Message = expect.stringMatching(/^Write to speed \(\d+\): failed: It did not answer$/)
      expect(events[1]).toMatchObject({
        SourceName: 'pump',
        SourceNode: nodeId('pump'),
        EventType: 'ns=3;i=1024',
        Message,
      })
      await subscription.terminate()
    }
  })
})

describe('a plant that changes', () => {
  it('brings and takes commands, and nobody who watches another notices', async () => {
    const { engine } = room
    const { values, subscription } = await watch(otto, nodeId('pump/commands/stop#State'))
    await vi.waitFor(() => expect(values).toHaveLength(1))
    const stop = pumpCommands.filter(({ key }) => key === 'stop')
    await engine.changePlant(commandPlant(pump({ commands: [...stop, aCommand('flush')] })))

    expect((await children('pump#Commands', METHOD)).toSorted()).toEqual(['Cancel', 'flush', 'stop'])
    expect((await call('flush')).statusCode).toBe(StatusCodes.Good)
    expect((await call('run-at', [double(1)])).statusCode).toBe(StatusCodes.BadMethodInvalid)
    expect((await write('pump/commands/run-at/request', double(1))).name).toBe('BadNodeIdUnknown')
    expect(values).toHaveLength(1)

    await engine.changePlant(commandPlant(pump({ commands: [], tags: [] })))
    expect((await read('pump#Commands', AttributeIds.NodeClass)).statusCode).toBe(StatusCodes.BadNodeIdUnknown)
    expect((await read('pump', AttributeIds.EventNotifier)).value.value).toBe(0)
    await vi.waitFor(() => expect(values.at(-1)?.statusCode).toBe(StatusCodes.BadNodeIdUnknown))
    await engine.changePlant(commandPlant())

    expect((await call('stop')).statusCode).toBe(StatusCodes.Good)
    await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(CONFIRMED))
    await subscription.terminate()
  })

  it('changes the arguments of a command with it', async () => {
    const { engine } = room
    const commands = pumpCommands.filter(({ key }) => key !== 'run-at')
    const parameters = [{ key: 'speed', name: 'Speed', type: 'UInt16' }] as const
    await engine.changePlant(commandPlant(pump({ commands: [...commands, aCommand('run-at', { parameters })] })))

    expect((await call('run-at', [double(1)])).statusCode).toBe(StatusCodes.BadInvalidArgument)
    expect((await call('run-at', [{ dataType: DataType.UInt16, value: 1 }])).statusCode).toBe(StatusCodes.Good)
    await engine.changePlant(commandPlant())
  })

  it('takes the device with all of its commands', async () => {
    const { engine } = room
    const whole = commandPlant()
    const [source] = whole.sources
    await engine.changePlant({ sources: [{ ...source, devices: source?.devices.slice(1) }] } as typeof whole)
    expect((await call('stop')).statusCode.isGood()).toBe(false)
    await engine.changePlant(whole)

    expect((await call('stop')).statusCode).toBe(StatusCodes.Good)
  })
})

describe('while the engine is not there', () => {
  it('nothing can be asked, and what is shown of commands is Uncertain; an end that nobody saw stays so', async () => {
    const accepted = holdBack()
    await call('stop')
    await call('run-at', [double(5)])
    const state = (key: string): Promise<DataValue> => read(`pump/commands/${key}#State`)
    await vi.waitFor(async () => expect((await state('run-at')).value.value).toBe(QUEUED))

    room.engine.die()

    await vi.waitFor(async () =>
      expect((await state('stop')).statusCode).toBe(StatusCodes.UncertainNoCommunicationLastUsableValue),
    )
    expect((await call('stop')).statusCode).toBe(StatusCodes.BadNoCommunication)
    expect((await cancel(command(accepted[0]?.id ?? 0))).statusCode).toBe(StatusCodes.BadNoCommunication)
    const engine = new EngineStandIn(commandPlant())
    const [, runAt] = accepted as [CommandRecord, CommandRecord]
    engine.tellCommand(runAt, { state: 'sending', changedAt: runAt.changedAt + 1 })
    room.room.relink(engine.port)

    await vi.waitFor(async () => expect((await state('run-at')).statusCode).toBe(StatusCodes.Good))
    expect((await state('run-at')).value.value).toBe(SENDING)
    const stopped = await state('stop')
    expect([stopped.value.value, stopped.statusCode]).toEqual([QUEUED, StatusCodes.UncertainLastUsableValue])
    engine.die()
  })
})
