import { sourceCounters } from '../../src/core/health.ts'
import { checksOf } from '../../src/http/checks.ts'
import type { GatewayHealth } from '../../src/http/gateway-health.ts'
import { Metrics } from '../../src/http/metrics/metrics.ts'

type Told = Omit<GatewayHealth, 'checks'>
export type SourceSaid = NonNullable<GatewayHealth['engine']>['sources'][number]

export const aSourceHealth = (key: string, settings: Partial<SourceSaid> = {}): SourceSaid => ({
  key,
  state: 'connected',
  reason: '',
  since: 1_700_000_000_000,
  counters: Object.fromEntries(sourceCounters.map((name, at) => [name, at + 1])) as SourceSaid['counters'],
  polling: { load: 0.25, latenessP50Ms: 1, latenessP99Ms: 20, roundTripP50Ms: 5, roundTripP99Ms: 50 },
  devices: [{ key: 'meter', state: 'online', reason: '' }],
  ...settings,
})

const aThread = {
  heapUsedBytes: 90_000_000,
  heapLimitBytes: 512_000_000,
  loopDelay: { p50Ms: 0.1, p99Ms: 4, maxMs: 30 },
  traces: { exported: 9, dropped: 1, waiting: 2 },
}

/** A gateway of which everything is known, and all of it well. */
export function aGatewayHealth(settings: Partial<Told> = {}): GatewayHealth {
  const running = { state: 'running', restarts: 0, lastRestart: '' }
  const told: Told = {
    ready: true,
    alarms: [],
    safeMode: null,
    version: '1.2.3',
    startedAt: 1_700_000_000_000,
    backup: { lastAt: 1_700_000_000_000, reason: '' },
    disk: { freeBytes: 5_000_000_000, sizeBytes: 9_000_000_000, reason: '' },
    rooms: { engine: running, opcua: running },
    engine: {
      startedAt: 1_700_000_000_000,
      tags: 3,
      sources: [aSourceHealth('line')],
      merged: 0,
      thread: aThread,
      commands: { waiting: 0, limit: 10_000 },
      store: {
        ok: true,
        reason: '',
        lastCommitAt: 1_700_000_000_500,
        history: {
          ok: true,
          reason: '',
          written: 7,
          waiting: 0,
          lost: 0,
          lastCommitAt: 1_700_000_000_500,
          slowestCommitMs: 12,
        },
      },
      sink: {
        state: 'connected',
        reason: '',
        since: 1_700_000_000_000,
        waiting: 4,
        waitingBytes: 300,
        oldestAt: 1_700_000_000_250,
        sent: 3,
        failures: 0,
        lost: 0,
        unfit: 0,
        lastSentAt: 1_700_000_000_400,
      },
    },
    opcua: {
      startedAt: 1_700_000_000_000,
      endpoints: ['opc.tcp://localhost:4840/penstock'],
      sessions: 1,
      subscriptions: 2,
      monitoredItems: 3,
      endingCertificates: [],
      reverseConnections: [],
      engineHeard: true,
      thread: aThread,
    },
    thread: aThread,
    logLevels: [],
    ...settings,
  }
  return { ...told, checks: checksOf(told) }
}

/** `/metrics` of a gateway that is so. */
export const metricsOf = (health: GatewayHealth): Metrics =>
  new Metrics({
    health: async () => health,
    diagnostics: async () =>
      (health.engine?.sources ?? []).map((source) => ({
        ...source,
        line: {
          requests: 10,
          answered: 9,
          failures: { timeout: 1 },
          refusals: { 'exception 2': 1 },
          read: { bytes: 100, used: 60 },
          underWay: 0.25,
        },
      })),
  })

/** One line of an answer of `/metrics`. */
export interface Scraped {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What Prometheus would read of it (prometheus.io/docs/instrumenting/exposition_formats). */
export const scraped = (text: string): Scraped[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', labels = '', value = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', of = '']) => [label, of])
      return { name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }
    })
