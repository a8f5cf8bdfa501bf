import { Metadata } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { CommandRecord } from '../../src/core/command.ts'
import { StatusCode } from '../../src/core/status-code.ts'
import { GrpcSite, metadataOf } from '../support/grpc-site.ts'
import { aModbusDevice, aPlant, aTag } from '../support/small-plant.ts'
import { basic, type UserName } from '../support/web-server.ts'

const begin = 1_760_000_000_000
const open = {
  key: 'open',
  name: 'Open',
  parameters: [
    { key: 'position', name: 'Position', type: 'Float', unit: '%', range: { low: 0, high: 100 }, default: 50 },
    { key: 'valve', name: 'Valve', type: 'UInt64' },
  ],
  needsConfirmation: true,
} as const
const plant = aPlant([
  aModbusDevice(
    'pump',
    [
      aTag('level', { name: 'Level', unit: '%', range: { low: 0, high: 100 }, access: 'readWrite', history: 'change' }),
      aTag('energy', { type: 'UInt64', address: 'input:100', history: 'every' }),
      aTag('running', { type: 'Boolean', address: 'coil:0' }),
      aTag('started', { type: 'DateTime', length: 4 }),
      aTag('note', { type: 'ByteString', length: 4 }),
      aTag('curve', { type: 'Int16', arrayLength: 3 }),
      aTag('mode', { type: 'Byte', states: [{ value: 0, name: 'off', codes: [] }] }),
    ],
    { commands: [open], manufacturer: 'Grundfos' },
  ),
  aModbusDevice('meter', [aTag('power')]),
])

let site: GrpcSite
beforeAll(async () => {
  site = await GrpcSite.start({ plant })
  site.say('pump/level', 42.5)
  site.say('pump/energy', 18_446_744_073_709_551_615n)
  site.say('pump/started', begin + 0.5)
  site.say('pump/note', new Uint8Array([1, 2, 254, 255]))
  site.say('pump/curve', [-1, 0, 32_767])
  site.engine.pipeline.failed(site.engine.tag('pump/running'), StatusCode.BadNoCommunication)
})
afterAll(() => site.stop())

const ask = <Answer = Record<string, unknown>>(
  method: string,
  request: object = {},
  as: UserName | undefined = 'olga',
) => site.client.ask<Answer>(serviceOf(method), method, request, as)
const serviceOf = (method: string): string => {
  if (method.startsWith('List') && method !== 'ListCommands') return 'PlantService'
  if (method.endsWith('Values')) return 'ValueService'
  return method.endsWith('Command') || method === 'ListCommands' ? 'CommandService' : 'HistoryService'
}
const seconds = (ms: number) => ({ seconds: String(Math.floor(ms / 1_000)), nanos: (ms % 1_000) * 1e6 })

