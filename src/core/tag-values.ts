import type { IndexedTag, TagIndex } from './tag-index.ts'
import type { TagTable } from './tag-table.ts'

/** Told of the tags of the whole plant. Must not throw, and must not wait. */
export interface TagReader {
  /** Value, status or source time of the tag has changed. */
  changed(tag: TagIndex): void
  /** The plant has other tags now, or tags of other types; numbers of tags that are gone mean nothing any more. */
  plantChanged(): void
}

/** What is known of every tag of the plant, to be read only, for a source that makes values of the values of others. */
export interface TagValues {
  /** The tag `<device key>/<tag key>`, undefined while the plant has none. */
  tag(id: string): IndexedTag | undefined
  readonly table: Pick<TagTable, 'value' | 'status' | 'sourceTime' | 'serverTime'>
  /** The returned function ends it. */
  listen(reader: TagReader): () => void
}
