import { readFileSync } from 'node:fs'
import { PASSWORD } from './gateway.ts'
import { startGatewayOf } from './running-gateway.ts'

/** The gateway as a process of its own, whose sources take commands to a `ScriptedPlant`; without OPC UA. */
const file = process.argv[2] as string
await startGatewayOf(
  { file, text: readFileSync(file, 'utf8'), env: { PENSTOCK_OLGA_PASSWORD: PASSWORD } },
  {
    engine: new URL('./scripted-engine-room.ts', import.meta.url),
    opcua: new URL('./idle-room.ts', import.meta.url),
  },
)
process.send?.({ running: true })