describe('who may call what', () => {
  const looks = ['ListSources', 'ListDevices', 'ListTags', 'ReadValues', 'ListCommands', 'GetCommand'] as const
  const streams = ['StreamValues', 'ReadRaw', 'ReadAggregates', 'WatchCommand'] as const
  const orders = ['SendCommand', 'CancelCommand'] as const
  const everybody = ['olga', 'oscar', 'erik', 'carl', 'sam'] as const
  const write = { device: 'pump', write: { tag: 'level', value: { doubleValue: 7 } } }
  const requests: Readonly<Record<string, object>> = {
    GetCommand: { id: 1 },
    ReadRaw: { tag: 'pump/level' },
    ReadAggregates: {
      tag: 'pump/level',
      start: seconds(begin),
      end: seconds(begin + 1),
      aggregates: ['AGGREGATE_COUNT'],
    },
    WatchCommand: { id: 999 },
    SendCommand: write,
    CancelCommand: { id: 1 },
  }
  beforeAll(() => ask('SendCommand', write, 'oscar'))

  it.each(looks)('%s is for whoever may look, and for nobody else', async (method) => {
    await expect(site.client.ask(serviceOf(method), method, requests[method])).rejects.toMatchObject({
      status: 'UNAUTHENTICATED',
      code: 'LOGIN_NEEDED',
    })
    for (const name of everybody) await expect(ask(method, requests[method], name)).resolves.toBeDefined()
  })

  it('a token of the HTTP API opens the same methods, as far as its scope and its user go', async () => {
    const { tokens } = site.web.accounts
    const by = { user: 'oscar', origin: 'http' } as const
    const answer = tokens.make({ name: 'historian', user: 'oscar', rights: ['read'], days: 1 }, by)
    if ('refused' in answer) throw new Error(answer.refused)
    const bearer = new Metadata()
    bearer.set('authorization', `Bearer ${answer.token}`)
    await expect(site.client.ask('PlantService', 'ListTags', {}, bearer)).resolves.toBeDefined()
    await expect(site.client.ask('CommandService', 'SendCommand', write, bearer)).rejects.toMatchObject({
      status: 'PERMISSION_DENIED',
      code: 'RIGHT_NEEDED',
      message: expect.stringContaining('historian'),
    })
    const stream = site.client.follow('ValueService', 'StreamValues', {}, bearer)
    await vi.waitFor(() => expect(stream.messages.length).toBeGreaterThan(0))
    tokens.revoke(answer.made.id, by)
    await expect(site.client.ask('PlantService', 'ListTags', {}, bearer)).rejects.toMatchObject({
      status: 'UNAUTHENTICATED',
      code: 'TOKEN_REFUSED',
    })
    await stream.close()
  })

  it.each(streams)('%s is for whoever may look, and for nobody else', async (method) => {
    const service = serviceOf(method)
    const stranger = site.client.follow(service, method, requests[method])
    expect(await stranger.ended).toMatchObject({ status: 'UNAUTHENTICATED' })
    for (const name of everybody) {
      const stream = site.client.follow(service, method, requests[method], name)
      if (method === 'StreamValues') await vi.waitFor(() => expect(stream.messages.length).toBeGreaterThan(0))
      else expect(await stream.ended).toMatchObject({ status: method === 'WatchCommand' ? 'NOT_FOUND' : 'OK' })
      await stream.close()
    }
  })

  it.each(orders)('%s is for operators and engineers only', async (method) => {
    await expect(site.client.ask('CommandService', method, requests[method])).rejects.toMatchObject({
      status: 'UNAUTHENTICATED',
    })
    for (const name of ['olga', 'carl', 'sam'] as const) {
      await expect(ask(method, requests[method], name)).rejects.toMatchObject({
        status: 'PERMISSION_DENIED',
        code: 'RIGHT_NEEDED',
        message: expect.stringContaining('"command"'),
      })
    }
    for (const name of ['oscar', 'erik'] as const)
      await expect(ask(method, requests[method], name)).resolves.toBeDefined()
  })

  it('asks for a user in words where another scheme, or nothing that can be read, is sent', async () => {
    for (const [given, said] of [
      ['Digest abc', 'Digest is not taken'],
      ['Basic !!!', 'cannot be read'],
      [basic('olga', 'wrong'), 'password is wrong'],
    ] as const) {
      const metadata = metadataOf(undefined)
      metadata.set('authorization', given)
      const error = { status: 'UNAUTHENTICATED', message: expect.stringContaining(said) }
      await expect(site.client.ask('ValueService', 'ReadValues', {}, metadata)).rejects.toMatchObject(error)
    }
  })
})

describe('the plant', () => {
  it('is there as data: sources, devices and what they can be told', async () => {
    const { sources } = await ask<{ sources: object[] }>('ListSources')
    expect(sources).toMatchObject([
      { key: 'line', kind: 'modbus', endpoint: '127.0.0.1:502', deviceCount: 2, health: { state: 'STATE_CONNECTED' } },
    ])
    const { devices, totalSize } = await ask<{ devices: object[]; totalSize: number }>('ListDevices')
    expect(totalSize).toBe(2)
    expect(devices[0]).toMatchObject({ key: 'pump', address: 'unit 1', manufacturer: 'Grundfos', tagCount: 7 })
    expect(devices[0]).toMatchObject({
      commands: [
        {
          key: 'open',
          needsConfirmation: true,
          conditions: [expect.stringContaining('confirmed')],
          parameters: [
            {
              key: 'position',
              dataType: 'DATA_TYPE_FLOAT',
              range: { low: 0, high: 100 },
              defaultValue: { floatValue: 50 },
            },
            { key: 'valve', dataType: 'DATA_TYPE_UINT64', range: null, defaultValue: null },
          ],
        },
      ],
    })
  })

  it('gives its tags page by page', async () => {
    interface Page {
      readonly tags: { readonly id: string }[]
      readonly nextPageToken: string
    }
    const first = await ask<Page>('ListTags', { pageSize: 5 })
    const second = await ask<Page>('ListTags', { pageSize: 5, pageToken: first.nextPageToken })
    expect([...first.tags, ...second.tags].map(({ id }) => id)).toEqual([
      ...['level', 'energy', 'running', 'started', 'note', 'curve', 'mode'].map((key) => `pump/${key}`),
      'meter/power',
    ])
    expect(second.nextPageToken).toBe('')
    expect(first.tags[0]).toMatchObject({ dataType: 'DATA_TYPE_DOUBLE', unit: '%', writable: true, history: 'change' })
    expect(second.tags[0]).toMatchObject({ id: 'pump/curve', arrayLength: 3 })
    const found = await ask<Page>('ListTags', { search: 'LEV', device: 'pump' })
    expect(found.tags.map(({ id }) => id)).toEqual(['pump/level'])
  })

  it('says what is wrong in a request for a page', async () => {
    const wrong = (request: object) => expect(ask('ListTags', request)).rejects
    await wrong({ pageSize: 6_000 }).toMatchObject({
      status: 'INVALID_ARGUMENT',
      message: 'page_size is 6000. Allowed is a whole number from 1 to 5000, or 0 for 1000.',
    })
    await wrong({ pageToken: 'nonsense' }).toMatchObject({ status: 'INVALID_ARGUMENT' })
    await wrong({ device: 'ghost' }).toMatchObject({ status: 'NOT_FOUND', message: expect.stringContaining('"ghost"') })
    const elsewhere = Buffer.from('another-7 5').toString('base64url')
    await wrong({ pageToken: elsewhere }).toMatchObject({ status: 'ABORTED', code: 'PLANT_CHANGED' })
  })
})

