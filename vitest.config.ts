import { defineConfig } from 'vitest/config'

/**
 * One project a kind of test; see CONTRIBUTING.md for what belongs where. `maxWorkers` files run at the same time: tests
 * with sockets mostly wait, those that start whole gateways want the machine for themselves.
 */
const project = (name: string, testTimeout: number, maxWorkers: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    environment: 'node' as const,
    pool: 'forks' as const,
    testTimeout,
    hookTimeout: 60_000,
    maxWorkers,
  },
})

export default defineConfig({
  test: {
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      project('unit', 10_000, 2),
      project('integration', 60_000, 3),
      project('e2e', 90_000, 1),
      project('fault', 120_000, 1),
    ],
  },
})
