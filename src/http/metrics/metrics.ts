import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { SourceDiagnostics } from '../../core/diagnostics.ts'
import { PenstockError } from '../../core/errors.ts'
import type { GatewayHealth } from '../gateway-health.ts'
import { gatewayMetrics } from './gateway-metrics.ts'
import type { Metric, Series } from './metric.ts'
import { sinkMetrics } from './sink-metrics.ts'
import { sourceMetrics } from './source-metrics.ts'
import { threadMetrics } from './thread-metrics.ts'

/**
 * What `/metrics` answers: the health of the gateway and the figures of its lines as Prometheus reads them, and those
 * of the process (`process_*`, `nodejs_*`; the event loop there is that of the main thread). Each answer is made anew, so
 * that a source that is gone, or an engine that does not answer, leaves no value of earlier behind.
 */
export class Metrics {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE
  readonly #process = new Registry()
  readonly #health: () => Promise<GatewayHealth>
  readonly #diagnostics: () => Promise<readonly SourceDiagnostics[]>

  /** `diagnostics` rejects with a PenstockError while the engine does not answer. */
  constructor(parts: {
    health: () => Promise<GatewayHealth>
    diagnostics: () => Promise<readonly SourceDiagnostics[]>
  }) {
    this.#health = parts.health
    this.#diagnostics = parts.diagnostics
    collectDefaultMetrics({ register: this.#process })
  }

  async text(): Promise<string> {
    const [health, lines] = await Promise.all([this.#health(), this.#lines()])
    const registry = new Registry()
    for (const metric of [...gatewayMetrics, ...threadMetrics, ...sinkMetrics, ...sourceMetrics])
      add(registry, metric, metric.series({ health, lines }))
    return `${await registry.metrics()}\n${await this.#process.metrics()}`
  }

  async #lines(): Promise<readonly SourceDiagnostics[]> {
    try {
      return await this.#diagnostics()
    } catch (error) {
      if (error instanceof PenstockError) return []
      throw error
    }
  }
}

function add(registry: Registry, { name, help, kind }: Metric, series: readonly Series[]): void {
  const [first] = series
  if (!first) return
  const options = { name, help, labelNames: Object.keys(first.labels ?? {}), registers: [registry] }
  if (kind === 'counter') {
    const counter = new Counter(options)
    for (const { labels = {}, value } of series) counter.inc(labels, value)
  } else {
    const gauge = new Gauge(options)
    for (const { labels = {}, value } of series) gauge.set(labels, value)
  }
}
