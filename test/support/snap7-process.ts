import { createRequire } from 'node:module'
import type { Snap7Answer, Snap7Order } from './snap7.ts'

/**
 * The process behind `Snap7Plc`. node-snap7 keeps its locks in global variables, so that a second server in one process
 * aborts it: each server gets its own.
 */
interface S7Server {
  readonly LocalPort: number
  readonly srvAreaDB: number
  SetParam(parameter: number, value: number): boolean
  RegisterArea(area: number, index: number, content: Uint8Array): boolean
  /** Throws where it cannot. */
  SetArea(area: number, index: number, content: Uint8Array): void
  StartTo(address: string): boolean
  LastError(): number
  ErrorText(error: number): string
}

const answer = (message: Snap7Answer) => process.send?.(message)

function load(): S7Server {
  const { S7Server } = createRequire(import.meta.url)('node-snap7') as { S7Server: new () => S7Server }
  return new S7Server()
}

function obey(server: S7Server, order: Snap7Order): void {
  const content = Buffer.from(order.content ?? [])
  const done = {
    start: () => server.SetParam(server.LocalPort, order.number) && server.StartTo('127.0.0.1'),
    download: () => server.RegisterArea(server.srvAreaDB, order.number, content),
    change: () => {
      server.SetArea(server.srvAreaDB, order.number, content)
      return true
    },
  }[order.kind]()
  answer(done ? 'done' : { failed: `${order.kind} ${order.number}: ${server.ErrorText(server.LastError())}` })
}

try {
  const server = load()
  process.on('message', (order: Snap7Order) => obey(server, order))
  process.on('disconnect', () => process.exit(0))
  answer('done')
} catch (error) {
  answer({ failed: `node-snap7 cannot be loaded: ${String(error)}` })
}
