import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

/** `npm run soak` for some seconds, on the sources; it goes on for as long as `SOAK_MINUTES` says. */
const { SOAK_MINUTES } = process.env
const minutes = Number(SOAK_MINUTES ?? 0.1)
const run = fileURLToPath(new URL('../soak/run.ts', import.meta.url))

it(`a gateway to which everything happens for ${minutes} minutes loses nothing, doubles nothing, and ends in order`, {
  timeout: 240_000 + 60_000 * minutes,
}, async () => {
  const words = [run, '--minutes', `${minutes}`, '--program', 'src']
  // Its exit code is 1 where a bound is broken, which rejects with the report.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, words)
  expect(stderr).toMatch(/seed \d+/)
  expect(stdout).toMatch(/Uplinks: [1-9]\d* sent, 0 lost \(the gateway tells of 0\), 0 doubled, 0 altered/)
  expect(stdout).toContain('Every bound held.')
})
