import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import type { Output } from './client/options.ts'
import { commits, compression, databases } from './self-test/disk-steps.ts'
import { WholeGateway } from './self-test/whole-gateway.ts'

/** How one step went. */
export interface StepResult {
  readonly step: string
  readonly ok: boolean
  /** What was seen, or what is wrong. */
  readonly text: string
  readonly ms: number
}

/**
 * `penstock self-test`: whether the program as it is installed does its work on this machine, in a new folder below
 * `folder` that is removed again. Answers 0, or 1 where a step failed.
 */
export async function selfTest(
  { json, folder = tmpdir() }: { readonly json: boolean; readonly folder?: string | undefined },
  clock: Clock,
  output: Output,
): Promise<number> {
  const own = mkdtempSync(join(folder, 'penstock-self-test-'))
  const gateway = new WholeGateway(own, clock)
  const steps: readonly (readonly [string, () => string | Promise<string>])[] = [
    ['databases', () => databases(join(own, 'databases'))],
    ['commits', () => commits(own, () => clock.monotonic())],
    ['compression', () => compression()],
    ['gateway', () => gateway.start()],
    ['certificate', () => gateway.certificate()],
    ['http', () => gateway.http()],
    ['value', () => gateway.value(clock)],
    ['stop', async () => stopped(await gateway.stop())],
  ]
  const results: StepResult[] = []
  try {
    for (const [step, run] of steps) {
      const result = await tried(step, run, clock)
      results.push(result)
      if (!json) output.line(`${result.ok ? 'ok  ' : 'FAIL'} ${step.padEnd(12)} ${result.text}`)
    }
  } finally {
    await gateway.stop()
    rmSync(own, { recursive: true, force: true })
  }
  const failed = results.filter(({ ok }) => !ok).length
  if (json) output.line(JSON.stringify({ ok: failed === 0, steps: results }, null, 2))
  else output.line(failed === 0 ? 'All is well.' : `${failed} of ${results.length} steps failed.`)
  return failed === 0 ? 0 : 1
}

async function tried(step: string, run: () => string | Promise<string>, clock: Clock): Promise<StepResult> {
  const begun = clock.monotonic()
  const took = () => Math.round(clock.monotonic() - begun)
  try {
    return { step, ok: true, text: await run(), ms: took() }
  } catch (error) {
    return { step, ok: false, text: describeError(error), ms: took() }
  }
}

function stopped(inOrder: boolean): string {
  if (!inOrder) throw new Error('It did not end in order')
  return 'it ended in order'
}
