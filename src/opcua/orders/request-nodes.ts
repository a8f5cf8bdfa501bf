import {
  coerceNodeId,
  type ISessionContext,
  type MethodResult,
  type UAMethod,
  type UAObject,
  type UAVariable,
  type Variant,
} from 'node-opcua'
import type { CommandConfig } from '../../core/command.ts'
import { conditionsOf } from '../../core/command-conditions.ts'
import { fitValue } from '../../core/data-type.ts'
import { StatusCode } from '../../core/status-code.ts'
import { sharePermissions } from '../address-space/permissions.ts'
import { makeDataValue, nullVariant, variantOf, variantType } from '../data-values.ts'
import { markTold } from '../hardening/deliver-on-change.ts'
import { setDataValue, showUnheard } from '../projected-variable.ts'
import type { CommandNodesContext } from './context.ts'
import { descriptionOf, inputArgumentsOf, outputArgumentsOf } from './method-arguments.ts'
import { addMethod } from './method-nodes.ts'
import { commandStateType, StatusNodes } from './status-nodes.ts'
import { canBeWritten, requestedValue, requestTarget, type WriteTarget } from './write-target.ts'

/** One command: its method `<device>/commands/<command>`, how it is, and the variable that asks for it by being written. */
export class RequestNodes {
  readonly command: CommandConfig
  /** What writing its variable asks for; undefined where it has none. */
  readonly target: WriteTarget | undefined
  readonly #context: CommandNodesContext
  readonly #device: string
  readonly #method: UAMethod
  readonly #object: UAObject
  readonly #parents: { readonly commands: UAObject; readonly folder: UAObject }
  readonly #status: StatusNodes
  readonly #request: UAVariable | undefined

  constructor(
    context: CommandNodesContext,
    device: string,
    command: CommandConfig,
    { commands, folder }: { readonly commands: UAObject; readonly folder: UAObject },
    now: number,
  ) {
    const { namespace, factory, statuses, types, calls, permissions } = context
    const { key, name } = command
    const description = [command.description, ...conditionsOf(command)].filter((each) => each !== undefined).join(' ')
    const id = `${device}/commands/${key}`
    this.#context = context
    this.#device = device
    this.command = command
    this.#method = addMethod(
      namespace,
      {
        parent: commands,
        id,
        name: key,
        nameIn: namespace.index,
        displayName: name,
        description,
        inputs: inputArgumentsOf(command),
        outputs: outputArgumentsOf(commandStateType(types)),
        call: (inputs: Variant[], by: ISessionContext): Promise<MethodResult> =>
          calls.send(device, command, inputs, by),
      },
      permissions,
    )
    this.#object = factory.object({
      id: `${id}#Status`,
      name: key,
      displayName: name,
      ...(description === '' ? {} : { description }),
      type: coerceNodeId(`ns=${types};i=1022`),
      componentOf: folder,
    })
    this.#parents = { commands, folder }
    context.changes.added(this.#method, commands)
    context.changes.added(this.#object, folder)
    this.#status = new StatusNodes({ factory, statuses, parent: this.#object, id, types })
    if (canBeWritten(command)) {
      this.target = requestTarget(device, command)
      this.#request = this.#addRequest(`${id}/request`, this.target, now)
    }
  }

  /** Shows the newest of the command, if there was one. */
  show(now: number): void {
    const { records } = this.#context
    const record = records.newest(this.#device, this.command.key)
    if (!record) return
    this.#status.show(record, records.isCurrent(record), now)
    if (this.#request && this.target) {
      const { type } = this.target.shape
      const value = fitValue(type, requestedValue(this.command, record.order))
      if (value !== undefined)
        this.#showRequest(this.#request, variantOf({ type }, value), StatusCode.Good, record.acceptedAt, now)
    }
  }

  showUnheard(now: number): void {
    this.#status.showUnheard(now)
    const uncertain = this.#context.statuses.of(StatusCode.UncertainNoCommunicationLastUsableValue)
    if (this.#request) showUnheard(this.#request, uncertain, now)
  }

  /** The nodes go with those that they stand in. */
  gone(): void {
    this.#context.changes.removed(this.#method)
    this.#context.changes.removed(this.#object)
  }

  remove(): void {
    this.#context.changes.removed(this.#method, this.#parents.commands)
    this.#context.changes.removed(this.#object, this.#parents.folder)
    const { addressSpace } = this.#object
    addressSpace.deleteNode(this.#method)
    addressSpace.deleteNode(this.#object)
  }

  #addRequest(id: string, { shape }: WriteTarget, now: number): UAVariable {
    const { namespace, types, permissions } = this.#context
    const [parameter] = this.command.parameters
    const variable = namespace.addVariable({
      componentOf: this.#object,
      nodeId: `s=${id}`,
      browseName: { name: 'Request', namespaceIndex: types },
      displayName: 'Request',
      description: parameter ? descriptionOf(parameter) : 'Write true to ask for it',
      typeDefinition: 'BaseDataVariableType',
      dataType: variantType[shape.type],
      accessLevel: 'CurrentRead | CurrentWrite',
      userAccessLevel: 'CurrentRead | CurrentWrite',
      minimumSamplingInterval: 0,
    })
    sharePermissions(variable, permissions)
    markTold(variable)
    this.#showRequest(variable, nullVariant(), StatusCode.BadWaitingForInitialData, now, now)
    return variable
  }

  #showRequest(variable: UAVariable, value: Variant, status: StatusCode, sourceTime: number, now: number): void {
    setDataValue(variable, makeDataValue(value, this.#context.statuses.of(status), sourceTime, now))
  }
}
