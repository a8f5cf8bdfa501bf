import type Database from 'better-sqlite3'
import type { IndexedTag } from '../core/tag-index.ts'

/**
 * The number of each tag's series, by `TagIndex`; new ones are made. A tag whose type has changed goes on in another
 * series, and its last value, which says nothing of the new type, is forgotten.
 */
export function registerSeries(database: Database.Database, tags: readonly IndexedTag[]): readonly number[] {
  const known = new Map<string, Map<string, number>>()
  const rows = database.prepare('SELECT id, tag, type FROM series').iterate() as IterableIterator<{
    id: number
    tag: string
    type: string
  }>
  for (const { id, tag, type } of rows) known.set(tag, (known.get(tag) ?? new Map<string, number>()).set(type, id))
  const insert = database.prepare('INSERT INTO series (tag, type) VALUES (?, ?)')
  const forget = database.prepare('DELETE FROM last_values WHERE series = ?')
  const register = ({ id, tag }: IndexedTag): number => {
    const ofTag = known.get(id)
    for (const [type, series] of ofTag ?? []) if (type !== tag.type) forget.run(series)
    return ofTag?.get(tag.type) ?? Number(insert.run(id, tag.type).lastInsertRowid)
  }
  return database.transaction(() => tags.map(register))()
}
