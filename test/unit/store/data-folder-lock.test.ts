import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { lockDataFolder } from '../../../src/store/data-folder-lock.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const refused = expect.objectContaining({ code: 'DATA_FOLDER_LOCKED' })

it('a data folder has one owner, until it is released', () => {
  const first = lockDataFolder(folder)
  expect(() => lockDataFolder(folder)).toThrow(refused)
  first.release()
  lockDataFolder(folder).release()
})

it('a data folder whose owner was killed is free at once', async () => {
  const lockModule = new URL('../../../src/store/data-folder-lock.ts', import.meta.url).href
  const script = `const { lockDataFolder } = await import(${JSON.stringify(lockModule)})
    globalThis.lock = lockDataFolder(${JSON.stringify(folder)}); console.log('locked'); setInterval(() => {}, 1000)`
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script])
  await once(owner.stdout, 'data')
  expect(() => lockDataFolder(folder)).toThrow(refused)
  owner.kill('SIGKILL')
  await once(owner, 'exit')
  lockDataFolder(folder).release()
})
