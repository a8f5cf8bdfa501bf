import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClientSession, ReferenceDescription } from 'node-opcua'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { browse } from '../../src/cli/client/browse.ts'
import { type ClientFlags, type ClientOptions, clientOptions } from '../../src/cli/client/options.ts'
import { read } from '../../src/cli/client/read.ts'
import { Requests } from '../../src/cli/client/requests.ts'
import { watch } from '../../src/cli/client/watch.ts'
import { defaultLimits, type OpcuaLimits } from '../../src/config/opcua-choices.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { smallPlant } from '../support/opcua-plant.ts'
import { nodeId, type RoomUnderTest, startRoom, users, watch as watchBySomebodyElse } from '../support/opcua-room.ts'

let test: RoomUnderTest
let pki: string
let lines: string[]
let notices: string[]
const out = { line: (text: string) => lines.push(text), notice: (text: string) => notices.push(text) }

const options = (flags: ClientFlags = {}): ClientOptions =>
  clientOptions(
    { endpoint: test.endpointUrl, pki, ...flags },
    { PENSTOCK_USER: users[0].name, PENSTOCK_PASSWORD: users[0].password },
  )

beforeAll(async () => {
  pki = await mkdtemp(join(tmpdir(), 'penstock-client-'))
  test = await startRoom({
    prepare: (engine) => {
      engine.pipeline.event(engine.tag('boiler/pressure'), 7.25, 1_700_000_000_000)
      engine.pipeline.event(engine.tag('boiler/uint64'), 18_446_744_073_709_551_615n, 1_700_000_000_000)
    },
  })
})
afterAll(async () => {
  await test.end()
  await rm(pki, { recursive: true, force: true })
})
beforeEach(() => {
  lines = []
  notices = []
})

describe('penstock read', () => {
  it('prints value, status and source time of tags, and trusts the server at the first connection', async () => {
    expect(await read(['boiler/pressure', 'ns=4;s=boiler/level'], options(), out)).toBe(0)

    expect(lines).toEqual([
      'NODE                 VALUE  STATUS                    SOURCE TIME',
      'boiler/pressure      7.25   Good                      2023-11-14T22:13:20.000Z',
      expect.stringMatching(/^ns=4;s=boiler\/level {2}- {6}BadWaitingForInitialData {2}\d{4}-/),
    ])
    expect(notices).toEqual([expect.stringMatching(/^Trusting the key of .* from now on \(SHA-256 [0-9a-f]{64}\)/)])

    await read(['boiler/pressure'], options(), out)
    expect(notices).toHaveLength(1)
  })

  it('prints JSON that keeps 64-bit integers exact', async () => {
    await read(['boiler/uint64'], options({ json: true }), out)

    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      id: 'boiler/uint64',
      value: '18446744073709551615',
      type: 'UInt64',
      status: 'Good',
      sourceTime: '2023-11-14T22:13:20.000Z',
    })
  })

  it('names what is not on the server, and says so with its exit code', async () => {
    expect(await read(['boiler/pressure', 'boiler/nothing'], options(), out)).toBe(5)

    expect(notices.at(-1)).toContain('Not on this server: boiler/nothing')
  })

  it.each<[string, ClientFlags, number, RegExp]>([
    ['no server there', { endpoint: 'opc.tcp://127.0.0.1:1/penstock' }, 3, /Cannot connect to opc\.tcp:\/\/127/],
    ['a wrong password', { password: 'wrong' }, 4, /refuses the user olga: unknown, or a wrong password/],
  ])('says in words: %s', async (_case, flags, exitCode, message) => {
    await expect(read(['boiler/pressure'], options(flags), out)).rejects.toMatchObject({
      exitCode,
      message: expect.stringMatching(message),
    })
  })

  it('says in words: a mode that the server does not offer', async () => {
    const unprotected = clientOptions({ endpoint: test.endpointUrl, pki, mode: 'None' }, {})

    await expect(read(['boiler/pressure'], unprotected, out)).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/does not offer --mode None with --policy None/),
    })
  })

  it('asks for a user where the server wants one', async () => {
    const nobody = clientOptions({ endpoint: test.endpointUrl, pki }, {})

    await expect(read(['boiler/pressure'], nobody, out)).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringContaining('PENSTOCK_USER'),
    })
  })

  it('keeps its key and certificate in its own folder', async () => {
    await read(['boiler/pressure'], options(), out)

    expect(await readdir(join(pki, 'own/certs'))).toContain('certificate.pem')
  })
})

