import {
  AccessLevelFlag,
  AttributeIds,
  type ClientSession,
  DataType,
  type DataValueOptions,
  type StatusCode as OpcuaStatus,
  StatusCodes,
  Variant,
  VariantArrayType,
  type VariantOptions,
  type WriteValueOptions,
} from 'node-opcua'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { CommandAnswer } from '../../src/core/command.ts'
import { dataTypes, type Scalar, type TagValue } from '../../src/core/data-type.ts'
import { StatusCode } from '../../src/core/status-code.ts'
import { variantOf } from '../../src/opcua/data-values.ts'
import {
  type CommandRoom,
  commandPlant,
  identityOf,
  obey,
  operator,
  pump,
  startCommandRoom,
} from '../support/opcua-commands.ts'
import { EngineStandIn } from '../support/opcua-engine.ts'
import { nodeId, watch } from '../support/opcua-room.ts'
import { aTag } from '../support/small-plant.ts'

let room: CommandRoom
let otto: ClientSession

beforeAll(async () => {
  room = await startCommandRoom({ writeTimeoutMs: 1_000 })
  otto = room.sessions.otto
})
beforeEach(() => obey(room))
afterAll(() => room.end())

const double = (value: number): VariantOptions => ({ dataType: DataType.Double, value })
const writeOf = (id: string, value: VariantOptions, rest: DataValueOptions = {}): WriteValueOptions => ({
  nodeId: nodeId(id),
  attributeId: AttributeIds.Value,
  value: { value, ...rest },
})
const write = (id: string, value: VariantOptions, session = otto): Promise<OpcuaStatus> =>
  session.write(writeOf(id, value))
const read = (id: string, attributeId = AttributeIds.Value, session = otto) =>
  session.read({ nodeId: nodeId(id), attributeId })

const refuses = (status: number) => () => ({ refused: { status, reason: 'it does not suit' } }) satisfies CommandAnswer

describe('who may write', () => {
  it.each(['otto', 'emil'] as const)('%s, and the engine is told who it was, from where', async (user) => {
    expect(await write('pump/speed', double(1_500), room.sessions[user])).toBe(StatusCodes.Good)

    expect(room.asked).toEqual([
      {
        device: 'pump',
        order: { kind: 'write', tag: 'speed', value: 1_500 },
        by: { user, origin: 'opcua', address: expect.stringContaining('127.0.0.1'), client: 'Test' },
      },
    ])
  })

  it('an Observer may not: BadUserAccessDenied, and nothing reaches the engine', async () => {
    expect(await write('pump/speed', double(1), room.sessions.olga)).toBe(StatusCodes.BadUserAccessDenied)
    expect(room.asked).toEqual([])
  })

  it('is said by UserAccessLevel, for each user the truth', async () => {
    const level = async (session: ClientSession, attributeId: AttributeIds, id = 'pump/speed') =>
      ((await read(id, attributeId, session)).value.value as number) & AccessLevelFlag.CurrentWrite
    const { olga, emil } = room.sessions

    expect(await level(olga, AttributeIds.AccessLevel)).toBe(AccessLevelFlag.CurrentWrite)
    expect(await level(olga, AttributeIds.UserAccessLevel)).toBe(0)
    expect(await level(otto, AttributeIds.UserAccessLevel)).toBe(AccessLevelFlag.CurrentWrite)
    expect(await level(emil, AttributeIds.UserAccessLevel)).toBe(AccessLevelFlag.CurrentWrite)
    expect(await level(otto, AttributeIds.AccessLevel, 'pump/flow')).toBe(0)
  })
})

