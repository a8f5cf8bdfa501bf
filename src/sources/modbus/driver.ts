import { pause } from '../../core/clock.ts'
import type { ModbusDeviceConfig, ModbusSourceConfig } from '../../core/plant.ts'
import type { DeviceTags, IndexedTag } from '../../core/tag-index.ts'
import type { FieldDriver } from '../driver.ts'
import type { SourceContext } from '../source.ts'
import { ModbusConnection } from './connection.ts'
import { exchangeOf } from './exchange/exchange-of.ts'
import { Unanswered } from './exchange/unanswered.ts'
import { type ModbusBlock, planReads } from './read-plan.ts'
import { networkCost, type RequestCost, serialCost } from './request-cost.ts'
import { ModbusSession } from './session.ts'
import { openWire } from './transport/open-wire.ts'

/** The poller asks one thing at a time, which every device and serial gateway can take. */
const WINDOW = 1

/** Modbus under the poller: one connection or serial line for all units of a source. */
export class ModbusDriver implements FieldDriver<ModbusBlock, ModbusDeviceConfig> {
  readonly #config: ModbusSourceConfig
  readonly #context: SourceContext
  readonly #unanswered = new Unanswered()

  constructor(config: ModbusSourceConfig, context: SourceContext) {
    this.#config = config
    this.#context = context
  }

  plan(device: DeviceTags<ModbusDeviceConfig>, tags: readonly IndexedTag[]): ModbusBlock[] {
    return planReads(device, tags, costOn(this.#config))
  }

  async connect(signal: AbortSignal): Promise<ModbusSession> {
    const { timeoutMs, delayAfterConnectMs } = this.#config
    const { clock, random, report } = this.#context
    const wire = await openWire(this.#config, this.#context, signal)
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
        }),
      endpoint: wire.endpoint,
      timeoutMs,
      window: WINDOW,
    })
    if (delayAfterConnectMs > 0) await pause(clock, delayAfterConnectMs, signal)
    return new ModbusSession(connection, report)
  }
}

const costOn = (config: ModbusSourceConfig): RequestCost =>
  'serial' in config ? serialCost(config.transport, config.serial) : networkCost
