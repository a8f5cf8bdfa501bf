import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { browse } from '../../src/cli/client/browse.ts'
import { type ClientFlags, type ClientOptions, clientOptions } from '../../src/cli/client/options.ts'
import { read } from '../../src/cli/client/read.ts'
import { watch } from '../../src/cli/client/watch.ts'
import { type RoomUnderTest, startRoom, users } from '../support/opcua-room.ts'

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

  it('watches all tags of a device, and without a name every tag of the plant', async () => {
    await during(['boiler'], async () => {
      await vi.waitFor(() => expect(new Set(lines.map((line) => line.split('  ')[1])).size).toBe(15), 10_000)
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
