import type { Clock } from '../../core/clock.ts'

/**
 * Does long work in turns of at most `stepsATurn` steps, so that whoever else waits for the thread comes in between.
 * The first turn is another one than the caller's. Answers how to give up; `done` is then not called.
 */
export function inTurns<Result>(
  clock: Clock,
  work: Iterator<unknown, Result>,
  stepsATurn: number,
  done: (result: Result) => void,
): () => void {
  let cancel = clock.after(0, turn)
  return () => cancel()

  function turn(): void {
    for (let step = 0; step < stepsATurn; step++) {
      const { done: isDone, value } = work.next()
      if (isDone) {
        done(value)
        return
      }
    }
    cancel = clock.after(0, turn)
  }
}
