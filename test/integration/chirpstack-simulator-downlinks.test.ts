import devicePb from '@chirpstack/chirpstack-api/api/device_pb.js'
import { type ServiceError, status } from '@grpc/grpc-js'
import structPb, { type JavaScriptValue } from 'google-protobuf/google/protobuf/struct_pb.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Transmission } from '../../src/demo/chirpstack/downlinks.ts'
import type { GatewayAnswer } from '../../src/demo/chirpstack/faults.ts'
import { SimulatedChirpStack } from '../../src/demo/chirpstack/simulated-chirpstack.ts'
import { bodyOf, ChirpStackClients, kindsOf, type SeenStream, timestamp } from '../support/chirpstack-clients.ts'
import { TENANT } from '../support/chirpstack-plant.ts'
import { HALL, OFFICE, TENANT_KEY } from '../support/chirpstack-server.ts'
import { SITE_PROFILE, setUp, siteOf } from '../support/chirpstack-site.ts'
import { ManualClock } from '../support/manual-clock.ts'

let chirpStack: SimulatedChirpStack
let clock: ManualClock
let received: Transmission[]
let api: ChirpStackClients
let reader: ChirpStackClients
let admin: ChirpStackClients
let seen: SeenStream

beforeEach(async () => {
  clock = new ManualClock()
  received = []
  chirpStack = new SimulatedChirpStack({ clock, onTransmit: (transmission) => received.push(transmission) })
  setUp(chirpStack, siteOf([HALL]))
  chirpStack.access.add('reader', { admin: false, tenantId: TENANT, readOnly: true })
  chirpStack.access.add('admin', { admin: true })
  const port = await chirpStack.listen()
  api = new ChirpStackClients(port, TENANT_KEY)
  reader = new ChirpStackClients(port, 'reader')
  admin = new ChirpStackClients(port, 'admin')
  seen = api.stream(HALL)
  await expect.poll(() => seen.accepted).toBe(true)
})

afterEach(async () => {
  for (const each of [api, reader, admin]) each.close()
  await chirpStack.close()
})

interface Item {
  readonly fPort?: number
  readonly data?: string
  readonly object?: { [key: string]: JavaScriptValue }
  readonly confirmed?: boolean
  readonly expiresAt?: number
  readonly flush?: boolean
  readonly devEui?: string
  readonly encryptedAt?: number
}

function enqueue(item: Item, asked = api, options: { deadline?: number } = {}): Promise<string> {
  const message = new devicePb.DeviceQueueItem()
  message.setDevEui(item.devEui ?? HALL)
  message.setFPort(item.fPort ?? 10)
  message.setConfirmed(item.confirmed ?? false)
  message.setData(Buffer.from(item.data ?? '01', 'hex'))
  if (item.object) message.setObject(structPb.Struct.fromJavaScript(item.object))
  if (item.expiresAt !== undefined) message.setExpiresAt(timestamp(item.expiresAt))
  if (item.encryptedAt !== undefined) {
    message.setIsEncrypted(true)
    message.setFCntDown(item.encryptedAt)
  }
  const request = new devicePb.EnqueueDeviceQueueItemRequest()
  request.setQueueItem(message)
  request.setFlushQueue(item.flush ?? false)
  return asked.ask(asked.devices, asked.devices.enqueue, request, options).then((response) => response.getId())
}

async function queue() {
  const request = new devicePb.GetDeviceQueueItemsRequest()
  request.setDevEui(HALL)
  request.setCountOnly(true)
  return (await api.ask(api.devices, api.devices.getQueue, request)).getResultList()
}

const queued = async () => (await queue()).map((item) => Buffer.from(item.getData_asU8()).toString('hex'))

function flush(asked = api) {
  const request = new devicePb.FlushDeviceQueueRequest()
  request.setDevEui(HALL)
  return asked.ask(asked.devices, asked.devices.flushQueue, request)
}

async function nextFCntDown() {
  const request = new devicePb.GetDeviceNextFCntDownRequest()
  request.setDevEui(HALL)
  return (await api.ask(api.devices, api.devices.getNextFCntDown, request)).getFCntDown()
}

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'OK',
    (error: ServiceError) => error.code,
  )
