import type { IAddressSpace, UAVariable } from 'node-opcua'
import { HardeningError, ownerOf, patchMethod } from './patch-method.ts'

const FIX = 'gather semantic events'
const METHOD = 'handle_semantic_changed'

const gatherer = Symbol('gatherer')
type Gathered = IAddressSpace & { [gatherer]?: (variable: UAVariable) => void }
type DataItem = UAVariable & { semantic_version: number }

/** From now on whoever is given here tells of the variables of this address space whose values mean something else. */
export function gatherSemanticChanges(addressSpace: IAddressSpace, take: (variable: UAVariable) => void): void {
  Object.assign(addressSpace, { [gatherer]: take })
}

/**
 * node-opcua raises one SemanticChangeEvent for each variable and each of its properties, so that a template with a new
 * range makes thousands of events, built at length even when nobody subscribes to them. Here they are gathered where
 * somebody gathers; monitored items get their SemanticsChanged bit at once as before.
 */
export function gatherSemanticEvents(anyVariable: UAVariable): void {
  if (typeof (anyVariable as DataItem).semantic_version !== 'number') {
    throw new HardeningError(FIX, 'UAVariable.semantic_version')
  }
  patchMethod(ownerOf(anyVariable, METHOD, FIX), METHOD, FIX, (original) => {
    return function (this: DataItem, dataValue: unknown) {
      const take = (this.addressSpace as Gathered)[gatherer]
      if (!take) return original.call(this, dataValue)
      this.semantic_version++
      this.emit('semantic_changed')
      return take(this)
    }
  })
}
