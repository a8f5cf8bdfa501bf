import { parentPort, workerData } from 'node:worker_threads'
import { type SinkThreadData, serveSink, type ToSinkThread } from './serve-sink.ts'

/** The thread that sends to PostgreSQL. */
if (parentPort) {
  const port = parentPort
  const hear = (listener: (message: ToSinkThread) => void) => port.on('message', listener)
  await serveSink({ tell: (news) => port.postMessage(news), hear }, workerData as SinkThreadData)
  port.close()
}
