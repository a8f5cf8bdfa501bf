import type { TagValue } from '../../src/core/data-type.ts'
import type { DeviceIdentity } from '../../src/core/device-identity.ts'
import { PenstockError } from '../../src/core/errors.ts'
import type { ModbusDeviceConfig } from '../../src/core/plant.ts'
import type { SampleSink } from '../../src/core/sample.ts'
import type { DeviceTags, IndexedTag } from '../../src/core/tag-index.ts'
import type { FieldDriver, FieldSession, PollSet, ReadBlock, ReadOutcome } from '../../src/sources/driver.ts'
import type { FieldWrite, WriteAnswer, WritePermit } from '../../src/sources/field-write.ts'
import type { ManualClock } from './manual-clock.ts'

const TIMEOUT_MS = 1_000

/** What becomes of the next write. */
export type WriteScript = WriteAnswer | PenstockError

export interface Block extends ReadBlock {
  readonly device: string
}

interface Read {
  readonly at: number
  readonly device: string
  readonly tags: readonly string[]
}

/** A field bus in memory: one block a tag; devices, or tags of theirs, answer after `latencyMs` or are mute. */
export class ScriptedBus implements FieldDriver<Block, ModbusDeviceConfig> {
  readonly reads: Read[] = []
  readonly mute = new Set<string>()
  readonly attempts: number[] = []
  latencyMs = 10
  /** What every tag reads; without an order of another, ever another value. */
  valueOf: () => number = () => this.reads.length
  /** What devices say of themselves. */
  identities: Record<string, DeviceIdentity> = {}
  /** What tags hold since they were written. */
  readonly held = new Map<string, TagValue>()
  readonly writes: { readonly at: number; readonly tag: string }[] = []
  /** What becomes of the next writes; then they are done. */
  scripts: WriteScript[] = []
  /** Whether writes reach the device. */
  acts = true
  readonly latencyOf = new Map<string, number>()
  /** How long a serial gateway waits for a mute device, and lets everything else wait. */
  gatewayTimeoutMs = 0
  #gatewayBusyUntil = 0
  /** What the next attempts to connect are answered with; then they succeed. */
  refusals: PenstockError[] = []
  connected = 0
  pending = 0
  /** The most that were pending at once. */
  mostPending = 0
  /** Reads that it bears at once. */
  window = 1
  #end: ((cause: PenstockError) => void) | undefined
  readonly #clock: ManualClock

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  plan(of: DeviceTags<ModbusDeviceConfig>, groups: readonly PollSet[]): Block[][] {
    return groups.map(({ tags }) => tags.map((each) => ({ device: of.device.key, tags: [each] })))
  }

  planWrite(_of: ModbusDeviceConfig, tag: IndexedTag, value: TagValue): FieldWrite {
    return { tag, expected: value }
  }

  async connect(): Promise<FieldSession<Block>> {
    this.attempts.push(this.#clock.monotonic())
    const refusal = this.refusals.shift()
    if (refusal) throw refusal
    this.connected++
    const failures = new Set<(cause: PenstockError) => void>()
    const ended = new Promise<PenstockError>((resolve) => {
      this.#end = (cause) => {
        this.connected = 0
        resolve(cause)
        for (const fail of failures) fail(cause)
        failures.clear()
      }
    })
    return {
      ended,
      window: this.window,
      read: (block, sink, within) => this.#read(block, sink, within ?? TIMEOUT_MS, failures),
      write: (write, permit) => this.#write(write, permit, failures),
      identify: async ({ key }) => {
        if (this.identities[key]) return this.identities[key]
        throw new PenstockError('TIMEOUT', `${key} says nothing of itself`)
      },
      close: async () => this.#end?.(new PenstockError('STOPPED', 'closed')),
    }
  }

  /** The peer resets the connection. */
  drop(): void {
    this.#end?.(new PenstockError('CONNECTION_LOST', 'Connection to 127.0.0.1:502 was reset'))
  }

  timesOf(deviceKey: string): number[] {
    return this.reads.filter((read) => read.device === deviceKey).map((read) => read.at)
  }

  #read(
    block: Block,
    sink: SampleSink,
    within: number,
    failures: Set<(cause: PenstockError) => void>,
  ): Promise<ReadOutcome<Block>> {
    const keys = block.tags.map((each) => each.tag.key)
    this.reads.push({ at: this.#clock.monotonic(), device: block.device, tags: keys })
    this.pending++
    this.mostPending = Math.max(this.mostPending, this.pending)
    return new Promise<ReadOutcome<Block>>((resolve, reject) => {
      const now = this.#clock.monotonic()
      const silent = [block.device, ...keys].some((key) => this.mute.has(key))
      const from = Math.max(now, this.#gatewayBusyUntil)
      const latency = from - now + (this.latencyOf.get(block.device) ?? this.latencyMs)
      const mute = silent || latency > within
      if (silent) this.#gatewayBusyUntil = from + this.gatewayTimeoutMs
      const cancel = this.#clock.after(mute ? within : latency, () => {
        failures.delete(fail)
        this.pending--
        if (mute) return reject(new PenstockError('TIMEOUT', `No answer within ${within} ms`))
        for (const each of block.tags) sink.polled(each.index, this.held.get(each.tag.key) ?? this.valueOf())
        resolve({ kind: 'read' })
      })
      const fail = (cause: PenstockError) => {
        cancel()
        this.pending--
        reject(cause)
      }
      failures.add(fail)
    })
  }

  #write(
    { tag, expected }: FieldWrite,
    permit: WritePermit,
    failures: Set<(cause: PenstockError) => void>,
  ): Promise<WriteAnswer> {
    if (!permit.take()) return Promise.reject(new PenstockError('STOPPED', 'Not sent'))
    this.writes.push({ at: this.#clock.monotonic(), tag: tag.tag.key })
    const script = this.scripts.shift() ?? { kind: 'done' }
    return new Promise((resolve, reject) => {
      const wait = script instanceof PenstockError && script.code === 'TIMEOUT' ? TIMEOUT_MS : this.latencyMs
      const cancel = this.#clock.after(wait, () => {
        failures.delete(fail)
        if (this.acts) this.held.set(tag.tag.key, expected)
        if (script instanceof PenstockError) reject(script)
        else resolve(script)
      })
      const fail = (cause: PenstockError) => {
        cancel()
        reject(cause)
      }
      failures.add(fail)
    })
  }
}
