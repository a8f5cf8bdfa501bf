import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/**
 * `npm run test:fault`: the tests of `test/fault`, each in its long form. What the environment says wins; what stands
 * behind `--` goes to Vitest: `npm run test:fault -- test/fault/field-random.test.ts`.
 */
const long: Readonly<Record<string, string>> = {
  FIELD_FAULT_REQUESTS: '100000',
  CHIRPSTACK_FAULT_SECONDS: '600',
  CHURN: '4250',
  EDITS: '600',
  COMMAND_KILLS: '50',
  MIGRATION_KILLS: '60',
  NETWORK_FLAP_SECONDS: '10',
  SOAK_MINUTES: '10',
}
const root = fileURLToPath(new URL('../..', import.meta.url))
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))
const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'fault', ...process.argv.slice(2)], {
  cwd: root,
  env: { ...long, ...process.env },
  stdio: 'inherit',
})
process.exit(status ?? 1)
