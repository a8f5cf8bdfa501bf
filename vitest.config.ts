import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// Processes and threads that tests start inherit it: half of what a gateway needs to start is to compile its modules.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('node_modules/.cache/penstock-compiled', import.meta.url))

/**
 * What takes longest, in the order in which it begins: a run is as long as its last file. Two browsers side by side only
 * wait for each other, so what stands between them waits for devices.
 */
const longest = [
  'integration/image',
  'integration/configuration',
  'integration/s7-faults',
  'integration/modbus-transports',
  'integration/opcua-client',
  'e2e/web-pages',
  'fault/chirpstack-random',
  'fault/rooms',
  'e2e/web-configuration',
  'fault/operating-system',
  'fault/opcua-attacks',
  'fault/field-outages',
  'e2e/web-setup',
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification) => {
      const place = longest.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`))
      return 1_000 * project.config.sequence.groupOrder + (place < 0 ? longest.length : place)
    }
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other))
  }
}

/**
 * One project a kind of test, one after the other; see CONTRIBUTING.md for what belongs where. Unit tests compute, so two
 * files run at the same time; those of integration wait for peers half of their time, so it is three; whole gateways have
 * three threads each, so it is two again. Tests with processes and sockets get a second attempt, since a machine may stand
 * still for longer than any timeout; the report marks each that needed it. Unit tests share their modules, which have no
 * state: to load them for each of some 250 files took longer than the tests.
 */
const project = (
  name: string,
  testTimeout: number,
  groupOrder: 0 | 1 | 2,
  { maxWorkers = 2, retry = 0, isolate = true } = {},
) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    environment: 'node' as const,
    pool: 'forks' as const,
    testTimeout,
    hookTimeout: 120_000,
    maxWorkers,
    retry,
    isolate,
    sequence: { groupOrder },
  },
})

export default defineConfig({
  test: {
    reporters: ['default', './test/support/closing-line.ts'],
    sequence: { sequencer: LongestFirst },
    projects: [
      project('unit', 10_000, 0, { isolate: false }),
      project('integration', 60_000, 1, { maxWorkers: 3, retry: 1 }),
      project('e2e', 90_000, 2, { retry: 1 }),
      project('fault', 120_000, 2, { retry: 1 }),
    ],
  },
})
