import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { StepResult } from '../../src/cli/self-test.ts'
import { FaultyOs } from '../support/faulty-os.ts'

/** `penstock self-test`, as an operator runs it on a machine on which all is well, or the disk is full. */
const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const ALL = ['databases', 'commits', 'compression', 'gateway', 'certificate', 'http', 'value', 'stop']
let folder: string
let os: FaultyOs
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-tested-'))
  os = new FaultyOs()
})
afterEach(() => {
  os.remove()
  rmSync(folder, { recursive: true, force: true })
})

function selfTest() {
  const words = [cli, 'self-test', '--json', '--folder', folder]
  const { status, stdout } = spawnSync(process.execPath, words, {
    env: { ...process.env, ...os.env },
    encoding: 'utf8',
  })
  return { status, ...(JSON.parse(stdout) as { ok: boolean; steps: StepResult[] }) }
}

it('the self-test says of each part that it works, from the disk to a value over OPC UA, and leaves nothing behind', () => {
  const { status, ok, steps } = selfTest()
  expect(steps.filter((step) => !step.ok)).toEqual([])
  expect({ status, ok }).toEqual({ status: 0, ok: true })
  expect(steps.map(({ step }) => step)).toEqual(ALL)
  expect(steps.find(({ step }) => step === 'value')?.text).toContain('as Good')
  expect(readdirSync(folder)).toEqual([])
})

it('the self-test on a full disk ends with 1, names the steps that fail and why, and leaves nothing behind', () => {
  os.set({ write: 'ENOSPC' })
  const { status, ok, steps } = selfTest()
  expect({ status, ok }).toEqual({ status: 1, ok: false })
  expect(steps.map(({ step }) => step)).toEqual(ALL)
  for (const step of ['databases', 'commits', 'gateway', 'value']) {
    expect(steps.find((each) => each.step === step)?.ok, step).toBe(false)
  }
  expect(steps.find(({ step }) => step === 'databases')?.text).toContain('DATA_FOLDER_UNUSABLE')
  expect(steps.find(({ step }) => step === 'compression')?.ok).toBe(true)
  expect(readdirSync(folder)).toEqual([])
})
