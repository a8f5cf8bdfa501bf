import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { CommandConfig } from '../../src/core/command.ts'
import type { Transmission } from '../../src/demo/chirpstack/downlinks.ts'
import { SimulatedChirpStack } from '../../src/demo/chirpstack/simulated-chirpstack.ts'
import { ChirpStackApi } from '../../src/sources/chirpstack/api.ts'
import { expiryOf } from '../../src/sources/chirpstack/downlink/queue.ts'
import { authorization } from '../../src/sources/chirpstack/endpoint.ts'
import { GroupDownlinks } from '../../src/sources/chirpstack/multicast/group-downlinks.ts'
import { sourceEndpoint } from '../../src/sources/chirpstack/source-endpoint.ts'
import { chirpStackSource } from '../../src/sources/chirpstack/source-type.ts'
import type { OutgoingCommand, SentCommand } from '../../src/sources/source.ts'
import { EventContext } from '../support/chirpstack-context.ts'
import {
  API_KEY_ENV,
  chirpStackConfig,
  indexedDevicesOf,
  loraGroup,
  loraTag,
  TENANT,
} from '../support/chirpstack-plant.ts'
import { HALL, OFFICE, TENANT_KEY } from '../support/chirpstack-server.ts'
import { SITE_APPLICATION, setUp, siteOf } from '../support/chirpstack-site.ts'
import { CommandNews } from '../support/command-news.ts'
import { ManualClock } from '../support/manual-clock.ts'

const GATEWAY = '0016c001f1500001'
const OTHER_GATEWAY = '0016c001f1500002'
const dim: CommandConfig = {
  key: 'dim',
  name: 'Dim',
  parameters: [{ key: 'level', name: 'level', type: 'Byte' }],
  downlink: { fPort: 10, confirmed: false, payload: [{ value: '$level' }] },
}
const notAborted = new AbortController().signal

let chirpStack: SimulatedChirpStack
let port: number
let received: Transmission[]
let groupId: string
let number = 0

async function serve(clock: ManualClock | typeof systemClock, gatewayIds: readonly string[]): Promise<void> {
  received = []
  chirpStack = new SimulatedChirpStack({ clock, onTransmit: (transmission) => received.push(transmission) })
  const gateways = [GATEWAY, OTHER_GATEWAY].map((gatewayId) => ({ gatewayId, tenantId: TENANT, name: gatewayId }))
  setUp(chirpStack, siteOf([HALL, OFFICE], { gateways }))
  const lamps = { applicationId: SITE_APPLICATION, name: 'Lamps', devEuis: [HALL, OFFICE], gatewayIds }
  groupId = chirpStack.directory.addMulticastGroup(lamps).id
  port = await chirpStack.listen()
}
const config = () =>
  chirpStackConfig(
    [
      loraGroup('lamps', groupId, {
        commands: [dim],
        tags: [
          loraTag('devices', 'group:devices', { type: 'UInt32' }),
          loraTag('gateways', 'group:gateways', { type: 'UInt32' }),
          loraTag('class', 'group:class', { type: 'String' }),
          loraTag('counter', 'group:fCnt', { type: 'UInt32' }),
          loraTag('queue', 'group:queue', { type: 'UInt32' }),
        ],
      }),
    ],
    { url: `http://127.0.0.1:${port}`, callTimeoutMs: 1_000 },
  )
const order = (level: number, now: number, forMs = 600_000): OutgoingCommand => ({
  id: ++number,
  device: 'lamps',
  order: { kind: 'command', command: 'dim', arguments: { level } },
  deadline: now + forMs,
})
const heardBy = (devEui: string) =>
  received.filter((each) => each.devEui === devEui).map(({ data }) => data.toString('hex'))

afterEach(() => chirpStack.close())

