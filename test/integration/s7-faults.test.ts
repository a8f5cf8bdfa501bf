import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { PenstockError } from '../../src/core/errors.ts'
import { SimulatedPlc } from '../../src/demo/s7/simulated-plc.ts'
import { type Fault, FaultProxy } from '../support/s7-fault-proxy.ts'
import { s7Device, s7SourceConfig, s7Tag } from '../support/s7-plant.ts'
import { ReadingSession } from '../support/s7-session.ts'

const TAGS = 120
/** Long where every reply is to count however slow the machine, short where replies are to be missed. */
const PATIENT_MS = 5_000
const IMPATIENT_MS = 200

/**
 * Every DINT of DB1 holds `generation · 1000 + its number`, and the generation grows before every reading: a value of
 * another tag, of another time or of another place shows.
 */
class Generations {
  readonly memory = Buffer.alloc(2_400)
  current = 0

  next(): void {
    this.current++
    for (let n = 0; n < TAGS; n++) this.memory.writeInt32BE(this.current * 1_000 + n, n * 20)
  }
}

const config = (timeoutMs: number) =>
  s7SourceConfig(
    [
      s7Device(
        'line',
        Array.from({ length: TAGS }, (_, n) => s7Tag(`t${n}`, { type: 'Int32', address: `DB1,DINT${n * 20}` })),
      ),
    ],
    { port: proxy.port, timeoutMs },
  )

let generations: Generations
let plc: SimulatedPlc
let proxy: FaultProxy
let session: ReadingSession

/** Small PDUs make several requests of one shape run at once, large ones replies that Ethernet cuts in pieces. */
async function connect(largestPdu: number): Promise<void> {
  generations = new Generations()
  plc = new SimulatedPlc({ blocks: new Map([[1, generations.memory]]), largestPdu })
  proxy = await FaultProxy.start(await plc.listen())
  session = await ReadingSession.connect(config(PATIENT_MS), systemClock)
}

async function reconnect(timeoutMs: number): Promise<void> {
  await session.close()
  session = await ReadingSession.connect(config(timeoutMs), systemClock)
}

afterEach(async () => {
  await session.close()
  await proxy.close()
  await plc.close()
})

/** Reads everything once; answers the code of what went wrong. Whatever was delivered must be of this very reading. */
async function readOnce(): Promise<string | undefined> {
  generations.next()
  session.context.sink.polls.clear()
  let failure: string | undefined
  for (const block of session.blocks) {
    await session.session.read(block, session.context.sink).catch((error: PenstockError) => {
      failure = error.code
    })
  }
  for (const [tag, values] of session.context.sink.polls) {
    expect(values).toEqual([generations.current * 1_000 + tag])
  }
  return failure
}

const complete = () => session.context.sink.polls.size === TAGS

describe.each([240, 960])('a reply of a CPU with a PDU of %i bytes', (pdu) => {
  beforeEach(() => connect(pdu))

  it.each<Fault>(['bytewise', 'segmented', 'doubled'])('that arrives %s gives the same values', async (fault) => {
    proxy.fault = () => fault
    for (let reading = 0; reading < 5; reading++) {
      expect(await readOnce()).toBeUndefined()
      expect(complete()).toBe(true)
    }
  })

  it.each<Fault>(['wrong-function', 'wrong-count', 'wrong-length', 'wrong-kind', 'shortened'])(
    'with %s gives no value, and the next one does',
    async (fault) => {
      proxy.fault = () => fault
      expect(await readOnce()).toBe('PROTOCOL_VIOLATION')
      expect(session.context.sink.polls.size).toBe(0)
      proxy.fault = () => undefined
      expect(await readOnce()).toBeUndefined()
      expect(complete()).toBe(true)
    },
  )

  it.each<Fault>(['mute', 'wrong-reference'])(
    'that is %s ends at the deadline, and the next one counts',
    async (fault) => {
      await reconnect(IMPATIENT_MS)
      proxy.fault = () => fault
      expect(await readOnce()).toBe('TIMEOUT')
      expect(session.context.sink.polls.size).toBe(0)
      proxy.fault = () => undefined
      expect(await readOnce()).toBeUndefined()
      expect(complete()).toBe(true)
    },
  )

  it('of an earlier reading that comes late is never taken for the current one', async () => {
    await reconnect(IMPATIENT_MS)
    proxy.fault = () => 'late'
    for (let reading = 0; reading < 4; reading++) await readOnce()
    expect(session.context.counted('strays')).toBeGreaterThan(0)
    proxy.fault = () => undefined
    expect(await readOnce()).toBeUndefined()
    expect(complete()).toBe(true)
  })

  it.each<Fault>(['truncated', 'garbage', 'rst', 'fin'])(
    'that ends in %s ends the connection and every pending read at once',
    async (fault) => {
      proxy.fault = () => fault
      const reads = session.blocks.map((block) => session.session.read(block, session.context.sink))
      const outcomes = await Promise.allSettled(reads)
      expect(
        outcomes.map((outcome) => outcome.status === 'rejected' && (outcome.reason as PenstockError).code),
      ).toEqual(session.blocks.map(() => 'CONNECTION_LOST'))
      expect((await session.session.ended).code).toBe('CONNECTION_LOST')
      expect(session.context.sink.polls.size).toBe(0)
    },
  )

  it('gives no wrong value and leaves no read unsettled in hundreds of readings with random faults', async () => {
    const faults: readonly (Fault | undefined)[] = [
      ...Array.from({ length: 12 }, () => undefined),
      'bytewise',
      'segmented',
      'segmented',
      'late',
      'doubled',
      'wrong-reference',
      'wrong-function',
      'wrong-count',
      'wrong-length',
      'wrong-kind',
      'shortened',
      'truncated',
      'garbage',
      'rst',
      'fin',
      'mute',
    ]
    await reconnect(IMPATIENT_MS / 2)
    const random = randomFrom(20_260_101)
    const outcomes = new Map<string, number>()
    for (let reading = 0; reading < 200; reading++) {
      proxy.fault = () => faults[Math.floor(random() * faults.length)]
      const outcome = (await readOnce()) ?? 'good'
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      if (outcome !== 'CONNECTION_LOST') continue
      proxy.fault = () => undefined
      await reconnect(IMPATIENT_MS / 2)
    }
    expect([...outcomes.keys()].sort()).toEqual(['CONNECTION_LOST', 'PROTOCOL_VIOLATION', 'TIMEOUT', 'good'])
  })
})

/** Numbers in [0, 1) that are the same in every run (xorshift32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
