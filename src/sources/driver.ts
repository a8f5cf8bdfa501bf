import type { Milliseconds } from '../core/clock.ts'
import type { TagValue } from '../core/data-type.ts'
import type { DeviceIdentity } from '../core/device-identity.ts'
import type { PenstockError } from '../core/errors.ts'
import type { DeviceBase } from '../core/plant.ts'
import type { SampleSink } from '../core/sample.ts'
import type { DeviceTags, IndexedTag } from '../core/tag-index.ts'
import type { Unwritable } from '../core/transform/inverse.ts'
import type { FieldWrite, WriteAnswer, WritePermit } from './field-write.ts'

/**
 * What a polled protocol implements; `poller.ts` owns everything that polled protocols share: connecting with
 * backoff, the poll grid, skipping of late cycles, the state of each device and what a failure does to its tags.
 */
export interface FieldDriver<Block extends ReadBlock, Device extends DeviceBase = DeviceBase> {
  /**
   * The requests of each poll group of one device, in the order of the groups, which ascend by period. A request of a
   * group may read tags of slower groups along; these have requests of their own all the same, all of whose tags are
   * riders of others, for when the others fail. Pure.
   */
  plan(device: DeviceTags<Device>, groups: readonly PollSet[]): readonly (readonly Block[])[]
  /** What tells the device a value that fits the tag's type, checked and encoded; or why it cannot be told. Pure. */
  planWrite(device: Device, tag: IndexedTag, value: TagValue): FieldWrite | Unwritable
  /** Connects; rejects with CONNECTION_LOST, TIMEOUT, ACCESS_DENIED or PROTOCOL_VIOLATION, whose message is for operators. */
  connect(signal: AbortSignal): Promise<FieldSession<Block>>
}

/** The tags of a device that have the same period. */
export interface PollSet {
  readonly period: Milliseconds
  readonly tags: readonly IndexedTag[]
}

/** One request's worth of tags. */
export interface ReadBlock {
  readonly tags: readonly IndexedTag[]
  /** Those of the tags that belong to slower groups, if any. */
  readonly riders?: readonly IndexedTag[]
}

/** Does one request when nothing else is under way. */
export type Turn = <T>(request: () => Promise<T>) => Promise<T>

/** What an answer to a block was worth. */
export type ReadOutcome<Block extends ReadBlock> =
  /** Each tag of the block was given its value or its status, or keeps its last one because the device is busy. */
  | { readonly kind: 'read' }
  /** Something among it is refused: these parts of it are to be asked for instead. Its tags were given nothing. */
  | { readonly kind: 'split'; readonly into: readonly Block[] }
  /** It cannot be split, and the device has no such thing; its tags were given that as their status. */
  | { readonly kind: 'refused'; readonly cause: PenstockError }

export interface FieldSession<Block extends ReadBlock> {
  /** Reads that may be under way at once, where it is more than one; a write goes alone all the same. */
  readonly window?: number
  /**
   * Asks once for the block and gives `sink` one `polled` or `failed` for each of its tags: a refused or undecodable
   * tag is a status on that tag, not a rejection. Rejects only when the device gave no valid answer: TIMEOUT,
   * PROTOCOL_VIOLATION (this device) or CONNECTION_LOST (every device behind this connection). `within` is shorter
   * than the configured timeout; a driver may leave it aside where no other device waits.
   */
  read(block: Block, sink: SampleSink, within?: Milliseconds): Promise<ReadOutcome<Block>>
  /**
   * Writes once, over a line that nothing else uses meanwhile; the permit is taken when it goes out. Rejects as `read`, or
   * with STOPPED where the permit is not given: once the permit was taken, it may be done all the same.
   */
  write(write: FieldWrite, permit: WritePermit): Promise<WriteAnswer>
  /**
   * What a device of the source says of itself, in a few requests, each in a turn of its own. Rejects as `read`, and with
   * REQUEST_REFUSED where it does not tell.
   */
  identify(device: DeviceBase, turn: Turn): Promise<DeviceIdentity>
  /** Resolves with the cause once the connection is gone; every pending read has been rejected by then. */
  readonly ended: Promise<PenstockError>
  /** Ends the connection; safe to repeat. */
  close(): Promise<void>
}
