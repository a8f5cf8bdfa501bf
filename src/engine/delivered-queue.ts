import { PenstockError } from '../core/errors.ts'
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
  next: (after, last, most) => read(() => outbox.next(after, last, most).map(delivered)),
  entry: (id) =>
    read(() => {
      const entry = outbox.entry(id)
      return entry && delivered(entry)
    }),
})

function read<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (cause) {
    const message = 'What waits for PostgreSQL in history.db cannot be read: check the disk of the data folder'
    throw new PenstockError('HISTORY_UNAVAILABLE', message, { cause })
  }
}

function delivered({ kind, data, ...entry }: OutboxEntry): DeliveredEntry {
  const content: DeliveredEntry['content'] =
    kind === OutboxKind.deleted
      ? { kind: 'deletions', deletions: unpackDeletions(data) }
      : { kind: 'samples', samples: unpackSamples(data) }
  return { ...entry, isSaid: kind === OutboxKind.said, content }
}
