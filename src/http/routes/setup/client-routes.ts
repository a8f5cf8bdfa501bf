import type { Visitor } from '../../access/gate.ts'
import { type Route, route } from '../../api/route.ts'
import { setupClients } from '../../api/schemas/setup.ts'
import { OPCUA_SILENT } from '../administration/opcua-session-routes.ts'
import { orSilent, type WebService } from '../service.ts'

const group = 'Set-up'

/** Who reads the plant is nothing for everybody who reads it too. */
export const seesWho = (visitor: Visitor | undefined): boolean =>
  (['configure', 'administerSecurity'] as const).some((right) => visitor?.rights.includes(right))

/** What somebody needs to know to connect the first client. */
export function clientRoutes({ opcua, certificates, accounts, health, opcuaSecurity }: WebService): Route[] {
  return [
    route({
      method: 'GET',
      path: '/setup/clients',
      right: 'read',
      group,
      summary: 'Where OPC UA clients connect to, who is connected, and which certificates wait for approval',
      description:
        'Users and certificates only for who may administer security; who is logged in and from where also for who may configure.',
      answer: setupClients,
      handle: async (_input, { visitor }) => {
        const mayAdminister = visitor?.rights.includes('administerSecurity') ?? false
        const [{ opcua: server }, sessions, known] = await Promise.all([
          health(),
          orSilent(() => opcua.sessions(), OPCUA_SILENT),
          mayAdminister ? orSilent(() => certificates.certificates(), OPCUA_SILENT) : [],
        ])
        const { policies, modes, allowUnencrypted, allowAnonymous } = opcuaSecurity
        const secured = policies
          .toReversed()
          .flatMap((policy) => modes.toReversed().map((mode) => `${policy}, ${mode}`))
        return {
          endpoints: server ? [...server.endpoints] : [],
          policies: allowUnencrypted ? [...secured, 'None'] : secured,
          anonymous: allowAnonymous,
          users: mayAdminister
            ? accounts.list().flatMap(({ name, roles, disabled }) => (disabled ? [] : [{ name, roles: [...roles] }]))
            : [],
          clients: sessions
            .filter(({ active }) => active)
            .map(({ client, name, user, address, since, securityPolicy, securityMode, subscriptions }) => ({
              client: client === '' ? name : client,
              ...(seesWho(visitor) ? { user, address } : {}),
              since,
              items: subscriptions.reduce((sum, { items }) => sum + items, 0),
              security: [securityPolicy, securityMode].filter((each) => each !== null).join(', '),
            })),
          rejected: known
            .filter(({ store, place }) => store === 'application' && place === 'rejected')
            .map(({ thumbprint, subject, validTo }) => ({ thumbprint, subject, validTo })),
        }
      },
    }),
  ]
}