describe('a tag', () => {
  it('that is only read is BadNotWritable, whoever tries', async () => {
    for (const session of Object.values(room.sessions)) {
      expect(await write('pump/flow', double(1), session)).toBe(StatusCodes.BadNotWritable)
    }
    expect(room.asked).toEqual([])
  })

  it('that nobody has is BadNodeIdUnknown', async () => {
    for (const nowhere of [nodeId('pump/nothing'), 'ns=77;s=pump/speed']) {
      const value = { ...writeOf('pump/speed', double(1)), nodeId: nowhere }
      expect(await otto.write(value)).toBe(StatusCodes.BadNodeIdUnknown)
    }
  })

  it('does not show what was written: only what the engine publishes', async () => {
    room.engine.pipeline.polled(room.engine.tag('tank/level'), 3)
    const { values, subscription } = await watch(otto, nodeId('tank/level'))
    await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(3))

    expect(await write('tank/level', double(8))).toBe(StatusCodes.Good)
    expect((await read('tank/level')).value.value).toBe(3)
    room.engine.pipeline.polled(room.engine.tag('tank/level'), 8)

    await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(8))
    expect(values.map(({ value }) => value.value)).toEqual([3, 8])
    await subscription.terminate()
  })

  it('keeps its other attributes: a name cannot be written', async () => {
    const name = { dataType: DataType.LocalizedText, value: { text: 'x' } }
    const status = await otto.write({ ...writeOf('pump/speed', name), attributeId: AttributeIds.DisplayName })

    expect(status.isGood()).toBe(false)
    expect((await read('pump/speed', AttributeIds.DisplayName)).value.value.text).toBe('speed')
  })

  it('can be written from the moment its configuration says so, and no longer', async () => {
    const { engine } = room
    await engine.changePlant(commandPlant(pump({ tags: [aTag('speed'), aTag('flow', { access: 'readWrite' })] })))
    expect(await write('pump/speed', double(1))).toBe(StatusCodes.BadNotWritable)
    expect(await write('pump/flow', double(1), room.sessions.olga)).toBe(StatusCodes.BadUserAccessDenied)
    expect(await write('pump/flow', double(1))).toBe(StatusCodes.Good)
    await engine.changePlant(commandPlant())

    expect(await write('pump/flow', double(1))).toBe(StatusCodes.BadNotWritable)
    expect(await write('pump/speed', double(1))).toBe(StatusCodes.Good)
  })
})

const samples: Readonly<Record<(typeof dataTypes)[number], readonly Scalar[]>> = {
  Boolean: [true, false, true],
  SByte: [-128, 0, 127],
  Byte: [0, 7, 255],
  Int16: [-32_768, 1, 32_767],
  UInt16: [0, 1, 65_535],
  Int32: [-2_147_483_648, 1, 2_147_483_647],
  UInt32: [0, 1, 4_294_967_295],
  Int64: [-(2n ** 63n), -1n, 2n ** 63n - 1n],
  UInt64: [0n, 2n ** 53n + 1n, 2n ** 64n - 1n],
  Float: [0.5, -1.25, 3.4028234663852886e38],
  Double: [0.1, -1e-300, 1e300],
  String: ['', 'Größe', '\u{1f6b0}'],
  ByteString: [Uint8Array.of(), Uint8Array.of(0), Uint8Array.of(255, 1)],
  DateTime: [0, Date.UTC(1601, 0, 1), 1_700_000_000_123],
}

