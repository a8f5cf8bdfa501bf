import { join } from 'node:path'
import { systemClock } from '../../../src/core/clock.ts'
import { SimulatedChirpStack } from '../../../src/demo/chirpstack/simulated-chirpstack.ts'
import { type Experiment, makeRow, percentile } from '../row.ts'
import { freePort, PASSWORD, writeConfig } from '../support/plant.ts'
import { Program } from '../support/program.ts'
import { Subscriber } from '../support/subscriber.ts'

const DEVICES = 50
const UPLINKS = 400
const UPLINK_EVERY_MS = 25
const PUBLISHING_MS = 100
const ALLOWANCE_MS = 20
const TENANT = '52f14cd4-c6f1-4fbd-8f87-4025e1d49242'
const KEY = 'bench-key'
const cli = join(import.meta.dirname, '../../../dist/cli.js')

/** From the moment ChirpStack hands out an uplink to the moment a subscribed client has its value. */
export const latency: Experiment = {
  rows: {
    'latency-p50': 'milliseconds from uplink to client notification, median, against the publishing interval + 20 ms',
    'latency-p99': 'the same, 99 of 100',
  },
  async measure(say) {
    const chirpStack = new SimulatedChirpStack({ clock: systemClock })
    const devEuis = addDevices(chirpStack)
    const [opcuaPort, httpPort] = [await freePort(), await freePort()]
    const plant = writeConfig([sourceOf(await chirpStack.listen(), devEuis)], opcuaPort, httpPort)
    const gateway = new Program(cli, ['run', '--config', plant.file], {
      PENSTOCK_BENCH_PASSWORD: PASSWORD,
      PENSTOCK_LORA_API_KEY: KEY,
    })
    const subscriber = await Subscriber.connect(opcuaPort, join(plant.folder, 'client-pki'))
    const sentAt = new Map<number, number>()
    const latencies: number[] = []
    const ids = devEuis.map((_, at) => `sensor${at}/count`)
    await subscriber.subscribe(ids, PUBLISHING_MS, (_position, value) => {
      const sent = sentAt.get(Number(value))
      if (sent !== undefined) latencies.push(performance.now() - sent)
    })
    while (devEuis.some((devEui) => chirpStack.openStreams(devEui) === 0)) await pause(50)

    say(`${UPLINKS} uplinks of ${DEVICES} devices, publishing interval ${PUBLISHING_MS} ms`)
    for (let count = 1; count <= UPLINKS; count++) {
      sentAt.set(count, performance.now())
      chirpStack.uplink(devEuis[count % DEVICES] as string, { object: { count } })
      await pause(UPLINK_EVERY_MS)
    }
    await pause(1_000)
    await subscriber.end()
    await gateway.end()
    await chirpStack.close()
    plant.remove()
    if (latencies.length < UPLINKS) throw new Error(`Only ${latencies.length} of ${UPLINKS} uplinks reached the client`)
    return [rowOf('latency-p50', percentile(latencies, 0.5)), rowOf('latency-p99', percentile(latencies, 0.99))]
  },
}

const rowOf = (name: string, value: number) =>
  makeRow({
    name,
    unit: 'ms',
    value,
    baseline: PUBLISHING_MS + ALLOWANCE_MS,
    goal: '<= publishing interval + 20 ms',
    ok: (_, ratio) => ratio <= 1,
  })

function addDevices({ directory, access }: SimulatedChirpStack): string[] {
  directory.addTenant({ id: TENANT, name: 'Bench' })
  access.add(KEY, { admin: false, tenantId: TENANT })
  const { id: applicationId } = directory.addApplication({ tenantId: TENANT, name: 'Bench' })
  const { id: profileId } = directory.addProfile({
    tenantId: TENANT,
    name: 'Counter',
    uplinkInterval: 60,
    measurements: {},
  })
  return Array.from({ length: DEVICES }, (_, at) => {
    const devEui = (0xa81758fffe100000n + BigInt(at)).toString(16)
    directory.addDevice({ devEui, applicationId, profileId, name: `Sensor ${at}` })
    return devEui
  })
}

const sourceOf = (port: number, devEuis: readonly string[]) => ({
  key: 'lora',
  kind: 'chirpstack',
  url: `http://127.0.0.1:${port}`,
  tenantId: TENANT,
  devices: devEuis.map((devEui, at) => ({
    key: `sensor${at}`,
    devEui,
    tags: [{ key: 'count', type: 'UInt32', address: 'object.count' }],
  })),
})

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
