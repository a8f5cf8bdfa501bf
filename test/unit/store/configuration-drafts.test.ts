import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ConfigurationDrafts } from '../../../src/store/configuration-drafts.ts'
import { openPenstockDatabase } from '../../../src/store/penstock-database.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('a draft is there after a restart, one for each user, until it is discarded', () => {
  const before = openPenstockDatabase(folder)
  const draft = { user: 'carl', basedOn: 3, revision: 7, at: 1_760_000_000_000, text: 'sources: [] # größer\n' }
  new ConfigurationDrafts(before).keep({ ...draft, revision: 6, text: 'older' })
  new ConfigurationDrafts(before).keep(draft)
  before.close()
  const after = openPenstockDatabase(folder)
  const drafts = new ConfigurationDrafts(after)
  expect(drafts.of('carl')).toEqual(draft)
  expect(drafts.of('cora')).toBeUndefined()
  drafts.discard('carl')
  expect(drafts.of('carl')).toBeUndefined()
  after.close()
})
