import type { TagWatcher } from '../link/contract.ts'

/** What is asked of the OPC UA server; rejects with ROOM_UNAVAILABLE or TIMEOUT while it does not answer. */
export interface TagWatchers {
  /** Who monitors the value of this tag, by its id. */
  watchers(tag: string): Promise<readonly TagWatcher[]>
}
