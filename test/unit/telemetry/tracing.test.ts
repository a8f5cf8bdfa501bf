import { describe, expect, it } from 'vitest'
import { noTracing, parseTrace } from '../../../src/core/tracing.ts'
import type { TraceRatios } from '../../../src/telemetry/otel-tracing.ts'
import { startTracing } from '../../../src/telemetry/telemetry.ts'
import { TraceScope } from '../../../src/telemetry/trace-scope.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { recordingLogger } from '../../support/opcua-room.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'
const sampled = `00-${TRACE}-${SPAN}-01`
const unsampled = `00-${TRACE}-${SPAN}-00`
const none: TraceRatios = { poll: 0, call: 0, event: 0, service: 0, request: 0, upkeep: 0 }

async function started(ratios: Partial<TraceRatios>, endpoint: string) {
  const clock = new ManualClock()
  const { log } = recordingLogger()
  const scope = new TraceScope()
  const settings = { endpoint, timeoutMs: 1_000, ratios: { ...none, ...ratios }, gateway: 'Plant', version: '1' }
  const traces = await startTracing(settings, { thread: 'main', scope, clock, log, random: () => 0.5 })
  return { tracing: traces.tracing, scope, stop: () => traces.stop() }
}

describe('traceparent', () => {
  it('is read as W3C Trace Context says, and what is none is left aside', () => {
    expect(parseTrace(sampled)).toEqual({ traceId: TRACE, spanId: SPAN, isSampled: true })
    expect(parseTrace(unsampled)?.isSampled).toBe(false)
    // A version to come may say more behind.
    expect(parseTrace(`01-${TRACE}-${SPAN}-01-more`)?.traceId).toBe(TRACE)
    const wrong = ['', 'x', `ff-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01-more`, `00-${'0'.repeat(32)}-${SPAN}-01`]
    expect([...wrong, `00-${TRACE}-${'0'.repeat(16)}-01`, sampled.toUpperCase()].map(parseTrace)).toEqual(
      Array(7).fill(undefined),
    )
  })
})

describe('what is traced', () => {
  it('is a share of each kind, of a trace all or nothing, and every change', async () => {
    const { tracing, scope, stop } = await started({ poll: 0.6, service: 0.5 }, 'http://127.0.0.1:1')
    expect(tracing.begin('poll', 'cycle')).toBeDefined()
    expect(tracing.begin('service', 'Read')).toBeUndefined()
    expect(tracing.begin('call', 'List')).toBeUndefined()
    expect(tracing.begin('call', 'List', { parent: sampled })?.trace).toMatch(new RegExp(`^00-${TRACE}-(?!${SPAN})`))
    expect(tracing.begin('poll', 'cycle', { parent: unsampled })).toBeUndefined()
    expect(tracing.begin('change', 'command', { parent: unsampled })?.trace).toContain(TRACE)
    // Within a span a call is part of it; a poll cycle that happens to begin there is not.
    scope.within(sampled, () => {
      expect(tracing.begin('call', 'Enqueue')?.trace).toContain(TRACE)
      expect(tracing.begin('poll', 'cycle')?.trace).not.toContain(TRACE)
    })
    await stop()
  })

  it('is nothing where no collector is configured', async () => {
    const { log } = recordingLogger()
    const parts = { thread: 'main', scope: new TraceScope(), clock: new ManualClock(), log, random: () => 0 }
    const { tracing, health } = await startTracing(undefined, parts)
    expect(tracing).toBe(noTracing)
    expect(health).toBeUndefined()
    expect(tracing.begin('change', 'command')).toBeUndefined()
    expect(tracing.within(sampled, () => tracing.current())).toBeUndefined()
  })
})
