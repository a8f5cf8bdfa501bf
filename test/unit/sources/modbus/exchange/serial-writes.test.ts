import { beforeEach, describe, expect, it } from 'vitest'
import { PenstockError } from '../../../../../src/core/errors.ts'
import { noTap } from '../../../../../src/sources/frame-tap.ts'
import { ModbusConnection } from '../../../../../src/sources/modbus/connection.ts'
import { networkTiming } from '../../../../../src/sources/modbus/exchange/line-timing.ts'
import { SerialTurns } from '../../../../../src/sources/modbus/exchange/serial-turns.ts'
import { Unanswered } from '../../../../../src/sources/modbus/exchange/unanswered.ts'
import { encodeRtu, rtuFraming } from '../../../../../src/sources/modbus/framing/rtu.ts'
import type { Wire, WireListener } from '../../../../../src/sources/modbus/transport/wire.ts'
import { writeRegister, writeRegisters } from '../../../../../src/sources/modbus/write-requests.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'

const TIMEOUT_MS = 100
const yes = { take: () => true }

/** A unit on a line: answers what it is told to, and the line may bring back what is sent. */
class Line implements Wire {
  readonly endpoint = 'line'
  readonly asked: string[] = []
  echoes = false
  answers: (adu: Buffer) => Buffer | undefined = right
  #listener: WireListener | undefined

  listen(listener: WireListener): void {
    this.#listener = listener
  }

  write(bytes: Buffer): void {
    const adu = bytes.subarray(0, -2)
    this.asked.push(`${adu[1]}@${adu.readUInt16BE(2)}`)
    const answer = this.answers(adu)
    if (this.echoes) this.bring(bytes)
    if (answer) this.bring(encodeRtu(answer))
  }

  bring(bytes: Buffer): void {
    queueMicrotask(() => this.#listener?.data(Buffer.from(bytes)))
  }

  close = () => Promise.resolve()
}

/** As a unit answers whose registers hold 7. */
function right(adu: Buffer): Buffer {
  const count = adu.readUInt16BE(4)
  if (adu[1] === 3) return Buffer.from([adu[0]!, 3, 2 * count, ...Array<number[]>(count).fill([0, 7]).flat()])
  if (adu[1] === 1) return Buffer.of(adu[0]!, 1, 1, 0)
  return adu[1] === 16 ? adu.subarray(0, 6) : adu
}

describe('a write on a serial line', () => {
  let clock: ManualClock
  let line: Line
  let connection: ModbusConnection

  const done = async (writing: Promise<void>): Promise<string> => {
    let outcome: string | undefined
    writing.then(
      () => {
        outcome = 'done'
      },
      (error: unknown) => {
        outcome = error instanceof PenstockError ? error.code : String(error)
      },
    )
    for (let ms = 0; outcome === undefined && ms < 20 * TIMEOUT_MS; ms++) await clock.advance(1)
    return outcome ?? 'unsettled'
  }
  const write = (value: number) => done(connection.write(writeRegister(1, 10, value), yes))

  beforeEach(() => {
    clock = new ManualClock()
    line = new Line()
    connection = new ModbusConnection({
      exchange: (onEnd) =>
        new SerialTurns({
          wire: line,
          clock,
          framing: rtuFraming,
          timing: networkTiming,
          unanswered: new Unanswered(clock),
          renewWhenMute: false,
          onStray: () => undefined,
          onEnd,
          tap: noTap,
        }),
      endpoint: 'line',
      timeoutMs: TIMEOUT_MS,
      window: 1,
    })
  })

  it('whose answer looks like itself waits until it is known whether the line brings back what is sent', async () => {
    expect(await write(5)).toBe('done')
    expect(line.asked).toEqual(['3@10', '6@10'])
    expect(await write(6)).toBe('done')
    expect(line.asked).toEqual(['3@10', '6@10', '6@10'])
  })

  it('is not done because the line brings back what is sent', async () => {
    line.echoes = true
    expect(await write(5)).toBe('done')
    line.answers = () => undefined
    expect(await write(6)).toBe('TIMEOUT')
    expect(line.asked).toEqual(['3@10', '6@10', '6@10'])
  })

  it('of several registers is told from its echo', async () => {
    line.echoes = true
    const several = writeRegisters(1, 10, Buffer.of(0, 1, 0, 2))
    expect(await done(connection.write(several, yes))).toBe('done')
    line.answers = () => undefined
    expect(await done(connection.write(several, yes))).toBe('TIMEOUT')
  })

  it('is not done by the late answer to the same write before it', async () => {
    expect(await write(5)).toBe('done')
    line.answers = () => undefined
    expect(await write(9)).toBe('TIMEOUT')
    // What was late comes with the next request; then the unit is mute again.
    line.answers = (adu) => {
      if (adu[1] !== 3) return undefined
      line.bring(encodeRtu(writeRegister(1, 10, 9)))
      return right(adu)
    }
    expect(await write(9)).toBe('TIMEOUT')
    expect(line.asked.slice(2)).toEqual(['6@10', '3@10', '6@10'])
  })

  it('is not done by an answer that repeats another write, which is told apart from none', async () => {
    line.answers = (adu) => (adu[1] === 6 ? writeRegister(1, 11, 5) : right(adu))
    expect(await write(5)).toBe('PROTOCOL_VIOLATION')
  })

  it('goes out with its permit only, and not after the unit did not answer what had to be asked first', async () => {
    expect(await done(connection.write(writeRegister(1, 10, 5), { take: () => false }))).toBe('STOPPED')
    expect(line.asked).toEqual(['3@10'])
    line.answers = () => undefined
    expect(await write(5)).toBe('TIMEOUT')
    line.asked.length = 0
    let taken = false
    const permit = { take: () => (taken = true) }
    expect(await done(connection.write(writeRegister(1, 10, 6), permit))).toBe('TIMEOUT')
    expect(taken).toBe(false)
    expect(line.asked).toEqual(['3@10'])
  })
})
