import { readFileSync } from 'node:fs'
import { loadConfig } from '../../src/config/load.ts'
import { startGateway } from '../../src/main.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { PASSWORD } from './gateway.ts'

/** The gateway as a process of its own, whose sources take commands to a `ScriptedPlant`; without OPC UA. */
const file = process.argv[2] as string
const loaded = loadConfig({
  text: readFileSync(file, 'utf8'),
  file,
  env: {},
  readFile: (path) => readFileSync(path, 'utf8'),
  validators: {},
})
if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
const gateway = await startGateway({
  config: loaded.config,
  secrets: { PENSTOCK_OLGA_PASSWORD: PASSWORD },
  log: createLogger('error', 'main'),
  entries: {
    engine: new URL('./scripted-engine-room.ts', import.meta.url),
    opcua: new URL('./idle-room.ts', import.meta.url),
  },
})
await gateway.running
process.send?.({ running: true })
