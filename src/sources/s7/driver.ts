import type { TagValue } from '../../core/data-type.ts'
import { PenstockError } from '../../core/errors.ts'
import type { S7DeviceConfig, S7SourceConfig } from '../../core/plant.ts'
import type { DeviceTags, IndexedTag } from '../../core/tag-index.ts'
import type { Unwritable } from '../../core/transform/inverse.ts'
import type { FieldDriver, PollSet } from '../driver.ts'
import type { FieldDiagnostics } from '../field-diagnostics.ts'
import type { SourceContext } from '../source.ts'
import { connectCpu } from './connect.ts'
import { LearnedBlocks } from './learned-areas.ts'
import { proveNodes7 } from './nodes7-self-test.ts'
import { MOST_ITEMS } from './pdu-budget.ts'
import { planGroups, type S7ReadBlock } from './read-plan.ts'
import { resolveTag } from './resolve.ts'
import { S7Session } from './session.ts'
import { planWrite, type S7Write } from './write-plan.ts'
import { Zone } from './zone.ts'

export type S7DriverContext = Pick<SourceContext, 'clock' | 'log' | 'report'>

/** Reads and writes the memory of one Siemens S7 CPU. Counts requests, refusals and strays. */
export class S7Driver implements FieldDriver<S7ReadBlock, S7DeviceConfig> {
  readonly #config: S7SourceConfig
  readonly #context: S7DriverContext
  readonly #diagnostics: FieldDiagnostics | undefined
  readonly #zone: Zone
  readonly #learned = new LearnedBlocks()
  #libraryProved = false

  constructor(config: S7SourceConfig, context: S7DriverContext, diagnostics?: FieldDiagnostics) {
    this.#config = config
    this.#zone = new Zone(config.timeZone ?? 'UTC')
    this.#context = context
    this.#diagnostics = diagnostics
  }

  /** Throws CONFIG_INVALID for a tag that `validateS7` would have refused. */
  plan(_device: DeviceTags<S7DeviceConfig>, groups: readonly PollSet[]): S7ReadBlock[][] {
    const planned = groups.map(({ period, tags }) => {
      const items = tags.map((tag) => {
        const resolved = resolveTag(tag.tag)
        if (resolved.ok) return { tag, item: resolved.item }
        throw new PenstockError('CONFIG_INVALID', `Tag "${tag.id}": ${resolved.fault.message} ${resolved.fault.mend}`)
      })
      return { period, items }
    })
    return planGroups(planned, this.#maxItems)
  }

  planWrite(_device: S7DeviceConfig, tag: IndexedTag, value: TagValue): S7Write | Unwritable {
    return planWrite(tag, value, this.#zone)
  }

  async connect(signal: AbortSignal): Promise<S7Session> {
    const { clock, log, report } = this.#context
    if (!this.#libraryProved) proveNodes7()
    this.#libraryProved = true
    const connected = await connectCpu(this.#config, clock, signal, this.#diagnostics?.frames)
    const { pdu, parallel } = connected.negotiated
    this.#learned.connected(connected.negotiated)
    log.info({ endpoint: connected.transport.endpoint, pdu, parallel }, 'Connected to the CPU')
    const { timeoutMs } = this.#config
    return new S7Session(connected, {
      clock,
      timeoutMs,
      maxItems: this.#maxItems,
      learned: this.#learned,
      zone: this.#zone,
      log,
      report,
      diagnostics: this.#diagnostics,
    })
  }

  get #maxItems(): number {
    return this.#config.maxItems ?? MOST_ITEMS
  }
}
