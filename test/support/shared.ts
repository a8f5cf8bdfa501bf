import { afterAll, beforeAll, beforeEach } from 'vitest'

/**
 * Begins once what the tests beside it share, since it takes longer than they do, and ends it after the last of them. A
 * test that is tried again has it anew, as nobody knows in which state the first attempt left it.
 */
export function shared(begin: () => Promise<void>, end: () => Promise<void>): void {
  beforeAll(begin)
  afterAll(end)
  beforeEach(async ({ task }) => {
    if ((task.result?.retryCount ?? 0) === 0) return
    await end()
    await begin()
  })
}
