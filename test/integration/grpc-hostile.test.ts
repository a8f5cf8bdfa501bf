import { connect as connectSocket, type Socket } from 'node:net'
import { ChannelCredentials, Metadata } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeAuthority, makeIdentity } from '../support/certificates.ts'
import { type Ended, endedBy, GrpcClient, GrpcSite, metadataOf, methodOf } from '../support/grpc-site.ts'
import { aModbusDevice, aPlant, aTag } from '../support/small-plant.ts'
import { UnreadCall } from '../support/unread-call.ts'

const plant = aPlant([aModbusDevice('pump', [aTag('level')])])

let site: GrpcSite
beforeAll(async () => {
  site = await GrpcSite.start({ plant })
  site.say('pump/level', 1)
})
afterAll(() => site.stop())

const isWell = () => expect(site.client.ask('ValueService', 'ReadValues', {}, 'olga')).resolves.toBeDefined()

/** Sends bytes as the request of a method, whatever they are. */
function askBytes(
  service: string,
  method: string,
  bytes: Buffer,
  metadata = metadataOf('olga'),
): Promise<Ended | null> {
  return new Promise((resolve) => {
    site.client.makeUnaryRequest(
      methodOf(service, method).path,
      (given: Buffer) => given,
      (answer) => answer,
      bytes,
      metadata,
      (error) => resolve(error && endedBy(error)),
    )
  })
}

describe('a request', () => {
  it('longer than a megabyte is refused before it is taken', async () => {
    const tags = Array.from({ length: 60_000 }, (_, position) => `device-${position}/${'x'.repeat(60)}`)
    const ask = site.client.ask('ValueService', 'ReadValues', { selection: { tags } }, 'olga')
    await expect(ask).rejects.toMatchObject({ status: 'RESOURCE_EXHAUSTED' })
    await isWell()
  })

  it('that names more than anybody watches is refused with what is allowed', async () => {
    const selection = { tags: Array.from({ length: 10_001 }, () => 'a/b') }
    await expect(site.client.ask('ValueService', 'ReadValues', { selection }, 'olga')).rejects.toMatchObject({
      status: 'INVALID_ARGUMENT',
      message: expect.stringContaining('10001 names. Allowed is at most 10000'),
    })
    const stream = site.client.follow('ValueService', 'StreamValues', { selection }, 'olga')
    expect(await stream.ended).toMatchObject({ status: 'INVALID_ARGUMENT' })
  })

  it('with names that are no text is answered, and the answer can be sent', async () => {
    // Selection.tags: half a surrogate pair, an overlong encoding, a byte that begins nothing, and a line end.
    const names = [
      Buffer.from([0xed, 0xa0, 0x80]),
      Buffer.from([0xc0, 0xaf]),
      Buffer.from([0xff]),
      Buffer.from('\r\n\0'),
    ]
    for (const name of names) {
      const selection = Buffer.concat([Buffer.from([0x0a, name.length]), name])
      const request = Buffer.concat([Buffer.from([0x0a, selection.length]), selection])
      expect(await askBytes('penstock.v1.ValueService', 'ReadValues', request)).toMatchObject({ status: 'NOT_FOUND' })
    }
    await isWell()
  })

  it('that is no message at all is refused', async () => {
    for (const bytes of [Buffer.from([0x0a, 0xff]), Buffer.alloc(10, 0xff)]) {
      expect(await askBytes('penstock.v1.ValueService', 'ReadValues', bytes)).toMatchObject({ status: 'INTERNAL' })
    }
    await isWell()
  })

  it('nested deeper than anything has a use for is refused', async () => {
    // Value.array_value.elements, in one another; each length counts what is inside.
    let value = Buffer.alloc(0)
    for (let depth = 0; depth < 1_000; depth++) {
      const elements = Buffer.concat([Buffer.from([0x0a]), varint(value.length), value])
      value = Buffer.concat([Buffer.from([0xa2, 0x06]), varint(elements.length), elements])
    }
    const write = Buffer.concat([Buffer.from([0x12]), varint(value.length), value])
    const request = Buffer.concat([Buffer.from([0x12]), varint(write.length), write])
    const ended = await askBytes('penstock.v1.CommandService', 'SendCommand', request, metadataOf('oscar'))
    expect(['INTERNAL', 'INVALID_ARGUMENT']).toContain(ended?.status)
    await isWell()
  })
})

