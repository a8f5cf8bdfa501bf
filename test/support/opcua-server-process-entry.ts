import { setImmediate as turn } from 'node:timers/promises'
import type { OpcuaSettings } from '../../src/opcua/settings.ts'
import { modbusDevice, modbusPlant, tagConfig } from './opcua-plant.ts'
import { type RoomUnderTest, startRoom } from './opcua-room.ts'

/** What the process is asked to do, by name. */
export interface ServerCommands {
  start(settings: Partial<OpcuaSettings>, tags: number): Promise<string>
  /** Bytes of memory after a collection of garbage. */
  memory(): Promise<{ readonly resident: number; readonly heap: number }>
  /** Sessions, subscriptions and items that the server holds. */
  health(): { readonly sessions: number; readonly subscriptions: number; readonly monitoredItems: number }
  /** Adds a device and takes it away again, so many times. */
  changePlant(times: number): Promise<number>
  stop(): Promise<void>
}

const device = (tags: number) =>
  modbusDevice(
    'boiler',
    Array.from({ length: tags }, (_tag, number) => tagConfig(`t${number}`)),
  )

let test: RoomUnderTest | undefined
let plant = modbusPlant([device(1)])

const running = (): RoomUnderTest => {
  if (!test) throw new Error('not started')
  return test
}

const commands: ServerCommands = {
  async start(settings, tags) {
    plant = modbusPlant([device(tags)])
    test = await startRoom({
      plant,
      settings,
      prepare: ({ pipeline, indexing }) => {
        for (const tag of indexing.tags) if (tag) pipeline.event(tag.index, 7.25, 1_700_000_000_000)
      },
    })
    const { engine } = test
    // Changes without end for whoever is subscribed.
    let value = 0
    setInterval(() => engine.pipeline.event(engine.tag('boiler/t0'), ++value, Date.now()), 50)
    return test.endpointUrl
  },
  async memory() {
    for (let round = 0; round < 3; round++) {
      globalThis.gc?.()
      await turn()
    }
    const { rss, heapUsed } = process.memoryUsage()
    return { resident: rss, heap: heapUsed }
  },
  health: () => running().room.health(),
  async changePlant(times) {
    const { engine } = running()
    const [source] = plant.sources
    if (source?.kind !== 'modbus') throw new Error('no Modbus source')
    for (let time = 0; time < times; time++) {
      await engine.changePlant({
        sources: [{ ...source, devices: [...source.devices, modbusDevice('pump', [tagConfig('flow')])] }],
      })
      await engine.changePlant(plant)
    }
    return times
  },
  async stop() {
    await test?.end()
    process.exit(0)
  },
}

process.on(
  'message',
  ({ id, command, parameters }: { id: number; command: keyof ServerCommands; parameters: never[] }) => {
    const run = commands[command] as (...parameters: unknown[]) => unknown
    Promise.resolve(run(...parameters)).then(
      (result) => process.send?.({ id, result }),
      (error: unknown) => process.send?.({ id, error: String(error) }),
    )
  },
)
