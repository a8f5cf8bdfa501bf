import { systemClock } from '../../core/clock.ts'
import { PenstockError } from '../../core/errors.ts'
import type { ModbusSourceConfig } from '../../core/plant.ts'
import type { ModbusConnection } from '../../sources/modbus/connection.ts'
import { ModbusDriver } from '../../sources/modbus/driver.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import { deviceOf, type Target } from './target.ts'
import { unreachable } from './unreachable.ts'

/** Does something with the tables of one unit; what keeps it from that is in words. */
export async function withTables<Result>(
  target: Target,
  deviceKey: string | undefined,
  use: (tables: ModbusConnection, unitId: number) => Promise<Result>,
): Promise<Result> {
  const { source, dataFolder, secret } = target
  const device = deviceOf(source, deviceKey)
  if (source.kind !== 'modbus' || !('unitId' in device)) {
    throw new ClientFailure(ExitCode.usage, `"${source.key}" is no source of Modbus`)
  }
  let tables: ModbusConnection | undefined
  try {
    tables = await modbusDriver(source, secret).open(new AbortController().signal)
    return await use(tables, device.unitId)
  } catch (error) {
    throw error instanceof PenstockError ? unreachable(error, dataFolder) : error
  } finally {
    await tables?.close()
  }
}

/** The gateway's driver, with nobody to report to. */
function modbusDriver(source: ModbusSourceConfig, secret: Target['secret']): ModbusDriver {
  const report = {
    state: () => undefined,
    device: () => undefined,
    count: () => undefined,
    lostUplinks: () => undefined,
  }
  return new ModbusDriver(source, { clock: systemClock, random: Math.random, report, secret })
}
