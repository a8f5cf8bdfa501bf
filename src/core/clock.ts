/** Milliseconds of duration or of the Unix epoch; every field that holds one ends in `Ms` or `Time`. */
export type Milliseconds = number

/** One reading of both clocks, for many things that came together: reading them costs as much as taking a value does. */
export interface Moment {
  /** Milliseconds since the Unix epoch (UTC). */
  readonly now: Milliseconds
  readonly monotonic: Milliseconds
}

/**
 * Time as a dependency, so that no test has to sleep.
 * `now` may jump (NTP, an operator); `monotonic` never does: deadlines use `monotonic`, timestamps use `now`.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch (UTC). */
  now(): Milliseconds
  /** Milliseconds since an arbitrary start, never going back. */
  monotonic(): Milliseconds
  /** Calls `action` once after `delay`; the returned function cancels it and may be called at any time. */
  after(delay: Milliseconds, action: () => void): () => void
  /** Calls `action` every `period`; the returned function ends it. */
  every(period: Milliseconds, action: () => void): () => void
}

export const momentOf = (clock: Clock): Moment => ({ now: clock.now(), monotonic: clock.monotonic() })

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delay, action) {
    const timer = setTimeout(action, delay)
    return () => clearTimeout(timer)
  },
  every(period, action) {
    const timer = setInterval(action, period)
    return () => clearInterval(timer)
  },
}

/** Waits `delay`, or less when `signal` aborts; never rejects. */
export function pause(clock: Clock, delay: Milliseconds, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(delay, done)
    signal.addEventListener('abort', done, { once: true })
  })
}
