import { systemClock } from '../../../src/core/clock.ts'
import { fieldDiagnostics } from '../../../src/sources/field-diagnostics.ts'
import { mbapWords } from '../../../src/sources/modbus/frame-words.ts'
import { type Experiment, makeRow, percentile } from '../row.ts'

const REQUESTS = 500_000
const RUNS = 5
/** A request for 125 registers, and its answer. */
const asked = Buffer.alloc(12)
const answered = Buffer.alloc(259)

/** What counting a request and keeping its two frames costs, beside copying the frames alone. */
export const fieldDiagnosticsCost: Experiment = {
  rows: {
    'field-diagnostics': 'µs a Modbus request for its figures and frames, against allocating copies of the frames',
  },
  async measure(say) {
    say(`${RUNS} runs of ${REQUESTS} requests`)
    const [kept, copied]: [number[], number[]] = [[], []]
    for (let run = 0; run < RUNS; run++) {
      const { figures, frames } = fieldDiagnostics(systemClock, mbapWords)
      kept.push(
        microseconds(() => {
          frames.sent(asked)
          frames.received(answered, 'answer')
          figures.answered('meter', 3, 250, 250)
        }),
      )
      const last: Buffer[] = []
      copied.push(
        microseconds((request) => {
          last[request % 200] = Buffer.from(asked)
          last[(request + 100) % 200] = Buffer.from(answered)
        }),
      )
    }
    return [
      makeRow({
        name: 'field-diagnostics',
        unit: 'µs a request',
        value: percentile(kept, 0.5),
        baseline: percentile(copied, 0.5),
        goal: '<= 1.5 times the copies',
        ok: (_cost, ratio) => ratio <= 1.5,
      }),
    ]
  },
}

function microseconds(action: (request: number) => void): number {
  const from = performance.now()
  for (let request = 0; request < REQUESTS; request++) action(request)
  return ((performance.now() - from) * 1_000) / REQUESTS
}
