import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { diskHealth, freeSpaceOf } from '../../../src/store/free-space.ts'

describe('the disk of the data folder', () => {
  it('is asked for its free bytes and its size', async () => {
    const { freeBytes, sizeBytes } = await freeSpaceOf(tmpdir())
    expect(freeBytes).toBeGreaterThanOrEqual(0)
    expect(sizeBytes).toBeGreaterThanOrEqual(freeBytes ?? Number.NaN)
  })

  it('is a worry below 1 GB, and none from there', () => {
    expect(diskHealth('/data', { freeBytes: 999_999_999, sizeBytes: 2_000_000_000 }).reason).toMatch(/^Only 999 MB/)
    expect(diskHealth('/data', { freeBytes: 1_000_000_000, sizeBytes: 2_000_000_000 }).reason).toBe('')
  })

  it('is a worry, and no size is made up, where the system does not say', async () => {
    const { freeBytes, sizeBytes, reason } = await freeSpaceOf('/no/such/folder')
    expect([freeBytes, sizeBytes]).toEqual([null, null])
    expect(reason).toContain('/no/such/folder')
  })
})