describe('values now', () => {
  interface Values {
    readonly values: { readonly tag: string; readonly sample: Record<string, unknown> }[]
  }

  it('keep their type, all their digits, and their status', async () => {
    const { values, ...answer } = await ask<Values>('ReadValues', { selection: { devices: ['pump'] } })
    const samples = Object.fromEntries(values.map(({ tag, sample }) => [tag, sample]))
    const good = { statusCode: 0, statusName: 'Good', sourceTime: expect.anything(), serverTime: expect.anything() }
    expect(answer).toMatchObject({ engineHeard: true })
    expect(samples['pump/level']).toMatchObject({ value: { doubleValue: 42.5 }, ...good })
    expect(samples['pump/energy']).toMatchObject({ value: { uint64Value: '18446744073709551615' } })
    expect(samples['pump/started']).toMatchObject({
      value: { dateTimeValue: { seconds: '1760000000', nanos: 500_000 } },
    })
    expect(samples['pump/note']).toMatchObject({ value: { byteStringValue: Buffer.from([1, 2, 254, 255]) } })
    expect(samples['pump/curve']).toMatchObject({
      value: { arrayValue: { elements: [{ int16Value: -1 }, { int16Value: 0 }, { int16Value: 32_767 }] } },
    })
    expect(samples['pump/running']).toMatchObject({
      value: null,
      statusCode: StatusCode.BadNoCommunication,
      statusName: 'BadNoCommunication',
    })
    expect(samples['pump/mode']).toMatchObject({
      value: null,
      statusName: 'BadWaitingForInitialData',
      sourceTime: null,
    })
  })

  it('of a tag that is not there are refused by its name', async () => {
    const request = { selection: { tags: ['pump/level', 'pump/ghost'], sources: ['nowhere'] } }
    await expect(ask('ReadValues', request)).rejects.toMatchObject({
      status: 'NOT_FOUND',
      message: expect.stringMatching(/tag "pump\/ghost", source "nowhere"/),
    })
  })
})

