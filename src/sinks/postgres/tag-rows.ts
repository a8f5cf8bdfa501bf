import type { TagDescription } from '../../core/sink.ts'
import type { PostgresConnection } from './connection.ts'

/** A series as the history names it. */
export interface NamedSeries {
  readonly tag: string
  readonly type: string
}

/** PostgreSQL has no room for U+0000 in a text. */
const safe = (text: string | null): string | null => text?.replaceAll('\0', '\uFFFD') ?? null

/** The numbers that the table `tags` gives to series, as this session knows them. */
export class TagRows {
  readonly #gateway: string
  readonly #descriptions: () => ReadonlyMap<string, TagDescription>
  readonly #known = new Map<string, number>()
  #describedBy: ReadonlyMap<string, TagDescription> | undefined

  constructor(gateway: string, descriptions: () => ReadonlyMap<string, TagDescription>) {
    this.#gateway = gateway
    this.#descriptions = descriptions
  }

  /** Makes rows for those that have none, within a transaction; brings their descriptions up to date. */
  async settle(connection: PostgresConnection, wanted: Iterable<NamedSeries>): Promise<void> {
    const descriptions = this.#descriptions()
    if (this.#describedBy !== descriptions) this.#known.clear()
    this.#describedBy = descriptions
    const unknown = new Map<string, NamedSeries>()
    for (const series of wanted) if (!this.#known.has(nameOf(series))) unknown.set(nameOf(series), series)
    if (unknown.size === 0) return
    const series = [...unknown.values()]
    await this.#insert(
      connection,
      series.filter(({ tag }) => descriptions.has(tag)),
      `DO UPDATE SET source = excluded.source, device = excluded.device, name = excluded.name, unit = excluded.unit
         WHERE (tags.source, tags.device, tags.name, tags.unit)
           IS DISTINCT FROM (excluded.source, excluded.device, excluded.name, excluded.unit)`,
    )
    const undescribed = series.filter(({ tag }) => !descriptions.has(tag))
    await this.#insert(connection, undescribed, 'DO NOTHING')
    const rows = await connection.query<NamedSeries & { id: number }>(
      `SELECT id, tag, type FROM tags
       WHERE gateway = $1 AND (tag, type) IN (SELECT * FROM unnest($2::text[], $3::text[]))`,
      [safe(this.#gateway), series.map(({ tag }) => safe(tag)), series.map(({ type }) => type)],
    )
    const ids = new Map(rows.map((row) => [nameOf(row), row.id]))
    for (const [name, { tag, type }] of unknown) {
      const id = ids.get(nameOf({ tag: safe(tag) ?? tag, type }))
      if (id === undefined) throw new RangeError(`PostgreSQL has no row for the tag ${tag}`)
      this.#known.set(name, id)
    }
  }

  /** Undefined for one that was not settled. */
  idOf(series: NamedSeries): number | undefined {
    return this.#known.get(nameOf(series))
  }

  async #insert(connection: PostgresConnection, series: readonly NamedSeries[], conflict: string): Promise<void> {
    if (series.length === 0) return
    const descriptions = this.#descriptions()
    const rows = series.map(({ tag, type }) => {
      const { source = null, device = tag.split('/')[0] ?? tag, name = null, unit = null } = descriptions.get(tag) ?? {}
      return [tag, type, source, device, name, unit, `nsu=urn:penstock:plant;s=${tag}`].map(safe)
    })
    const columns = [0, 1, 2, 3, 4, 5, 6].map((at) => rows.map((row) => row[at]))
    await connection.query(
      `INSERT INTO tags (gateway, tag, type, source, device, name, unit, node_id)
       SELECT $1, each.* FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[]) AS each
       ON CONFLICT (gateway, tag, type) ${conflict}`,
      [safe(this.#gateway), ...columns],
    )
  }
}

const nameOf = ({ tag, type }: NamedSeries): string => `${type} ${tag}`
