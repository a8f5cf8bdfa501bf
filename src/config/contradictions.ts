import type { Complaint } from './complaint.ts'
import { settingOf } from './raw.ts'

/** Which total bounds what one of its holders may use. */
const bounds = [
  ['subscriptionsPerSession', 'subscriptions'],
  ['monitoredItemsPerSubscription', 'monitoredItems'],
] as const

/** Settings of the servers that are right each by itself, but not together. The configuration may be wrong otherwise. */
export function contradictionsOf(config: unknown): Complaint[] {
  return [...samePort(config), ...impossibleLimits(config), ...halfCertificate(config)]
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

function samePort(config: unknown): Complaint[] {
  const opcua = settingOf(settingOf(config, 'opcua'), 'port')
  const http = settingOf(settingOf(config, 'http'), 'port')
  if (typeof opcua !== 'number' || opcua === 0 || opcua !== http) return []
  const message = `The OPC UA server listens at port ${opcua} already (opcua.port).`
  return [{ at: ['http', 'port'], message, mend: 'Give one of the two another port.' }]
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
