import { type Clock, type Milliseconds, momentOf } from '../../core/clock.ts'
import type { DeviceIdentity } from '../../core/device-identity.ts'
import type { PenstockError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import type { DeviceBase } from '../../core/plant.ts'
import type { SampleSink } from '../../core/sample.ts'
import { StatusCode } from '../../core/status-code.ts'
import { AD_HOC, type IndexedTag, type TagIndex } from '../../core/tag-index.ts'
import type { FieldSession, ReadOutcome, Turn } from '../driver.ts'
import type { FieldDiagnostics } from '../field-diagnostics.ts'
import type { WriteAnswer, WritePermit } from '../field-write.ts'
import type { SourceReport } from '../source.ts'
import type { S7Area } from './areas.ts'
import type { Connected } from './connect.ts'
import { type Purpose, S7Connection, type SpanReply } from './connection.ts'
import { decode } from './decode.ts'
import { identifyCpu } from './identify.ts'
import type { LearnedAreas, LearnedBlocks } from './learned-areas.ts'
import { ReadRequest } from './nodes7-codec.ts'
import { WriteRequest } from './nodes7-write.ts'
import type { Negotiated } from './pdu.ts'
import { payloadOf } from './pdu-budget.ts'
import { type ByteArea, inRequestOrder, packAreas, planAreas, type S7ReadBlock, splitArea } from './read-plan.ts'
import { arrayTooLong, type Refusal } from './refusal.ts'
import type { S7Target, S7Write } from './write-plan.ts'
import type { Zone } from './zone.ts'

const READ = { kind: 'read' } as const
/** Of a PDU that writes one item: header, parameters and the item's, and those of its data. */
const WRITE_HEADERS = 28

const reasonIn = (area: S7Area, { reason, elsewhere }: Refusal): string =>
  area === 'DB' ? reason : (elsewhere ?? reason)

export interface SessionOptions {
  readonly clock: Clock
  readonly timeoutMs: Milliseconds
  /** The most items of a request. */
  readonly maxItems: number
  /** What earlier connections to this CPU taught; this one goes on with it. */
  readonly learned: LearnedBlocks
  /** In which the CPU's clock is set. */
  readonly zone: Zone
  readonly log: Logger
  readonly report: Pick<SourceReport, 'count'>
  readonly diagnostics?: FieldDiagnostics | undefined
}

/** What it takes to read one block over this connection. */
interface BlockState {
  readonly learned: LearnedAreas
  /** Arrays that no reply of this CPU carries, each an area of its own; never asked for. */
  readonly tooLong: readonly ByteArea[]
  /** Requests for the areas that are read every time; made anew when these change. */
  requests: readonly AreaRequest[]
}

/** A request and the areas whose bytes it asks for, span by span. */
interface AreaRequest {
  readonly areas: readonly ByteArea[]
  readonly request: ReadRequest
  readonly purpose: Purpose
}

/**
 * Reads blocks over one connection to a CPU. An area whose address is refused is read again in ever smaller parts until
 * the guilty tags are found; that is remembered, and they are tried again now and then.
 */
export class S7Session implements FieldSession<S7ReadBlock> {
  readonly ended: Promise<PenstockError>
  /** What the CPU granted. */
  readonly negotiated: Negotiated
  readonly #connection: S7Connection
  readonly #options: SessionOptions
  readonly #blocks = new WeakMap<S7ReadBlock, BlockState>()
  /** Last refusal of each tag that has one, so that each is logged once. */
  readonly #refused = new Map<TagIndex, Refusal>()
  /** Tags whose refusal is new. */
  readonly #unsaid: IndexedTag[] = []

  constructor(connected: Connected, options: SessionOptions) {
    const { clock, timeoutMs, report, diagnostics } = options
    const { promise, resolve } = Promise.withResolvers<PenstockError>()
    this.ended = promise
    this.negotiated = connected.negotiated
    this.#options = options
    const count = (counter: 'requests' | 'strays') => report.count(counter)
    this.#connection = new S7Connection(
      connected,
      { clock, timeoutMs, count, recorder: diagnostics?.figures, tap: diagnostics?.frames },
      resolve,
    )
  }

  async read(block: S7ReadBlock, sink: SampleSink): Promise<ReadOutcome<S7ReadBlock>> {
    const state = this.#stateOf(block)
    const { learned } = state
    const now = this.#options.clock.monotonic()
    if (learned.retest(now)) state.requests = this.#requestsFor(learned.areas)
    const retried = learned.toRetry(now)
    for (const area of learned.refused) if (!retried.includes(area)) this.#failAgain(area, sink)
    for (const area of state.tooLong) this.#failTooLong(area, sink)

    const good: ByteArea[] = []
    const refused: ByteArea[] = []
    let divided = false
    let requests = retried.length === 0 ? state.requests : [...state.requests, ...this.#requestsFor(retried)]
    while (requests.length > 0) {
      const parts: ByteArea[] = []
      await this.#readAll(requests, (area, reply) => {
        if ('refusal' in reply && reply.refusal.ofAddress && area.tags.length > 1) {
          parts.push(...splitArea(area))
          return
        }
        if ('refusal' in reply && reply.refusal.ofAddress) refused.push(area)
        else good.push(area)
        this.#deliver(area, reply, sink)
      })
      divided ||= parts.length > 0
      requests = this.#requestsFor(parts)
    }
    this.#sayRefused()
    if (!divided && refused.length === 0 && retried.length === 0) return READ
    if (learned.update({ good, refused, retried, now })) state.requests = this.#requestsFor(learned.areas)
    return READ
  }

  async write(write: S7Write, permit: WritePermit): Promise<WriteAnswer> {
    const { tag, target, declared } = write
    const { pdu } = this.#connection
    const most = pdu - WRITE_HEADERS
    if ('bytes' in target && target.bytes.length > most) {
      const reason = `It takes ${target.bytes.length} bytes, and this CPU (PDU of ${pdu} bytes) takes at most ${most} at once.`
      return { kind: 'refused', status: StatusCode.BadOutOfRange, reason }
    }
    const short = declared && (await this.#tooLong(tag.device.key, target, declared))
    if (short) return short
    const refusal = await this.#connection.write(new WriteRequest(target), tag.device.key, permit)
    if (!refusal) return { kind: 'done' }
    this.#options.report.count('refusals')
    this.#options.diagnostics?.figures.refused(tag.device.key, refusal.code)
    const kind = refusal.status === StatusCode.BadDeviceFailure ? 'failed' : 'refused'
    return { kind, status: refusal.status, reason: `${reasonIn(target.area, refusal)} (${refusal.code})` }
  }

  /** Rejects as `identifyCpu`. */
  identify({ key }: DeviceBase, turn: Turn): Promise<DeviceIdentity> {
    return identifyCpu((wanted) => turn(() => this.#connection.readSzl(wanted, key)))
  }

  /** A text longer than the program declares it would run over what follows. */
  async #tooLong(
    deviceKey: string,
    { area, db }: S7Target,
    { start, bytes: length, characters }: NonNullable<S7Write['declared']>,
  ): Promise<WriteAnswer | undefined> {
    const request = new ReadRequest([{ area, db, start, length }])
    const [reply] = await this.#connection.read(request, { deviceKey, bytes: length, used: length })
    if (!reply || 'refusal' in reply) {
      const refusal = reply?.refusal
      const reason = refusal ? reasonIn(area, refusal) : 'the CPU does not answer how long the text may be'
      return { kind: 'refused', status: refusal?.status ?? StatusCode.BadDeviceFailure, reason }
    }
    const most = reply.bytes.readUIntBE(0, length)
    if (characters <= most) return undefined
    const reason = `It has ${characters} characters, and the program of the CPU declares at most ${most}.`
    return { kind: 'refused', status: StatusCode.BadOutOfRange, reason }
  }

  async close(): Promise<void> {
    this.#connection.close()
    await this.ended
  }

  #stateOf(block: S7ReadBlock): BlockState {
    const known = this.#blocks.get(block)
    if (known) return known
    const longest = payloadOf(this.#connection.pdu)
    const areas = block.areas.flatMap((area) => (area.length > longest ? planAreas(area.tags, longest) : [area]))
    const [readable, tooLong] = [areas.filter(fits(longest)), areas.filter((area) => !fits(longest)(area))]
    const learned = this.#options.learned.of(block, readable)
    learned.reconnected(this.#options.clock.monotonic())
    const state = { learned, tooLong, requests: this.#requestsFor(learned.areas) }
    this.#blocks.set(block, state)
    return state
  }

  #requestsFor(areas: readonly ByteArea[]): AreaRequest[] {
    const { pdu } = this.#connection
    const longest = payloadOf(pdu)
    return packAreas([...areas].sort(inRequestOrder), pdu, this.#options.maxItems).map((pack) => ({
      areas: pack,
      request: new ReadRequest(
        pack.map(({ area, db, start, length }) => ({ area, db, start, length: Math.min(length, longest) })),
      ),
      purpose: purposeOf(pack, longest),
    }))
  }

  /** Resolves when every request is settled; rejects, then, with the first failure. Answered areas are taken either way. */
  async #readAll(requests: readonly AreaRequest[], take: TakeReply): Promise<void> {
    const [only] = requests
    if (only && requests.length === 1) {
      return distribute(only, await this.#connection.read(only.request, only.purpose), take)
    }
    const settled = await Promise.allSettled(
      requests.map(({ request, purpose }) => this.#connection.read(request, purpose)),
    )
    let failure: unknown
    for (const [position, outcome] of settled.entries()) {
      if (outcome.status === 'fulfilled') distribute(requests[position] as AreaRequest, outcome.value, take)
      else failure ??= outcome.reason
    }
    if (failure !== undefined) throw failure as PenstockError
  }

  #deliver(area: ByteArea, reply: SpanReply, sink: SampleSink): void {
    if ('refusal' in reply) {
      this.#refuse(area, reply.refusal, sink)
      return
    }
    const { zone, clock } = this.#options
    const at = momentOf(clock)
    for (const { tag, item } of area.tags) {
      const value = decode(item, reply.bytes, item.offset - area.start, zone)
      if (typeof value === 'object' && 'unusable' in value) sink.failed(tag.index, value.unusable)
      else sink.polled(tag.index, value, at)
    }
    if (this.#refused.size > 0) this.#forgive(area)
  }

  #refuse(area: ByteArea, of: Refusal, sink: SampleSink): void {
    const refusal = { ...of, reason: reasonIn(area.area, of) }
    this.#options.report.count('refusals')
    this.#options.diagnostics?.figures.refused(area.tags[0]?.tag.device.key ?? '', refusal.code)
    for (const { tag } of area.tags) {
      sink.failed(tag.index, refusal.status)
      // Whoever reads once is told, and nobody else.
      if (tag.index === AD_HOC || this.#refused.get(tag.index)?.code === refusal.code) continue
      this.#refused.set(tag.index, refusal)
      this.#unsaid.push(tag)
    }
  }

  /** One line a reason: a missing data block may hold a thousand tags. */
  #sayRefused(): void {
    if (this.#unsaid.length === 0) return
    const byReason = Map.groupBy(this.#unsaid.splice(0), (tag) => this.#refused.get(tag.index)?.reason)
    for (const [reason, tags] of byReason) {
      const [first] = tags as [IndexedTag]
      const cause = this.#refused.get(first.index)?.code
      const others = tags.length > 1 ? ` and ${tags.length - 1} more` : ''
      this.#options.log.warn(
        { device: first.device.key, tag: first.id, address: first.tag.address, tags: tags.length, cause },
        `Tag "${first.tag.name}" at ${first.tag.address}${others}: ${reason}. Tried again by itself.`,
      )
    }
  }

  #failAgain(area: ByteArea, sink: SampleSink): void {
    for (const { tag } of area.tags) {
      const refusal = this.#refused.get(tag.index)
      if (refusal) sink.failed(tag.index, refusal.status)
    }
  }

  #failTooLong(area: ByteArea, sink: SampleSink): void {
    if (area.tags.every(({ tag }) => this.#refused.has(tag.index))) this.#failAgain(area, sink)
    else this.#refuse(area, arrayTooLong(area.length, this.#connection.pdu), sink)
  }

  #forgive(area: ByteArea): void {
    for (const { tag } of area.tags) {
      if (!this.#refused.delete(tag.index)) continue
      this.#options.log.info({ device: tag.device.key, tag: tag.id }, `"${tag.tag.name}" is readable now`)
    }
  }
}

function purposeOf(areas: readonly ByteArea[], longest: number): Purpose {
  const deviceKey = areas[0]?.tags[0]?.tag.device.key ?? ''
  const sum = (of: (area: ByteArea) => number) => areas.reduce((total, area) => total + Math.min(longest, of(area)), 0)
  return { deviceKey, bytes: sum(({ length }) => length), used: sum(bytesUsed) }
}

/** Bytes of the area that are some tag's. */
function bytesUsed({ tags }: ByteArea): number {
  let end = 0
  let sum = 0
  for (const { item } of tags) {
    sum += Math.max(0, item.offset + item.length - Math.max(item.offset, end))
    end = Math.max(end, item.offset + item.length)
  }
  return sum
}
type TakeReply = (area: ByteArea, reply: SpanReply) => void

function distribute({ areas }: AreaRequest, replies: readonly SpanReply[], take: TakeReply): void {
  for (const [span, reply] of replies.entries()) take(areas[span] as ByteArea, reply)
}

/** Of a text that is longer than a reply, what fits is read: its end may be unused. An array is read whole or not at all. */
const fits =
  (longest: number) =>
  ({ length, tags }: ByteArea): boolean =>
    length <= longest || tags.every(({ item }) => item.count === undefined)
