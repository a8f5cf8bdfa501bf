import { z } from 'zod'
import { type Route, route } from '../api/route.ts'
import { type GatewayHealthAnswer, gatewayHealth } from '../api/schemas/health.ts'
import type { PlantMirror } from '../live/plant-mirror.ts'
import { qualityOf } from '../live/value-answer.ts'
import { mirrorOf, type WebService } from './service.ts'

/** How the gateway is, whole. */
export function healthRoutes(service: WebService): Route[] {
  return [
    route({
      method: 'GET',
      path: '/health',
      right: 'read',
      group: 'Gateway',
      summary: 'How the gateway, its sources, devices and clients are',
      answer: gatewayHealth,
      handle: async () => {
        const { engine, ready, version, startedAt, rooms, opcua, alarms, safeMode, ...own } = await service.health()
        const mirror = engine ? await mirrorOf(service).catch(() => undefined) : undefined
        return {
          ...{ ready, version, startedAt, rooms, opcua, alarms, safeMode },
          name: service.name,
          now: service.clock.now(),
          tags: mirror ? countQualities(mirror) : null,
          sources: engine?.sources ?? null,
          threads: { main: own.thread ?? null, engine: engine?.thread ?? null, opcua: opcua?.thread ?? null },
          logLevels: own.logLevels ?? [],
          store: engine?.store ?? null,
        }
      },
    }),
    route({
      method: 'GET',
      path: '/support-bundle',
      right: 'administerSecurity',
      group: 'Gateway',
      summary: 'What helps to find the cause of a problem, in one .tar.gz without secrets',
      description:
        'Health, findings, diagnostics, configuration, the last rows of the log and of the audit log, users, ' +
        'certificates, sizes of files, and what `penstock doctor` says.',
      answer: z.string().meta({ format: 'binary' }),
      mediaType: 'application/gzip',
      handle: async (_, { context }) => {
        const bundle = await service.support()
        const time = new Date(service.clock.now()).toISOString().replace(/[-:]|\.\d+/g, '')
        context.set('Content-Disposition', `attachment; filename="penstock-support-${time}.tar.gz"`)
        context.type = 'application/gzip'
        context.body = bundle
        return ''
      },
    }),
  ]
}

function countQualities(mirror: PlantMirror): NonNullable<GatewayHealthAnswer['tags']> {
  const counts = { good: 0, uncertain: 0, bad: 0 }
  for (const tag of mirror.indexing.present) {
    // A tag that the operator has switched off is nothing that is wrong.
    if (!tag.disabled) counts[qualityOf(mirror.valueOf(tag).status)]++
  }
  return counts
}
