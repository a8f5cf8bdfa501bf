import type { Clock } from '../core/clock.ts'
import { DemoLorawanPlant, demoTenant } from './chirpstack/plant.ts'
import { SimulatedChirpStack } from './chirpstack/simulated-chirpstack.ts'
import { EnergyMeter } from './modbus/energy-meter.ts'
import { ModbusSimulator } from './modbus/modbus-simulator.ts'
import { PumpController } from './modbus/pump-controller.ts'
import type { SimulatedUnit } from './modbus/register-map.ts'
import { MixingLine } from './s7/plant.ts'
import { SimulatedPlc } from './s7/simulated-plc.ts'

/** A running demo plant: where its devices are, and what a configuration needs to reach them. */
export interface DemoPlant {
  readonly chirpStackPort: number
  readonly modbusPort: number
  readonly s7Port: number
  readonly tenantId: string
  readonly apiKey: string
  close(): Promise<void>
}

/** Starts every simulated device on loopback, at ports that the system chooses. */
export async function startDemoPlant(clock: Clock, random: () => number): Promise<DemoPlant> {
  const chirpStack = new SimulatedChirpStack({ clock })
  const sensors = new DemoLorawanPlant({ chirpStack, clock, random })
  const modbus = new ModbusSimulator(
    new Map<number, SimulatedUnit>([
      [1, new EnergyMeter(clock)],
      [2, new PumpController(clock)],
    ]),
  )
  const line = new MixingLine(clock)
  const plc = new SimulatedPlc({ blocks: line.blocks, writable: line.writable })

  const [chirpStackPort, modbusPort, s7Port] = await Promise.all([chirpStack.listen(), modbus.listen(), plc.listen()])
  sensors.start()
  line.start()
  return {
    chirpStackPort,
    modbusPort,
    s7Port,
    tenantId: demoTenant.id,
    apiKey: demoTenant.apiKey,
    async close() {
      sensors.stop()
      line.stop()
      await Promise.all([chirpStack.close(), modbus.close(), plc.close()])
    },
  }
}
