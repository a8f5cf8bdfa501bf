import type { PenstockError } from '../core/errors.ts'
import type { DeviceBase } from '../core/plant.ts'
import type { SampleSink } from '../core/sample.ts'
import type { DeviceTags, IndexedTag } from '../core/tag-index.ts'

/**
 * What a polled protocol implements; `poller.ts` owns everything that polled protocols share: connecting with
 * backoff, the poll grid, skipping of late cycles, the state of each device and what a failure does to its tags.
 */
export interface FieldDriver<Block extends ReadBlock, Device extends DeviceBase = DeviceBase> {
  /** The requests that read these tags of one device, all due at the same time. Pure; called once a poll group. */
  plan(device: DeviceTags<Device>, tags: readonly IndexedTag[]): Block[]
  /** Connects; rejects with CONNECTION_LOST, TIMEOUT, ACCESS_DENIED or PROTOCOL_VIOLATION, whose message is for operators. */
  connect(signal: AbortSignal): Promise<FieldSession<Block>>
}

/** One request's worth of tags. The driver may replace a block by smaller ones that it has learned to need. */
export interface ReadBlock {
  readonly tags: readonly IndexedTag[]
}

export interface FieldSession<Block extends ReadBlock> {
  /**
   * Reads the block and gives `sink` one `polled` or `failed` for each of its tags: a refused or undecodable tag is
   * a status on that tag, not a rejection. Rejects only when the device gave no valid answer: TIMEOUT,
   * PROTOCOL_VIOLATION (this device) or CONNECTION_LOST (every device behind this connection).
   */
  read(block: Block, sink: SampleSink): Promise<void>
  /** Resolves with the cause once the connection is gone; every pending read has been rejected by then. */
  readonly ended: Promise<PenstockError>
  /** Ends the connection; safe to repeat. */
  close(): Promise<void>
}
