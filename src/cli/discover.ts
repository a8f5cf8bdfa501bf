import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../config/schema.ts'
import { systemClock } from '../core/clock.ts'
import { PenstockError } from '../core/errors.ts'
import type { ChirpStackSourceConfig } from '../core/plant.ts'
import { ChirpStackApi } from '../sources/chirpstack/api.ts'
import { decide } from '../sources/chirpstack/discovery/decide.ts'
import { Discovery } from '../sources/chirpstack/discovery/discovery.ts'
import { firstMatch } from '../sources/chirpstack/discovery/rules.ts'
import { emptyDiscovery } from '../sources/chirpstack/discovery/state.ts'
import { authorization } from '../sources/chirpstack/endpoint.ts'
import { type InventoryMirror, readMirror } from '../sources/chirpstack/mirror.ts'
import { sourceEndpoint } from '../sources/chirpstack/source-endpoint.ts'
import { type Environment, readConfiguration } from './configuration.ts'
import { listen } from './discover/listen.ts'
import { reportOf } from './discover/report.ts'
import { secretIn, sourceKey } from './discover/source-key.ts'
import { textOf } from './discover/text.ts'

export interface DiscoverOptions {
  readonly config: string
  /** Key of the source; needed where there are several. */
  readonly source?: string | undefined
  readonly watchSeconds: number
  readonly json: boolean
}

/**
 * `penstock discover`: what ChirpStack has, what the rules of the configuration make of it, and in what the two differ;
 * nothing is changed, here or there. Listens to the devices for a while, since ChirpStack repeats their last events.
 */
export async function discover(
  { config: file, source: key, watchSeconds, json }: DiscoverOptions,
  env: Environment,
  print: (text: string) => void,
): Promise<number> {
  if (!(watchSeconds >= 0 && watchSeconds <= 86_400)) {
    throw new PenstockError('CONFIG_INVALID', '--watch takes seconds from 0 to 86400')
  }
  const { config } = readConfiguration(file, env, false)
  const source = chosen(config, key)
  const secret = (name: string) => secretIn(env, name, 'the key of the client certificate')
  const endpoint = await sourceEndpoint({ config: source, secret, now: systemClock.now() })
  const metadata = authorization(sourceKey(source, env, config.gateway.data), source.apiKeyEnv)
  const { callTimeoutMs: timeoutMs, tenantId } = source
  const api = new ChirpStackApi({ endpoint, metadata, clock: systemClock, timeoutMs, onRequest: () => undefined })
  const discovery = new Discovery(emptyDiscovery)
  try {
    discovery.takeInventory(await readMirror({ api, tenantId, wanted: () => true }))
  } finally {
    api.close()
  }
  const devEuis = heard(source, discovery.mirror)
  let unheard: ReadonlyMap<string, string> = new Map()
  if (watchSeconds > 0) {
    const abort = new AbortController()
    const listening = listen({ discovery, devEuis, endpoint, metadata, clock: systemClock, timeoutMs }, abort.signal)
    await delay(watchSeconds * 1_000)
    abort.abort()
    unheard = await listening
  }
  const { state } = discovery
  const decision = decide({ source, templates: config.templates, state, takenKeys: otherKeys(config, source) })
  const report = reportOf({ source, state, decision, unheard })
  print(json ? JSON.stringify(report, null, 2) : textOf(report, source))
  return 0
}

function chosen(config: Config, key: string | undefined): ChirpStackSourceConfig {
  const sources = config.sources.filter((source) => source.kind === 'chirpstack')
  const source = key === undefined ? sources[0] : sources.find((each) => each.key === key)
  const keys = sources.map((each) => each.key).join(', ')
  if (source && (key !== undefined || sources.length === 1)) return source
  if (sources.length === 0) throw new PenstockError('CONFIG_INVALID', 'The configuration has no source of ChirpStack')
  if (key === undefined) throw new PenstockError('CONFIG_INVALID', `Choose one with --source: ${keys}`)
  throw new PenstockError('CONFIG_INVALID', `No source of ChirpStack has the key "${key}"; there are ${keys}`)
}

/** Those that a rule ignores, and that are disabled, have nothing to say. */
function heard(source: ChirpStackSourceConfig, mirror: InventoryMirror | undefined): string[] {
  const applications = new Map(mirror?.applications.map(({ id, name }) => [id, name]))
  const byHand = new Set(source.devices.map((device) => ('devEui' in device ? device.devEui : '')))
  const devices = (mirror?.devices ?? []).filter((device) => {
    const match = firstMatch(source.rules ?? [], device, applications.get(device.applicationId) ?? '')
    return !device.disabled && (byHand.has(device.devEui) || !match?.rule.ignore)
  })
  return devices.map(({ devEui }) => devEui)
}

const otherKeys = (config: Config, source: ChirpStackSourceConfig): Set<string> =>
  new Set(
    config.sources
      .filter(({ key }) => key !== source.key)
      .flatMap((other): readonly { key: string }[] => other.devices)
      .map(({ key }) => key),
  )
