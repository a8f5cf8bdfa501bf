import type { Pipeline } from '../core/pipeline.ts'
import type { IndexedTag, TagIndexing } from '../core/tag-index.ts'
import type { TagTable } from '../core/tag-table.ts'
import type { TagReader, TagValues } from '../core/tag-values.ts'

/** The values of the whole plant, as sources may read them. */
export class PlantValues implements TagValues {
  readonly #pipeline: Pipeline
  readonly #indexing: TagIndexing
  readonly #readers = new Set<TagReader>()

  constructor(pipeline: Pipeline, indexing: TagIndexing) {
    this.#pipeline = pipeline
    this.#indexing = indexing
  }

  get table(): TagTable {
    return this.#pipeline.table
  }

  tag(id: string): IndexedTag | undefined {
    return this.#indexing.byId(id)
  }

  listen(reader: TagReader): () => void {
    const unlisten = this.#pipeline.listen(reader)
    this.#readers.add(reader)
    return () => {
      unlisten()
      this.#readers.delete(reader)
    }
  }

  /** Everything follows a change of the plant. */
  plantChanged(): void {
    for (const reader of this.#readers) reader.plantChanged()
  }
}
