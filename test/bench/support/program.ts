import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'

const TICKS_A_SECOND = 100

/** A program under measurement, as Linux accounts for it. */
export class Program {
  readonly #child: ChildProcess

  /** Its output goes to standard error, so that standard output holds only rows. */
  constructor(module: string, args: readonly string[], env: Record<string, string> = {}) {
    this.#child = spawn(process.execPath, [module, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child.stdout?.resume()
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Processor seconds used so far, of all threads. */
  cpuSeconds(): number {
    return cpuSecondsOf(`/proc/${this.pid}/stat`)
  }

  /** Processor seconds of the thread that has used most. */
  busiestThreadSeconds(): number {
    const tasks = `/proc/${this.#child.pid}/task`
    return Math.max(...readdirSync(tasks).map((task) => cpuSecondsOf(`${tasks}/${task}/stat`)))
  }

  residentMegabytes(): number {
    return residentMegabytesOf(this.pid)
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await exit
  }
}

export function residentMegabytesOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
}

/** Of a process, by its `/proc/PID/stat`, or of a thread. */
export function cpuSecondsOf(path: string): number {
  const stat = readFileSync(path, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND
}
