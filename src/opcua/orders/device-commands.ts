import { isDeepStrictEqual } from 'node:util'
import {
  coerceNodeId,
  DataType,
  type ISessionContext,
  resolveNodeId,
  type UAObject,
  type UAVariable,
  type Variant,
} from 'node-opcua'
import type { CommandRecord } from '../../core/command.ts'
import type { DeviceBase } from '../../core/plant.ts'
import { StatusCode } from '../../core/status-code.ts'
import { publish } from '../address-space/node-factory.ts'
import { showUnheard } from '../projected-variable.ts'
import { nameOf, raiseCommandEvent } from './command-events.ts'
import type { CommandNodesContext } from './context.ts'
import { cancelArguments, cancelResults } from './method-arguments.ts'
import { addMethod } from './method-nodes.ts'
import { RequestNodes } from './request-nodes.ts'
import { commandStateType, StatusNodes } from './status-nodes.ts'

/** Whether anything can be asked of the device. */
export const takesOrders = ({ commands, tags }: DeviceBase): boolean =>
  (commands?.length ?? 0) > 0 || tags.some(({ access }) => access === 'readWrite')

/** OPC 10000-3 §5.5.1: the bit SubscribeToEvents of EventNotifier. */
const SUBSCRIBE_TO_EVENTS = 1

/** OPC 10000-3 §7.15: events of the device are events of the server too. */
const notifierOfServer = () => ({ referenceType: 'HasNotifier', isForward: false, nodeId: resolveNodeId('Server') })

/** `<device>#Commands`: what can be asked of the device, and how the newest of all its commands and writes is. */
export class DeviceCommands {
  readonly device: UAObject
  readonly #context: CommandNodesContext
  readonly #key: string
  readonly #object: UAObject
  readonly #folder: UAObject
  readonly #status: StatusNodes
  readonly #command: UAVariable
  readonly #queueLength: UAVariable
  readonly #requests = new Map<string, RequestNodes>()

  constructor(context: CommandNodesContext, device: UAObject, config: DeviceBase, now: number) {
    const { factory, types, namespace, calls, permissions, changes } = context
    const id = `${config.key}#Commands`
    this.#context = context
    this.device = device
    this.#key = config.key
    device.setEventNotifier(SUBSCRIBE_TO_EVENTS)
    device.addReference(notifierOfServer())
    this.#object = factory.object({
      id,
      name: 'Commands',
      nameIn: types,
      type: coerceNodeId(`ns=${types};i=1023`),
      componentOf: device,
    })
    const { statuses } = context
    this.#status = new StatusNodes({ factory, statuses, parent: this.#object, id, types })
    const component = (name: string, dataType: DataType) =>
      factory.component({ parent: this.#object, id: `${id}#${name}`, name, nameIn: types, dataType })
    this.#command = component('Command', DataType.String)
    this.#queueLength = component('QueueLength', DataType.UInt32)
    this.#folder = factory.object({
      id: `${id}#Requests`,
      name: 'Requests',
      nameIn: types,
      type: 'FolderType',
      componentOf: this.#object,
    })
    const method = {
      parent: this.#object,
      id: `${id}#Cancel`,
      name: 'Cancel',
      nameIn: types,
      description: 'Takes back a command or write of this device that has not gone out.',
      inputs: cancelArguments(),
      outputs: cancelResults(commandStateType(types)),
    }
    const call = (inputs: Variant[], by: ISessionContext) => calls.cancel(this.#key, inputs, by)
    addMethod(namespace, { ...method, call }, permissions)
    changes.added(this.#object, device)
    changes.version(this.#object, `${id}#NodeVersion`, now)
    changes.version(this.#folder, `${id}#Requests#NodeVersion`, now)
    this.update(config, now)
  }

  /** The device takes these commands now; nodes of those that are as they were are left alone. Answers with new ones. */
  update({ commands = [] }: DeviceBase, now: number): RequestNodes[] {
    const wanted = new Map(commands.map((command) => [command.key, command]))
    for (const [key, nodes] of this.#requests) {
      if (isDeepStrictEqual(wanted.get(key), nodes.command)) continue
      nodes.remove()
      this.#requests.delete(key)
    }
    const added = [...wanted].filter(([key]) => !this.#requests.has(key))
    return added.map(([key, command]) => {
      const parents = { commands: this.#object, folder: this.#folder }
      const nodes = new RequestNodes(this.#context, this.#key, command, parents, now)
      this.#requests.set(key, nodes)
      return nodes
    })
  }

  /** What can be written, or called, of the command with this key. */
  request(key: string): RequestNodes | undefined {
    return this.#requests.get(key)
  }

  /** Shows all that is known. */
  show(now: number): void {
    const newest = this.#context.records.newest(this.#key)
    if (newest) this.#showNewest(newest, now)
    this.#showQueue(now)
    for (const nodes of this.#requests.values()) nodes.show(now)
  }

  /** The command came into another state: shown, and told to whoever waits for events of the device. */
  tell(record: CommandRecord, now: number): void {
    const { records, statuses, types } = this.#context
    if (records.newest(this.#key) === record) this.#showNewest(record, now)
    this.#showQueue(now)
    if (record.order.kind === 'command') this.#requests.get(record.order.command)?.show(now)
    raiseCommandEvent(this.device, record, statuses, types)
  }

  showUnheard(now: number): void {
    this.#status.showUnheard(now)
    for (const nodes of this.#requests.values()) nodes.showUnheard(now)
    const uncertain = this.#context.statuses.of(StatusCode.UncertainNoCommunicationLastUsableValue)
    for (const node of [this.#command, this.#queueLength]) showUnheard(node, uncertain, now)
  }

  /** The device takes no orders any more. */
  remove(): void {
    this.gone(this.device)
    this.device.setEventNotifier(0)
    this.device.removeReference(notifierOfServer())
    this.#object.addressSpace.deleteNode(this.#object)
  }

  /** The nodes are about to go, or went with their device: clients will be told. */
  gone(...parents: readonly UAObject[]): void {
    for (const nodes of this.#requests.values()) nodes.gone()
    this.#context.changes.removed(this.#folder)
    this.#context.changes.removed(this.#object, ...parents)
  }

  #showNewest(record: CommandRecord, now: number): void {
    const { records, statuses } = this.#context
    this.#status.show(record, records.isCurrent(record), now)
    publish(this.#command, DataType.String, nameOf(record), statuses.of(StatusCode.Good), now)
  }

  #showQueue(now: number): void {
    const { records, statuses } = this.#context
    publish(this.#queueLength, DataType.UInt32, records.queued(this.#key), statuses.of(StatusCode.Good), now)
  }
}