describe('history', () => {
  interface Page {
    readonly samples: { readonly value: { readonly doubleValue: number } | null; readonly sourceTime: unknown }[]
  }
  const raw = (request: object) =>
    site.client.all<Page>('HistoryService', 'ReadRaw', { tag: 'pump/level', ...request }, 'olga')
  const valuesOf = (pages: readonly Page[]) =>
    pages.flatMap(({ samples }) => samples.map(({ value }) => value?.doubleValue))

  beforeAll(async () => {
    for (let step = 0; step < 25; step++) site.web.recorder.record('pump/level', begin + step * 1_000, step)
    site.web.recorder.record('pump/level', begin + 25_000, undefined, StatusCode.BadSensorFailure)
    site.web.recorder.record('pump/energy', begin, 9_007_199_254_740_993n)
    await site.web.recorder.commit()
  })

  it('comes in pages, each sample with its value, status and times', async () => {
    const pages = await raw({ pageSize: 10 })
    expect(pages.map(({ samples }) => samples.length)).toEqual([10, 10, 6])
    expect(pages[0]?.samples[1]).toEqual({
      value: { doubleValue: 1, kind: 'doubleValue' },
      statusCode: 0,
      statusName: 'Good',
      sourceTime: seconds(begin + 1_000),
      serverTime: seconds(begin + 1_250),
    })
    expect(pages[2]?.samples.at(-1)).toMatchObject({ value: null, statusName: 'BadSensorFailure' })
  })

  it('ends before its end, may come backwards, and goes on where a read was cut off', async () => {
    const span = { start: seconds(begin + 3_000), end: seconds(begin + 6_000) }
    expect(valuesOf(await raw(span))).toEqual([3, 4, 5])
    expect(valuesOf(await raw({ ...span, newestFirst: true, limit: 2 }))).toEqual([5, 4])
    const cut = await raw({ limit: 20 })
    expect(valuesOf(cut)).toHaveLength(20)
    const rest = await raw({ start: seconds(begin + 19_001) })
    expect(valuesOf([...cut, ...rest])).toEqual([...Array(25).keys(), undefined])
  })

  it('is aggregated as OPC 10000-13 says', async () => {
    const request = {
      tag: 'pump/level',
      start: seconds(begin),
      end: seconds(begin + 20_000),
      interval: seconds(10_000),
      aggregates: ['AGGREGATE_AVERAGE', 'AGGREGATE_MAXIMUM_ACTUAL_TIME', 'AGGREGATE_COUNT', 'AGGREGATE_WORST_QUALITY'],
    }
    const [page] = await site.client.all<{ intervals: object[] }>('HistoryService', 'ReadAggregates', request, 'olga')
    expect(page?.intervals).toMatchObject([
      {
        start: seconds(begin),
        results: [
          { value: { doubleValue: 4.5 } },
          { value: { doubleValue: 9 }, sourceTime: seconds(begin + 9_000) },
          { value: { int32Value: 10 } },
          { value: { uint32Value: 0 } },
        ],
      },
      { start: seconds(begin + 10_000), results: [{ value: { doubleValue: 14.5 } }, {}, {}, {}] },
    ])
    const whole = { ...request, tag: 'pump/energy', interval: null, aggregates: ['AGGREGATE_START'] }
    const [start] = await site.client.all<{ intervals: object[] }>('HistoryService', 'ReadAggregates', whole, 'olga')
    expect(start?.intervals).toMatchObject([{ results: [{ value: { uint64Value: '9007199254740993' } }] }])
  })

  it('says what is wrong in a request', async () => {
    const end = (method: string, request: object) => site.client.follow('HistoryService', method, request, 'olga').ended
    expect(await end('ReadRaw', { tag: 'pump/ghost' })).toMatchObject({ status: 'NOT_FOUND' })
    const backwards = { tag: 'pump/level', start: seconds(begin), end: seconds(begin) }
    expect(await end('ReadRaw', backwards)).toMatchObject({
      status: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/^end is/),
    })
    const span = { tag: 'pump/level', start: seconds(begin), end: seconds(begin + 1) }
    expect(await end('ReadAggregates', span)).toMatchObject({
      message: expect.stringMatching(/^aggregates is a list of 0/),
    })
    const unknown = { ...span, aggregates: [77] }
    expect(await end('ReadAggregates', unknown)).toMatchObject({
      message: expect.stringMatching(/^aggregates\[0\] is 77/),
    })
    const text = { ...span, tag: 'pump/note', aggregates: ['AGGREGATE_AVERAGE'] }
    expect(await end('ReadAggregates', text)).toMatchObject({
      message: expect.stringMatching(/pump\/note is ByteString/),
    })
    const endless = { ...span, start: seconds(0), interval: { seconds: 0, nanos: 1_000_000 }, aggregates: [10] }
    expect(await end('ReadAggregates', endless)).toMatchObject({
      message: expect.stringMatching(/intervals\. Allowed is at most 1000000/),
    })
  })
})

