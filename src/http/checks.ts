import type { OpcuaHealth } from '../link/contract.ts'
import type { GatewayHealth, RoomHealth } from './gateway-health.ts'

/** One thing that has to be in order. */
export interface Check {
  readonly name:
    | 'engine'
    | 'opcua'
    | 'safe-mode'
    | 'engine-heard'
    | 'store'
    | 'history'
    | 'postgres'
    | 'certificates'
    | 'disk'
    | 'backup'
  /** `unknown`: it could not be asked just now. A gateway with a warning is ready all the same. */
  readonly state: 'ok' | 'warning' | 'failing' | 'unknown'
  /** Empty when it is ok. */
  readonly reason: string
}

/**
 * Each check by its name. What makes the gateway unready is `failing`: taking it out of service would not help against
 * anything else, and would cut clients off from values that are still right.
 */
export function checksOf({
  rooms,
  engine,
  opcua,
  disk,
  backup,
  safeMode,
}: Omit<GatewayHealth, 'checks'>): readonly Check[] {
  const heard = 'The OPC UA server does not hear the engine: all values are Uncertain until it does, by itself.'
  return [
    roomCheck('engine', rooms.engine),
    roomCheck('opcua', rooms.opcua),
    safeMode
      ? { name: 'safe-mode', state: 'failing', reason: safeMode.reason }
      : { name: 'safe-mode', state: 'ok', reason: '' },
    opcua ? warnIf('engine-heard', opcua.engineHeard ? '' : heard) : unknown('engine-heard'),
    engine ? warnIf('store', engine.store.reason) : unknown('store'),
    engine ? warnIf('history', engine.store.history.reason) : unknown('history'),
    ...(engine?.sink ? [warnIf('postgres', engine.sink.reason)] : []),
    opcua ? warnIf('certificates', endingOf(opcua)) : unknown('certificates'),
    warnIf('disk', disk.reason),
    ...(backup ? [warnIf('backup', backup.reason)] : []),
  ]
}

function roomCheck(name: 'engine' | 'opcua', { state, lastRestart }: RoomHealth): Check {
  if (state === 'running') return { name, state: 'ok', reason: '' }
  const cause = lastRestart === '' ? '' : `; it was last started again because: ${lastRestart}`
  return { name, state: 'failing', reason: `It does not run, its state is ${state}${cause}` }
}

function endingOf({ endingCertificates: ending }: OpcuaHealth): string {
  if (ending.length === 0) return ''
  return `${ending.length} of its own and trusted certificates end within 30 days or have ended; the health (/) lists them.`
}

const warnIf = (name: Check['name'], reason: string): Check =>
  reason === '' ? { name, state: 'ok', reason } : { name, state: 'warning', reason }

const unknown = (name: Check['name']): Check => ({
  name,
  state: 'unknown',
  reason: 'The part that knows does not answer just now.',
})
