import { join } from 'node:path'
import { type Experiment, makeRow, type Row } from '../row.ts'
import { freePort, modbusSource, PASSWORD, tagIds, writeConfig } from '../support/plant.ts'
import { Program } from '../support/program.ts'
import { Subscriber } from '../support/subscriber.ts'

/** The floor of the Standard UA Server profile (OPC 10000-7): sessions, with five subscriptions for half of them. */
const SESSIONS = 50
const SUBSCRIPTIONS = 225
const ITEMS_EACH = 250
const TAGS = 1_000
const MOST_SECONDS = 10

const here = (path: string) => join(import.meta.dirname, '../support', path)
const cli = join(import.meta.dirname, '../../../dist/cli.js')

/** Many clients subscribe one after another: the gateway beside a bare hardened server. */
export const monitoredItems: Experiment = {
  rows: {
    'opcua-56250-items': 'seconds to create 56,250 items in 225 subscriptions of 50 sessions, against the limit',
    'opcua-56250-items-bare': 'the same, against a bare hardened server',
    'opcua-56250-items-last':
      'time for the last tenth of the items, against the first: does it grow with their number?',
    'opcua-56250-items-served': 'share of the items that brought their first value, against all of them',
  },
  async measure(say) {
    say('bare server: 56,250 items')
    const folder = writeConfig([], 0, 0)
    const barePort = await freePort()
    const bare = new Program(here('bare-server.ts'), [`${barePort}`, `${TAGS}`, join(folder.folder, 'bare-pki')])
    const baseline = await subscribeAll(barePort, folder.folder)
    await bare.end()
    folder.remove()

    say('gateway: 56,250 items')
    const [modbusPort, opcuaPort, httpPort] = [await freePort(), await freePort(), await freePort()]
    const plant = writeConfig([modbusSource(modbusPort, TAGS)], opcuaPort, httpPort)
    const modbus = new Program(here('counting-modbus-server.ts'), [`${modbusPort}`])
    const gateway = new Program(cli, ['run', '--config', plant.file], { PENSTOCK_BENCH_PASSWORD: PASSWORD })
    const figures = await subscribeAll(opcuaPort, plant.folder)
    await gateway.end()
    await modbus.end()
    plant.remove()
    return rowsOf(figures, baseline)
  },
}

interface Figures {
  readonly seconds: number
  readonly lastToFirst: number
  readonly served: number
}

function rowsOf({ seconds, lastToFirst, served }: Figures, baseline: Figures): Row[] {
  return [
    makeRow({
      name: 'opcua-56250-items',
      unit: 's',
      value: seconds,
      baseline: MOST_SECONDS,
      goal: '<= 10 s',
      ok: (value) => value <= MOST_SECONDS,
    }),
    makeRow({
      name: 'opcua-56250-items-bare',
      unit: 's',
      value: seconds,
      baseline: baseline.seconds,
      goal: '<= 1.5 x a bare hardened server',
      ok: (_, ratio) => ratio <= 1.5,
    }),
    makeRow({
      name: 'opcua-56250-items-last',
      unit: 'x',
      value: lastToFirst,
      baseline: 1,
      goal: '<= 2 x the first tenth',
      ok: (value) => value <= 2,
    }),
    makeRow({
      name: 'opcua-56250-items-served',
      unit: 'share',
      value: served,
      baseline: 1,
      goal: 'all served',
      ok: (share) => share >= 1,
    }),
  ]
}

async function subscribeAll(port: number, folder: string): Promise<Figures> {
  const subscribers: Subscriber[] = []
  for (let number = 0; number < SESSIONS; number++)
    subscribers.push(await Subscriber.connect(port, join(folder, 'client-pki')))
  const served = new Set<string>()
  const tenths: number[] = []
  const begun = performance.now()
  for (let number = 0; number < SUBSCRIPTIONS; number++) {
    const subscriber = subscribers[number % SESSIONS] as Subscriber
    const from = (number * ITEMS_EACH) % TAGS
    const before = performance.now()
    await subscriber.subscribe(tagIds(TAGS).slice(from, from + ITEMS_EACH), 1_000, (position) => {
      served.add(`${number} ${position}`)
    })
    const tenth = Math.floor((10 * number) / SUBSCRIPTIONS)
    tenths[tenth] = (tenths[tenth] ?? 0) + performance.now() - before
  }
  const seconds = (performance.now() - begun) / 1_000
  const all = SUBSCRIPTIONS * ITEMS_EACH
  for (let waited = 0; waited < 300 && served.size < all; waited++)
    await new Promise((resolve) => setTimeout(resolve, 100))
  for (const subscriber of subscribers) await subscriber.end()
  return { seconds, lastToFirst: (tenths.at(-1) ?? 0) / (tenths[0] ?? 1), served: served.size / all }
}
