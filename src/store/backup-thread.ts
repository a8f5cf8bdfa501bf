import { parentPort, workerData } from 'node:worker_threads'
import { type BackupOptions, backUp } from './backup.ts'

/** One backup in a thread of its own, since it waits for the disk all the time. */
parentPort?.postMessage(backUp(workerData as BackupOptions))
