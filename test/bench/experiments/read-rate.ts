import { join } from 'node:path'
import { type Experiment, makeRow, percentile } from '../row.ts'
import { freePort, modbusSource, PASSWORD, tagIds, writeConfig } from '../support/plant.ts'
import { Program } from '../support/program.ts'
import { Subscriber } from '../support/subscriber.ts'

const TAGS = 1_000
const RUNS = 7
const MEASURE_MS = 1_500
const LEAST = 0.9

const here = (path: string) => join(import.meta.dirname, '../support', path)
const cli = join(import.meta.dirname, '../../../dist/cli.js')

/** A client reads without a pause, of the gateway and of a bare hardened server by turns. */
export const readRate: Experiment = {
  rows: {
    'opcua-read-1': 'Reads of one node a second, against a bare hardened server',
    'opcua-read-1000': 'Reads of 1,000 nodes a second, against the same',
  },
  async measure(say) {
    const [barePort, modbusPort, opcuaPort] = [await freePort(), await freePort(), await freePort()]
    const plant = writeConfig([modbusSource(modbusPort, TAGS)], opcuaPort, await freePort())
    const programs = [
      new Program(here('counting-modbus-server.ts'), [`${modbusPort}`]),
      new Program(here('bare-server.ts'), [`${barePort}`, `${TAGS}`, join(plant.folder, 'bare-pki')]),
      new Program(cli, ['run', '--config', plant.file], { PENSTOCK_BENCH_PASSWORD: PASSWORD }),
    ]
    const bare = await Subscriber.connect(barePort, join(plant.folder, 'client-pki'))
    const gateway = await Subscriber.connect(opcuaPort, join(plant.folder, 'client-pki'))
    const rows = []
    for (const count of [1, TAGS]) {
      const [ofBare, ofGateway]: [number[], number[]] = [[], []]
      for (let run = 1; run <= RUNS; run++) {
        say(`Reads of ${count} nodes, run ${run} of ${RUNS}`)
        ofBare.push(await readsASecond(bare, tagIds(count)))
        ofGateway.push(await readsASecond(gateway, tagIds(count)))
      }
      rows.push(
        makeRow({
          name: `opcua-read-${count}`,
          unit: 'a second',
          value: percentile(ofGateway, 0.5),
          baseline: percentile(ofBare, 0.5),
          goal: `>= ${LEAST} x a bare hardened server`,
          ok: (_, ratio) => ratio >= LEAST,
        }),
      )
    }
    await Promise.all([bare.end(), gateway.end()])
    for (const program of programs) await program.end()
    plant.remove()
    return rows
  },
}

async function readsASecond(client: Subscriber, ids: readonly string[]): Promise<number> {
  const from = performance.now()
  let reads = 0
  while (performance.now() - from < MEASURE_MS) {
    await client.read(ids)
    reads++
  }
  return (1_000 * reads) / (performance.now() - from)
}