describe('penstock browse', () => {
  it('shows the gateway with its sources, and each device once with its tags and their types', async () => {
    expect(await browse(options(), out)).toBe(0)

    expect(lines).toContain('Penstock  #gateway')
    expect(lines).toContain('    Line 1  #source/line-1')
    expect(lines).toContain('        Device boiler  boiler  (see DeviceSet)')
    expect(lines).toContain('  Device boiler  boiler')
    expect(lines).toContain('    Name of pressure  boiler/pressure  Double')
    expect(lines).toContain('    State  boiler#State  DeviceStateEnumeration')
    expect(lines.filter((line) => line.includes(' boiler/pressure '))).toHaveLength(1)
  })

  it('prints JSON with the full NodeId', async () => {
    await browse(options({ json: true }), out)

    const nodes = lines.map((line) => JSON.parse(line) as { id: string; nodeId: string })
    expect(nodes.find(({ id }) => id === 'meter/energy')).toEqual({
      path: '/DeviceSet/Device meter/Name of energy',
      id: 'meter/energy',
      nodeId: 'ns=4;s=meter/energy',
      type: 'Double',
    })
  })
})

describe('penstock watch', () => {
  async function during(ids: string[], body: () => Promise<void>, flags: ClientFlags = {}): Promise<number> {
    const stop = new AbortController()
    const running = watch(ids, options(flags), out, stop.signal)
    try {
      await body()
    } finally {
      stop.abort()
    }
    return running
  }
  const seen = (text: string) => vi.waitFor(() => expect(lines.join('\n')).toContain(text), 10_000)

  it('prints each change of a tag until it is ended', async () => {
    const code = await during(['boiler/int16'], async () => {
      await seen('boiler/int16  -  BadWaitingForInitialData')
      test.engine.pipeline.event(test.engine.tag('boiler/int16'), -7, 1_700_000_005_000)
      await seen('2023-11-14T22:13:25.000Z  boiler/int16  -7  Good')
    })

    expect(code).toBe(0)
    expect(test.room.health()).toMatchObject({ subscriptions: 0 })
  })

  it('ends with words and a code when an administrator ends its session', async () => {
    const clock = new ManualClock()
    const watching = watch(['boiler/int16'], options(), out, new AbortController().signal, clock)
    const ended = expect(watching).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('it has ended the session'),
    })
    await seen('boiler/int16  ')
    const [session] = test.room.sessions()

    expect(test.room.closeSession(session?.id ?? '', { user: 'local', origin: 'cli' })).toBe(true)
    await clock.advance(20_000)

    await ended
    expect(test.room.sessions()).toEqual([])
  })

  it('watches all tags of a device, and without a name every tag of the plant', async () => {
    await during(['boiler'], async () => {
      await vi.waitFor(() => expect(new Set(lines.map((line) => line.split('  ')[1])).size).toBe(17), 10_000)
    })
    lines = []
    await during([], async () => {
      await seen('press-cpu/cycles')
      await seen('meter/energy')
      await seen('boiler/level')
    })
    expect(lines.join('\n')).not.toContain('#')
  })

  it('refuses a name that is neither a tag nor a device', async () => {
    await expect(during(['pump'], async () => undefined)).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringContaining('pump'),
    })
  })

  it('ends with words when the gateway goes away', async () => {
    const other = await startRoom()
    const going = watch([], options({ endpoint: other.endpointUrl }), out, new AbortController().signal)
    const ending = expect(going).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining('broke') })
    await seen('boiler/level')

    await other.end()

    await ending
  })
})

