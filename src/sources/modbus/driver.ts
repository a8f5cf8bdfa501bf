import { pause } from '../../core/clock.ts'
import type { TagValue } from '../../core/data-type.ts'
import type { ModbusDeviceConfig, ModbusSourceConfig } from '../../core/plant.ts'
import type { DeviceTags, IndexedTag } from '../../core/tag-index.ts'
import type { Unwritable } from '../../core/transform/inverse.ts'
import type { FieldDriver, PollSet } from '../driver.ts'
import type { FieldDiagnostics } from '../field-diagnostics.ts'
import type { SourceContext } from '../source.ts'
import { ModbusConnection } from './connection.ts'
import { exchangeOf } from './exchange/exchange-of.ts'
import { Unanswered } from './exchange/unanswered.ts'
import { type ModbusBlock, planGroups } from './read-plan.ts'
import { networkCost, type RequestCost, serialCost } from './request-cost.ts'
import { ModbusSession } from './session.ts'
import { NameAddresses } from './transport/name-addresses.ts'
import { openWire } from './transport/open-wire.ts'
import { type ModbusWrite, planWrite } from './write-plan.ts'

export type ModbusDriverContext = Pick<SourceContext, 'clock' | 'random' | 'report' | 'secret'>

/** Modbus under the poller: one connection or serial line for all units of a source. */
export class ModbusDriver implements FieldDriver<ModbusBlock, ModbusDeviceConfig> {
  readonly #config: ModbusSourceConfig
  readonly #context: ModbusDriverContext
  readonly #diagnostics: FieldDiagnostics | undefined
  readonly #unanswered: Unanswered
  readonly #addresses = new NameAddresses()

  constructor(config: ModbusSourceConfig, context: ModbusDriverContext, diagnostics?: FieldDiagnostics) {
    this.#config = config
    this.#context = context
    this.#diagnostics = diagnostics
    this.#unanswered = new Unanswered(context.clock)
  }

  plan(device: DeviceTags<ModbusDeviceConfig>, groups: readonly PollSet[]): ModbusBlock[][] {
    return planGroups(device, groups, costOn(this.#config))
  }

  planWrite(device: ModbusDeviceConfig, tag: IndexedTag, value: TagValue): ModbusWrite | Unwritable {
    return planWrite(tag, device, value)
  }

  async connect(signal: AbortSignal): Promise<ModbusSession> {
    const { clock, report } = this.#context
    const recording = { clock, recorder: this.#diagnostics?.figures }
    return new ModbusSession(await this.open(signal), report, recording, this.#window)
  }

  /** One request at a time every device and gateway can take. */
  get #window(): number {
    return this.#config.window ?? 1
  }

  /** A connection for whoever reads tables without tags; rejects as `connect` does. */
  async open(signal: AbortSignal, window = this.#window): Promise<ModbusConnection> {
    const { timeoutMs, delayAfterConnectMs } = this.#config
    const { clock, random, report } = this.#context
    const secret = (name: string) => this.#context.secret(name)
    const wire = await openWire(this.#config, { clock, secret, addresses: this.#addresses }, signal)
    const tap = this.#diagnostics?.frames
    tap?.noted(`Connected to ${wire.endpoint}`)
    const connection = new ModbusConnection({
      exchange: (onEnd) =>
        exchangeOf({
          config: this.#config,
          wire,
          clock,
          random,
          unanswered: this.#unanswered,
          onStray: () => report.count('strays'),
          onEnd,
          tap,
        }),
      endpoint: wire.endpoint,
      timeoutMs,
      window,
    })
    if (delayAfterConnectMs > 0) await pause(clock, delayAfterConnectMs, signal)
    return connection
  }
}

const costOn = (config: ModbusSourceConfig): RequestCost =>
  'serial' in config ? serialCost(config.transport, config.serial) : networkCost
