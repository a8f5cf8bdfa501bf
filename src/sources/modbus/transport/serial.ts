import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Clock, Milliseconds } from '../../../core/clock.ts'
import { PenstockError } from '../../../core/errors.ts'
import type { SerialLineConfig } from '../../../core/plant.ts'
import type { SerialNews } from './serial-process.ts'
import { lost, type Wire, type WireListener } from './wire.ts'

export interface SerialOptions {
  readonly serial: SerialLineConfig
  readonly timeoutMs: Milliseconds
  readonly clock: Clock
  readonly signal: AbortSignal
}

const PROGRAM = fileURLToPath(new URL(`./serial-process${extname(import.meta.url)}`, import.meta.url))

/**
 * An opened serial line, for one process of ours alone (`serial-process.ts`), with what it still held thrown away.
 * Rejects with CONNECTION_LOST, TIMEOUT, ACCESS_DENIED or, when `signal` aborts, STOPPED.
 */
export function openSerial({ serial, timeoutMs, clock, signal }: SerialOptions): Promise<Wire> {
  const { path } = serial
  // No secret of the environment concerns a process that only hands bytes on.
  const child = fork(PROGRAM, [JSON.stringify(serial)], {
    stdio: ['pipe', 'pipe', 'ignore', 'ipc'],
    execArgv: [],
    env: {},
  })
  const wire = new SerialWire(child, path)
  return new Promise((resolve, reject) => {
    const finish = () => {
      cancelTimeout()
      signal.removeEventListener('abort', onAbort)
      child.off('message', onNews)
      child.off('error', onError)
      child.off('exit', onExit)
    }
    const fail = (error: PenstockError) => {
      finish()
      // The next attempt finds the line locked until this one has let it go.
      void wire.close().then(() => reject(error))
    }
    const onNews = ({ news, message }: SerialNews) => {
      if (news !== 'opened') {
        fail(refusal(path, message))
        return
      }
      finish()
      resolve(wire)
    }
    const onError = (cause: Error) => fail(lost(`No process could be started for the serial line ${path}`, cause))
    const onExit = () => fail(lost(`The process for the serial line ${path} ended before the line was open`))
    const onAbort = () => fail(new PenstockError('STOPPED', `Opening ${path} was ended`))
    const cancelTimeout = clock.after(timeoutMs, () => {
      fail(new PenstockError('TIMEOUT', `${path} did not open within ${timeoutMs} ms; check the adapter`))
    })
    child.on('message', onNews)
    child.on('error', onError)
    child.on('exit', onExit)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
  })
}

function refusal(path: string, message: string): PenstockError {
  const [, code, words] = refusals.find(([signs]) => signs.test(message)) ?? [
    undefined,
    'CONNECTION_LOST' as const,
    'cannot be opened; check the path, the adapter and the settings of serial',
  ]
  return new PenstockError(code, `${path} ${words}`, { cause: new Error(message) })
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
  readonly #child: ChildProcess
  readonly #gone: Promise<void>

  constructor(child: ChildProcess, path: string) {
    this.#child = child
    this.endpoint = path
    this.#gone = new Promise((resolve) => {
      child.once('exit', () => resolve())
      child.once('error', () => resolve())
    })
    // What cannot be written any more is known by the end of the process.
    child.stdin?.on('error', () => undefined)
  }

  listen({ data, lost: onLost }: WireListener): void {
    const gone = (message: string) =>
      onLost(lost(`The serial line ${this.endpoint} is gone; check that the adapter is plugged in`, causeOf(message)))
    this.#child.stdout?.on('data', data)
    this.#child.on('message', ({ message }: SerialNews) => gone(message))
    void this.#gone.then(() => gone(''))
  }

  write(bytes: Buffer): void {
    this.#child.stdin?.write(bytes)
  }

  close(): Promise<void> {
    // It has nothing to put in order, and may hang.
    this.#child.kill('SIGKILL')
    return this.#gone
  }
}

const causeOf = (message: string): Error | undefined => (message === '' ? undefined : new Error(message))
