import { type AddressSpace, DataType, resolveNodeId, type UAVariable, VariableIds } from 'node-opcua'
import type { SourceHealth, SourceState } from '../core/health.ts'
import { makeDataValue, scalar } from './data-values.ts'
import { markTold } from './hardening/deliver-on-change.ts'
import { HardeningError } from './hardening/patch-method.ts'
import { currentDataValue, setDataValue } from './projected-variable.ts'
import { StatusCodeCache } from './status-codes.ts'

/** OPC 10000-4 §6.6.2.4.2: 0 maintenance, 1 no data, 2 to 199 degraded, 200 to 255 healthy. */
const LOWEST_DEGRADED = 2
const HIGHEST_DEGRADED = 199
const HEALTHY = 255

/** How much of a source's data can be had. A source that the operator stopped is not missed. */
const share: Readonly<Record<SourceState, number | undefined>> = {
  connected: 1,
  degraded: 0.5,
  starting: 0,
  backoff: 0,
  refused: 0,
  stopped: undefined,
}

/** What the gateway as a whole can say of itself; clients use it to choose between redundant servers. */
export function serviceLevel(seen: {
  readonly engineHeard: boolean
  readonly storeOk: boolean
  readonly sources: readonly Pick<SourceHealth, 'state'>[]
}): number {
  if (!seen.engineHeard) return LOWEST_DEGRADED
  const shares = seen.sources.map(({ state }) => share[state]).filter((value) => value !== undefined)
  const working = shares.length === 0 ? 1 : shares.reduce((sum, value) => sum + value, 0) / shares.length
  if (working === 1) return seen.storeOk ? HEALTHY : HIGHEST_DEGRADED
  return Math.max(LOWEST_DEGRADED, Math.floor(HIGHEST_DEGRADED * working))
}

/** Server/ServiceLevel, which node-opcua keeps at 255 whatever happens. */
export class ServiceLevelVariable {
  readonly variable: UAVariable
  readonly #good = new StatusCodeCache().of(0)

  constructor(addressSpace: AddressSpace, now: number) {
    const variable = addressSpace.findNode(resolveNodeId(VariableIds.Server_ServiceLevel))
    if (!variable) throw new HardeningError('truthful ServiceLevel', 'variable Server/ServiceLevel')
    this.variable = variable as UAVariable
    // Replaces the getter, so that changes are pushed.
    this.variable.bindVariable({}, true)
    markTold(this.variable)
    this.show(LOWEST_DEGRADED, now)
  }

  show(level: number, now: number): void {
    if (currentDataValue(this.variable).value.value === level) return
    setDataValue(this.variable, makeDataValue(scalar(DataType.Byte, level), this.#good, now, now))
  }
}
