import type Database from 'better-sqlite3'
import { shapeName } from '../core/data-type.ts'
import type { IndexedTag, TagIndex } from '../core/tag-index.ts'

/**
 * The number of each tag's series in the database, by `TagIndex`. A tag whose type or array length has changed goes on
 * in another series, and its last value, which says nothing of the new type, is forgotten.
 */
export class SeriesBook {
  readonly #database: Database.Database
  readonly #find: Database.Statement<[string, string], { id: number }>
  readonly #insert: Database.Statement<[string, string]>
  readonly #forgetOthers: Database.Statement<[string, string]>
  readonly #ids: (number | undefined)[] = []
  readonly #used = new Set<number>()
  #unsettled: readonly IndexedTag[] = []

  constructor(database: Database.Database) {
    this.#database = database
    this.#find = database.prepare('SELECT id FROM series WHERE tag = ? AND type = ?')
    this.#insert = database.prepare('INSERT INTO series (tag, type) VALUES (?, ?)')
    this.#forgetOthers = database.prepare(
      'DELETE FROM last_values WHERE series IN (SELECT id FROM series WHERE tag = ? AND type <> ?)',
    )
  }

  /** Series of these tags are needed from now on; where the disk cannot be written, they are made by a later `settle`. */
  add(tags: readonly IndexedTag[]): void {
    this.#unsettled = [...this.#unsettled, ...tags]
    try {
      this.settle()
    } catch {
      // Whoever writes to a series settles first, and reports that the disk cannot be written.
      for (const { id, tag, index } of tags) this.#use(index, this.#find.get(id, shapeName(tag))?.id)
    }
  }

  /** These tags are gone. */
  remove(tags: readonly IndexedTag[]): void {
    const gone = new Set(tags.map(({ index }) => index))
    this.#unsettled = this.#unsettled.filter(({ index }) => !gone.has(index))
    for (const index of gone) {
      const series = this.#ids[index]
      if (series !== undefined) this.#used.delete(series)
      this.#ids[index] = undefined
    }
  }

  /** Undefined for a tag that is gone, or whose series could not be made yet. */
  of(tag: TagIndex): number | undefined {
    return this.#ids[tag]
  }

  /** Whether a tag of the plant has this series. */
  isUsed(series: number): boolean {
    return this.#used.has(series)
  }

  /** Makes the series that are still owed; throws where the database cannot be written. */
  settle(): void {
    if (this.#unsettled.length === 0) return
    const made = this.#database.transaction(() =>
      this.#unsettled.map(({ index, id, tag }): [TagIndex, number] => {
        this.#forgetOthers.run(id, shapeName(tag))
        return [
          index,
          this.#find.get(id, shapeName(tag))?.id ?? Number(this.#insert.run(id, shapeName(tag)).lastInsertRowid),
        ]
      }),
    )()
    this.#unsettled = []
    for (const [index, series] of made) this.#use(index, series)
  }

  #use(tag: TagIndex, series: number | undefined): void {
    this.#ids[tag] = series
    if (series !== undefined) this.#used.add(series)
  }
}