describe('a server that does not trust the client', () => {
  it('is named with the command that trusts it', async () => {
    const strict = await startRoom({ settings: { autoTrustClients: false } })
    const refusal: unknown = await read(['boiler/pressure'], options({ endpoint: strict.endpointUrl }), out).catch(
      (error: unknown) => error,
    )
    expect(refusal).toMatchObject({ exitCode: 4 })
    const [, thumbprint] = /penstock certificates trust ([0-9a-f]{40})$/.exec((refusal as Error).message) ?? []
    await expect
      .poll(() => strict.logged.map(({ fields }) => fields.thumbprint).filter(Boolean), { timeout: 10_000 })
      .toEqual([thumbprint])
    await strict.end()
  })
})

describe('a server that takes few operations at a time', () => {
  let small: RoomUnderTest
  const limited = (operationsPerRequest: number, rest: Partial<OpcuaLimits> = {}) =>
    startRoom({ settings: { limits: { ...defaultLimits, operationsPerRequest, ...rest } } })
  const at = (flags: ClientFlags = {}) => options({ endpoint: small.endpointUrl, ...flags })
  afterEach(() => small.end())

  it.each([1, 4])('is read, browsed and watched like any other: %i', async (operations) => {
    small = await limited(operations)

    expect(
      await read(
        Array.from({ length: 11 }, () => 'boiler/pressure'),
        at(),
        out,
      ),
    ).toBe(0)
    expect(lines.filter((line) => line.startsWith('boiler/pressure'))).toHaveLength(11)

    lines = []
    expect(await browse(at(), out)).toBe(0)
    expect(lines).toContain('    Name of pressure  boiler/pressure  Double')
    expect(lines).toContain('    State  boiler#State  DeviceStateEnumeration')

    lines = []
    const stop = new AbortController()
    const watching = watch([], at(), out, stop.signal)
    await vi.waitFor(() => expect(new Set(lines.map((line) => line.split('  ')[1])).size).toBe(19), 10_000)
    stop.abort()
    expect(await watching).toBe(0)
  })

  it('and lets little or nothing be watched, says so in words', async () => {
    small = await limited(100, { monitoredItems: 3, monitoredItemsPerSubscription: 3 })
    const stop = new AbortController()

    const watching = watch(['boiler'], at(), out, stop.signal)
    await vi.waitFor(() => expect(notices.join('\n')).toMatch(/does not let boiler\/.* be watched: BadTooMany/), 10_000)
    stop.abort()
    expect(await watching).toBe(0)

    await small.end()
    small = await limited(100, { subscriptions: 1, subscriptionsPerSession: 1 })
    await watchBySomebodyElse(await small.session(), nodeId('boiler/level'))
    await expect(watch(['boiler'], at(), out, stop.signal)).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/gives no subscription: .*BadTooManySubscriptions/),
    })
  })

  it('and gives few references at a time, is asked until all are there', async () => {
    small = await limited(100)
    const session = (await small.session()) as ClientSession & { requestedMaxReferencesPerNode: number }
    const filter = { referenceTypeId: 'HierarchicalReferences' }
    const nodes = [
      ...smallPlant().sources.flatMap(({ devices }) => devices.map(({ key }) => nodeId(key))),
      'i=85',
      'i=2253',
    ]
    const many = Array.from({ length: 6 }, () => nodes).flat()
    const names = (children: ReferenceDescription[][]) =>
      children.map((of) => of.map(({ nodeId }) => nodeId.toString()))
    const whole = names(await (await Requests.of(session)).childrenOf(many, filter))

    session.requestedMaxReferencesPerNode = 1
    const distinct = ['i=84', 'i=86', 'i=87', 'i=2268', 'i=2295', 'i=3062', 'i=58', 'i=61', 'i=62', ...nodes]
    const pieces = await Requests.of(session)

    expect(names(await pieces.childrenOf(many, filter))).toEqual(whole)
    const found = names(await pieces.childrenOf(distinct, filter))
    expect(found.filter((children) => children.length > 1).length).toBeGreaterThan(10)
    session.requestedMaxReferencesPerNode = 0
    expect(found).toEqual(names(await pieces.childrenOf(distinct, filter)))
  })
})