const kinds = () => expect.poll(() => kindsOf(seen))
const last = () => bodyOf(seen.items.at(-1))
const payloads = () => received.map(({ data }) => data.toString('hex'))
const uplink = (fields: Parameters<SimulatedChirpStack['uplink']>[1] = {}) => chirpStack.uplink(HALL, fields)

/** Makes the device one of class C that has sent once, and lets its lock pass. */
async function classC(classCTimeout = 30) {
  chirpStack.directory.changeDevice(HALL, { deviceClass: 'C' })
  chirpStack.directory.changeProfile(SITE_PROFILE, { classCTimeout })
  uplink()
  await clock.advance(5_000)
}

describe('Enqueue', () => {
  it('takes ports as a number of eight bits: 0 and 256 are refused with 3, 257 becomes 1', async () => {
    expect(await codeOf(enqueue({ fPort: 0 }))).toBe(status.INVALID_ARGUMENT)
    expect(await codeOf(enqueue({ fPort: 256 }))).toBe(status.INVALID_ARGUMENT)
    await enqueue({ fPort: 257 })
    expect((await queue()).map((item) => item.getFPort())).toEqual([1])
  })

  it('of an object without a codec is OK, and sends an empty payload', async () => {
    chirpStack.directory.changeProfile(SITE_PROFILE, { codec: 'NONE' })
    await enqueue({ object: { valve: 50 } })
    uplink()
    expect(payloads()).toEqual([''])
  })

  it('of an object is what the codec makes of it, also of the port', async () => {
    chirpStack.directory.changeProfile(SITE_PROFILE, {
      encodeDownlink: ({ valve }) => ({ bytes: [Number(valve)], fPort: 33 }),
    })
    await enqueue({ object: { valve: 50 }, data: 'ff' })
    expect((await queue()).map((item) => [item.getFPort(), item.getData_asB64(), item.hasObject()])).toEqual([
      [33, Buffer.from([50]).toString('base64'), false],
    ])
  })

  it('whose codec throws ends with 13, when the queue that it was to flush is empty already', async () => {
    await enqueue({ data: '01' })
    expect(await codeOf(enqueue({ object: { valve: 50 }, flush: true }))).toBe(status.INTERNAL)
    expect(await queued()).toEqual([])
  })

  it('flushes before it refuses the port, and leaves what is pending', async () => {
    await enqueue({ data: '01', confirmed: true })
    await enqueue({ data: '02' })
    uplink()
    expect(await codeOf(enqueue({ fPort: 0, flush: true }))).toBe(status.INVALID_ARGUMENT)
    expect(await queued()).toEqual(['01'])
    await flush()
    expect(await queued()).toEqual([])
  })

  it('is refused to a read-only key with 16 and no text, which may look at the queue', async () => {
    await enqueue({ data: '01' })
    for (const call of [enqueue({}, reader), enqueue({ flush: true }, reader), flush(reader)]) {
      await expect(call).rejects.toMatchObject({ code: status.UNAUTHENTICATED, details: '' })
    }
    const request = new devicePb.GetDeviceQueueItemsRequest()
    request.setDevEui(HALL)
    expect((await reader.ask(reader.devices, reader.devices.getQueue, request)).getTotalCount()).toBe(1)
  })

  it('for a device that does not exist is 16 to a tenant and 13 to an administrator', async () => {
    expect(await codeOf(enqueue({ devEui: OFFICE }))).toBe(status.UNAUTHENTICATED)
    expect(await codeOf(enqueue({ devEui: OFFICE }, admin))).toBe(status.INTERNAL)
    expect(await codeOf(enqueue({ devEui: 'xyz' }, admin))).toBe(status.INTERNAL)
  })

  it('may be done when its answer is lost, or late: tried again it is done twice', async () => {
    chirpStack.faults.trouble('DeviceService.Enqueue', { kind: 'replyLost' }, 1)
    const deadline = Date.now() + 200
    expect(await codeOf(enqueue({ data: '01' }, api, { deadline }))).toBe(status.DEADLINE_EXCEEDED)
    expect(await queued()).toEqual(['01'])
    await enqueue({ data: '01' })
    expect(await queued()).toEqual(['01', '01'])
    chirpStack.faults.trouble('DeviceService.Enqueue', { kind: 'late', byMs: 60_000 }, 1)
    const late = enqueue({ data: '02' })
    await expect.poll(queued).toEqual(['01', '01', '02'])
    await clock.advance(60_000)
    expect(await late).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('may be answered after the txack of its item', async () => {
    await classC()
    chirpStack.faults.trouble('DeviceService.Enqueue', { kind: 'late', byMs: 10_000 }, 1)
    const late = enqueue({ data: '01' })
    await expect.poll(queued).toEqual(['01'])
    await clock.advance(1_000)
    await kinds().toEqual(['up', 'txack'])
    await clock.advance(10_000)
    expect(last()).toMatchObject({ queueItemId: await late })
  })
})

describe('the queue of a class A device', () => {
  it('is sent first in first out, one item after each uplink, and a sent one is gone with its txack', async () => {
    const ids = [await enqueue({ data: '01' }), await enqueue({ data: '02' })]
    expect(received).toEqual([])
    await clock.advance(3_600_000)
    expect(received).toEqual([])
    uplink()
    uplink()
    uplink()
    expect(payloads()).toEqual(['01', '02'])
    expect(await queued()).toEqual([])
    await kinds().toEqual(['up', 'txack', 'up', 'txack', 'up'])
    const acks = seen.items.filter((item) => item.getDescription() === 'txack').map((item) => bodyOf(item))
    expect(acks.map(({ queueItemId, fCntDown }) => [queueItemId, fCntDown])).toEqual(ids.map((id, n) => [id, n]))
    expect(acks[0]).not.toHaveProperty('deduplicationId')
  })

  it('holds a confirmed item as pending until the next uplink, which acknowledges it or not', async () => {
    const first = await enqueue({ data: '01', confirmed: true })
    uplink()
    expect((await queue()).map((item) => [item.getIsPending(), item.getFCntDown()])).toEqual([[true, 0]])
    const deduplicationId = uplink({ ack: true })
    await kinds().toEqual(['up', 'txack', 'up', 'ack'])
    expect(last()).toMatchObject({ deduplicationId, queueItemId: first, acknowledged: true, fCntDown: 0 })
    const second = await enqueue({ data: '02', confirmed: true })
    uplink()
    await clock.advance(86_400_000)
    expect(await queued()).toEqual(['02'])
    uplink()
    await expect.poll(last).toMatchObject({ queueItemId: second, acknowledged: false, fCntDown: 1 })
    expect(await queued()).toEqual([])
    expect(payloads()).toEqual(['01', '02'])
  })

  it('shows no frame counter until an item is sent, and the next is at least 1', async () => {
    expect(await nextFCntDown()).toBe(1)
    await enqueue({})
    expect((await queue())[0]?.getFCntDown()).toBe(0)
    uplink()
    await enqueue({})
    uplink()
    expect(await nextFCntDown()).toBe(2)
  })

  it('is expired only when an item would be sent, and says so then', async () => {
    const id = await enqueue({ data: '01', expiresAt: clock.now() + 60_000 })
    await enqueue({ data: '02' })
    await clock.advance(3_600_000)
    expect(await queued()).toEqual(['01', '02'])
    expect(kindsOf(seen)).toEqual([])
    uplink()
    await kinds().toEqual(['up', 'log', 'txack'])
    expect(bodyOf(seen.items[1])).toMatchObject({
      level: 'ERROR',
      code: 'EXPIRED',
      context: { queue_item_id: id },
    })
    expect(payloads()).toEqual(['02'])
  })

  it('drops an item that is too long for the data rate of the uplink, or has a counter that is past', async () => {
    const long = await enqueue({ data: 'ab'.repeat(52) })
    uplink({ dr: 0 })
    await expect.poll(last).toMatchObject({
      code: 'DOWNLINK_PAYLOAD_SIZE',
      context: { queue_item_id: long, item_size: '52', max_payload_size: '51' },
    })
    await enqueue({ data: 'ab'.repeat(52) })
    uplink({ dr: 5 })
    expect(received).toHaveLength(1)
    const past = await enqueue({ encryptedAt: 0 })
    uplink()
    await expect.poll(last).toMatchObject({ code: 'F_CNT_DOWN', context: { queue_item_id: past } })
  })

  it.each<GatewayAnswer>(['TOO_LATE', 'COLLISION_PACKET', 'DUTY_CYCLE_OVERFLOW', 'TX_FREQ'])(
    'keeps an item that a gateway refuses as %s, names it nowhere, and sends it again',
    async (answer) => {
      await enqueue({ data: '01', confirmed: true })
      chirpStack.faults.gatewayAnswer = answer
      uplink()
      await kinds().toEqual(['up', 'log'])
      expect(last()).toMatchObject({ code: 'DOWNLINK_GATEWAY', description: answer, context: {} })
      expect((await queue()).map((item) => item.getIsPending())).toEqual([false])
      expect(received).toEqual([])
      chirpStack.faults.gatewayAnswer = 'OK'
      uplink()
      expect(payloads()).toEqual(['01'])
    },
  )

  it('sends twice what a gateway sent without saying so: the device acts twice', async () => {
    await enqueue({ data: '01' })
    chirpStack.faults.gatewayAnswer = 'no answer'
    uplink()
    chirpStack.faults.gatewayAnswer = 'OK'
    uplink()
    expect(payloads()).toEqual(['01', '01'])
    await kinds().toEqual(['up', 'up', 'txack'])
  })

  it('is flushed by a join without any event where the profile says so, and else waits', async () => {
    await enqueue({ data: '01' })
    chirpStack.join(HALL)
    expect(await queued()).toEqual(['01'])
    chirpStack.directory.changeProfile(SITE_PROFILE, { flushQueueOnActivate: true })
    chirpStack.join(HALL)
    expect(await queued()).toEqual([])
    await kinds().toEqual(['join', 'join'])
  })

  it('may take what is enqueued just after the uplink, while the answer waits', async () => {
    chirpStack.faults.downlinkDelayMs = 100
    await enqueue({ data: '01' })
    uplink()
    expect(received).toEqual([])
    await clock.advance(100)
    expect(payloads()).toEqual(['01'])
  })

  it('outlives a wipe of Redis', async () => {
    await enqueue({ data: '01' })
    chirpStack.wipeRedis()
    expect(await queued()).toEqual(['01'])
  })
})

describe('the queue of a class C device', () => {
  it('waits for its first uplink', async () => {
    chirpStack.directory.changeDevice(HALL, { deviceClass: 'C' })
    await enqueue({ data: '01' })
    await clock.advance(60_000)
    expect(received).toEqual([])
    uplink()
    expect(payloads()).toEqual(['01'])
  })

  it('is sent within a second, and then one item in five seconds', async () => {
    await classC()
    await enqueue({ data: '01' })
    await enqueue({ data: '02' })
    await clock.advance(1_000)
    expect(payloads()).toEqual(['01'])
    await clock.advance(4_999)
    expect(payloads()).toEqual(['01'])
    await clock.advance(1_001)
    expect(payloads()).toEqual(['01', '02'])
    await clock.advance(60_000)
    expect(clock.pendingTimers).toBe(0)
  })

  it('is blocked by a confirmed item until it is acknowledged or its time is over', async () => {
    await classC(30)
    const first = await enqueue({ data: '01', confirmed: true })
    await enqueue({ data: '02' })
    await clock.advance(20_000)
    expect(payloads()).toEqual(['01'])
    await clock.advance(12_000)
    await expect.poll(() => kindsOf(seen)).toEqual(['up', 'txack', 'ack', 'txack'])
    expect(bodyOf(seen.items[2])).toMatchObject({ queueItemId: first, acknowledged: false })
    expect(payloads()).toEqual(['01', '02'])
  })

  it('drops what is too long for RX2, whatever the last uplink could carry', async () => {
    await classC()
    await enqueue({ data: 'ab'.repeat(52) })
    await clock.advance(1_000)
    await expect.poll(last).toMatchObject({ code: 'DOWNLINK_PAYLOAD_SIZE' })
  })
})