describe('what reaches the engine', () => {
  it.each(dataTypes)('is each value of type %s, and each array of them, unchanged', async (type) => {
    const key = type.toLowerCase()
    const values: readonly [string, TagValue][] = [
      ...samples[type].map((value): [string, TagValue] => [key, value]),
      [`${key}-list`, samples[type]],
    ]
    const nodes = values.map(([tag, value]) =>
      writeOf(`sampler/${tag}`, variantOf({ type, arrayLength: Array.isArray(value) ? 3 : undefined }, value)),
    )

    expect(await otto.write(nodes)).toEqual(nodes.map(() => StatusCodes.Good))

    expect(room.asked.map(({ order }) => order)).toEqual(values.map(([tag, value]) => ({ kind: 'write', tag, value })))
  })

  const list = (value: unknown): VariantOptions => ({
    dataType: DataType.Int16,
    arrayType: VariantArrayType.Array,
    value,
  })
  it.each<[string, string, WriteValueOptions]>([
    ['another type', 'BadTypeMismatch', writeOf('pump/speed', { dataType: DataType.Float, value: 1 })],
    ['a text for a number', 'BadTypeMismatch', writeOf('pump/speed', { dataType: DataType.String, value: '1' })],
    ['nothing', 'BadTypeMismatch', writeOf('pump/speed', { dataType: DataType.Null })],
    ['an array for a single value', 'BadTypeMismatch', writeOf('sampler/int16', list([1]))],
    [
      'a single value for an array',
      'BadTypeMismatch',
      writeOf('sampler/int16-list', { dataType: DataType.Int16, value: 1 }),
    ],
    ['an array that is too short', 'BadTypeMismatch', writeOf('sampler/int16-list', list([1, 2]))],
    ['an array that is too long', 'BadTypeMismatch', writeOf('sampler/int16-list', list([1, 2, 3, 4]))],
    ['a number that is none', 'BadOutOfRange', writeOf('pump/speed', double(Number.NaN))],
    [
      'a status',
      'BadWriteNotSupported',
      writeOf('pump/speed', double(1), { statusCode: StatusCodes.UncertainLastUsableValue }),
    ],
    ['a time of its own', 'BadWriteNotSupported', writeOf('pump/speed', double(1), { sourceTimestamp: new Date() })],
    ['a time of the server', 'BadWriteNotSupported', writeOf('pump/speed', double(1), { serverTimestamp: new Date() })],
    [
      'a part of an array',
      'BadWriteNotSupported',
      { ...writeOf('sampler/int16-list', list([1])), indexRange: '1' } as unknown as WriteValueOptions,
    ],
    [
      'a part that no array has',
      'BadIndexRangeInvalid',
      { ...writeOf('sampler/int16-list', list([1])), indexRange: '2:1' } as unknown as WriteValueOptions,
    ],
  ])('is not %s: %s', async (_what, status, value) => {
    expect((await otto.write(value)).name).toBe(status)
    expect(room.asked).toEqual([])
  })

  it('is an array of Byte that a client calls a ByteString', async () => {
    expect(await write('sampler/byte-list', { dataType: DataType.ByteString, value: Buffer.of(1, 2, 3) })).toBe(
      StatusCodes.Good,
    )
    expect(room.asked[0]?.order).toMatchObject({ value: [1, 2, 3] })
  })
})

