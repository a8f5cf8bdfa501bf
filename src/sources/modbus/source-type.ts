import type { ModbusSourceConfig } from '../../core/plant.ts'
import { PolledSource } from '../poller.ts'
import type { SourceType } from '../source.ts'
import { validateModbus } from './validate.ts'

/** Modbus: one source an endpoint or serial line, its units the devices. */
export const modbusSource: SourceType<ModbusSourceConfig> = {
  kind: 'modbus',
  validate: validateModbus,
  async create(config, devices, context) {
    const { ModbusDriver } = await import('./driver.ts')
    return new PolledSource({
      config,
      devices,
      driver: new ModbusDriver(config, context),
      pollMsOf: (device, { tag }) => tag.pollMs ?? device.pollMs,
      context,
    })
  },
}
