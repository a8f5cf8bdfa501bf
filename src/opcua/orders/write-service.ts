import {
  AccessLevelFlag,
  type AddressSpace,
  AttributeIds,
  type BaseNode,
  type DataValue,
  type ISessionContext,
  NodeClass,
  NumericRange,
  type StatusCode,
  StatusCodes,
  type UAVariable,
  type WriteValue,
} from 'node-opcua'
import { describeError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import { patchMethod } from '../hardening/patch-method.ts'
import { StatusCodeCache } from '../status-codes.ts'
import { actorOf } from './actor.ts'
import type { Orders } from './orders.ts'
import type { WriteTarget } from './write-target.ts'
import { writtenValue } from './written-value.ts'

export interface WriteServiceOptions {
  readonly addressSpace: AddressSpace
  readonly orders: Orders
  /** Index of the plant's namespace, in which nothing has a value that clients give it. */
  readonly namespace: number
  /** What the variable stands for, as it is configured now; undefined where it cannot be written. */
  readonly targetOf: (variable: UAVariable) => WriteTarget | undefined
  readonly log: Logger
}

type Callback = (error: null, status?: StatusCode) => void

/** The parts of node-opcua's UAVariable that lead a write to its value. */
interface Writable {
  writeAttribute(context: ISessionContext, writeValue: WriteValue, callback: Callback): void
  writeValue(context: ISessionContext, dataValue: DataValue, ...rest: unknown[]): unknown
}

/**
 * The service Write (OPC 10000-4 §5.11.4) over what can be asked of devices. Each node of a request by itself: values of
 * one device are asked for in the order of the request, those of several devices at the same time, and what becomes of
 * one is nothing to the others. A node shows what was written only when the engine publishes it.
 */
export class WriteService {
  readonly #options: WriteServiceOptions
  readonly #statuses = new StatusCodeCache()
  /** The last order of each device that the engine has not answered yet. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(options: WriteServiceOptions) {
    this.#options = options
  }

  /** One result for each value, in order. Never rejects. */
  write(context: ISessionContext, values: readonly WriteValue[], otherwise: Otherwise): Promise<StatusCode[]> {
    return Promise.all(
      values.map((value) =>
        this.#writeNode(context, value, otherwise).catch((error: unknown) => {
          const { log } = this.#options
          log.error({ node: value.nodeId.toString(), cause: describeError(error) }, 'A write failed for a node')
          return StatusCodes.BadInternalError
        }),
      ),
    )
  }

  async #writeNode(context: ISessionContext, value: WriteValue, otherwise: Otherwise): Promise<StatusCode> {
    const node: BaseNode | null = this.#options.addressSpace.findNode(value.nodeId)
    if (node?.nodeClass !== NodeClass.Variable || value.attributeId !== AttributeIds.Value) return otherwise(value)
    const variable = node as UAVariable
    // Refused there, where it is audited.
    if (!(variable.accessLevel & AccessLevelFlag.CurrentWrite)) return otherwise(value)
    if (!this.#options.targetOf(variable)) {
      return variable.nodeId.namespace === this.#options.namespace ? StatusCodes.BadNotWritable : otherwise(value)
    }
    // From here on, whatever node-opcua and our fixes check of a write leads to us, and not to its own value.
    const writable = variable as unknown as Writable
    if (!Object.hasOwn(writable, 'writeValue')) writable.writeValue = this.#taker()
    return await new Promise((resolve) => {
      writable.writeAttribute(context, value, (_error, status) => resolve(status ?? StatusCodes.Good))
    })
  }

  /** What a variable does with a value in place of storing it. */
  #taker() {
    const service = this
    return function (this: UAVariable, context: ISessionContext, dataValue: DataValue, ...rest: unknown[]): void {
      const callback = rest.at(-1) as Callback
      const range = rest.length > 1 ? NumericRange.coerce(rest[0] as NumericRange | null) : new NumericRange()
      service.#take(this, context, dataValue, range as NumericRange).then(
        (status) => callback(null, status),
        (error: unknown) => {
          service.#options.log.error({ cause: describeError(error) }, 'A write failed for a node')
          callback(null, StatusCodes.BadInternalError)
        },
      )
    }
  }

  async #take(
    variable: UAVariable,
    context: ISessionContext,
    dataValue: DataValue,
    range: NumericRange,
  ): Promise<StatusCode> {
    const { orders, targetOf } = this.#options
    if (context.isAccessRestricted(variable)) return StatusCodes.BadSecurityModeInsufficient
    if (!variable.isUserWritable(context)) return StatusCodes.BadUserAccessDenied
    const target = targetOf(variable)
    if (!target) return StatusCodes.BadNotWritable
    const written = writtenValue(target.shape, dataValue, range)
    if ('refused' in written) return written.refused
    const order = target.orderOf(written.value)
    if (!order) return StatusCodes.BadOutOfRange
    const { device } = target
    const answer = await this.#inTurn(device, () => orders.place({ device, order, by: actorOf(context) }))
    return this.#statuses.of(await orders.outcomeOf(answer))
  }

  /** After whatever was asked of the device before. */
  async #inTurn<Answer>(device: string, ask: () => Promise<Answer>): Promise<Answer> {
    const turn = (this.#turns.get(device) ?? Promise.resolve()).then(ask)
    this.#turns.set(device, turn)
    try {
      return await turn
    } finally {
      if (this.#turns.get(device) === turn) this.#turns.delete(device)
    }
  }
}

/** What node-opcua says of a write to anything else. */
type Otherwise = (value: WriteValue) => Promise<StatusCode>

/** node-opcua answers Write by `service` from now on. Throws HardeningError where it would not. */
export function serveWrites(engine: object, service: WriteService): void {
  patchMethod(
    engine,
    'write',
    'write to devices',
    (original) => (context: ISessionContext, values: readonly WriteValue[]) =>
      service.write(context, values, async (value) => {
        const [status] = (await original.call(engine, context, [value])) as StatusCode[]
        return status ?? StatusCodes.BadInternalError
      }),
  )
}
