import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { PenstockError } from '../../../../../src/core/errors.ts'
import { FrameRing } from '../../../../../src/sources/frame-ring.ts'
import { ModbusConnection } from '../../../../../src/sources/modbus/connection.ts'
import { ModbusException } from '../../../../../src/sources/modbus/exception.ts'
import { networkTiming } from '../../../../../src/sources/modbus/exchange/line-timing.ts'
import { SerialTurns } from '../../../../../src/sources/modbus/exchange/serial-turns.ts'
import { Unanswered } from '../../../../../src/sources/modbus/exchange/unanswered.ts'
import { frameWordsOf } from '../../../../../src/sources/modbus/frame-words.ts'
import { asciiFraming } from '../../../../../src/sources/modbus/framing/ascii.ts'
import { encodeRtu, rtuFraming } from '../../../../../src/sources/modbus/framing/rtu.ts'
import type { Wire, WireListener } from '../../../../../src/sources/modbus/transport/wire.ts'
import { ManualClock, settle } from '../../../../support/manual-clock.ts'
import { randomFrom } from '../../../../support/seeded-random.ts'
import {
  holds,
  type LineFault,
  lineFaults,
  NO_REGISTERS,
  SerialFaultDevice,
} from '../../../../support/serial-fault-device.ts'

const TIMEOUT_MS = 100

class MemoryWire implements Wire {
  readonly endpoint = 'line'
  readonly written: Buffer[] = []
  listener: WireListener | undefined
  onWrite: (bytes: Buffer) => void = () => undefined
  closed = false

  listen(listener: WireListener): void {
    this.listener = listener
  }

  write(bytes: Buffer): void {
    this.written.push(bytes)
    this.onWrite(bytes)
  }

  async close(): Promise<void> {
    this.closed = true
  }

  bring(bytes: Buffer): void {
    if (!this.closed) this.listener?.data(bytes)
  }
}

/** What was read, or the code of the failure, or `exception n`. */
type Outcome = number[] | string

const outcomeOf = (reading: Promise<Buffer>): Promise<Outcome> =>
  reading.then(
    (data) => Array.from({ length: data.length / 2 }, (_, i) => data.readUInt16BE(2 * i)),
    (error: unknown) => {
      if (error instanceof ModbusException) return `exception ${error.exceptionCode}`
      return error instanceof PenstockError ? error.code : `not ours: ${String(error)}`
    },
  )

