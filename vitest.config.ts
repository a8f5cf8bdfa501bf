import { defineConfig } from 'vitest/config'

/** One project a kind of test; see CONTRIBUTING.md for what belongs where. */
const project = (name: string, testTimeout: number, fileParallelism = true) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    environment: 'node' as const,
    pool: 'forks' as const,
    testTimeout,
    hookTimeout: 60_000,
    fileParallelism,
  },
})

export default defineConfig({
  test: {
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      project('unit', 10_000),
      project('integration', 60_000),
      project('e2e', 90_000, false),
      project('fault', 120_000, false),
    ],
  },
})
