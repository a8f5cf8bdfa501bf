import type { Route } from '../../api/route.ts'
import type { WebService } from '../service.ts'
import { matchOf, userOf } from './changing.ts'
import { draftRoutes } from './draft-routes.ts'
import { folderRoutes } from './folder-routes.ts'
import { importRoutes } from './import-routes.ts'
import { plantEditRoutes } from './plant-edit-routes.ts'
import { tagTransferRoutes } from './tag-transfer-routes.ts'
import { versionRoutes } from './version-routes.ts'

/** How the configuration is seen and changed. */
export const configurationApiRoutes = (service: WebService): Route[] => [
  ...versionRoutes(service),
  ...draftRoutes(service),
  ...[...plantEditRoutes(service), ...folderRoutes(service), ...tagTransferRoutes(service)].map((each) =>
    withPrepared(each, service),
  ),
  ...importRoutes(service),
]

/** What they read of a long configuration is there when they begin. */
const withPrepared = (route: Route, { drafts }: WebService): Route => ({
  ...route,
  run: async (raw, asked) => {
    const edited = matchOf(asked).version === undefined ? 'draft' : 'holding'
    await drafts.prepare(userOf(asked), route.method === 'GET' ? {} : { toEdit: edited })
    return route.run(raw, asked)
  },
})
