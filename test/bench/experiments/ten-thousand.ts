import { join } from 'node:path'
import { type Experiment, makeRow } from '../row.ts'
import { freePort, modbusSource, PASSWORD, tagIds, writeConfig } from '../support/plant.ts'
import { Program } from '../support/program.ts'
import { Subscriber } from '../support/subscriber.ts'

const TAGS = 10_000
const SECONDS = 20
const SETTLE_MS = 5_000
const MOST_MEGABYTES = 400

interface Figures {
  /** Percent of one processor. */
  readonly cpu: number
  readonly opcuaCpu: number
  readonly delivered: number
  readonly megabytes: number
}

const here = (path: string) => join(import.meta.dirname, '../support', path)
const cli = join(import.meta.dirname, '../../../dist/cli.js')

/** 10,000 tags change once a second with all of them subscribed: the gateway beside a bare hardened server. */
export const tenThousand: Experiment = {
  rows: {
    '10k-delivered': 'share of 10,000 changes a second that reach the client, against all of them',
    '10k-opcua-cpu': 'CPU of the OPC UA thread for them, against a bare hardened server',
    '10k-cpu': 'CPU of the whole gateway, which also reads them over Modbus, against the bare server',
    '10k-memory': 'resident memory of the gateway meanwhile, against the limit',
  },
  async measure(say) {
    const folder = writeConfig([], 0, 0)
    const port = await freePort()
    say('bare server: 10,000 changes a second')
    const bare = new Program(here('bare-server.ts'), [`${port}`, `${TAGS}`, join(folder.folder, 'bare-pki')])
    const baseline = await observe(bare, port, folder.folder)
    folder.remove()

    say('gateway: 10,000 changes a second over Modbus')
    const [modbusPort, opcuaPort, httpPort] = [await freePort(), await freePort(), await freePort()]
    const plant = writeConfig([modbusSource(modbusPort, TAGS)], opcuaPort, httpPort)
    const modbus = new Program(here('counting-modbus-server.ts'), [`${modbusPort}`])
    const gateway = new Program(cli, ['run', '--config', plant.file], { PENSTOCK_BENCH_PASSWORD: PASSWORD })
    const figures = await observe(gateway, opcuaPort, plant.folder)
    await modbus.end()
    plant.remove()

    return [
      makeRow({
        name: '10k-delivered',
        unit: 'share',
        value: figures.delivered,
        baseline: 1,
        goal: 'all delivered',
        ok: (share) => share >= 0.995,
      }),
      makeRow({
        name: '10k-opcua-cpu',
        unit: '%',
        value: figures.opcuaCpu,
        baseline: baseline.opcuaCpu,
        goal: '<= 1.3 x a bare hardened server',
        ok: (_, ratio) => ratio <= 1.3,
      }),
      makeRow({
        name: '10k-cpu',
        unit: '%',
        value: figures.cpu,
        baseline: baseline.cpu,
        goal: 'shown, no goal: the bare server collects nothing',
        ok: () => true,
      }),
      makeRow({
        name: '10k-memory',
        unit: 'MB',
        value: figures.megabytes,
        baseline: MOST_MEGABYTES,
        goal: '<= 400 MB',
        ok: (megabytes) => megabytes <= MOST_MEGABYTES,
      }),
    ]
  },
}

async function observe(program: Program, port: number, folder: string): Promise<Figures> {
  const subscriber = await Subscriber.connect(port, join(folder, 'client-pki'))
  let changes = 0
  await subscriber.subscribe(tagIds(TAGS), 100, () => changes++)
  await pause(SETTLE_MS)
  const before = { changes, cpu: program.cpuSeconds(), opcua: program.busiestThreadSeconds(), at: performance.now() }
  await pause(SECONDS * 1_000)
  const seconds = (performance.now() - before.at) / 1_000
  const figures = {
    cpu: (100 * (program.cpuSeconds() - before.cpu)) / seconds,
    opcuaCpu: (100 * (program.busiestThreadSeconds() - before.opcua)) / seconds,
    delivered: (changes - before.changes) / (TAGS * seconds),
    megabytes: program.residentMegabytes(),
  }
  await subscriber.end()
  await program.end()
  return figures
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
