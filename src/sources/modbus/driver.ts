import type { ModbusDeviceConfig, ModbusSourceConfig } from '../../core/plant.ts'
import type { DeviceTags, IndexedTag } from '../../core/tag-index.ts'
import type { FieldDriver } from '../driver.ts'
import type { FieldDiagnostics } from '../field-diagnostics.ts'
import type { SourceContext } from '../source.ts'
import { connectSocket } from './connect.ts'
import { ModbusConnection } from './connection.ts'
import { type ModbusBlock, planReads } from './read-plan.ts'
import { ModbusSession } from './session.ts'

/** The poller asks one thing at a time, which every device and serial gateway can take. */
const WINDOW = 1

export type ModbusDriverContext = Pick<SourceContext, 'clock' | 'random' | 'report'>

/** Modbus TCP under the poller: one connection for all units of a source. */
export class ModbusDriver implements FieldDriver<ModbusBlock, ModbusDeviceConfig> {
  readonly #config: ModbusSourceConfig
  readonly #context: ModbusDriverContext
  readonly #diagnostics: FieldDiagnostics | undefined

  constructor(config: ModbusSourceConfig, context: ModbusDriverContext, diagnostics?: FieldDiagnostics) {
    this.#config = config
    this.#context = context
    this.#diagnostics = diagnostics
  }

  plan(device: DeviceTags<ModbusDeviceConfig>, tags: readonly IndexedTag[]): ModbusBlock[] {
    return planReads(device, tags)
  }

  async connect(signal: AbortSignal): Promise<ModbusSession> {
    const { clock, report } = this.#context
    return new ModbusSession(await this.open(signal), report, { clock, recorder: this.#diagnostics?.figures })
  }

  /** A connection for whoever reads tables without tags; rejects as `connect` does. */
  async open(signal: AbortSignal, window = WINDOW): Promise<ModbusConnection> {
    const { host, port, timeoutMs, connectTimeoutMs } = this.#config
    const { clock, random, report } = this.#context
    const socket = await connectSocket({ host, port, timeoutMs: connectTimeoutMs, clock, signal })
    const tap = this.#diagnostics?.frames
    tap?.noted(`Connected to ${host}:${port}`)
    return new ModbusConnection({
      socket,
      endpoint: `${host}:${port}`,
      clock,
      timeoutMs,
      window,
      random,
      onStray: () => report.count('strays'),
      tap,
    })
  }
}