describe('a command to a multicast group', () => {
  let clock: ManualClock
  let api: ChirpStackApi
  let outlet: GroupDownlinks
  let news: CommandNews

  async function begin(gatewayIds: readonly string[] = [GATEWAY], key = TENANT_KEY): Promise<void> {
    clock = new ManualClock(Date.now())
    await serve(clock, gatewayIds)
    chirpStack.access.add('reader', { admin: false, tenantId: TENANT, readOnly: true })
    news = new CommandNews()
    const secret = () => key
    const endpoint = await sourceEndpoint({ config: config(), secret, now: Date.now(), keepalive: undefined })
    const metadata = authorization(key, API_KEY_ENV)
    api = new ChirpStackApi({ endpoint, metadata, clock: systemClock, timeoutMs: 300, onRequest: () => undefined })
    outlet = outletOf()
  }
  function outletOf(): GroupDownlinks {
    const [lamps] = config().devices
    const started = new GroupDownlinks({
      api: () => api.multicast,
      tenantGateways: async () => (await api.gateways(TENANT, 0)).rows.map(({ gatewayId }) => gatewayId),
      group: () => (lamps && 'multicastGroup' in lamps ? lamps : undefined),
      report: news,
      clock,
    })
    started.start()
    return started
  }
  afterEach(() => {
    outlet.stop()
    api.close()
  })

  const send = async (outgoing: OutgoingCommand) => {
    const delivery = await outlet.send(outgoing, notAborted)
    if (delivery.state === 'sent') outlet.follow([{ ...outgoing, state: 'sent', handle: delivery.handle }])
    return delivery
  }
  /** Time passes, and with it looks at the queue, which are calls over a socket. */
  const passes = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      await clock.advance(1_000)
      await new Promise((resolve) => setImmediate(resolve))
      for (let call = 0; call < 3; call++) await api.applications(TENANT, 0, 1)
    }
  }
  const told = () => news.heard.map(({ id, state, status }) => [id, state, status === undefined ? 'open' : 'over'])
  const enqueues = () => chirpStack.directory.multicastGroups.get(groupId)?.fCnt

  it('reaches every device of the group once, and is transmitted when all of its gateways sent it', async () => {
    await begin([GATEWAY, OTHER_GATEWAY])
    const { id, ...outgoing } = order(42, clock.now())
    expect(await send({ id, ...outgoing })).toMatchObject({
      state: 'sent',
      reason: expect.stringContaining('2 gateways'),
    })
    await passes(12)
    expect([heardBy(HALL), heardBy(OFFICE)]).toEqual([['2a'], ['2a']])
    expect(told()).toEqual([
      [id, 'transmitted', 'open'],
      [id, 'transmitted', 'over'],
    ])
    expect(news.heard.at(-1)).toMatchObject({ status: 0, reason: expect.stringContaining(OTHER_GATEWAY) })
    expect(news.heard.at(-1)?.reason).toContain('do not say')
  })

  it('of a group that nobody sends to is uncertain, though ChirpStack answers that all is well', async () => {
    await begin([])
    const delivery = await send(order(1, clock.now()))
    // ChirpStack answers that all is well, though nobody is to send it.
    expect(delivery).toMatchObject({ state: 'sent', reason: expect.stringContaining('chooses') })
    await passes(30)
    expect(received).toEqual([])
    expect(news.heard).toMatchObject([{ state: 'uncertain', reason: expect.stringContaining('no gateway was seen') }])
  })

  it('whose answer is lost is found in the queue, and not sent twice', async () => {
    await begin([GATEWAY, OTHER_GATEWAY])
    chirpStack.faults.trouble('MulticastGroupService.Enqueue', { kind: 'replyLost' }, 1)
    const outgoing = order(7, clock.now())
    expect(await send(outgoing)).toMatchObject({ state: 'sent', reason: expect.stringContaining('being found out') })
    await passes(15)
    expect(told().map(([, state]) => state)).toEqual(['sent', 'transmitted', 'transmitted'])
    expect([heardBy(HALL), enqueues()]).toEqual([['07'], 1])
  })

  it('whose answer is lost and that left the queue already is uncertain, and is not sent again', async () => {
    await begin()
    chirpStack.faults.trouble('MulticastGroupService.Enqueue', { kind: 'replyLost' }, 1)
    const sending = outlet.send(order(7, clock.now()), notAborted)
    await vi.waitFor(() => expect(enqueues()).toBe(1), { interval: 5 })
    await passes(2)
    expect(await sending).toMatchObject({ state: 'sent' })
    outlet.follow([{ ...order(7, clock.now()), id: number - 1, state: 'sent', handle: undefined }])
    await passes(10)
    expect(news.heard).toMatchObject([{ state: 'uncertain', reason: expect.stringContaining('from 0 to 1') }])
    expect([heardBy(HALL), enqueues()]).toEqual([['07'], 1])
  })

  it('that never arrived is uncertain, and its reason says that no frame was counted', async () => {
    await begin()
    chirpStack.faults.trouble('MulticastGroupService.Enqueue', { kind: 'silent' }, 1)
    await send(order(7, clock.now()))
    await passes(10)
    expect(news.heard).toMatchObject([{ state: 'uncertain', reason: expect.stringContaining('still is 0') }])
    expect(received).toEqual([])
  })

  it('that gateways refuse, or somebody flushed, is uncertain: the queue does not say why it was left', async () => {
    await begin()
    chirpStack.faults.gatewayAnswer = 'TX_FREQ'
    const refused = order(1, clock.now())
    await send(refused)
    await passes(30)
    chirpStack.faults.gatewayAnswer = 'OK'
    const flushed = order(2, clock.now())
    await send(flushed)
    chirpStack.multicast.flush(groupId)
    await passes(30)
    expect(told()).toEqual([
      [refused.id, 'uncertain', 'over'],
      [flushed.id, 'uncertain', 'over'],
    ])
    expect(received).toEqual([])
  })

  it('that no gateway answers for is sent again by ChirpStack, and uncertain a while after its time is over', async () => {
    await begin()
    chirpStack.faults.gatewayAnswer = 'no answer'
    const outgoing = order(1, clock.now(), 20_000)
    await send(outgoing)
    await passes(55)
    expect(told()).toEqual([[outgoing.id, 'uncertain', 'over']])
    expect(heardBy(HALL)).toEqual(['01'])
  })

  it('of others is seen and never touched, nor is what gateways send of it taken for ours', async () => {
    await begin()
    const others = { fPort: 10, data: Uint8Array.of(9), expiresAt: clock.now() + 600_000 }
    await api.multicast.enqueue(groupId, others)
    const outgoing = order(9, clock.now())
    await send(outgoing)
    await passes(2)
    expect(heardBy(HALL)).toEqual(['09'])
    expect(told()).toEqual([])
    await passes(12)
    expect(heardBy(HALL)).toEqual(['09', '09'])
    expect(told()).toEqual([[outgoing.id, 'transmitted', 'over']])
  })

  it('with a read-only key, to a group of another tenant, or to one that is gone is refused with the reason', async () => {
    await begin([GATEWAY], 'reader')
    expect(await send(order(1, clock.now()))).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('may be read-only'),
    })
    chirpStack.access.add('reader', { admin: false, tenantId: '0b6c1d0f-94b0-4d0c-8d9b-6f6a3c5f9f5e' })
    const gone = { state: 'refused', reason: expect.stringContaining('no multicast group') }
    expect(await send(order(1, clock.now()))).toMatchObject(gone)
    chirpStack.access.add('reader', { admin: false, tenantId: TENANT })
    chirpStack.deleteMulticastGroup(groupId)
    expect(await send(order(1, clock.now()))).toMatchObject(gone)
    expect(received).toEqual([])
  })

  it('whose group is deleted while it waits is uncertain', async () => {
    await begin([GATEWAY, OTHER_GATEWAY])
    chirpStack.faults.gatewayAnswer = 'no answer'
    const { id, ...outgoing } = order(1, clock.now())
    await send({ id, ...outgoing })
    chirpStack.deleteMulticastGroup(groupId)
    await passes(30)
    expect(news.heard).toMatchObject([{ id, state: 'uncertain', reason: expect.stringContaining('no longer has') }])
  })

  it('that was sent, or was being queued, when the gateway ended is known again, and followed', async () => {
    await begin()
    chirpStack.faults.gatewayAnswer = 'no answer'
    const known = order(1, clock.now())
    const delivery = await outlet.send(known, notAborted)
    const unknown = order(2, clock.now())
    await api.multicast.enqueue(groupId, { fPort: 10, data: Uint8Array.of(2), expiresAt: expiryOf(unknown) })
    outlet.stop()
    outlet = outletOf()
    const left: SentCommand[] = [
      { ...known, state: 'sent', handle: delivery.handle },
      { ...unknown, state: 'sending', handle: undefined },
    ]
    outlet.follow(left)
    await passes(2)
    expect(told()).toEqual([[unknown.id, 'sent', 'open']])
    chirpStack.faults.gatewayAnswer = 'OK'
    await passes(20)
    expect(told().filter(([, , over]) => over === 'over')).toEqual([
      [known.id, 'transmitted', 'over'],
      [unknown.id, 'transmitted', 'over'],
    ])
  })
})

