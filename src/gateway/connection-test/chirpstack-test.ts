import type { Clock } from '../../core/clock.ts'
import type { FoundDevice, FoundInventory, TestReport } from '../../core/connection-test.ts'
import type { PenstockError } from '../../core/errors.ts'
import type { ChirpStackSourceConfig } from '../../core/plant.ts'
import { ChirpStackApi } from '../../sources/chirpstack/api.ts'
import { decide } from '../../sources/chirpstack/discovery/decide.ts'
import { Discovery } from '../../sources/chirpstack/discovery/discovery.ts'
import { emptyDiscovery } from '../../sources/chirpstack/discovery/state.ts'
import { authorization, type Endpoint } from '../../sources/chirpstack/endpoint.ts'
import { type InventoryMirror, readMirror } from '../../sources/chirpstack/mirror.ts'
import { RpcError } from '../../sources/chirpstack/rpc-error.ts'
import { sourceEndpoint } from '../../sources/chirpstack/source-endpoint.ts'
import { lookCloser } from '../../sources/chirpstack/way-probe.ts'
import { expected, type Steps, wordsOf } from './steps.ts'

const ANSWER_WITHIN_MS = 5_000
const MOST_DEVICES = 200

export interface ChirpStackTestParts {
  readonly source: ChirpStackSourceConfig
  readonly withoutTenant: boolean
  readonly secret: (variable: string) => string | undefined
  /** The API key and where it stands, or why there is none to send. */
  readonly key: { readonly value: string; readonly at: string } | { readonly missing: string }
  /** Keys of the devices of the other sources that run. */
  readonly takenKeys: ReadonlySet<string>
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Asks a ChirpStack what it has, and changes nothing there. */
export async function testChirpStack(parts: ChirpStackTestParts, steps: Steps): Promise<TestReport> {
  const { source, secret, key, clock, signal } = parts
  const timeoutMs = Math.min(source.callTimeoutMs, ANSWER_WITHIN_MS)
  let endpoint: Endpoint
  try {
    endpoint = await sourceEndpoint({ config: source, secret, now: clock.now() })
  } catch (error) {
    steps.bad('settings', wordsOf(expected(error)))
    return steps.report()
  }
  if ('missing' in key) {
    steps.bad('login', key.missing)
    return steps.report()
  }
  const from = clock.monotonic()
  let api: ChirpStackApi | undefined
  try {
    const metadata = authorization(key.value, key.at)
    api = new ChirpStackApi({ endpoint, metadata, clock, timeoutMs, onRequest: () => undefined })
    const ends = api
    signal.addEventListener('abort', () => ends.close(), { once: true })
    const found = parts.withoutTenant ? await tenantsOf(api) : await inventoryOf(api, parts)
    connected(steps, endpoint, clock.monotonic() - from)
    steps.good('login', `ChirpStack takes the API key in ${key.at}.`)
    steps.good('identify', inWords(found))
    return steps.report({ found })
  } catch (error) {
    const failure = await lookCloser(expected(error), endpoint, { clock, timeoutMs, signal })
    failed(failure, steps, endpoint, { ...parts, keyAt: key.at }, clock.monotonic() - from)
    return steps.report()
  } finally {
    api?.close()
  }
}

/** An answer of any kind proves the connection. */
function connected(steps: Steps, { server, secure }: Endpoint, ms?: number): void {
  steps.good('connect', `${server.host}:${server.port} answers gRPC.`, ms)
  if (secure) steps.good('tls', 'Its certificate is trusted.')
}

function failed(
  failure: PenstockError,
  steps: Steps,
  endpoint: Endpoint,
  parts: ChirpStackTestParts & { readonly keyAt: string },
  ms: number,
): void {
  const { source, withoutTenant, keyAt: apiKeyEnv } = parts
  const mend =
    failure instanceof RpcError
      ? ` ${failure.trouble.mend({ ...source, apiKeyEnv }).replace(/; it is tried again by itself/, '')}`
      : ''
  const refused = failure instanceof RpcError && /^(?:key|no key|tenant)/.test(failure.trouble.name)
  if (!refused) {
    steps.bad(failure.code === 'CONFIG_INVALID' ? 'login' : 'connect', `${wordsOf(failure)}.${mend}`)
    return
  }
  connected(steps, endpoint, ms)
  if (withoutTenant && failure instanceof RpcError && failure.trouble.name === 'key refused') {
    // The key of a tenant may not list tenants, and says nothing of its own.
    steps.aside(
      'login',
      'ChirpStack lists tenants only to a key of its administrator, and this is none, or a wrong one. Give the id of ' +
        'the tenant, which stands at the top of its page in ChirpStack, and test again.',
    )
  } else steps.bad('login', `${wordsOf(failure)}.${mend}`)
}

async function tenantsOf(api: ChirpStackApi): Promise<FoundInventory> {
  const tenants = await api.tenants()
  return { tenants, applications: [], profiles: [], devices: [] }
}

async function inventoryOf(api: ChirpStackApi, { source, takenKeys }: ChirpStackTestParts): Promise<FoundInventory> {
  const mirror = await readMirror({ api, tenantId: source.tenantId, wanted: () => false })
  const first = mirror.devices.slice(0, MOST_DEVICES)
  const served = servedBy(source, { ...mirror, devices: first }, takenKeys)
  const applications = new Map(mirror.applications.map(({ id, name }) => [id, name]))
  const count = (of: (device: InventoryMirror['devices'][number]) => boolean) => mirror.devices.filter(of).length
  return {
    tenants: [],
    ...(mirror.tenantName === undefined ? {} : { tenantName: mirror.tenantName }),
    applications: mirror.applications.map(({ id, name }) => ({
      name,
      devices: count(({ applicationId }) => applicationId === id),
    })),
    profiles: mirror.profiles.map(({ id, name, measurements }) => ({
      name,
      devices: count(({ profileId }) => profileId === id),
      measurements: measurements.length,
    })),
    devices: first.map((device): FoundDevice => {
      const as = served.get(device.devEui)
      return {
        devEui: device.devEui,
        name: device.name,
        application: applications.get(device.applicationId) ?? '',
        profile: device.profileName,
        ...(device.lastSeenAt === undefined ? {} : { lastSeenAt: device.lastSeenAt }),
        ...(as === undefined ? {} : { servedAs: as }),
      }
    }),
  }
}

/** What the rules of the definition would make of the devices, before any of them was heard. */
function servedBy(source: ChirpStackSourceConfig, mirror: InventoryMirror, takenKeys: ReadonlySet<string>) {
  const discovery = new Discovery(emptyDiscovery)
  discovery.takeInventory(mirror)
  const { devices } = decide({ source, templates: [], state: discovery.state, takenKeys })
  return new Map(devices.flatMap((device) => ('devEui' in device ? [[device.devEui, device.key] as const] : [])))
}

function inWords({ tenants, tenantName, applications, devices }: FoundInventory): string {
  if (tenants.length > 0) return `It has ${tenants.length} ${tenants.length === 1 ? 'tenant' : 'tenants'}.`
  const all = applications.reduce((sum, each) => sum + each.devices, 0)
  const served = devices.filter(({ servedAs }) => servedAs !== undefined).length
  const of = tenantName === undefined || tenantName === '' ? 'The tenant' : `The tenant "${tenantName}"`
  return `${of} has ${counted(applications.length, 'application')} with ${counted(all, 'device')}; the rules serve ${served}${all > devices.length ? ` of the first ${devices.length}` : ''}.`
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`
