/** Lets a few in at a time: a server's restart must not make thousands of streams open at once. */
export class OpenGate {
  readonly #waiting: (() => void)[] = []
  #free: number

  constructor(places: number) {
    this.#free = places
  }

  /** Resolves with the way to give the place back (once; repeats do nothing), or undefined when `signal` aborts first. */
  async enter(signal: AbortSignal): Promise<(() => void) | undefined> {
    if (signal.aborted) return undefined
    if (this.#free > 0) this.#free--
    else if (!(await this.#wait(signal))) return undefined
    let left = false
    return () => {
      if (!left) this.#leave()
      left = true
    }
  }

  /** The place goes to whoever waits longest. */
  #leave(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free++
  }

  #wait(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const admitted = () => {
        signal.removeEventListener('abort', aborted)
        resolve(true)
      }
      const aborted = () => {
        this.#waiting.splice(this.#waiting.indexOf(admitted), 1)
        resolve(false)
      }
      this.#waiting.push(admitted)
      signal.addEventListener('abort', aborted, { once: true })
    })
  }
}
