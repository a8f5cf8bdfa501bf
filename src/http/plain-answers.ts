import type { Context } from 'koa'
import type { Findings } from '../core/drift.ts'
import type { Gate } from './access/gate.ts'
import { answerDiagnosis, type Diagnosis } from './diagnosis.ts'
import type { GatewayHealth } from './gateway-health.ts'
import type { Metrics } from './metrics/metrics.ts'

export interface PlainParts {
  readonly health: () => Promise<GatewayHealth>
  readonly findings: () => Promise<readonly Findings[] | null>
  readonly diagnosis: Diagnosis
  readonly gate: Gate
  readonly metrics: Metrics
}

/**
 * What the gateway says without a page around it, for supervisors, scripts and the command line: `/livez` (the process
 * runs), `/readyz` (every room does its work; 503 while one does not) and `/metrics` (for Prometheus) to everybody; the health in full (`/`),
 * `/findings` and `/diagnostics` to this machine, and to users elsewhere. False: there is no such thing.
 */
export async function answerPlainly(context: Context, parts: PlainParts): Promise<boolean> {
  const { path } = context
  if (path === '/livez') {
    context.body = { status: 'alive' }
    return true
  }
  if (path === '/readyz') {
    const { ready, checks, rooms } = await parts.health()
    context.status = ready ? 200 : 503
    context.body = { ready, checks, rooms }
    return true
  }
  if (path === '/metrics') {
    context.set('Content-Type', parts.metrics.contentType)
    context.body = await parts.metrics.text()
    return true
  }
  if (path !== '/' && path !== '/findings' && !/^\/diagnostics(?:\/|$)/.test(path)) return false
  const asker = parts.gate.askerOf(context)
  if (!asker.isLocal) {
    parts.gate.checkWay(context)
    await parts.gate.require(context, 'read')
  }
  if (path === '/') {
    context.body = await parts.health()
    return true
  }
  if (path === '/findings') {
    const sources = await parts.findings()
    context.status = sources ? 200 : 503
    context.body = sources ? { sources } : { error: 'The engine does not answer just now; ask again.' }
    return true
  }
  const diagnosed = await answerDiagnosis(path, context.URL.searchParams, asker, parts.diagnosis)
  if (!diagnosed) return false
  context.status = diagnosed.status
  context.body = diagnosed.body
  return true
}