describe('the answer to a write', () => {
  it.each([
    ['a value outside of its range', StatusCode.BadOutOfRange],
    ['a device that is disabled', StatusCode.BadOutOfService],
    ['a device that does not answer', StatusCode.BadNoCommunication],
  ])('is the engine’s refusal of %s', async (_what, status) => {
    room.engine.onCommand = refuses(status)

    expect((await write('pump/speed', double(9_000))).value).toBe(status)
  })

  it.each([
    ['failed', StatusCode.BadDeviceFailure],
    ['refused', StatusCode.BadNotSupported],
    ['expired', StatusCode.BadTimeout],
    ['uncertain', StatusCode.BadCommunicationError],
  ] as const)('is the Bad status of a command that ended %s', async (state, status) => {
    const { engine } = room
    engine.onCommand = (request) => {
      const accepted = engine.accept(request)
      setImmediate(() => engine.tellCommand(accepted, { state, status }))
      return { accepted }
    }

    expect((await write('pump/speed', double(1))).value).toBe(status)
  })

  it('is right also when the device is faster than the engine’s answer', async () => {
    const { engine } = room
    engine.onCommand = (request) => {
      const accepted = engine.accept(request)
      engine.tellCommand(accepted, { state: 'failed', status: StatusCode.BadDeviceFailure })
      return { accepted }
    }

    expect(await write('pump/speed', double(1))).toBe(StatusCodes.BadDeviceFailure)
  })

  it('is GoodCompletesAsynchronously while nobody knows how it ends', async () => {
    room.engine.onCommand = (request) => ({ accepted: room.engine.accept(request) })

    expect(await write('pump/speed', double(1))).toBe(StatusCodes.GoodCompletesAsynchronously)
  })

  it('is given for each value of a request by itself', async () => {
    const { engine } = room
    const confirming = engine.onCommand
    engine.onCommand = (request) =>
      request.device === 'tank' ? refuses(StatusCode.BadOutOfRange)() : confirming(request)

    const statuses = await otto.write([
      writeOf('tank/level', double(1)),
      writeOf('pump/speed', double(2)),
      writeOf('pump/flow', double(3)),
      writeOf('pump/nothing', double(4)),
      writeOf('sampler/double', new Variant({ dataType: DataType.Int32, value: 5 })),
      writeOf('sampler/double', double(6)),
    ])

    expect(statuses.map(({ name }) => name)).toEqual([
      'BadOutOfRange',
      'Good',
      'BadNotWritable',
      'BadNodeIdUnknown',
      'BadTypeMismatch',
      'Good',
    ])
    expect(room.asked.map(({ device }) => device)).toEqual(['pump', 'sampler'])
  })

  it('of one device does not wait for that of another, and values of one device come in their order', async () => {
    const { engine } = room
    const confirming = engine.onCommand
    let pumpHears: (() => void) | undefined
    engine.onCommand = async (request) => {
      if (request.device === 'tank') pumpHears?.()
      else if (room.asked.length === 0) await new Promise<void>((resolve) => (pumpHears = resolve))
      return confirming(request)
    }

    const values = [
      writeOf('pump/speed', double(1)),
      writeOf('pump/speed', double(2)),
      writeOf('tank/level', double(3)),
    ]

    expect(await otto.write(values)).toEqual([StatusCodes.Good, StatusCodes.Good, StatusCodes.Good])
    const orders = room.asked.map(({ device, order }) => [device, order.kind === 'write' && order.value])
    expect(orders.filter(([device]) => device === 'pump')).toEqual([
      ['pump', 1],
      ['pump', 2],
    ])
    expect(orders[0]).toEqual(['tank', 3])
  })
})

describe('a client that goes while its write is under way', () => {
  it('costs nobody else anything, and the write is done all the same', async () => {
    const confirming = room.engine.onCommand
    const client = await room.client()
    await client.connect(room.endpointUrl)
    const session = await client.createSession(identityOf(operator))
    const answered = new Promise<void>((resolve) => {
      room.engine.onCommand = async (request) => {
        await client.disconnect()
        setImmediate(resolve)
        return confirming(request)
      }
    })
    const lost = write('pump/speed', double(5), session).catch((error: Error) => error)
    await answered

    expect(await lost).toBeInstanceOf(Error)
    expect(await write('pump/speed', double(6))).toBe(StatusCodes.Good)
    expect(room.asked.map(({ order }) => order.kind === 'write' && order.value)).toContain(5)
  })
})

describe('while the engine is not there', () => {
  let newEngine: EngineStandIn | undefined
  afterEach(async () => {
    newEngine = new EngineStandIn(commandPlant())
    room.room.relink(newEngine.port)
    await vi.waitFor(() => expect(room.room.health().engineHeard).toBe(true))
  })
  afterAll(() => newEngine?.die())

  it('a write that it was asked and did not answer is BadResourceUnavailable, what comes after BadNoCommunication', async () => {
    const { engine } = room
    engine.onCommand = () => {
      engine.die()
      return new Promise(() => undefined)
    }

    expect(await write('pump/speed', double(1))).toBe(StatusCodes.BadResourceUnavailable)
    expect(await write('pump/speed', double(1))).toBe(StatusCodes.BadNoCommunication)
    expect(room.logged.filter(({ level }) => level === 'error')).toHaveLength(1)
  })
})
