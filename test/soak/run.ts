import { parseArgs } from 'node:util'
import { brokenBounds, reportOf } from './report.ts'
import { soak } from './soak.ts'

/**
 * `npm run soak -- --minutes 60` lets the built gateway serve a simulated plant to which everything happens, and reports
 * memory, handles, and what was lost or came twice. Ends with 1 where a bound is broken. `--seed` lets the same happen
 * again, `--json` prints the report for programs, `--program src` soaks the sources.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    program: { type: 'string', default: 'dist' },
    json: { type: 'boolean', default: false },
  },
})
const minutes = Number(values.minutes)
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const { program } = values
if (!(minutes > 0) || !Number.isInteger(seed) || (program !== 'dist' && program !== 'src')) {
  console.error('Give --minutes more than 0, --seed a whole number, --program dist or src.')
  process.exit(2)
}
console.error(`Soaking for ${minutes} minutes, seed ${seed}`)
const soaked = await soak({ minutes, seed, program })
const broken = brokenBounds(soaked)
console.log(values.json ? JSON.stringify({ ...soaked, broken }) : reportOf(soaked))
process.exit(broken.length === 0 ? 0 : 1)
