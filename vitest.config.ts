import { defineConfig } from 'vitest/config'

/**
 * One project a kind of test; see CONTRIBUTING.md for what belongs where. Two files run at the same time where tests need
 * little of the machine; those that start whole gateways come after them, one by one.
 */
const project = (name: string, testTimeout: number, maxWorkers: 1 | 2) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    environment: 'node' as const,
    pool: 'forks' as const,
    testTimeout,
    hookTimeout: 60_000,
    maxWorkers,
    sequence: { groupOrder: 2 - maxWorkers },
  },
})

export default defineConfig({
  test: {
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      project('unit', 10_000, 2),
      project('integration', 60_000, 2),
      project('e2e', 90_000, 1),
      project('fault', 120_000, 1),
    ],
  },
})