describe('a multicast group of a source', () => {
  let context: EventContext
  let source: Awaited<ReturnType<typeof chirpStackSource.create>>

  beforeEach(async () => {
    await serve(systemClock, [GATEWAY])
    const devices = indexedDevicesOf(config())
    const tags = devices.flatMap((device) => device.tags)
    context = new EventContext(systemClock, tags)
    context.secrets.set(API_KEY_ENV, TENANT_KEY)
    source = await chirpStackSource.create(config(), devices, context)
    source.start()
  })
  afterEach(() => source.stop())
  const until = (claim: () => void) => vi.waitFor(claim, { timeout: 15_000, interval: 10 })

  it('is online, and shows what stands in it', async () => {
    await until(() => expect(context.devices.get('lamps')).toEqual({ state: 'online', reason: '' }))
    const shown = ['devices', 'gateways', 'class', 'counter', 'queue'].map((key) => context.sink.last(`lamps/${key}`))
    expect(shown).toEqual([2, 1, 'C', 0, 0])
  })

  it('that ChirpStack has not is offline, and its tags say why they have no value', async () => {
    await until(() => expect(context.devices.get('lamps')?.state).toBe('online'))
    await source.stop()
    chirpStack.deleteMulticastGroup(groupId)
    source.start()
    await until(() => expect(context.devices.get('lamps')?.state).toBe('offline'))
    expect(context.devices.get('lamps')?.reason).toContain(`no multicast group ${groupId}`)
    expect(context.sink.last('lamps/queue')).toBe('lost')
    const failed = await source.outlet?.send(order(1, Date.now()), notAborted)
    expect(failed).toMatchObject({ state: 'refused' })
  })

  it('takes its commands, and no writes', async () => {
    await until(() => expect(context.devices.get('lamps')?.state).toBe('online'))
    const outgoing = order(5, Date.now())
    const write = { ...outgoing, order: { kind: 'write', tag: 'queue', value: 1 } } as const
    expect(source.outlet?.check(write)).toMatchObject({ reason: expect.stringContaining('not written') })
    expect(source.outlet?.check(order(256, Date.now()))).toMatchObject({ reason: expect.stringContaining('256') })
    const delivery = await source.outlet?.send(outgoing, notAborted)
    source.outlet?.follow?.([{ ...outgoing, state: 'sent', handle: delivery?.handle }])
    await until(() =>
      expect(context.commands.heard).toMatchObject([{ id: outgoing.id, state: 'transmitted', status: 0 }]),
    )
    expect(heardBy(HALL)).toEqual(['05'])
  })
})
