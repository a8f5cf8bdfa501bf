import { readdirSync, readFileSync } from 'node:fs'
import { systemClock } from '../../src/core/clock.ts'
import { order } from '../support/misbehave.ts'
import type { Ordered, ProcessFigures } from './soaked-gateway.ts'

/**
 * The gateway of the soak as a process of its own, from the folder that `SOAK_PROGRAM` names (`dist/` or `src/`), with
 * rooms that fail as they are told. It ends with SIGTERM, as `penstock run` does.
 */
const [file = ''] = process.argv.slice(2)
const program = process.env.SOAK_PROGRAM ?? ''
const extension = program.endsWith('/dist/') ? '.js' : '.ts'
const { serve } = (await import(`${program}cli/serve${extension}`)) as typeof import('../../src/cli/serve.ts')
const { checkConfiguration, loadText } = (await import(
  `${program}cli/configuration${extension}`
)) as typeof import('../../src/cli/configuration.ts')
const { createThreadLog } = (await import(
  `${program}telemetry/logger${extension}`
)) as typeof import('../../src/telemetry/logger.ts')

const text = readFileSync(file, 'utf8')
const { config, secrets } = checkConfiguration(text, file, process.env)
const configuration = {
  text,
  isNew: true,
  name: file,
  check: (changed: string) => loadText(changed, file, process.env),
}
const gateway = await serve({
  config,
  secrets,
  configuration,
  ...createThreadLog('error', 'main', systemClock),
  // Rooms are killed more often than they would die by themselves.
  safeMode: 'off',
  entries: {
    engine: new URL('engine-room.ts', import.meta.url),
    opcua: new URL('opcua-room.ts', import.meta.url),
  },
})

const figures = (): ProcessFigures => {
  const { rss, heapUsed } = process.memoryUsage()
  const descriptors = readdirSync('/proc/self/fd').length
  return { rss, heapUsed, descriptors, handles: process.getActiveResourcesInfo().length }
}
process.on('message', (asked: Ordered | 'figures') => {
  if (asked === 'figures') process.send?.(figures())
  else order(asked.room, asked.what)
})
// Whoever soaks it is gone.
process.on('disconnect', () => process.exit(1))
await gateway.running
process.send?.('running')
