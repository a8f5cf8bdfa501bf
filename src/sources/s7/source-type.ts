import type { S7SourceConfig } from '../../core/plant.ts'
import { fieldDiagnostics } from '../field-diagnostics.ts'
import { PolledSource } from '../poller.ts'
import type { SourceType } from '../source.ts'
import { s7Words } from './frame-words.ts'
import { validateS7 } from './validate.ts'

/** A Siemens S7 CPU that lets its memory be read over ISO on TCP (RFC 1006), as S7-300/400/1200/1500 and LOGO! do. */
export const s7Source: SourceType<S7SourceConfig> = {
  kind: 's7',
  validate: validateS7,
  async create(config, devices, context) {
    const { S7Driver } = await import('./driver.ts')
    const diagnostics = fieldDiagnostics(context.clock, s7Words)
    return new PolledSource({
      config,
      devices,
      driver: new S7Driver(config, context, diagnostics),
      diagnostics,
      pollMsOf: (device, { tag }) => tag.pollMs ?? device.pollMs,
      context,
    })
  },
}
