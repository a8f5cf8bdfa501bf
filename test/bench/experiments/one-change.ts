import { join } from 'node:path'
import { LocalGateway } from '../../../src/cli/config/local-gateway.ts'
import { type Experiment, makeRow, percentile } from '../row.ts'
import { freePort, modbusSource, PASSWORD, tagIds, writeConfig } from '../support/plant.ts'
import { Program } from '../support/program.ts'
import { Subscriber } from '../support/subscriber.ts'

const TAGS = 10_000
const CHANGES = 10
const MOST_MS = 200
const cli = join(import.meta.dirname, '../../../dist/cli.js')
const here = (path: string) => join(import.meta.dirname, '../support', path)

/** A tag is added to a running gateway with 10,000 others, all of them subscribed. */
export const oneChange: Experiment = {
  rows: {
    'change-10k': 'milliseconds from the request that adds a tag beside 10,000 to a client reading it, the middle',
    'change-10k-touched': 'of those 10,000, items that brought anything but Good meanwhile, of all changes',
  },
  async measure(say) {
    const [modbusPort, opcuaPort, httpPort] = [await freePort(), await freePort(), await freePort()]
    const plant = writeConfig([modbusSource(modbusPort, TAGS)], opcuaPort, httpPort)
    const modbus = new Program(here('counting-modbus-server.ts'), [`${modbusPort}`])
    const gateway = new Program(cli, ['run', '--config', plant.file], { PENSTOCK_BENCH_PASSWORD: PASSWORD })
    const client = await Subscriber.connect(opcuaPort, join(plant.folder, 'client-pki'))
    const subscriber = await Subscriber.connect(opcuaPort, join(plant.folder, 'client-pki'))
    let changes = 0
    let touched = 0
    await subscriber.subscribe(tagIds(TAGS), 1_000, (_position, _value, status) => {
      changes++
      if (status !== 'Good') touched++
    })
    while ((await client.readStatus('device9/t999')) !== 'Good')
      await new Promise((resolve) => setTimeout(resolve, 100))
    const data = join(plant.folder, 'data')
    const local = new LocalGateway({ url: `http://127.0.0.1:${httpPort}`, config: plant.file, data }, {})
    touched = 0
    const times: number[] = []
    for (let n = 0; n < CHANGES; n++) {
      times.push(await addTag(local, client, n))
      say(`change ${n + 1} of ${CHANGES}: ${Math.round(times.at(-1) ?? 0)} ms`)
    }
    await Promise.all([client.end(), subscriber.end()])
    await gateway.end()
    await modbus.end()
    plant.remove()
    return [
      makeRow({
        name: 'change-10k',
        unit: 'ms',
        value: percentile(times, 0.5),
        baseline: MOST_MS,
        goal: `<= ${MOST_MS} ms`,
        ok: (ms) => ms <= MOST_MS,
      }),
      makeRow({
        name: 'change-10k-touched',
        unit: 'items',
        value: touched,
        baseline: changes,
        goal: 'none',
        ok: (items) => items === 0,
      }),
    ]
  },
}

async function addTag(local: LocalGateway, client: Subscriber, n: number): Promise<number> {
  const value = { key: `new${n}`, type: 'UInt16', address: `holding:${n}` }
  const at = ['sources', 'line', 'devices', 'device5', 'tags']
  const from = performance.now()
  await local.ask('PUT', '/configuration', { edits: [{ add: at, value }], comment: 'bench' })
  while ((await client.readStatus(`device5/new${n}`)) === 'BadNodeIdUnknown')
    await new Promise((resolve) => setTimeout(resolve, 5))
  return performance.now() - from
}
