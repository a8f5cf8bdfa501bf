import type { ModbusDeviceConfig, ModbusSourceConfig } from '../../core/plant.ts'
import type { DeviceTags, IndexedTag } from '../../core/tag-index.ts'
import type { FieldDriver } from '../driver.ts'
import type { SourceContext } from '../source.ts'
import { connectSocket } from './connect.ts'
import { ModbusConnection } from './connection.ts'
import { type ModbusBlock, planReads } from './read-plan.ts'
import { ModbusSession } from './session.ts'

/** The poller asks one thing at a time, which every device and serial gateway can take. */
const WINDOW = 1

/** Modbus TCP under the poller: one connection for all units of a source. */
export class ModbusDriver implements FieldDriver<ModbusBlock, ModbusDeviceConfig> {
  readonly #config: ModbusSourceConfig
  readonly #context: SourceContext

  constructor(config: ModbusSourceConfig, context: SourceContext) {
    this.#config = config
    this.#context = context
  }

  plan(device: DeviceTags<ModbusDeviceConfig>, tags: readonly IndexedTag[]): ModbusBlock[] {
    return planReads(device, tags)
  }

  async connect(signal: AbortSignal): Promise<ModbusSession> {
    const { host, port, timeoutMs, connectTimeoutMs } = this.#config
    const { clock, random, report } = this.#context
    const socket = await connectSocket({ host, port, timeoutMs: connectTimeoutMs, clock, signal })
    const connection = new ModbusConnection({
      socket,
      endpoint: `${host}:${port}`,
      clock,
      timeoutMs,
      window: WINDOW,
      random,
      onStray: () => report.count('strays'),
    })
    return new ModbusSession(connection, report)
  }
}
