import { once } from 'node:events'
import { createServer } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { PenstockError } from '../../src/core/errors.ts'
import { noTap } from '../../src/sources/frame-tap.ts'
import { ModbusConnection } from '../../src/sources/modbus/connection.ts'
import { ModbusException } from '../../src/sources/modbus/exception.ts'
import { Transactions } from '../../src/sources/modbus/exchange/transactions.ts'
import { FrameReader } from '../../src/sources/modbus/framing/mbap.ts'
import { connectTcp } from '../../src/sources/modbus/transport/tcp.ts'
import type { Wire } from '../../src/sources/modbus/transport/wire.ts'
import { type Behaviour, FaultServer, faults, frame } from '../support/modbus-fault-server.ts'

const TIMEOUT_MS = 80
/** After these the connection goes on. */
const survivableFaults = [
  'byte by byte',
  'duplicated',
  'late',
  'another transaction',
  'the transaction before',
  'another unit',
  'another function',
  'too few registers',
  'too many registers',
  'a lying byte count',
  'an exception without end',
] as const
const deadlyFaults = ['garbage', 'half an answer, then the end', 'the end (FIN)', 'a reset (RST)'] as const
const unlimited = new AbortController().signal

const transactionsOver = (wire: Wire, onStray: () => void, onEnd: (cause: PenstockError) => void) =>
  new Transactions({
    wire,
    clock: systemClock,
    random: Math.random,
    reader: (onFrame) => new FrameReader(onFrame),
    datagrams: false,
    onStray,
    onEnd,
    tap: noTap,
  })

