import { z } from 'zod'
import { openApiOf } from '../api/openapi.ts'
import { type Route, route } from '../api/route.ts'
import { accessRoutes } from './access-routes.ts'
import { certificateRoutes } from './administration/certificate-routes.ts'
import { eventRoutes } from './administration/event-routes.ts'
import { opcuaSessionRoutes } from './administration/opcua-session-routes.ts'
import { systemRoutes } from './administration/system-routes.ts'
import { userRoutes } from './administration/user-routes.ts'
import { calibrationRoutes } from './calibration-routes.ts'
import { commandApiRoutes } from './command-api-routes.ts'
import { configurationApiRoutes } from './configuration/configuration-api-routes.ts'
import { diagnosticsRoutes } from './diagnostics-routes.ts'
import { healthRoutes } from './health-routes.ts'
import { logLevelRoutes } from './log-level-routes.ts'
import { plantRoutes } from './plant-routes.ts'
import type { WebService } from './service.ts'
import { sessionRoutes } from './session-routes.ts'
import { clientRoutes } from './setup/client-routes.ts'
import { connectionRoutes } from './setup/connection-routes.ts'
import { secretRoutes } from './setup/secret-routes.ts'
import { tokenRoutes } from './token-routes.ts'
import { valueRoutes } from './value-routes.ts'

/** Every operation of the API, and the document that describes them all. */
export function apiRoutes(service: WebService, version: string): Route[] {
  const routes: Route[] = [
    ...sessionRoutes(service),
    ...accessRoutes(service),
    ...tokenRoutes(service),
    ...healthRoutes(service),
    ...plantRoutes(service),
    ...valueRoutes(service),
    ...commandApiRoutes(service),
    ...diagnosticsRoutes(service),
    ...calibrationRoutes(service),
    ...logLevelRoutes(service),
    ...connectionRoutes(service),
    ...secretRoutes(service),
    ...clientRoutes(service),
    ...configurationApiRoutes(service),
    ...eventRoutes(service),
    ...userRoutes(service),
    ...opcuaSessionRoutes(service),
    ...certificateRoutes(service),
    ...systemRoutes(service),
  ]
  const describing = route({
    method: 'GET',
    path: '/openapi.json',
    right: 'read',
    group: 'API',
    summary: 'This API in OpenAPI 3.1',
    answer: z.looseObject({ openapi: z.string() }),
    etag: true,
    handle: async () => document,
  })
  routes.push(describing)
  const document = { openapi: '3.1.0', ...openApiOf(routes, version) }
  return routes
}
