import { systemClock } from '../../src/core/clock.ts'
import type { TagValue } from '../../src/core/data-type.ts'
import { silentLogger } from '../../src/core/logger.ts'
import type { Plant } from '../../src/core/plant.ts'
import { TagIndexing } from '../../src/core/tag-index.ts'
import { openHistoryDatabase } from '../../src/store/history-database.ts'
import { HistoryWriter } from '../../src/store/history-writer.ts'
import { SeriesBook } from '../../src/store/series.ts'

/** What writes the history of a plant in an engine, without the engine. */
export class PlantRecorder {
  readonly #database: ReturnType<typeof openHistoryDatabase>
  readonly #indexing: TagIndexing
  readonly #writer: HistoryWriter

  constructor(folder: string, plant: Plant) {
    this.#database = openHistoryDatabase(folder)
    this.#indexing = new TagIndexing(plant)
    const series = new SeriesBook(this.#database)
    series.add(this.#indexing.present)
    this.#writer = new HistoryWriter({ database: this.#database, series, clock: systemClock, log: silentLogger })
  }

  /** Takes one sample; `value` undefined: nothing usable. Written by the next `commit`. */
  record(id: string, sourceTime: number, value: TagValue | undefined, status = 0): void {
    const tag = this.#indexing.byId(id)
    if (!tag) throw new Error(`no tag ${id}`)
    this.#writer.record(tag.index, value, status, sourceTime, sourceTime + 250)
  }

  commit(): Promise<void> {
    return this.#writer.commit()
  }

  /** Deletes what is older, as retention does. */
  forget(before: number): void {
    this.#database.prepare('DELETE FROM samples WHERE source_time < ?').run(before)
  }

  async close(): Promise<void> {
    await this.#writer.stop()
    this.#database.close()
  }
}
