import type { Config } from '../config/schema.ts'
import { PenstockError } from '../core/errors.ts'
import type { OpcuaSettings } from './settings.ts'

const EVERY_INTERFACE = ['0.0.0.0', '::']

/** The server's settings as the configuration has them. Throws SECRET_MISSING for a user without a password. */
export function opcuaSettingsOf(
  { gateway, opcua }: Config,
  secrets: Readonly<Record<string, string>>,
  pkiFolder: string,
): OpcuaSettings {
  const { security } = opcua
  return {
    host: EVERY_INTERFACE.includes(opcua.bind) ? undefined : opcua.bind,
    port: opcua.port,
    name: gateway.name,
    hostname: opcua.hostname,
    alternateHostnames: opcua.alternateHostnames,
    advertisedPort: opcua.advertisedPort,
    discoveryServer: opcua.discoveryServer,
    reverseConnect: opcua.reverseConnect.map(({ url }) => url),
    resourcePath: opcua.path,
    pkiFolder,
    securityPolicies: security.policies,
    securityModes: security.modes,
    allowUnencrypted: security.allowUnencrypted,
    allowAnonymous: security.allowAnonymous,
    autoTrustClients: security.autoTrustClients,
    limits: opcua.limits,
    writeTimeoutMs: opcua.writeTimeoutMs,
    users: opcua.users.map(({ name, role, passwordEnv }) => {
      const password = secrets[passwordEnv]
      if (!password) throw new PenstockError('SECRET_MISSING', `The password of user ${name} is not in ${passwordEnv}`)
      return { name, role, password }
    }),
  }
}
