import type { Milliseconds } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import { noTracing, type Span, type Tracing } from '../core/tracing.ts'
import type { ReadBlock, ReadOutcome } from './driver.ts'
import { asPenstockError } from './poll-failure.ts'

/** The poll cycles of a source as spans, and in them their requests. */
export class CycleTraces {
  readonly #source: { readonly key: string; readonly kind: string }
  readonly #tracing: Tracing

  constructor(source: { readonly key: string; readonly kind: string }, tracing: Tracing = noTracing) {
    this.#source = source
    this.#tracing = tracing
  }

  /** A cycle of the tags of a device with this period begins; undefined: it is not traced. */
  begin(device: string, period: Milliseconds): Span | undefined {
    const span = this.#tracing.begin('poll', 'poll cycle')
    span?.set({
      'penstock.source': this.#source.key,
      'penstock.device': device,
      'penstock.poll.period_ms': period,
    })
    return span
  }

  /** One request, whose cycle is traced or, where there is none, not; rejects as it does. */
  request<Block extends ReadBlock>(
    cycle: Span | undefined,
    block: Block,
    ask: () => Promise<ReadOutcome<Block>>,
  ): Promise<ReadOutcome<Block>> {
    return cycle ? this.#traced(cycle, block, ask) : ask()
  }

  async #traced<Block extends ReadBlock>(
    cycle: Span,
    block: Block,
    ask: () => Promise<ReadOutcome<Block>>,
  ): Promise<ReadOutcome<Block>> {
    const span = this.#tracing.begin('poll', `${this.#source.kind} read`, { parent: cycle.trace, role: 'client' })
    span?.set({ 'penstock.poll.tags': block.tags.length })
    try {
      const outcome = await this.#tracing.within(span?.trace, ask)
      if (outcome.kind === 'refused') span?.fail(describeError(outcome.cause))
      return outcome
    } catch (error) {
      span?.fail(describeError(asPenstockError(error)))
      throw error
    } finally {
      span?.end()
    }
  }
}
