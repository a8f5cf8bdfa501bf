import { expect, it } from 'vitest'
import { CommandTraces } from '../../../src/commands/command-traces.ts'
import type { CommandRecord, CommandState } from '../../../src/core/command.ts'
import { StatusCode } from '../../../src/core/status-code.ts'
import type { SpanFacts, SpanOptions, Tracing } from '../../../src/core/tracing.ts'

/** Traces everything, and keeps what it is told. */
class Recorder implements Tracing {
  readonly spans: { name: string; parent: string | undefined; facts: SpanFacts; ended: boolean; failed: string }[] = []
  now: string | undefined
  readonly links: string[] = []

  begin(_kind: string, name: string, { parent }: SpanOptions = {}) {
    const span = { name, parent: parent ?? this.now, facts: {} as SpanFacts, ended: false, failed: '' }
    const trace = `span-${this.spans.push(span)}`
    return {
      trace,
      set: (facts: SpanFacts) => {
        span.facts = { ...span.facts, ...facts }
      },
      link: (to: string) => void this.links.push(`${trace} ${to}`),
      fail: (cause: string) => {
        span.failed = cause
      },
      end: () => {
        span.ended = true
      },
    }
  }
  current = () => this.now
  within = <Result>(_trace: string | undefined, work: () => Result): Result => work()
}

const aCommand = (state: CommandState, more: Partial<CommandRecord> = {}): CommandRecord => ({
  id: 7,
  device: 'pump',
  order: { kind: 'write', tag: 'speed', value: 54_321 },
  by: { user: 'olga', origin: 'opcua' },
  state,
  reason: '',
  priority: 0,
  acceptedAt: 1_000,
  changedAt: 1_000,
  deadline: 2_000,
  ...more,
})

it('a command is one span from its acceptance to its end, with one for each state it is in', () => {
  const tracing = new Recorder()
  const traces = new CommandTraces(tracing)
  tracing.now = 'asker'
  traces.accepted(aCommand('queued'))
  traces.accepted(aCommand('queued'))
  tracing.now = undefined
  for (const state of ['sending', 'queued', 'sending', 'sent', 'sent'] as const) traces.moved(aCommand(state))
  expect(traces.stageOf(7)).toBe('span-6')
  tracing.now = 'acknowledgement'
  traces.mentioned(7)
  traces.moved(aCommand('failed', { status: StatusCode.BadTimeout }))
  const stages = ['queued', 'sending', 'queued', 'sending', 'sent'].map((state) => [`command ${state}`, 'span-1'])
  expect(tracing.spans.map(({ name, parent }) => [name, parent])).toEqual([['command', 'asker'], ...stages])
  expect(tracing.spans.every(({ ended }) => ended)).toBe(true)
  expect(tracing.spans[0]).toMatchObject({
    failed: 'failed',
    facts: { 'penstock.command.state': 'failed', 'opcua.status': 'BadTimeout', 'penstock.tag': 'speed' },
  })
  expect(tracing.links).toEqual(['span-1 acknowledgement'])
  expect(JSON.stringify(tracing.spans)).not.toMatch(/54321|olga/)
  expect(traces.stageOf(7)).toBeUndefined()
})

it('a command that was transmitted where no more is heard is at its end, and one that still goes on ends with the gateway', () => {
  const tracing = new Recorder()
  const traces = new CommandTraces(tracing)
  traces.accepted(aCommand('queued'))
  traces.moved(aCommand('transmitted', { status: StatusCode.Good }))
  expect(tracing.spans.map(({ ended, failed }) => [ended, failed])).toEqual([
    [true, ''],
    [true, ''],
  ])
  traces.accepted(aCommand('queued', { id: 8 }))
  traces.stop()
  expect(tracing.spans.every(({ ended }) => ended)).toBe(true)
  // Of one that an earlier run accepted nothing is known.
  traces.moved(aCommand('confirmed', { id: 9 }))
  expect(tracing.spans).toHaveLength(4)
})
