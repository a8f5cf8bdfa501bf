import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Client } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { PostgresCluster } from '../../support/postgres-cluster.ts'
import { SinkRig } from '../../support/sink-rig.ts'
import { SINK_USER, sinkSettings } from '../../support/sink-settings.ts'
import { aTag } from '../../support/small-plant.ts'
import { type Experiment, makeRow } from '../row.ts'

const TAGS = 200
const TIMES = 500
const ROWS = TAGS * TIMES
const GOAL = 0.2

/** Samples that waited, into PostgreSQL at full speed, against the same rows by one COPY into the same table. */
export const postgresSink: Experiment = {
  rows: {
    'postgres-sink': 'samples a second into PostgreSQL, against a bare COPY of the same rows',
    'postgres-sink-bytes': 'bytes a sample on the disk of PostgreSQL, with its index',
  },
  async measure(say) {
    const cluster = await PostgresCluster.begin()
    const folder = mkdtempSync(join(tmpdir(), 'penstock-bench-'))
    try {
      await cluster.makeDatabase('plant', SINK_USER)
      say(`${ROWS} samples through the sink`)
      const rate = await throughTheSink(cluster, folder)
      const [size] = await cluster.query<{ bytes: string }>(
        "SELECT pg_total_relation_size('penstock.samples') AS bytes",
        [],
        'plant',
      )
      say(`${ROWS} rows by one COPY`)
      const bare = await bareCopy(cluster)
      const goal = `>= ${GOAL} of a bare COPY`
      const bytes = Number(size?.bytes) / ROWS
      return [
        makeRow({
          name: 'postgres-sink',
          unit: 'samples/s',
          value: rate,
          baseline: ROWS / bare,
          goal,
          ok: (_, ratio) => ratio >= GOAL,
        }),
        makeRow({
          name: 'postgres-sink-bytes',
          unit: 'bytes/sample',
          value: bytes,
          baseline: 150,
          goal: '<= 150 bytes',
          ok: (value) => value <= 150,
        }),
      ]
    } finally {
      await cluster.end()
      rmSync(folder, { recursive: true })
    }
  },
}

/** Samples a second of a sink that begins with all of them waiting, from the first confirmed batch to the last. */
async function throughTheSink(cluster: PostgresCluster, folder: string): Promise<number> {
  const tags = Array.from({ length: TAGS }, (_, tag) => aTag(`t${tag}`))
  const away = new SinkRig({ folder, tags, settings: sinkSettings(1) })
  for (let time = 0; time < TIMES; time++) {
    for (let tag = 0; tag < TAGS; tag++)
      away.writer.record(tag, reading(tag, time), 0, timeOf(time), timeOf(time) + 200)
    await away.writer.commit()
  }
  await away.close()
  const rig = new SinkRig({ folder, tags, settings: sinkSettings(cluster.port), threaded: true })
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await until(() => rig.sink.health.sent > 0)
  const from = performance.now()
  const { waiting } = rig.sink.health
  await until(() => rig.sink.health.waiting === 0)
  const seconds = (performance.now() - from) / 1_000
  await rig.close()
  return waiting / seconds
}

async function bareCopy(cluster: PostgresCluster): Promise<number> {
  const client = new Client({
    host: '127.0.0.1',
    port: cluster.port,
    database: 'plant',
    ...SINK_USER,
    ssl: false,
  })
  await client.connect()
  await client.query('CREATE TABLE penstock.bare (LIKE penstock.samples INCLUDING ALL)')
  const lines = Array.from({ length: ROWS }, (_, row) => {
    const [tag, time] = [row % TAGS, Math.floor(row / TAGS)]
    const [source, server] = [timeOf(time), timeOf(time) + 200].map((each) => new Date(each).toISOString())
    return `${source}\t${server}\t0\t${tag}\t${reading(tag, time)}\n`
  })
  const from = performance.now()
  const copy = client.query(
    copyFrom('COPY penstock.bare (source_time, server_time, status, tag_id, number) FROM STDIN'),
  )
  await pipeline([lines.join('')], copy)
  const seconds = (performance.now() - from) / 1_000
  await client.end()
  return seconds
}

const timeOf = (time: number): number => Date.UTC(2026, 0, 1) + time * 1_000
const reading = (tag: number, time: number): number => 20 + tag + ((tag * 31 + time * 7) % 100) / 10
