import { join } from 'node:path'
import { type Experiment, makeRow } from '../row.ts'
import { freePort, modbusSource, PASSWORD, writeConfig } from '../support/plant.ts'
import { Program } from '../support/program.ts'
import { Subscriber } from '../support/subscriber.ts'

const TAGS = 10_000
const MOST_SECONDS = 5
const RUNS = 3
const cli = join(import.meta.dirname, '../../../dist/cli.js')
const bareServer = join(import.meta.dirname, '../support/bare-server.ts')

/** From the start of the process to the first answered Read, with keys and certificates there already. */
export const start: Experiment = {
  rows: {
    'start-10k': 'seconds until a client reads from a gateway with 10,000 tags, against a bare server with as many',
  },
  async measure(say) {
    const [opcuaPort, httpPort] = [await freePort(), await freePort()]
    const plant = writeConfig([modbusSource(await freePort(), TAGS)], opcuaPort, httpPort)
    const gateway = () => new Program(cli, ['run', '--config', plant.file], { PENSTOCK_BENCH_PASSWORD: PASSWORD })
    const bare = () => new Program(bareServer, [`${opcuaPort}`, `${TAGS}`, join(plant.folder, 'bare-pki')])
    const clientPki = join(plant.folder, 'client-pki')

    say('first starts, which make keys and certificates')
    await secondsToRead(gateway, opcuaPort, clientPki)
    await secondsToRead(bare, opcuaPort, clientPki)
    const [ofGateway, ofBare]: [number[], number[]] = [[], []]
    for (let run = 1; run <= RUNS; run++) {
      say(`start ${run} of ${RUNS}`)
      ofBare.push(await secondsToRead(bare, opcuaPort, clientPki))
      ofGateway.push(await secondsToRead(gateway, opcuaPort, clientPki))
    }
    plant.remove()
    return [
      makeRow({
        name: 'start-10k',
        unit: 's',
        value: median(ofGateway),
        baseline: median(ofBare),
        goal: `OPC UA answers in <= ${MOST_SECONDS} s`,
        ok: (seconds) => seconds <= MOST_SECONDS,
      }),
    ]
  },
}

async function secondsToRead(begin: () => Program, port: number, clientPki: string): Promise<number> {
  const from = performance.now()
  const program = begin()
  const client = await Subscriber.connect(port, clientPki)
  await client.readStatus('device9/t999')
  const seconds = (performance.now() - from) / 1_000
  await client.end()
  await program.end()
  return seconds
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number