describe('a Modbus connection to a server that misbehaves', () => {
  let server: FaultServer
  let connection: ModbusConnection | undefined
  let strays = 0

  const connect = async (window = 1, timeoutMs = TIMEOUT_MS) => {
    const { port } = server
    const wire = await connectTcp({
      host: '127.0.0.1',
      port,
      timeoutMs: 1_000,
      clock: systemClock,
      signal: unlimited,
    })
    strays = 0
    connection = new ModbusConnection({
      exchange: (onEnd) => transactionsOver(wire, () => strays++, onEnd),
      endpoint: wire.endpoint,
      timeoutMs,
      window,
    })
    return connection
  }
  const start = async (behave: Behaviour) => {
    server = await FaultServer.start(behave)
    return connect()
  }
  /** What the registers hold, or the code of the failure. */
  const read = (from: ModbusConnection, at: number, count = 3, unitId = 1): Promise<number[] | string> =>
    from.read(unitId, 'holding', at, count).then(
      (data) => Array.from({ length: data.length / 2 }, (_, i) => data.readUInt16BE(2 * i)),
      (error: unknown) => (error instanceof PenstockError ? error.code : `not ours: ${String(error)}`),
    )

  afterEach(async () => {
    await connection?.close()
    await server.stop()
  })

  it.each([
    ['right', [100, 101, 102]],
    ['byte by byte', [100, 101, 102]],
    ['duplicated', [100, 101, 102]],
    ['mute', 'TIMEOUT'],
    ['late', 'TIMEOUT'],
    ['another transaction', 'TIMEOUT'],
    ['the transaction before', 'TIMEOUT'],
    ['another unit', 'PROTOCOL_VIOLATION'],
    ['another function', 'PROTOCOL_VIOLATION'],
    ['too few registers', 'PROTOCOL_VIOLATION'],
    ['too many registers', 'PROTOCOL_VIOLATION'],
    ['a lying byte count', 'PROTOCOL_VIOLATION'],
    ['an exception without end', 'PROTOCOL_VIOLATION'],
    ['a foreign protocol', 'CONNECTION_LOST'],
    ['a length of nonsense', 'CONNECTION_LOST'],
    ['garbage', 'CONNECTION_LOST'],
    ['half an answer, then the end', 'CONNECTION_LOST'],
    ['the end (FIN)', 'CONNECTION_LOST'],
    ['a reset (RST)', 'CONNECTION_LOST'],
  ] as const)('that answers with: %s, never takes a wrong value and settles the read', async (fault, outcome) => {
    const first = await start(faults[fault])
    expect(await read(first, 100)).toEqual(outcome)
    if (outcome === 'CONNECTION_LOST') {
      expect(await first.ended).toMatchObject({ code: 'CONNECTION_LOST' })
      expect(await read(first, 100)).toBe('CONNECTION_LOST')
    } else {
      server.behave = faults.right
      expect(await read(first, 200)).toEqual([200, 201, 202])
    }
  })

  it('gives a read its own deadline where it has one, and the others theirs', async () => {
    const first = await start(faults.mute)
    const patient = await connect(2, 60_000)
    const slow = patient.read(1, 'holding', 100, 3).catch((error: PenstockError) => error.code)
    const hasty = patient.read(1, 'holding', 200, 3, 20)
    await expect(hasty).rejects.toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('within 20 ms') })
    await patient.close()
    expect(await slow).toBe('STOPPED')
    await first.close()
  })

  it('counts answers that nobody waits for any more, and never gives one to the next read', async () => {
    const first = await start(faults.late)
    expect(await read(first, 100)).toBe('TIMEOUT')
    server.behave = faults.right
    expect(await read(first, 200)).toEqual([200, 201, 202])
    expect(strays).toBe(1)
  })

  it('passes the exceptions of the device on with their code and name', async () => {
    const first = await start(({ socket, transactionId, unitId, functionCode, position }) => {
      socket.write(frame(transactionId, Buffer.of(unitId, functionCode | 0x80, position === 0 ? 2 : 0xef)))
    })
    const refusal = await first.read(9, 'holding', 0, 1).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(ModbusException)
    expect(refusal).toMatchObject({ exceptionCode: 2, message: expect.stringContaining('Unit 9 at 127.0.0.1') })
    await expect(first.read(9, 'holding', 0, 1)).rejects.toMatchObject({ exceptionCode: 0xef })
  })

  it('fails every pending read at once when the connection breaks, without waiting for their deadline', async () => {
    server = await FaultServer.start(({ socket, position }) => {
      if (position === 3) socket.resetAndDestroy()
    })
    const patient = await connect(8, 600_000)
    const reads = [0, 1, 2, 3].map((at) => read(patient, at))
    expect(await Promise.all(reads)).toEqual(Array.from({ length: 4 }, () => 'CONNECTION_LOST'))
  })

  it('fails every pending read at once when it is closed, and closing may be repeated', async () => {
    server = await FaultServer.start(faults.mute)
    const patient = await connect(8, 600_000)
    const reads = [0, 1, 2].map((at) => read(patient, at))
    await patient.close()
    await patient.close()
    expect(await Promise.all(reads)).toEqual(['STOPPED', 'STOPPED', 'STOPPED'])
    expect(await patient.ended).toMatchObject({ code: 'STOPPED' })
    await expect.poll(() => server.connections).toBe(0)
  })

  it('matches answers that come in another order to their requests', async () => {
    const held: (() => void)[] = []
    server = await FaultServer.start(({ socket, right }) => {
      held.push(() => socket.write(right))
      if (held.length === 8) for (const answer of held.reverse()) answer()
    })
    const wide = await connect(8, 5_000)
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => read(wide, 10 * i, 1)))
    expect(answers).toEqual([[0], [10], [20], [30], [40], [50], [60], [70]])
  })

  it('refuses more requests at once than its window, and takes new ones when there is room', async () => {
    server = await FaultServer.start(faults.right)
    const narrow = await connect(2, 5_000)
    expect(await Promise.all([0, 1, 2].map((at) => read(narrow, at, 1)))).toEqual([[0], [1], 'REQUEST_REFUSED'])
    expect(await Promise.all([3, 4].map((at) => read(narrow, at, 1)))).toEqual([[3], [4]])
  })

  it.each([1, 8])(
    'keeps its head in a storm of faults: no wrong value, nothing unsettled (window %i)',
    async (window) => {
      let wrong = 0
      let right = 0
      server = await FaultServer.start(faults.right)
      const survivable = fc.constantFrom(...survivableFaults, 'right' as const, 'right' as const)
      const storm = fc
        .tuple(fc.array(survivable, { minLength: 20, maxLength: 60 }), fc.constantFrom(...deadlyFaults))
        .map(([script, end]) => [...script, end])
      await fc.assert(
        fc.asyncProperty(storm, async (script) => {
          server.behave = (asked) => faults[script[asked.position] ?? 'right'](asked)
          const victim = await connect(window, 40)
          for (let at = 0; at < 64; at += window) {
            const starts = Array.from({ length: window }, (_, i) => 1_000 + 10 * (at + i))
            const answers = await Promise.all(starts.map((each) => read(victim, each)))
            answers.forEach((answer, i) => {
              if (typeof answer === 'string') return
              const first = starts[i] ?? 0
              const good = answer.join() === [first, first + 1, first + 2].join()
              if (good) right++
              else wrong++
            })
          }
          await victim.close()
        }),
        { numRuns: 12 },
      )
      expect(wrong).toBe(0)
      expect(right).toBeGreaterThan(50)
    },
  )
})

describe('connecting', () => {
  const attempt = (port: number, timeoutMs = 1_000, signal = unlimited, host = '127.0.0.1') =>
    connectTcp({ host, port, timeoutMs, clock: systemClock, signal })

  it('to a port where nobody listens says so at once', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    server.close()
    await once(server, 'close')
    await expect(attempt(port)).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      message: expect.stringContaining(`refuses connections on port ${port}`),
    })
  })

  it('to a host without a name says what to check', async () => {
    await expect(attempt(502, 5_000, unlimited, 'no-such-plc.invalid')).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      message: expect.stringContaining('cannot be resolved'),
    })
  })

  it('ends when it is told to', async () => {
    const abort = new AbortController()
    const pending = attempt(502, 60_000, abort.signal, '192.0.2.1')
    abort.abort()
    await expect(pending).rejects.toMatchObject({ code: 'STOPPED' })
    await expect(attempt(502, 60_000, abort.signal)).rejects.toMatchObject({ code: 'STOPPED' })
  })
})
