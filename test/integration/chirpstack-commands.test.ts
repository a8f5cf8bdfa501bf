import { status } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { CommandConfig } from '../../src/core/command.ts'
import type { Transmission } from '../../src/demo/chirpstack/downlinks.ts'
import { SimulatedChirpStack } from '../../src/demo/chirpstack/simulated-chirpstack.ts'
import { ChirpStackApi } from '../../src/sources/chirpstack/api.ts'
import { Downlinks } from '../../src/sources/chirpstack/downlink/downlinks.ts'
import { expiryOf } from '../../src/sources/chirpstack/downlink/queue.ts'
import { authorization } from '../../src/sources/chirpstack/endpoint.ts'
import { sourceEndpoint } from '../../src/sources/chirpstack/source-endpoint.ts'
import { chirpStackSource } from '../../src/sources/chirpstack/source-type.ts'
import type { OutgoingCommand, SentCommand, Source } from '../../src/sources/source.ts'
import { EventContext } from '../support/chirpstack-context.ts'
import { API_KEY_ENV, chirpStackConfig, loraDevice, loraDevicesOf, loraTag } from '../support/chirpstack-plant.ts'
import { HALL, TENANT_KEY } from '../support/chirpstack-server.ts'
import { SITE_PROFILE, setUp, siteOf } from '../support/chirpstack-site.ts'
import { CommandNews } from '../support/command-news.ts'
import { ManualClock } from '../support/manual-clock.ts'

const command = (key: string, fields: Partial<CommandConfig['downlink']> & object): CommandConfig => ({
  key,
  name: key,
  parameters: [{ key: 'value', name: 'value', type: 'Byte' }],
  downlink: { fPort: 10, confirmed: false, payload: [{ value: '$value' }], ...fields },
})
const HALL_DEVICE = loraDevice('hall', HALL, [loraTag('t', 'object.t')], {
  commands: [
    command('set', {}),
    command('set-confirmed', { confirmed: true }),
    { ...command('mode', {}), downlink: { fPort: 10, confirmed: false, object: { valve: '$value' } } },
  ],
})
const WAIT = { timeout: 15_000, interval: 10 }
const until = (claim: () => void) => vi.waitFor(claim, WAIT)

let chirpStack: SimulatedChirpStack
let port: number
let received: Transmission[]
beforeEach(() => {
  received = []
})
afterEach(() => chirpStack.close())

async function serve(clock = systemClock as ManualClock | typeof systemClock) {
  chirpStack = new SimulatedChirpStack({ clock, onTransmit: (transmission) => received.push(transmission) })
  setUp(chirpStack, siteOf([HALL]))
  port = await chirpStack.listen()
}
const config = () => chirpStackConfig([HALL_DEVICE], { url: `http://127.0.0.1:${port}`, callTimeoutMs: 1_000 })
let number = 0
const order = (key: string, value: number, forMs = 600_000): OutgoingCommand => ({
  id: ++number,
  device: 'hall',
  order: { kind: 'command', command: key, arguments: { value } },
  deadline: Date.now() + forMs,
})
const payloads = () => received.map(({ data }) => data.toString('hex'))
const notAborted = new AbortController().signal

