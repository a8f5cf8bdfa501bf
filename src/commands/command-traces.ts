import { type CommandRecord, type CommandState, isFinished } from '../core/command.ts'
import { statusName } from '../core/status-code.ts'
import type { Span, TraceParent, Tracing } from '../core/tracing.ts'

interface Traced {
  readonly life: Span
  /** The state that it is in. */
  stage: Span
  state: CommandState
}

const good: readonly CommandState[] = ['confirmed', 'transmitted']

/**
 * The lives of commands as spans: one from its acceptance to its end, within whatever asked for it, and in it one for
 * each state. What an earlier run accepted is not traced. Neither a value nor who asked is told.
 */
export class CommandTraces {
  readonly #tracing: Tracing
  readonly #open = new Map<number, Traced>()

  constructor(tracing: Tracing) {
    this.#tracing = tracing
  }

  /** It was accepted, by what runs now. */
  accepted(command: CommandRecord): void {
    const { id, state, device, order, by, acceptedAt: startedAt } = command
    if (this.#open.has(id) || state !== 'queued') return
    const life = this.#tracing.begin('change', 'command', { startedAt })
    if (!life) return
    life.set({
      'penstock.command.id': id,
      'penstock.command.origin': by.origin,
      'penstock.device': device,
      [order.kind === 'write' ? 'penstock.tag' : 'penstock.command']:
        order.kind === 'write' ? order.tag : order.command,
    })
    const stage = this.#tracing.begin('change', 'command queued', { parent: life.trace, startedAt })
    if (stage) this.#open.set(id, { life, stage, state })
  }

  /** It is in this state now. */
  moved(command: CommandRecord): void {
    const traced = this.#open.get(command.id)
    if (!traced || traced.state === command.state) {
      if (traced && isFinished(command)) this.#end(traced, command)
      return
    }
    traced.stage.end()
    if (isFinished(command)) {
      this.#end(traced, command)
      return
    }
    const parent = traced.life.trace
    traced.state = command.state
    traced.stage = this.#tracing.begin('change', `command ${command.state}`, { parent }) ?? traced.stage
  }

  /** What runs now says something of it. */
  mentioned(id: number): void {
    const trace = this.#tracing.current()
    const traced = this.#open.get(id)
    if (traced && trace !== undefined) traced.life.link(trace)
  }

  /** The state that it is in, as a span. */
  stageOf(id: number): TraceParent | undefined {
    return this.#open.get(id)?.stage.trace
  }

  /** The gateway stops: what goes on is told as far as it came. */
  stop(): void {
    for (const { life, stage } of this.#open.values()) {
      stage.end()
      life.end()
    }
    this.#open.clear()
  }

  #end({ life, stage }: Traced, { id, state, status }: CommandRecord): void {
    stage.end()
    life.set({
      'penstock.command.state': state,
      ...(status === undefined ? {} : { 'opcua.status': statusName(status) }),
    })
    if (!good.includes(state)) life.fail(state)
    life.end()
    this.#open.delete(id)
  }
}
