import type { ModbusSourceConfig } from '../../core/plant.ts'
import { PolledSource } from '../poller.ts'
import type { SourceType } from '../source.ts'
import { ModbusDriver } from './driver.ts'
import { validateModbus } from './validate.ts'

/** Modbus TCP: one source an endpoint, its units the devices. */
export const modbusSource: SourceType<ModbusSourceConfig> = {
  kind: 'modbus',
  validate: validateModbus,
  create: (config, devices, context) =>
    new PolledSource({
      config,
      devices,
      driver: new ModbusDriver(config, context),
      pollMsOf: (device, { tag }) => tag.pollMs ?? device.pollMs,
      context,
    }),
}
