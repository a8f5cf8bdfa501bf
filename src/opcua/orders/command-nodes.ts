import type { AddressSpace, CallMethodRequest, ISessionContext, NodeId, UAObject } from 'node-opcua'
import type { CommandRecord } from '../../core/command.ts'
import type { DeviceBase, Plant } from '../../core/plant.ts'
import type { PlantChange } from '../../core/plant-change.ts'
import type { ModelChanges } from '../address-space/model-changes.ts'
import type { Namespaces } from '../address-space/namespaces.ts'
import { NodeFactory } from '../address-space/node-factory.ts'
import { commandPermissions, readPermissions } from '../address-space/permissions.ts'
import { patchMethod } from '../hardening/patch-method.ts'
import { reviveItems } from '../hardening/revive-items.ts'
import { StatusCodeCache } from '../status-codes.ts'
import { CommandCalls } from './command-calls.ts'
import type { CommandRecords } from './command-records.ts'
import type { CommandNodesContext } from './context.ts'
import { DeviceCommands, takesOrders } from './device-commands.ts'
import type { Orders } from './orders.ts'
import type { RequestNodes } from './request-nodes.ts'
import type { WriteTarget } from './write-target.ts'

export interface CommandNodesOptions {
  readonly addressSpace: AddressSpace
  readonly namespaces: Namespaces
  readonly plant: Plant
  readonly allowAnonymous: boolean
  readonly records: CommandRecords
  readonly orders: Orders
  readonly changes: ModelChanges
  readonly now: number
}

/** The nodes of what can be asked of devices, of all of the plant, through its changes. */
export class CommandNodes {
  readonly #addressSpace: AddressSpace
  readonly #context: CommandNodesContext
  readonly #devices = new Map<string, { readonly nodes: DeviceCommands; readonly config: DeviceBase }>()
  #heard = false

  constructor(options: CommandNodesOptions) {
    const { addressSpace, namespaces, plant, allowAnonymous, records, orders, changes, now } = options
    const namespace = namespaces.plant
    const statuses = new StatusCodeCache()
    this.#addressSpace = addressSpace
    this.#context = {
      namespace,
      types: namespaces.types.index,
      factory: new NodeFactory({ namespace, permissions: readPermissions(allowAnonymous), statuses, now }),
      statuses,
      records,
      calls: new CommandCalls(orders, statuses),
      changes,
      permissions: commandPermissions(allowAnonymous),
    }
    for (const { devices } of plant.sources) for (const device of devices) this.#place(device, now)
    changes.forget()
  }

  /** Follows one step of a change of the plant, piece by piece, after the nodes of the devices have followed it. */
  *change({ removedDevices, devices }: PlantChange, now: number): Generator<undefined, void> {
    this.#addressSpace.modelChangeTransaction(() => {
      for (const key of removedDevices) {
        this.#devices.get(key)?.nodes.gone()
        this.#forget(key)
      }
      for (const { device } of devices) this.#place(device, now)
    })
    yield* reviveItems(this.#addressSpace)
  }

  /** A command came into another state. */
  tell(record: CommandRecord, now: number): void {
    this.#devices.get(record.device)?.nodes.tell(record, now)
  }

  /** Shows all that is known, or that it may not hold any more while the engine is not heard. */
  showHeard(heard: boolean, now: number): void {
    this.#heard = heard
    for (const { nodes } of this.#devices.values()) {
      if (heard) nodes.show(now)
      else nodes.showUnheard(now)
    }
  }

  /** What writing the variable with this NodeId asks for, `<device>/commands/<command>/request`. */
  targetOf(nodeId: NodeId): WriteTarget | undefined {
    return this.#requestOf(nodeId, '/request')?.target
  }

  /** Puts stand-ins where calls of our methods leave parameters to their defaults. */
  fillDefaults(calls: readonly CallMethodRequest[]): void {
    for (const call of calls) {
      const nodes = this.#requestOf(call.methodId, '')
      if (nodes) call.inputArguments = this.#context.calls.withDefaults(nodes.command, call.inputArguments ?? [])
    }
  }

  #requestOf({ namespace, value }: NodeId, ending: string): RequestNodes | undefined {
    if (namespace !== this.#context.namespace.index || typeof value !== 'string' || !value.endsWith(ending))
      return undefined
    const [device = '', commands, command = '', ...rest] = value.slice(0, value.length - ending.length).split('/')
    if (commands !== 'commands' || rest.length > 0) return undefined
    return this.#devices.get(device)?.nodes.request(command)
  }

  #place(device: DeviceBase, now: number): void {
    const object = this.#addressSpace.findNode(`ns=${this.#context.namespace.index};s=${device.key}`) as UAObject | null
    if (!object) return
    const known = this.#devices.get(device.key)
    // A device that moved to another source is another object, and what belonged to the former one has gone with it.
    const nodes = known?.nodes.device === object ? known.nodes : undefined
    if (known && !nodes) known.nodes.gone()
    if (!takesOrders(device)) {
      nodes?.remove()
      this.#forget(device.key)
    } else if (nodes) {
      const added = nodes.update(device, now)
      if (this.#heard) for (const request of added) request.show(now)
      this.#devices.set(device.key, { nodes, config: device })
    } else {
      const added = new DeviceCommands(this.#context, object, device, now)
      this.#devices.set(device.key, { nodes: added, config: device })
      if (this.#heard) added.show(now)
    }
  }

  #forget(key: string): void {
    const known = this.#devices.get(key)
    if (!known) return
    this.#context.records.forget(
      key,
      (known.config.commands ?? []).map((command) => command.key),
    )
    this.#devices.delete(key)
  }
}

/** Calls that node-opcua is asked for get their defaults first. Throws HardeningError where it would not. */
export function serveDefaults(engine: object, nodes: CommandNodes): void {
  patchMethod(engine, 'call', 'default arguments', (original) => {
    return (context: ISessionContext, calls: readonly CallMethodRequest[]) => {
      nodes.fillDefaults(calls)
      return original.call(engine, context, calls)
    }
  })
}