describe('a serial line', () => {
  let clock: ManualClock
  let wire: MemoryWire
  let connection: ModbusConnection
  let unanswered: Unanswered
  let strays: number
  let ring: FrameRing

  const connect = (framing: 'rtu' | 'ascii' = 'rtu', renewWhenMute = false) => {
    wire = new MemoryWire()
    strays = 0
    ring = new FrameRing(clock, frameWordsOf({ transport: framing }))
    connection = new ModbusConnection({
      exchange: (onEnd) =>
        new SerialTurns({
          wire,
          clock,
          framing: framing === 'rtu' ? rtuFraming : asciiFraming,
          timing: networkTiming,
          unanswered,
          renewWhenMute,
          onStray: () => strays++,
          onEnd,
          tap: ring,
        }),
      endpoint: 'line',
      timeoutMs: TIMEOUT_MS,
      window: 1,
    })
  }
  const traced = () => ring.since(0).frames.map(({ kind, text }) => `${kind}: ${text}`)
  const read = (start: number, count = 3, unitId = 1) => outcomeOf(connection.read(unitId, 'holding', start, count))
  const asked = () => wire.written.map((frame) => [frame[1], frame.readUInt16BE(2), frame.readUInt16BE(4)])
  const answer = (...bytes: number[]) => wire.bring(encodeRtu(Buffer.from(bytes)))
  /** Time passes until the reading is settled. */
  const done = async (reading: Promise<Outcome>): Promise<Outcome> => {
    let outcome: Outcome | undefined
    void reading.then((found) => {
      outcome = found
    })
    for (let ms = 0; outcome === undefined && ms < 20 * TIMEOUT_MS; ms++) await clock.advance(1)
    return outcome ?? 'unsettled'
  }

  beforeEach(() => {
    clock = new ManualClock()
    unanswered = new Unanswered(clock)
    connect()
  })

  describe.each(['rtu', 'ascii'] as const)('with %s', (framing) => {
    it('on which everything happens brings no wrong value, settles every read, and recovers', async () => {
      const faults = fc.array(fc.constantFrom<LineFault>(...lineFaults, 'right', 'right', 'late'), {
        minLength: 60,
        maxLength: 90,
      })
      let right = 0
      await fc.assert(
        fc.asyncProperty(faults, fc.integer({ min: 1 }), async (faultsToCome, seed) => {
          const script = [...faultsToCome]
          clock = new ManualClock()
          unanswered = new Unanswered(clock)
          connect(framing)
          const random = randomFrom(seed)
          const next = () => script.shift() ?? 'right'
          const send = (bytes: Buffer) => wire.bring(bytes)
          const device = new SerialFaultDevice({ framing, clock, send, next, random, latestMs: 6 * TIMEOUT_MS })
          wire.onWrite = (bytes) => device.receive(bytes)
          for (let turn = 0; turn < 60; turn++) {
            const exists = random() < 0.85
            const start = exists ? 10 * turn : NO_REGISTERS + turn
            const unitId = random() < 0.7 ? 1 : 2
            const outcome = await done(read(start, 3, unitId))
            if (outcome === 'TIMEOUT') continue
            const values = [0, 1, 2].map((i) => holds(unitId, 3, start + i))
            expect(outcome).toEqual(exists ? values : 'exception 2')
            right++
          }
          script.length = 0
          await clock.advance(20 * TIMEOUT_MS)
          for (const unitId of [1, 2]) {
            const outcomes: Outcome[] = []
            for (let i = 0; i < 3; i++) outcomes.push(await done(read(70, 3, unitId)))
            expect(outcomes).toContainEqual([70, 71, 72].map((at) => holds(unitId, 3, at)))
          }
        }),
        { numRuns: 25 },
      )
      expect(right).toBeGreaterThan(300)
    })
  })

  it('reads a unit again that was off for hours, whatever it was asked for meanwhile', async () => {
    for (let hour = 0; hour < 300; hour++) {
      expect(await done(read(100))).toBe('TIMEOUT')
      await clock.advance(5_000)
    }
    await clock.advance(60_000)
    const back = read(100)
    await clock.advance(10)
    expect(asked().at(-1)).toEqual([3, 100, 3])
    answer(1, 3, 6, 0, 100, 0, 101, 0, 102)
    expect(await done(back)).toEqual([100, 101, 102])
  })

  it('takes its refusal for an answer as soon as no earlier one can come', async () => {
    expect(await done(read(100))).toBe('TIMEOUT')
    await clock.advance(60_000)
    const back = read(100)
    await clock.advance(10)
    answer(1, 0x83, 2)
    expect(await done(back)).toBe('exception 2')
  })

  it('takes the answer that may be late for no other one: it asks for another shape until that is answered', async () => {
    const first = read(100)
    await clock.advance(10)
    const outcome = done(first)
    expect(await outcome).toBe('TIMEOUT')
    const second = read(200)
    await clock.advance(10)
    answer(1, 3, 6, 0, 100, 0, 101, 0, 102)
    expect(strays).toBe(1)
    answer(1, 3, 4, 0, 200, 0, 201)
    await clock.advance(10)
    answer(1, 3, 6, 0, 200, 0, 201, 0, 202)
    expect(await done(second)).toEqual([200, 201, 202])
    expect(asked()).toEqual([
      [3, 100, 3],
      [3, 200, 2],
      [3, 200, 3],
    ])
  })

  it.each(['rtu', 'ascii'] as const)(
    'shows with %s each frame, the late ones and the probes, in words',
    async (framing) => {
      connect(framing)
      const bring = (...bytes: number[]) =>
        wire.bring((framing === 'rtu' ? rtuFraming : asciiFraming).encode(Buffer.from(bytes)))
      await done(read(100))
      const second = read(200)
      await clock.advance(10)
      bring(1, 3, 6, 0, 100, 0, 101, 0, 102)
      bring(1, 3, 4, 0, 200, 0, 201)
      await clock.advance(10)
      bring(1, 3, 6, 0, 200, 0, 201, 0, 202)
      await done(second)
      expect(traced()).toEqual([
        'sent: unit 1: read holding:100–102 (3)',
        'note: Unit 1 at line did not answer within 100 ms',
        'note: An answer may still be late, so something of another shape is asked for first',
        'sent: unit 1: read holding:200–201 (2)',
        'invalid: unit 1: holding = 100 101 102',
        'answer: unit 1: holding:200 = 200 201',
        'sent: unit 1: read holding:200–202 (3)',
        'answer: unit 1: holding:200 = 200 201 202',
      ])
    },
  )

  it('shows noise with its bytes, what comes unasked, an echo, and the end', async () => {
    wire.bring(Buffer.of(7, 7))
    const reading = read(100)
    await clock.advance(10)
    wire.bring(wire.written[0] as Buffer)
    wire.bring(Buffer.from('f3a9', 'hex'))
    wire.bring(Buffer.from('1c0077', 'hex'))
    await done(reading)
    await connection.close()
    expect(traced()).toEqual([
      'stray: 2 bytes that make no RTU frame',
      'sent: unit 1: read holding:100–102 (3)',
      'note: The line brought the request back',
      'invalid: 5 bytes that make no RTU frame',
      expect.stringMatching(/^note: Unit 1 at line did not answer within 100 ms: bytes came that make no frame/),
      'note: The connection to line was ended (STOPPED)',
    ])
    expect(ring.since(0).frames[3]?.hex).toBe('f3a91c0077')
  })

  it('asks for yet another shape each time, other tables too, while the unit stays mute', async () => {
    for (let i = 0; i < 7; i++) expect(await done(read(100))).toBe('TIMEOUT')
    expect(asked()).toEqual([
      [3, 100, 3],
      [3, 100, 2],
      [4, 100, 1],
      [1, 100, 1],
      [2, 100, 1],
      [3, 100, 1],
      [3, 100, 4],
    ])
  })

  it('does not take a late exception for the refusal of the next request', async () => {
    await done(read(100))
    const second = read(200)
    await clock.advance(10)
    answer(1, 0x83, 2)
    expect(await done(second)).toBe('TIMEOUT')
    expect(strays).toBe(1)
  })

  it('reads the other units without a probe while one is mute', async () => {
    await done(read(100))
    const other = read(200, 3, 2)
    await clock.advance(10)
    answer(2, 3, 6, 0, 1, 0, 2, 0, 3)
    expect(await done(other)).toEqual([1, 2, 3])
    expect(wire.written).toHaveLength(2)
  })

  it('remembers over a new connection what may still be answered late', async () => {
    await done(read(100))
    await connection.close()
    connect()
    void read(200)
    await clock.advance(10)
    expect(asked()).toEqual([[3, 200, 2]])
  })

  it('leaves the line alone after a timeout for as long as something comes', async () => {
    const first = read(100)
    void first.then(() => undefined)
    await clock.advance(TIMEOUT_MS + 90)
    wire.bring(Buffer.of(1, 3, 6))
    await clock.advance(1)
    wire.bring(Buffer.of(0, 1))
    expect(await done(first)).toBe('TIMEOUT')
    expect(strays).toBe(2)
  })

  it('says that what came makes no frame, and what to check', async () => {
    const reading = connection.read(1, 'holding', 100, 3).catch((error: PenstockError) => error.message)
    await clock.advance(10)
    wire.bring(Buffer.from('f3a91c0077', 'hex'))
    await clock.advance(3 * TIMEOUT_MS)
    expect(await reading).toMatch(
      /did not answer within 100 ms: bytes came that make no frame; check baud rate, parity/,
    )
  })

  it('says what a unit answers instead', async () => {
    const reading = connection.read(1, 'holding', 100, 3).catch((error: PenstockError) => error.message)
    await clock.advance(10)
    answer(1, 3, 2, 0, 1)
    await clock.advance(3 * TIMEOUT_MS)
    expect(await reading).toContain('2 bytes of data instead of 6')
  })

  it('is said to be never silent where another one talks on it all the time', async () => {
    const chatter = clock.every(1, () => wire.bring(Buffer.of(0xff)))
    const reading = connection.read(1, 'holding', 100, 3).catch((error: PenstockError) => error.message)
    await clock.advance(TIMEOUT_MS + 1)
    chatter()
    expect(await reading).toContain('line is never silent')
    expect(wire.written).toEqual([])
  })

  it('fails what is asked at once when it is gone', async () => {
    const reading = read(100)
    await clock.advance(10)
    wire.listener?.lost(new PenstockError('CONNECTION_LOST', 'pulled out'))
    await settle()
    expect(await reading).toBe('CONNECTION_LOST')
    expect(await read(100)).toBe('CONNECTION_LOST')
    expect(wire.closed).toBe(true)
    expect(clock.pendingTimers).toBe(0)
  })

  it('behind TCP is connected anew when nobody answers the probe, but not for one mute unit of two', async () => {
    connect('rtu', true)
    const other = read(200, 1, 2)
    await clock.advance(10)
    answer(2, 3, 2, 0, 1)
    expect(await done(other)).toEqual([1])
    await done(read(100))
    expect(await done(read(100))).toBe('TIMEOUT')
    await done(read(200, 1, 2))
    expect(await done(read(100))).toBe('CONNECTION_LOST')
    expect(await connection.ended).toMatchObject({ message: expect.stringContaining('Nobody answers at line') })
  })

  it('that brings our own requests back is read, also where they look like answers', async () => {
    // A request for 20 coils from address 0x0300 is, byte by byte, an answer with three bytes of data.
    const reading = connection.read(1, 'coil', 0x0300, 20)
    await clock.advance(10)
    const [sent] = wire.written
    wire.bring(sent!)
    answer(1, 1, 3, 1, 2, 3)
    expect(await reading).toEqual(Buffer.of(1, 2, 3))
    expect(strays).toBe(1)
  })
})