describe('commands', () => {
  it('go to the engine in the name of who sends them, with their values as they were given', async () => {
    const call = {
      command: 'open',
      arguments: { position: { floatValue: 12.5 }, valve: { uint64Value: '18446744073709551615' } },
    }
    const more = { idempotencyKey: 'once', priority: 5, confirmed: true, deadline: seconds(begin) }
    const { command } = await ask<{ command: { id: string } }>(
      'SendCommand',
      { device: 'pump', call, ...more },
      'oscar',
    )
    expect(site.web.commands.asked.at(-1)).toMatchObject({
      device: 'pump',
      order: { kind: 'command', command: 'open', arguments: { position: 12.5, valve: 18_446_744_073_709_551_615n } },
      by: { user: 'oscar', origin: 'grpc', address: '127.0.0.1', client: expect.stringContaining('grpc-node') },
      idempotencyKey: 'once',
      priority: 5,
      confirmed: true,
      deadline: begin,
    })
    expect(command).toMatchObject({ state: 'COMMAND_STATE_QUEUED', finished: false, status: null, order: 'call', call })
    const { commands } = await ask<{ commands: object[] }>('ListCommands')
    expect(commands[0]).toMatchObject({ id: command.id, by: { user: 'oscar', origin: 'grpc' } })
  })

  it('that are refused say why, by their StatusCode and in words', async () => {
    const send = (request: object) => expect(ask('SendCommand', request, 'oscar')).rejects
    const write = { tag: 'level', value: { int32Value: 1 } }
    await send({ device: 'ghost', write }).toMatchObject({ status: 'NOT_FOUND', code: 'BadNodeIdUnknown' })
    await send({ device: '', write }).toMatchObject({ message: expect.stringMatching(/^device is not set/) })
    await send({ device: 'pump' }).toMatchObject({
      status: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/^order is not set/),
    })
    await send({ device: 'pump', write: { tag: 'level' } }).toMatchObject({
      message: expect.stringMatching(/^write\.value is not set/),
    })
    const nested = { arrayValue: { elements: [{ arrayValue: { elements: [] } }] } }
    await send({ device: 'pump', write: { tag: 'level', value: nested } }).toMatchObject({
      message: expect.stringMatching(/array in an array/),
    })
    await expect(ask('CancelCommand', { id: 999 }, 'oscar')).rejects.toMatchObject({ code: 'BadNotFound' })
    await expect(ask('GetCommand', { id: 999 })).rejects.toMatchObject({ status: 'NOT_FOUND' })
    await expect(ask('GetCommand', { id: -1 })).rejects.toMatchObject({ status: 'INVALID_ARGUMENT' })
  })

  it('are watched until nothing more comes of them', async () => {
    const { command } = await ask<{ command: { id: string } }>(
      'SendCommand',
      { device: 'pump', write: { tag: 'level', value: { doubleValue: 3 } } },
      'oscar',
    )
    const id = Number(command.id)
    let record = site.web.commands.records.find((each) => each.id === id) as CommandRecord
    const steps = [{ at: begin, state: record.state, reason: '' }]
    site.web.commands.steps = () => ({ command: record, steps: [...steps] })
    const stream = site.client.follow<{ step: object; command: object }>(
      'CommandService',
      'WatchCommand',
      { id },
      'olga',
    )
    await vi.waitFor(() => expect(stream.messages).toHaveLength(1))
    record = { ...record, state: 'confirmed', status: StatusCode.Good }
    steps.push({ at: begin + 1, state: 'sending', reason: '' }, { at: begin + 2, state: 'confirmed', reason: '' })
    site.engine.tellCommand(record)
    expect(await stream.ended).toMatchObject({ status: 'OK' })
    expect(stream.messages.map(({ step }) => step)).toMatchObject([
      { state: 'COMMAND_STATE_QUEUED' },
      { state: 'COMMAND_STATE_SENDING' },
      { state: 'COMMAND_STATE_CONFIRMED' },
    ])
    expect(stream.messages.at(-1)?.command).toMatchObject({
      finished: true,
      status: { code: 0, name: 'Good' },
      write: { tag: 'level', value: { doubleValue: 3 } },
    })
  })
})

describe('the health', () => {
  it('is told to anybody, of the gateway and of each service', async () => {
    const check = (service: string) => site.client.ask('grpc.health.v1.Health', 'Check', { service })
    expect(await check('')).toEqual({ status: 'SERVING' })
    expect(await check('penstock.v1.ValueService')).toEqual({ status: 'SERVING' })
    await expect(check('nothing')).rejects.toMatchObject({ status: 'NOT_FOUND' })
    const watch = site.client.follow('grpc.health.v1.Health', 'Watch', {})
    expect(await watch.ended).toMatchObject({ status: 'UNIMPLEMENTED' })
  })
})

describe('a password', () => {
  it('that is guessed over gRPC is locked over HTTP too', async () => {
    const guess = (password: string) => {
      const metadata = metadataOf(undefined)
      metadata.set('authorization', basic('sam', password))
      return site.client.ask('PlantService', 'ListSources', {}, metadata)
    }
    for (let wrong = 0; wrong < 6; wrong++) await expect(guess(`guess ${wrong}`)).rejects.toBeDefined()
    await expect(guess('guess 7')).rejects.toMatchObject({ status: 'RESOURCE_EXHAUSTED', code: 'LOGIN_LOCKED' })
    expect((await site.web.ask('/api/v1/plant', 'sam')).status).toBe(429)
  })
})