describe('a stranger', () => {
  it('does not get a message read, however long he says it is', async () => {
    const ended = await askBytes('penstock.v1.ValueService', 'ReadValues', Buffer.alloc(4_000_000), new Metadata())
    expect(ended).toMatchObject({ status: 'UNAUTHENTICATED' })
  })

  it('is told the same of methods that change something, and nothing of those that do not exist', async () => {
    await expect(site.client.ask('CommandService', 'SendCommand', {})).rejects.toMatchObject({ code: 'LOGIN_NEEDED' })
    const reflection = site.client.makeBidiStreamRequest(
      methodOf('grpc.reflection.v1.ServerReflection', 'ServerReflectionInfo').path,
      (given: Buffer) => given,
      (answer) => answer,
      new Metadata(),
    )
    const ended = await new Promise<Ended>((resolve) => {
      reflection.on('error', () => undefined)
      reflection.on('status', (object) => resolve(endedBy(object)))
      reflection.on('data', () => undefined)
    })
    expect(ended).toMatchObject({ status: 'UNAUTHENTICATED' })
  })

  it('that opens connections by the hundred loses the oldest, and whoever logs in is served', async () => {
    const sockets: Socket[] = []
    const [, port = ''] = site.address.split(':')
    let closed = 0
    for (let count = 0; count < 150; count++) {
      const socket = connectSocket(Number(port), '127.0.0.1')
      socket.on('error', () => undefined)
      socket.on('close', () => closed++)
      socket.resume()
      sockets.push(socket)
    }
    await vi.waitFor(() => expect(closed).toBeGreaterThanOrEqual(86), { timeout: 8_000 })
    const client = new GrpcClient(site.address)
    await expect(client.ask('ValueService', 'ReadValues', {}, 'olga')).resolves.toBeDefined()
    client.close()
    for (const socket of sockets) socket.destroy()
  })

  it('that speaks another protocol is cut off', async () => {
    const [, port = ''] = site.address.split(':')
    const socket = connectSocket(Number(port), '127.0.0.1')
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
    socket.on('error', () => undefined)
    socket.resume()
    socket.write('GET /api/v1/plant HTTP/1.1\r\nHost: gateway\r\n\r\n')
    await closed
    await isWell()
  })
})

describe('one connection', () => {
  it('carries a hundred calls at the same time, and more wait for their turn', async () => {
    const calls = Array.from({ length: 500 }, () =>
      site.client.ask<{ values: object[] }>('ValueService', 'ReadValues', {}, 'olga'),
    )
    const answers = await Promise.all(calls)
    expect(answers.every(({ values }) => values.length === 1)).toBe(true)
  })
})

describe('with TLS', () => {
  const authority = makeAuthority('Plant CA')
  const { cert, key } = makeIdentity(authority, ['127.0.0.1', 'localhost'])
  let encrypted: GrpcSite
  const clientOf = (credentials: ChannelCredentials) =>
    new GrpcClient(encrypted.address, credentials, {
      'grpc.ssl_target_name_override': 'localhost',
      'grpc.use_local_subchannel_pool': 1,
    })
  beforeAll(async () => {
    encrypted = await GrpcSite.start({ plant, tls: { certificate: cert, key } })
  })
  afterAll(() => encrypted.stop())

  it('a program that trusts the authority is served, and one that does not is not', async () => {
    const trusting = clientOf(ChannelCredentials.createSsl(Buffer.from(authority.cert)))
    await expect(trusting.ask('PlantService', 'ListSources', {}, 'olga')).resolves.toMatchObject({ totalSize: 1 })
    await expect(trusting.ask('PlantService', 'ListSources', {})).rejects.toMatchObject({ status: 'UNAUTHENTICATED' })
    trusting.close()
    const doubting = clientOf(ChannelCredentials.createSsl())
    await expect(doubting.ask('PlantService', 'ListSources', {}, 'olga')).rejects.toMatchObject({
      status: 'UNAVAILABLE',
    })
    doubting.close()
  })

  it('nothing is told without it', async () => {
    const reader = new UnreadCall(encrypted.address, 'ReadValues', {})
    await vi.waitFor(() => expect(reader.isOver).toBe(true), { timeout: 8_000 })
    expect(reader.isBegun).toBe(false)
  })
})

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Buffer.from([...bytes, rest])
}
