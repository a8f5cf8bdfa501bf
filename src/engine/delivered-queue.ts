import type { DeliveredEntry } from '../sinks/postgres/delivery.ts'
import type { Queue } from '../sinks/postgres/lanes.ts'
import { OutboxKind } from '../store/outbox.ts'
import { unpackDeletions, unpackSamples } from '../store/outbox-codec.ts'
import type { OutboxEntry, OutboxFile } from '../store/outbox-file.ts'

/** The outbox as the sender reads it: entries with what is in them. */
export const deliveredQueue = (outbox: OutboxFile): Queue<DeliveredEntry> => ({
  get last() {
    return outbox.last
  },
  get waiting() {
    return outbox.waiting
  },
  next: (after, last, most) => outbox.next(after, last, most).map(delivered),
  entry: (id) => {
    const entry = outbox.entry(id)
    return entry && delivered(entry)
  },
})

function delivered({ kind, data, ...entry }: OutboxEntry): DeliveredEntry {
  const content: DeliveredEntry['content'] =
    kind === OutboxKind.deleted
      ? { kind: 'deletions', deletions: unpackDeletions(data) }
      : { kind: 'samples', samples: unpackSamples(data) }
  return { ...entry, isSaid: kind === OutboxKind.said, content }
}
