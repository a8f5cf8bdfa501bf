import { parentPort, workerData } from 'node:worker_threads'
import { type BackupOptions, backUp, verify } from './backup.ts'

/** What is to be done in a thread of its own, since it waits for the disk all the time. */
export type BackupWork = { readonly make: BackupOptions } | { readonly verify: string }

const work = workerData as BackupWork
parentPort?.postMessage('make' in work ? backUp(work.make) : verify(work.verify))
