import { fileURLToPath } from 'node:url'
import { systemClock } from '../core/clock.ts'
import type { LogLevel } from '../core/log-level.ts'
import type { PostgresConfig, TagDescription } from '../core/sink.ts'
import { PostgresConnection } from '../sinks/postgres/connection.ts'
import { Delivery } from '../sinks/postgres/delivery.ts'
import { Retention } from '../sinks/postgres/retention.ts'
import { prepareSchema } from '../sinks/postgres/schema.ts'
import { Sender, type SenderNews } from '../sinks/postgres/sender.ts'
import { TagRows } from '../sinks/postgres/tag-rows.ts'
import { OutboxFile } from '../store/outbox-file.ts'
import { createThreadLog } from '../telemetry/logger.ts'
import { deliveredQueue } from './delivered-queue.ts'
import { postgresTargetOf } from './postgres-target.ts'

/** What the configuration says of the sink, and of whose samples it gets. */
export interface SinkSettings {
  readonly settings: PostgresConfig
  /** Name of the gateway, which tells its tags from those of others in the same database. */
  readonly gateway: string
}

export interface SinkThreadData extends SinkSettings {
  readonly dataFolder: string
  /** The password, and the key of a client certificate, by variable. */
  readonly secrets: Readonly<Record<string, string>>
  readonly logLevel: LogLevel
}

export type ToSinkThread =
  | { readonly kind: 'more' | 'stop' }
  /** The outbox has these entries no more. */
  | { readonly kind: 'gone'; readonly ids: readonly number[] }
  | { readonly kind: 'tags'; readonly tags: readonly TagDescription[] }
  | { readonly kind: 'secrets'; readonly secrets: Readonly<Record<string, string>> }

/** The engine's end of the thread, as the thread sees it. */
export interface SinkPort {
  tell(news: SenderNews): void
  hear(listener: (message: ToSinkThread) => void): void
}

/** The tables' versions. */
export const postgresMigrations = fileURLToPath(new URL('../../migrations/postgres', import.meta.url))

/** Sends what is in the outbox to PostgreSQL until it hears `stop`; it reads beside the engine, and writes nothing here. */
export async function serveSink(port: SinkPort, data: SinkThreadData): Promise<void> {
  const { settings, gateway, dataFolder, logLevel } = data
  const clock = systemClock
  const log = createThreadLog(logLevel, 'postgres', clock).log
  const outbox = new OutboxFile(dataFolder)
  let { secrets } = data
  let descriptions: ReadonlyMap<string, TagDescription> = new Map()

  const connect = async () => {
    const target = await postgresTargetOf(settings, (name) => secrets[name], clock.now())
    const connection = await PostgresConnection.open(target, clock)
    try {
      await prepareSchema(connection, { schema: settings.schema, folder: postgresMigrations, log })
      const tags = new TagRows(gateway, () => descriptions)
      const parts = { gateway, tags, seriesOf: (ids: Iterable<number>) => outbox.seriesOf(ids) }
      return { connection, ...(await Delivery.begin(connection, parts, (keys) => outbox.idsOf(keys))) }
    } catch (error) {
      connection.close()
      throw error
    }
  }
  const { retentionMs } = settings
  const sender = new Sender({
    settings,
    retention: retentionMs === undefined ? undefined : new Retention({ gateway, retentionMs, clock, log }),
    queue: deliveredQueue(outbox),
    connect,
    clock,
    log,
    random: Math.random,
    tell: (news) => port.tell(news),
  })
  port.hear((message) => {
    if (message.kind === 'more') sender.more()
    else if (message.kind === 'gone') sender.gone(message.ids)
    else if (message.kind === 'tags') descriptions = new Map(message.tags.map((tag) => [tag.tag, tag]))
    else if (message.kind === 'secrets') secrets = message.secrets
    else sender.stop()
  })
  await sender.run()
  outbox.close()
}
