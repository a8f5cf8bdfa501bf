import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { PenstockError } from '../../src/core/errors.ts'
import type { S7SourceConfig } from '../../src/core/plant.ts'
import { disconnectRequest } from '../../src/demo/s7/iso-frames.ts'
import { SimulatedPlc } from '../../src/demo/s7/simulated-plc.ts'
import { connectCpu } from '../../src/sources/s7/connect.ts'
import { type Fault, FaultProxy } from '../support/s7-fault-proxy.ts'
import { s7SourceConfig } from '../support/s7-plant.ts'

const closing: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function startPlc(slot?: number): Promise<number> {
  const plc = new SimulatedPlc({ blocks: new Map([[1, Buffer.alloc(10)]]), ...(slot === undefined ? {} : { slot }) })
  closing.push(() => plc.close())
  return plc.listen()
}

/** A server that says what `speak` writes to whoever connects. */
async function startServer(speak: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    speak(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  })
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

const connect = (port: number, fields: Partial<S7SourceConfig> = {}, signal = new AbortController().signal) =>
  connectCpu(s7SourceConfig([], { port, ...fields }), systemClock, signal)

describe('connecting to a CPU', () => {
  it('takes what the CPU grants', async () => {
    const { transport, negotiated } = await connect(await startPlc())
    expect(negotiated).toEqual({ pdu: 240, parallel: 4 })
    transport.handOver({ message: () => undefined, ended: () => undefined })
    transport.end(new PenstockError('STOPPED', 'The test is over'))
  })

  it('says that rack and slot are refused', async () => {
    const port = await startPlc(2)
    await expect(connect(port, { rack: 0, slot: 1 })).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      message: expect.stringContaining('rack 0, slot 1'),
    })
  })

  it('names its TSAPs, and says that they are refused', async () => {
    const asked: Buffer[] = []
    const port = await startServer((socket) =>
      socket.on('data', (frame) => {
        asked.push(frame)
        socket.write(disconnectRequest(1))
      }),
    )
    await expect(connect(port, { localTsap: 0x1000, remoteTsap: 0x0300 })).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      message: expect.stringMatching(/local TSAP 10\.00, remote TSAP 03\.00 \(ISO reason 3\).*must mirror/),
    })
    expect(asked[0]?.toString('hex')).toContain('c1021000c2020300')
  })

  it('asks for the kind of connection that is configured, and names it when none is left', async () => {
    const asked: Buffer[] = []
    const port = await startServer((socket) =>
      socket.on('data', (frame) => {
        asked.push(frame)
        socket.destroy()
      }),
    )
    await expect(connect(port, { connection: 'op', slot: 3 })).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      message: expect.stringMatching(/rack 0, slot 3 .*connections of kind op are in use/),
    })
    expect(asked[0]?.toString('hex')).toContain('c2020203')
  })

  it('says that nothing listens there', async () => {
    const port = await startServer(() => undefined)
    await closing.pop()?.()
    await expect(connect(port)).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    })
  })

  it('ends at its deadline when the other end says nothing', async () => {
    const port = await startServer(() => undefined)
    await expect(connect(port, { connectTimeoutMs: 50 })).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  it('ends at its deadline when the setup is not answered', async () => {
    const proxy = await FaultProxy.start(await startPlc())
    closing.push(() => proxy.close())
    const faults: (Fault | undefined)[] = [undefined, 'mute']
    proxy.fromTheStart = true
    proxy.fault = () => faults.shift()
    await expect(connect(proxy.port, { connectTimeoutMs: 200 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('S7'),
    })
  })

  it.each<Fault>(['bytewise', 'segmented'])('works with a handshake that arrives %s', async (fault) => {
    const proxy = await FaultProxy.start(await startPlc())
    closing.push(() => proxy.close())
    proxy.fromTheStart = true
    proxy.fault = () => fault
    const { transport } = await connect(proxy.port)
    transport.end(new PenstockError('STOPPED', 'The test is over'))
  })

  it.each<[Fault, string]>([
    ['fin', 'CONNECTION_LOST'],
    ['rst', 'CONNECTION_LOST'],
    ['truncated', 'CONNECTION_LOST'],
    ['garbage', 'PROTOCOL_VIOLATION'],
  ])('fails at once when the setup is answered with %s', async (fault, code) => {
    const proxy = await FaultProxy.start(await startPlc())
    closing.push(() => proxy.close())
    const faults: (Fault | undefined)[] = [undefined, fault]
    proxy.fromTheStart = true
    proxy.fault = () => faults.shift()
    await expect(connect(proxy.port)).rejects.toMatchObject({ code })
  })

  it('says that what answers is no S7 CPU', async () => {
    const port = await startServer((socket) => socket.write('SSH-2.0-OpenSSH_9.9\r\n'))
    await expect(connect(port)).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' })
  })

  it('ends at once when the source is stopped', async () => {
    const port = await startServer(() => undefined)
    const abort = new AbortController()
    const connecting = connect(port, {}, abort.signal)
    abort.abort()
    await expect(connecting).rejects.toMatchObject({ code: 'STOPPED' })
    await expect(connect(port, {}, abort.signal)).rejects.toMatchObject({ code: 'STOPPED' })
  })
})
