import { TagTable } from '../../src/core/tag-table.ts'
import type { TagValues } from '../../src/core/tag-values.ts'

/** For sources that read no other tags. */
export const noValues: TagValues = { tag: () => undefined, table: new TagTable([]), listen: () => () => undefined }
