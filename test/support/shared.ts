import { afterAll, beforeEach } from 'vitest'

/**
 * Begins once what the tests beside it share, since it takes longer than they do, and ends it after the last of them. A
 * test that is tried again has it anew, as nobody knows in which state the first attempt left it. `end` also ends what
 * has only begun in part.
 */
export function shared(begin: () => Promise<void>, end: () => Promise<void>): void {
  let hasBegun = false
  afterAll(end)
  beforeEach(async ({ task }) => {
    const isSecondAttempt = (task.result?.retryCount ?? 0) > 0
    if (hasBegun && !isSecondAttempt) return
    if (hasBegun) await end()
    hasBegun = true
    await begin()
  })
}
