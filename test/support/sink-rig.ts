import { systemClock } from '../../src/core/clock.ts'
import type { TagValue } from '../../src/core/data-type.ts'
import { silentLogger } from '../../src/core/logger.ts'
import type { TagConfig } from '../../src/core/plant.ts'
import type { PostgresConfig } from '../../src/core/sink.ts'
import type { IndexedTag } from '../../src/core/tag-index.ts'
import { PostgresSink } from '../../src/engine/postgres-sink.ts'
import { serveSink, type ToSinkThread } from '../../src/engine/serve-sink.ts'
import { type StartSinkThread, startSinkThread } from '../../src/engine/sink-thread.ts'
import { openHistoryDatabase } from '../../src/store/history-database.ts'
import { HistoryWriter } from '../../src/store/history-writer.ts'
import { SeriesBook } from '../../src/store/series.ts'
import type { PostgresCluster } from './postgres-cluster.ts'
import { PASSWORD_ENV, SINK_USER } from './sink-settings.ts'
import { indexed } from './small-plant.ts'

export interface SinkRigOptions {
  readonly folder: string
  readonly tags: readonly TagConfig[]
  readonly settings: PostgresConfig
  readonly gateway?: string
  readonly password?: string
  /** The sender runs in a thread of its own, as in an engine; otherwise in this one, which begins sooner. */
  readonly threaded?: boolean
}

/** Both ends in one thread; messages are copied, and come later, as between two. */
const inThisThread: StartSinkThread = (data, on) => {
  let listener: (message: ToSinkThread) => void = () => undefined
  const hear = (heard: typeof listener) => {
    listener = heard
  }
  const port = {
    tell: (news: Parameters<typeof on.news>[0]) => setImmediate(() => on.news(structuredClone(news))),
    hear,
  }
  const ended = serveSink(port, data)
  ended.then(
    () => on.end('it ended'),
    (error: unknown) => on.end(String(error)),
  )
  const tell = (message: ToSinkThread) => setImmediate(() => listener(structuredClone(message)))
  return { tell, terminate: () => undefined }
}

/** What writes history and sends it to PostgreSQL in an engine, without the engine. */
export class SinkRig {
  readonly sink: PostgresSink
  readonly writer: HistoryWriter
  readonly database: ReturnType<typeof openHistoryDatabase>
  readonly #tags: readonly IndexedTag[]

  constructor({
    folder,
    tags,
    settings,
    gateway = 'Plant 1',
    password = SINK_USER.password,
    threaded = false,
  }: SinkRigOptions) {
    this.#tags = indexed(tags)
    this.database = openHistoryDatabase(folder)
    const series = new SeriesBook(this.database)
    series.add(this.#tags)
    this.sink = new PostgresSink({
      database: this.database,
      data: { settings, gateway, dataFolder: folder, secrets: { [PASSWORD_ENV]: password }, logLevel: 'error' },
      clock: systemClock,
      log: silentLogger,
      random: () => 0,
      startThread: threaded ? startSinkThread : inThisThread,
    })
    const { outbox } = this.sink
    this.writer = new HistoryWriter({ database: this.database, series, outbox, clock: systemClock, log: silentLogger })
    this.sink.start(this.#tags)
  }

  usePassword(password: string): void {
    this.sink.useSecrets({ [PASSWORD_ENV]: password })
  }

  /** Takes samples of the tag at this place in the list, each with its source time, and commits them together. */
  async record(
    tag: number,
    samples: readonly (readonly [time: number, value: TagValue | undefined, status?: number])[],
  ): Promise<void> {
    for (const [time, value, status = 0] of samples) this.writer.record(tag, value, status, time, systemClock.now())
    await this.writer.commit()
  }

  async close(): Promise<void> {
    await this.writer.stop()
    await this.sink.stop()
    this.database.close()
  }
}

/** Each sample as a text, in order: of the history. */
export function historyRows(database: ReturnType<typeof openHistoryDatabase>): string[] {
  return database
    .prepare<[], Row>(
      `SELECT tag, type, source_time AS sourceTime, server_time AS serverTime, status, value
       FROM samples JOIN series ON series.id = samples.series`,
    )
    .safeIntegers()
    .all()
    .map(({ value, type, ...row }) => {
      const isUnsigned = type === 'UInt64' && typeof value === 'bigint'
      return rowText({ ...row, type, value: isUnsigned ? BigInt.asUintN(64, value) : value })
    })
    .sort()
}

/** Each sample as a text, in order: of a gateway in PostgreSQL. */
export async function postgresRows(cluster: PostgresCluster, gateway = 'Plant 1'): Promise<string[]> {
  const rows = await cluster.query<Row & { text: string; bytes: Buffer | null }>(
    `SELECT tag, type, status, text, bytes,
       (extract(epoch FROM source_time) * 1000)::bigint AS "sourceTime",
       (extract(epoch FROM server_time) * 1000)::bigint AS "serverTime",
       coalesce(number::text, whole::text, flag::integer::text, items::text,
         (extract(epoch FROM moment) * 1000)::double precision::text) AS value
     FROM penstock.samples JOIN penstock.tags ON tags.id = tag_id WHERE gateway = $1`,
    [gateway],
    'plant',
  )
  return rows
    .map(({ value, text, bytes, ...row }) => {
      const told = value ?? text ?? (row.type === 'String' ? bytes?.toString() : bytes) ?? null
      const isNumber = value !== null && /^(S?Byte|U?Int(16|32)|Float|Double|DateTime)$/.test(row.type)
      return rowText({ ...row, value: isNumber ? Number(value) : told })
    })
    .sort()
}

interface Row {
  readonly tag: string
  readonly type: string
  readonly sourceTime: bigint | string
  readonly serverTime: bigint | string
  readonly status: bigint | string
  readonly value: unknown
}

function rowText({ tag, type, sourceTime, serverTime, status, value }: Row): string {
  const written = value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
  const exact = Object.is(written, -0) ? '-0' : String(written)
  return `${tag} ${type} ${sourceTime} ${serverTime} ${status} ${exact}`
}
