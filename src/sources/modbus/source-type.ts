import type { ModbusSourceConfig } from '../../core/plant.ts'
import { fieldDiagnostics } from '../field-diagnostics.ts'
import { PolledSource } from '../poller.ts'
import type { SourceType } from '../source.ts'
import { frameWordsOf } from './frame-words.ts'
import { validateModbus } from './validate.ts'

/** Modbus: one source an endpoint or serial line, its units the devices. */
export const modbusSource: SourceType<ModbusSourceConfig> = {
  kind: 'modbus',
  validate: validateModbus,
  async create(config, devices, context) {
    const { ModbusDriver } = await import('./driver.ts')
    const diagnostics = fieldDiagnostics(context.clock, frameWordsOf(config))
    return new PolledSource({
      config,
      devices,
      driver: new ModbusDriver(config, context, diagnostics),
      diagnostics,
      pollMsOf: (device, { tag }) => tag.pollMs ?? device.pollMs,
      context,
    })
  },
}