describe('a command to a LoRaWAN device', () => {
  let context: EventContext
  let source: Source
  beforeEach(async () => {
    await serve()
    const devices = loraDevicesOf(config())
    context = new EventContext(
      systemClock,
      devices.flatMap(({ tags }) => tags),
    )
    context.secrets.set(API_KEY_ENV, TENANT_KEY)
    source = await chirpStackSource.create(config(), devices, context)
    source.start()
    await until(() => expect(context.state).toBe('connected'))
    await until(() => expect(chirpStack.openStreams(HALL)).toBe(1))
  })
  afterEach(() => source.stop())

  const send = async (outgoing: OutgoingCommand) => {
    const delivery = await source.outlet?.send(outgoing, notAborted)
    if (delivery?.state === 'sent') {
      const handle = delivery.handle
      source.outlet?.follow?.([{ ...outgoing, state: 'sent', handle }])
    }
    return delivery
  }
  const states = (id: number) => context.commands.heard.filter((each) => each.id === id).map(({ state }) => state)

  it('waits in the queue of ChirpStack for the next uplink, and is told when the gateway sent it', async () => {
    const set = order('set', 42)
    expect(await send(set)).toMatchObject({ state: 'sent', reason: expect.stringContaining('next uplink') })
    expect(payloads()).toEqual([])
    chirpStack.uplink(HALL, {})
    await until(() => expect(states(set.id)).toEqual(['transmitted']))
    expect(payloads()).toEqual(['2a'])
    // Nothing more will be heard of one that the device does not acknowledge.
    expect(context.commands.heard.at(-1)).toMatchObject({ status: 0, reason: expect.stringContaining('does not say') })
  })

  it('that the device acknowledges is confirmed', async () => {
    const set = order('set-confirmed', 7)
    await send(set)
    chirpStack.uplink(HALL, {})
    await until(() => expect(states(set.id)).toEqual(['transmitted']))
    chirpStack.uplink(HALL, { ack: true })
    await until(() => expect(states(set.id)).toEqual(['transmitted', 'confirmed']))
  })

  it('that the device does not acknowledge is uncertain, since it may have acted', async () => {
    const set = order('set-confirmed', 7)
    await send(set)
    chirpStack.uplink(HALL, {})
    await until(() => expect(states(set.id)).toEqual(['transmitted']))
    chirpStack.uplink(HALL, {})
    await until(() => expect(states(set.id)).toEqual(['transmitted', 'uncertain']))
  })

  it('is an object for the codec of the device profile', async () => {
    chirpStack.directory.changeProfile(SITE_PROFILE, {
      encodeDownlink: ({ valve }) => ({ bytes: [Number(valve) + 1] }),
    })
    await send(order('mode', 49))
    chirpStack.uplink(HALL, {})
    await until(() => expect(payloads()).toEqual(['32']))
  })

  it('that the codec refuses is refused with its words', async () => {
    chirpStack.directory.changeProfile(SITE_PROFILE, {
      encodeDownlink: () => {
        throw new Error('no such valve')
      },
    })
    expect(await send(order('mode', 1))).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('no such valve'),
    })
  })

  it('whose answer is lost is found in the queue, and not sent twice', async () => {
    chirpStack.faults.trouble('DeviceService.Enqueue', { kind: 'replyLost' }, 1)
    const set = order('set', 42)
    expect(await send(set)).toMatchObject({ state: 'sent', reason: expect.stringContaining('being found out') })
    await until(() => expect(states(set.id)).toEqual(['sent']))
    chirpStack.uplink(HALL, {})
    await until(() => expect(states(set.id)).toEqual(['sent', 'transmitted']))
    chirpStack.uplink(HALL, {})
    expect(payloads()).toEqual(['2a'])
  })

  it('that never arrived is uncertain, and nothing is sent', async () => {
    chirpStack.faults.trouble('DeviceService.Enqueue', { kind: 'silent' }, 1)
    const set = order('set', 42)
    await send(set)
    await until(() => expect(states(set.id)).toEqual(['uncertain']))
    chirpStack.uplink(HALL, {})
    expect(payloads()).toEqual([])
  })

  it('with a read-only key is refused, and says so', async () => {
    chirpStack.faults.trouble('DeviceService.Enqueue', { kind: 'status', code: status.UNAUTHENTICATED }, 1)
    expect(await send(order('set', 1))).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('read-only'),
    })
  })

  it('without a connection stays queued here', async () => {
    await chirpStack.close()
    await until(() => expect(context.state).toBe('backoff'))
    expect(await send(order('set', 1))).toMatchObject({ state: 'queued' })
  })

  it('whose argument does not fit the payload, or that writes a value, is refused before it is queued', () => {
    expect(source.outlet?.check(order('set', 256))).toMatchObject({ reason: expect.stringContaining('256') })
    const write = { ...order('set', 1), order: { kind: 'write', tag: 't', value: 1 } } as const
    expect(source.outlet?.check(write)).toMatchObject({ reason: expect.stringContaining('not written') })
  })
})

describe('a command in the queue of ChirpStack', () => {
  let clock: ManualClock
  let api: ChirpStackApi
  let downlinks: Downlinks
  let news: CommandNews
  beforeEach(async () => {
    clock = new ManualClock(Date.now())
    await serve(clock)
    news = new CommandNews()
    const endpoint = await sourceEndpoint({
      config: config(),
      secret: () => TENANT_KEY,
      now: Date.now(),
      keepalive: undefined,
    })
    const metadata = authorization(TENANT_KEY, API_KEY_ENV)
    api = new ChirpStackApi({ endpoint, metadata, clock: systemClock, timeoutMs: 2_000, onRequest: () => undefined })
    const device = { config: HALL_DEVICE, devEui: HALL, profile: undefined, isHeard: true, nextUplinkAt: undefined }
    downlinks = new Downlinks({ queues: () => api, device: () => device, report: news, clock })
    downlinks.start()
  })
  afterEach(() => {
    downlinks.stop()
    api.close()
  })

  const followed = async (forMs?: number): Promise<SentCommand> => {
    const outgoing = order('set', 1, forMs)
    const { handle } = await downlinks.send(outgoing, notAborted)
    const sent = { ...outgoing, state: 'sent', handle } as const
    downlinks.follow([sent])
    return sent
  }
  /** Time passes, and with it looks at the queue, which are calls over a socket. */
  const passes = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 5) {
      await clock.advance(5_000)
      await new Promise((resolve) => setImmediate(resolve))
      await api.queue(HALL)
    }
  }
  const told = () => news.heard.map(({ id, state }) => [id, state])

  it('that somebody flushed is lost, and not before its events would have come', async () => {
    const { id } = await followed()
    await passes(60)
    expect(told()).toEqual([])
    chirpStack.queues.flush(HALL)
    await passes(20)
    expect(told()).toEqual([])
    await passes(40)
    expect(told()).toEqual([[id, 'lost']])
  })

  it('that waited too long for the device is expired', async () => {
    const { id } = await followed(60_000)
    await passes(90)
    expect(told()).toEqual([[id, 'expired']])
  })

  it('that was being queued when the gateway ended is known again, and followed', async () => {
    const outgoing = order('set', 1)
    const expiresAt = expiryOf(outgoing)
    const content = { data: Uint8Array.of(1) }
    await api.enqueue({ devEui: HALL, fPort: 10, confirmed: false, content, expiresAt })
    downlinks.follow([{ ...outgoing, state: 'sending', handle: undefined }])
    await passes(10)
    expect(told()).toEqual([[outgoing.id, 'sent']])
    expect(news.heard[0]?.handle).toBe((await api.queue(HALL))[0]?.id)
  })

  it('of others is seen, and never touched', async () => {
    const content = { data: Uint8Array.of(9) }
    await api.enqueue({ devEui: HALL, fPort: 5, confirmed: false, content, expiresAt: clock.now() + 600_000 })
    await followed()
    await passes(30)
    expect((await api.queue(HALL)).map(({ fPort }) => fPort)).toEqual([5, 10])
    expect(told()).toEqual([])
  })
})
