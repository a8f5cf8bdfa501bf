import { expect, it, vi } from 'vitest'
import type { ImportInput, ImportOutcome } from '../../../src/config/imports/import-plant.ts'
import { UnreadableImport } from '../../../src/config/imports/imported.ts'
import { silentLogger } from '../../../src/core/logger.ts'
import { PlantImports } from '../../../src/http/plant-imports.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const input: ImportInput = { text: 'sources: []', file: '{}', format: 'kepware-json' }
const outcome: ImportOutcome = {
  text: 'sources: []',
  counts: { sources: 0, devices: 0, tags: 0, commands: 0, kept: 0 },
  notes: [],
  changes: [],
}
const MINUTE = 60_000

/** Imports that end when the test says so, or when they are cancelled. */
function endless(clock: ManualClock) {
  const ends: ((outcome: ImportOutcome) => void)[] = []
  const imports = new PlantImports(
    () => {
      const { promise, resolve, reject } = Promise.withResolvers<ImportOutcome>()
      ends.push(resolve)
      return { outcome: promise, cancel: () => reject(new UnreadableImport('It was ended before it was done.')) }
    },
    clock,
    silentLogger,
  )
  return { imports, ends }
}

it("an import that takes longer than ten minutes is ended, says so, and is in nobody's way any more", async () => {
  const clock = new ManualClock()
  const { imports } = endless(clock)
  expect([imports.begin('carl', input), imports.begin('anna', input), imports.begin('olga', input)]).toEqual([
    true,
    true,
    false,
  ])
  await clock.advance(10 * MINUTE - 1)
  expect(imports.of('carl')).toMatchObject({ state: 'running' })
  await clock.advance(1)
  await vi.waitFor(() => expect(imports.of('carl')).toMatchObject({ state: 'refused' }))
  expect(imports.of('carl')).toMatchObject({
    message: expect.stringMatching(/longer than 10 minutes.*nothing is changed/),
  })
  expect(imports.begin('olga', input)).toBe(true)
})

it('an import that was ready in time stays ready', async () => {
  const clock = new ManualClock()
  const { imports, ends } = endless(clock)
  imports.begin('carl', input)
  ends[0]?.(outcome)
  await vi.waitFor(() => expect(imports.of('carl')).toMatchObject({ state: 'ready' }))
  await clock.advance(20 * MINUTE)
  expect(imports.of('carl')).toMatchObject({ state: 'ready', outcome })
})
