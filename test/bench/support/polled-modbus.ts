import { systemClock } from '../../../src/core/clock.ts'
import { Pipeline } from '../../../src/core/pipeline.ts'
import type { ModbusSourceConfig } from '../../../src/core/plant.ts'
import { TagIndexing } from '../../../src/core/tag-index.ts'
import { ConnectLimiter } from '../../../src/sources/connect-limiter.ts'
import { modbusSource } from '../../../src/sources/modbus/source-type.ts'
import type { Source } from '../../../src/sources/source.ts'
import { RecordingContext } from '../../support/modbus-context.ts'

export interface PolledModbus {
  readonly source: Source
  readonly context: RecordingContext
}

/** Sources as the engine runs them, from the socket to the tag table, in this process; started. */
export async function pollModbus(configs: readonly ModbusSourceConfig[]): Promise<PolledModbus[]> {
  const indexing = new TagIndexing({ sources: configs })
  const sink = new Pipeline(indexing.present, systemClock)
  const connects = new ConnectLimiter(systemClock)
  const sources: PolledModbus[] = []
  for (const config of configs) {
    const context = new RecordingContext(systemClock)
    const { log, memory, random, secret, report, offers, values, commands } = context
    const devices = config.devices.map((device) => ({ device, tags: indexing.ofDevice(device.key) }))
    const parts = { clock: systemClock, log, memory, random, secret, report, connects, offers, values, commands, sink }
    const source = await modbusSource.create(config, devices, parts)
    source.start()
    sources.push({ source, context })
  }
  return sources
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
