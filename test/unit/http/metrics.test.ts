import { describe, expect, it } from 'vitest'
import { PenstockError } from '../../../src/core/errors.ts'
import { Metrics } from '../../../src/http/metrics/metrics.ts'
import { aGatewayHealth, aSourceHealth, metricsOf, scraped } from '../../support/gateway-health.ts'

const figureOf = (text: string, name: string, labels: Record<string, string> = {}) =>
  scraped(text).find(
    (line) => line.name === name && Object.entries(labels).every(([label, value]) => line.labels[label] === value),
  )?.value

describe('what Prometheus reads of the gateway', () => {
  it('is what health and diagnostics say, in seconds and bytes', async () => {
    const text = await metricsOf(aGatewayHealth()).text()
    expect(figureOf(text, 'penstock_ready')).toBe(1)
    expect(figureOf(text, 'penstock_build_info', { version: '1.2.3' })).toBe(1)
    expect(figureOf(text, 'penstock_tags')).toBe(3)
    expect(figureOf(text, 'penstock_store_last_commit_timestamp_seconds')).toBe(1_700_000_000.5)
    expect(figureOf(text, 'penstock_history_slowest_commit_seconds')).toBe(0.012)
    expect(figureOf(text, 'penstock_opcua_monitored_items')).toBe(3)
    expect(figureOf(text, 'penstock_data_folder_free_bytes')).toBe(5_000_000_000)
    expect(figureOf(text, 'penstock_postgres_state', { state: 'connected' })).toBe(1)
    expect(figureOf(text, 'penstock_postgres_state', { state: 'backoff' })).toBe(0)
    expect(figureOf(text, 'penstock_postgres_waiting_samples')).toBe(4)
    expect(figureOf(text, 'penstock_postgres_oldest_waiting_timestamp_seconds')).toBe(1_700_000_000.25)
    expect(figureOf(text, 'penstock_postgres_sent_samples_total')).toBe(3)
    expect(figureOf(text, 'penstock_source_state', { source: 'line', state: 'connected' })).toBe(1)
    expect(figureOf(text, 'penstock_source_state', { source: 'line', state: 'backoff' })).toBe(0)
    expect(figureOf(text, 'penstock_source_devices', { source: 'line', state: 'online' })).toBe(1)
    expect(figureOf(text, 'penstock_source_connects_total', { source: 'line' })).toBe(1)
    expect(figureOf(text, 'penstock_source_poll_lateness_seconds', { quantile: '0.99' })).toBe(0.02)
    expect(figureOf(text, 'penstock_line_failed_requests_total', { reason: 'timeout' })).toBe(1)
    expect(figureOf(text, 'penstock_line_used_bytes_total')).toBe(60)
    expect(figureOf(text, 'process_resident_memory_bytes')).toBeGreaterThan(0)
    expect(figureOf(text, 'nodejs_eventloop_lag_p99_seconds')).toBeDefined()
  })

  it('has nothing of what is not known, and says so of an engine that does not answer', async () => {
    const engine = { state: 'backoff', restarts: 4, lastRestart: 'its event loop hung' }
    const { rooms } = aGatewayHealth()
    const health = aGatewayHealth({ ready: false, engine: null, backup: null, rooms: { ...rooms, engine } })
    const metrics = new Metrics({
      health: async () => health,
      diagnostics: () => Promise.reject(new PenstockError('ROOM_UNAVAILABLE', 'The engine is being started')),
    })
    const text = await metrics.text()
    expect(figureOf(text, 'penstock_ready')).toBe(0)
    expect(figureOf(text, 'penstock_room_restarts_total', { room: 'engine' })).toBe(4)
    expect(figureOf(text, 'penstock_backup_scheduled')).toBe(0)
    const unknown = /^penstock_(?:source|line|store|history|postgres|tags|merged|backup_(?:last|failing))/
    expect(scraped(text).filter(({ name }) => unknown.test(name))).toEqual([])
  })

  it('forgets a source that is gone, and lets its counters begin anew with the engine', async () => {
    let sources = [aSourceHealth('line'), aSourceHealth('gone')]
    const { engine, ...health } = aGatewayHealth()
    const metrics = new Metrics({
      health: async () => ({ ...health, engine: engine && { ...engine, sources } }),
      diagnostics: async () => [],
    })
    expect(scraped(await metrics.text()).filter(({ labels }) => labels.source === 'gone')).not.toEqual([])
    sources = [aSourceHealth('line', { counters: { ...aSourceHealth('line').counters, connects: 0 } })]
    const text = await metrics.text()
    expect(scraped(text).filter(({ labels }) => labels.source === 'gone')).toEqual([])
    expect(figureOf(text, 'penstock_source_connects_total')).toBe(0)
  })

  it('does not grow with devices or tags', async () => {
    const linesWith = async (count: number) => {
      const devices = Array.from({ length: count }, (_, at) => ({
        key: `meter-${at}`,
        state: 'online' as const,
        reason: '',
      }))
      const { engine } = aGatewayHealth()
      const health = aGatewayHealth({ engine: engine && { ...engine, sources: [aSourceHealth('line', { devices })] } })
      return scraped(await metricsOf(health).text()).filter(({ name }) => name.startsWith('penstock_')).length
    }
    expect(await linesWith(1_000)).toBe(await linesWith(1))
  })

  it('is named by the conventions, each with help and few labels', async () => {
    const text = await metricsOf(aGatewayHealth()).text()
    const types = [...text.matchAll(/^# TYPE (penstock_\S+) (\w+)$/gm)].map(([, name = '', type]) => ({ name, type }))
    expect(types.length).toBeGreaterThan(40)
    for (const { name, type } of types) {
      expect(text).toMatch(new RegExp(`^# HELP ${name} [A-Z0-9].*\\.$`, 'm'))
      expect(name.endsWith('_total'), name).toBe(type === 'counter')
    }
    const labels = new Set(
      scraped(text).flatMap((line) => (/^penstock_/.test(line.name) ? Object.keys(line.labels) : [])),
    )
    expect([...labels].sort()).toEqual(['alarm', 'quantile', 'reason', 'room', 'source', 'state', 'thread', 'version'])
  })
})
