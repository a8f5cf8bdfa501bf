import { createRequire } from 'node:module'
import type { Snap7Answer, Snap7Area, Snap7Order } from './snap7.ts'

/**
 * The process behind `Snap7Plc`. node-snap7 keeps its locks in global variables, so that a second server in one process
 * aborts it: each server gets its own.
 */
interface S7Server {
  readonly LocalPort: number
  readonly srvAreaDB: number
  readonly srvAreaMK: number
  readonly srvAreaPE: number
  readonly srvAreaPA: number
  readonly srvAreaTM: number
  readonly srvAreaCT: number
  SetParam(parameter: number, value: number): boolean
  /** The index is of data blocks only. */
  RegisterArea(area: number, index: number, content: Uint8Array): boolean
  RegisterArea(area: number, content: Uint8Array): boolean
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

const codeOf = (server: S7Server, area: Exclude<Snap7Area, 'DB'>): number =>
  ({ M: server.srvAreaMK, I: server.srvAreaPE, Q: server.srvAreaPA, T: server.srvAreaTM, C: server.srvAreaCT })[area]

function obey(server: S7Server, order: Snap7Order): void {
  const content = Buffer.from(order.content ?? [])
  const { area = 'DB' } = order
  const done = {
    start: () => server.SetParam(server.LocalPort, order.number) && server.StartTo('127.0.0.1'),
    download: () =>
      area === 'DB'
        ? server.RegisterArea(server.srvAreaDB, order.number, content)
        : server.RegisterArea(codeOf(server, area), content),
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
