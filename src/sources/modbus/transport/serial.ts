import { SerialPort } from 'serialport'
import type { Clock, Milliseconds } from '../../../core/clock.ts'
import { PenstockError } from '../../../core/errors.ts'
import type { SerialLineConfig } from '../../../core/plant.ts'
import { lost, type Wire, type WireListener } from './wire.ts'

export interface SerialOptions {
  readonly serial: SerialLineConfig
  readonly timeoutMs: Milliseconds
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * An opened serial line, for this process alone, with what it still held thrown away. Rejects with CONNECTION_LOST,
 * TIMEOUT, ACCESS_DENIED or, when `signal` aborts, STOPPED.
 */
export function openSerial({ serial, timeoutMs, clock, signal }: SerialOptions): Promise<Wire> {
  const { path, baudRate, dataBits, parity, stopBits } = serial
  const port = new SerialPort({ path, baudRate, dataBits, parity, stopBits, lock: true, autoOpen: false })
  return new Promise((resolve, reject) => {
    let settled = false
    const finish = () => {
      settled = true
      cancelTimeout()
      signal.removeEventListener('abort', onAbort)
    }
    const fail = (error: PenstockError) => {
      if (settled) return
      finish()
      reject(error)
    }
    const onAbort = () => fail(new PenstockError('STOPPED', `Opening ${path} was ended`))
    const cancelTimeout = clock.after(timeoutMs, () => {
      fail(new PenstockError('TIMEOUT', `${path} did not open within ${timeoutMs} ms; check the adapter`))
    })
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) {
      onAbort()
      return
    }
    port.open((failure) => {
      if (failure) {
        fail(refusal(path, failure))
        return
      }
      port.flush((unflushed) => {
        if (unflushed) fail(lost(`What ${path} still held could not be thrown away`, unflushed))
        // What opens when nobody waits for it any more must not keep the line locked.
        if (settled) {
          port.close()
          return
        }
        finish()
        resolve(new SerialWire(port))
      })
    })
  })
}

function refusal(path: string, cause: Error): PenstockError {
  const [, code, words] = refusals.find(([signs]) => signs.test(cause.message)) ?? [
    undefined,
    'CONNECTION_LOST' as const,
    'cannot be opened; check the path, the adapter and the settings of serial',
  ]
  return new PenstockError(code, `${path} ${words}`, { cause })
}

/** The library puts the system's error into words and keeps its code to itself. */
const refusals: readonly (readonly [signs: RegExp, code: 'CONNECTION_LOST' | 'ACCESS_DENIED', words: string])[] = [
  [
    /No such file|No such device|File not found/i,
    'CONNECTION_LOST',
    'is not there; check that the adapter is plugged in and that serial.path names it (ls /dev/serial/by-id)',
  ],
  [
    /lock port|temporarily unavailable|busy/i,
    'CONNECTION_LOST',
    'is in use already; end the other program, or the other source, that has it open',
  ],
  [
    /Permission denied|Access denied/i,
    'ACCESS_DENIED',
    'may not be opened; give the user that runs Penstock the right to, usually by the group dialout',
  ],
]

class SerialWire implements Wire {
  readonly endpoint: string
  readonly #port: SerialPort
  #closed: Promise<void> | undefined

  constructor(port: SerialPort) {
    this.#port = port
    this.endpoint = port.path
  }

  listen({ data, lost: onLost }: WireListener): void {
    const gone = (cause: unknown) =>
      onLost(lost(`The serial line ${this.endpoint} is gone; check that the adapter is plugged in`, cause ?? undefined))
    this.#port.on('data', data)
    this.#port.on('end', () => gone(undefined))
    this.#port.on('error', gone)
    this.#port.on('close', gone)
  }

  write(bytes: Buffer): void {
    this.#port.write(bytes)
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      if (this.#port.isOpen) this.#port.close(() => resolve())
      else if (this.#port.closing) this.#port.once('close', () => resolve())
      else resolve()
    })
    return this.#closed
  }
}
