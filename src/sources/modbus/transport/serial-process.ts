import { SerialPort } from 'serialport'
import type { SerialLineConfig } from '../../../core/plant.ts'

/** What the process tells: once whether the line is open, and why not; then, if ever, how it was lost. */
export interface SerialNews {
  readonly news: 'opened' | 'failed' | 'lost'
  readonly message: string
}

/**
 * A process that opens one serial line and hands its bytes on: standard input goes to the line, what the line brings to
 * standard output. The library may be used on the main thread of a process only (its native part watches the line from
 * there, and ends the process where it was loaded in another thread), and so a fault of it is no fault of the gateway.
 */
const line = JSON.parse(process.argv[2] ?? '') as SerialLineConfig
const { path, baudRate, dataBits, parity, stopBits } = line
const port = new SerialPort({ path, baudRate, dataBits, parity, stopBits, lock: true, autoOpen: false })

const tell = (news: SerialNews['news'], error?: Error | null) => {
  if (process.connected) process.send?.({ news, message: error?.message ?? '' } satisfies SerialNews)
}
const lose = (error: Error | null) => {
  tell('lost', error)
  if (process.connected) process.disconnect()
}

process.once('disconnect', () => process.exit())
port.open((failure) => {
  if (failure) {
    tell('failed', failure)
    return
  }
  port.flush((unflushed) => {
    if (unflushed) {
      tell('failed', unflushed)
      return
    }
    port.on('error', lose)
    port.on('close', lose)
    port.pipe(process.stdout)
    process.stdin.pipe(port)
    tell('opened')
  })
})
