import { isLoopback } from '../core/loopback.ts'
import type { Complaint } from './complaint.ts'
import { settingOf } from './raw.ts'

/** Which total bounds what one of its holders may use. */
const bounds = [
  ['subscriptionsPerSession', 'subscriptions'],
  ['monitoredItemsPerSubscription', 'monitoredItems'],
] as const

/** Settings of the servers that are right each by itself, but not together. The configuration may be wrong otherwise. */
export function contradictionsOf(config: unknown): Complaint[] {
  return [
    ...samePort(config),
    ...unencrypted(config),
    ...impossibleLimits(config),
    ...halfCertificate(config),
    ...halfOfWeb(config),
  ]
}

/** A client certificate is nothing without its key, which has one place. */
function halfCertificate(config: unknown): Complaint[] {
  const tls = settingOf(settingOf(settingOf(config, 'sinks'), 'postgres'), 'tls')
  const at = ['sinks', 'postgres', 'tls']
  const has = (name: string) => settingOf(tls, name) !== undefined
  const keys = ['keyFile', 'keyEnv'].filter(has)
  if (keys.length === 2) {
    return [{ at: [...at, 'keyEnv'], message: 'The key is in keyFile already.', mend: 'Remove one of the two.' }]
  }
  if (has('certificateFile') === (keys.length === 1)) return []
  const message = 'A client certificate and its key belong together.'
  return [{ at, message, mend: 'Write certificateFile and keyFile (or keyEnv), or none of them.' }]
}

/** With neither the gateway makes a certificate of its own. */
function halfOfWeb(config: unknown): Complaint[] {
  const tls = settingOf(settingOf(config, 'http'), 'tls')
  const has = (name: string) => settingOf(tls, name) !== undefined
  if (has('certificateFile') === has('keyFile')) return []
  const message = 'The certificate of the web and its key belong together.'
  const mend = 'Write certificateFile and keyFile, or none of them: the gateway then makes a certificate.'
  return [{ at: ['http', 'tls'], message, mend }]
}

const servers = [
  ['opcua', 'OPC UA'],
  ['http', 'HTTP'],
  ['grpc', 'gRPC'],
] as const

function samePort(config: unknown): Complaint[] {
  const taken = new Map<unknown, (typeof servers)[number]>()
  return servers.flatMap((server): Complaint[] => {
    const [section] = server
    const port = settingOf(settingOf(config, section), 'port')
    const first = taken.get(port)
    if (typeof port !== 'number' || port === 0) return []
    if (!first) {
      taken.set(port, server)
      return []
    }
    const message = `The ${first[1]} server listens at port ${port} already (${first[0]}.port).`
    return [{ at: [section, 'port'], message, mend: 'Give one of the two another port.' }]
  })
}

/** Programs send a password with each call. */
function unencrypted(config: unknown): Complaint[] {
  const grpc = settingOf(config, 'grpc')
  const bind = settingOf(grpc, 'bind')
  if (settingOf(grpc, 'port') === undefined || typeof bind !== 'string') return []
  if (bind === 'localhost' || isLoopback(bind)) return []
  if (settingOf(grpc, 'tls') !== undefined || settingOf(grpc, 'allowUnencrypted') === true) return []
  const message = `Other machines reach ${bind}, and without TLS passwords and values can be read on the way.`
  const mend = 'Give a certificate and key (grpc.tls), or bind 127.0.0.1, or set grpc.allowUnencrypted: true.'
  return [{ at: ['grpc', 'bind'], message, mend }]
}

function impossibleLimits(config: unknown): Complaint[] {
  const limits = settingOf(settingOf(config, 'opcua'), 'limits')
  return bounds.flatMap(([each, total]): Complaint[] => {
    const [one, all] = [settingOf(limits, each), settingOf(limits, total)]
    if (typeof one !== 'number' || typeof all !== 'number' || one <= all) return []
    const message = `It cannot be more than what all have together, ${all} (opcua.limits.${total}).`
    return [{ at: ['opcua', 'limits', each], message, mend: `Lower it, or raise ${total}.` }]
  })
}
