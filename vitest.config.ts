import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Processes and threads that tests start inherit it: half of what a gateway needs to start is to compile its modules.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('node_modules/.cache/penstock-compiled', import.meta.url))

/**
 * One project a kind of test; see CONTRIBUTING.md for what belongs where. Two files run at the same time; those that start
 * whole gateways come after the others. Tests with processes and sockets get a second attempt, since a machine may stand
 * still for longer than any timeout; the report marks each that needed it. Unit tests share their modules, which have no
 * state: to load them for each of some 250 files took longer than the tests.
 */
const project = (name: string, testTimeout: number, groupOrder: 0 | 1, { retry = 0, isolate = true } = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    environment: 'node' as const,
    pool: 'forks' as const,
    testTimeout,
    hookTimeout: 120_000,
    maxWorkers: 2,
    retry,
    isolate,
    sequence: { groupOrder },
  },
})

export default defineConfig({
  test: {
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      project('unit', 10_000, 0, { isolate: false }),
      project('integration', 60_000, 0, { retry: 1 }),
      project('e2e', 90_000, 1, { retry: 1 }),
      project('fault', 120_000, 1, { retry: 1 }),
    ],
  },
})
