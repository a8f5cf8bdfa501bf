import { createHash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  fsyncSync,
  globSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import type { Milliseconds } from '../core/clock.ts'
import { PenstockError } from '../core/errors.ts'
import { isOwned, lockDataFolder } from './data-folder-lock.ts'

/** What a data folder holds that a gateway must not forget; the lock and the token are of the moment. */
const DATABASES = ['penstock.db', 'history.db']
const PKI = 'pki'
const MANIFEST = 'backup.json'
const PREFIX = 'penstock-'

interface Manifest {
  readonly program: string
  /** ISO 8601. */
  readonly at: string
  /** SHA-256 of every file, by its path in the backup. */
  readonly files: Readonly<Record<string, string>>
}

export interface BackupReport {
  /** Path of the backup. */
  readonly backup: string
  readonly files: number
  readonly bytes: number
  /** Older backups that were deleted. */
  readonly removed: readonly string[]
}

export interface BackupOptions {
  readonly dataFolder: string
  /** Gets a folder `penstock-<time>` for each backup. */
  readonly into: string
  /** How many backups stay there, the newest; absent: all. */
  readonly keep?: number | undefined
  readonly now: Milliseconds
  /** Version of the program. */
  readonly program: string
}

/**
 * Copies what a data folder holds, also while a gateway runs on it: each database as it is at one moment, and the keys
 * and certificates. It is checked before it counts: until then, and after a crash, its name ends in `.partial`. Blocks
 * for as long as the disk takes. Throws BACKUP_FAILED with what was wrong.
 */
export function backUp({ dataFolder, into, keep, now, program }: BackupOptions): BackupReport {
  const at = new Date(now).toISOString()
  const backup = freeName(into, now)
  const partial = `${backup}.partial`
  if (!DATABASES.some((name) => existsSync(join(dataFolder, name)))) {
    throw failed(`${dataFolder} holds no data of Penstock: name the data folder of the gateway`)
  }
  try {
    rmSync(partial, { recursive: true, force: true })
    mkdirSync(partial, { recursive: true, mode: 0o700 })
    for (const name of DATABASES) copyDatabase(join(dataFolder, name), join(partial, name))
    if (existsSync(join(dataFolder, PKI))) cpSync(join(dataFolder, PKI), join(partial, PKI), { recursive: true })
    const manifest: Manifest = { program, at, files: hashesOf(partial) }
    writeFileSync(join(partial, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 })
    syncAll(partial)
    verify(partial)
    renameSync(partial, backup)
    syncFolder(into)
  } catch (cause) {
    throw cause instanceof PenstockError ? cause : failed(`${backup} could not be made`, cause)
  }
  const { files, bytes } = verify(backup)
  return { backup, files, bytes, removed: rotate(into, keep) }
}

/** Called after its second, or after the next one that none is called after yet. */
function freeName(into: string, now: number): string {
  const name = join(into, `${PREFIX}${new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '')}`)
  return existsSync(name) ? freeName(into, now + 1_000) : name
}

/** Holds a backup against its manifest, and has SQLite check its databases. Throws BACKUP_FAILED with what is wrong. */
export function verify(backup: string): { readonly files: number; readonly bytes: number; readonly at: string } {
  const { files, at } = manifestOf(backup)
  const found = hashesOf(backup)
  for (const [path, hash] of Object.entries(files)) {
    if (found[path] === undefined) throw failed(`${join(backup, path)} is missing`)
    if (found[path] !== hash) throw failed(`${join(backup, path)} is not what was backed up: take another backup`)
  }
  const strange = Object.keys(found).find((path) => files[path] === undefined)
  if (strange !== undefined) throw failed(`${join(backup, strange)} is no part of the backup`)
  for (const name of DATABASES.filter((each) => files[each] !== undefined)) checkDatabase(join(backup, name))
  const bytes = Object.keys(files).reduce((sum, path) => sum + statSync(join(backup, path)).size, 0)
  return { files: Object.keys(files).length, bytes, at }
}

/** A backup as its folder shows it, without looking whether it is whole. */
export interface BackupFacts {
  /** Of its folder. */
  readonly name: string
  readonly bytes: number
  /** ISO 8601. */
  readonly at: string
  /** Version of the program that made it. */
  readonly program: string
}

/** The backups in a folder, the newest first; what cannot be read as one is none. */
export function backupsIn(folder: string): BackupFacts[] {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /^penstock-\d{8}T\d{6}Z$/.test(name)) : []
  return names
    .toSorted()
    .toReversed()
    .flatMap((name) => factsOf(folder, name) ?? [])
}

function factsOf(folder: string, name: string): BackupFacts | undefined {
  const backup = join(folder, name)
  try {
    const { program, at, files } = manifestOf(backup)
    const sizes = Object.keys(files).map((path) => statSync(join(backup, path), { throwIfNoEntry: false })?.size ?? 0)
    return { name, program, at, bytes: sizes.reduce((sum, size) => sum + size, 0) }
  } catch {
    // `penstock verify-backup` says what is wrong with it.
    return undefined
  }
}

/**
 * Makes a data folder of a backup that was verified. A folder that holds data is left as it is unless `replace`, which
 * moves what is there into `replaced-<time>` inside of it. Throws BACKUP_FAILED, and DATA_FOLDER_LOCKED while a gateway
 * runs on the folder.
 */
export function restore(options: {
  readonly backup: string
  readonly dataFolder: string
  readonly replace: boolean
  readonly now: Milliseconds
}): { readonly at: string; readonly movedTo: string | undefined } {
  const { backup, dataFolder, replace, now } = options
  if (isOwned(dataFolder)) {
    throw new PenstockError(
      'DATA_FOLDER_LOCKED',
      `A gateway runs on ${dataFolder}: stop it (systemctl stop penstock, docker compose stop), restore, and start it ` +
        'again; or restore into another folder with --data',
    )
  }
  const { at } = verify(backup)
  const { files } = manifestOf(backup)
  const lock = lockDataFolder(dataFolder)
  try {
    const there = readdirSync(dataFolder).filter((name) => /^(?:history|penstock)\.db|^pki$/.test(name))
    if (there.length > 0 && !replace) {
      throw failed(`${dataFolder} holds data (${there.join(', ')}): restore into another folder, or say --replace`)
    }
    const incoming = join(dataFolder, 'restore.partial')
    rmSync(incoming, { recursive: true, force: true })
    mkdirSync(incoming, { mode: 0o700 })
    for (const path of Object.keys(files)) {
      mkdirSync(dirname(join(incoming, path)), { recursive: true, mode: 0o700 })
      cpSync(join(backup, path), join(incoming, path))
    }
    syncAll(incoming)
    const movedTo =
      there.length > 0 ? join(dataFolder, `replaced-${new Date(now).toISOString().replaceAll(':', '')}`) : undefined
    if (movedTo !== undefined) {
      mkdirSync(movedTo, { mode: 0o700 })
      for (const name of there) renameSync(join(dataFolder, name), join(movedTo, name))
    }
    for (const name of readdirSync(incoming)) renameSync(join(incoming, name), join(dataFolder, name))
    rmSync(incoming, { recursive: true })
    syncFolder(dataFolder)
    return { at, movedTo }
  } finally {
    lock.release()
  }
}

/** The whole database as one transaction sees it, without the holes that deleting leaves. */
function copyDatabase(from: string, to: string): void {
  if (!existsSync(from)) return
  const database = new Database(from, { readonly: true, fileMustExist: true, timeout: 10_000 })
  try {
    database.prepare('VACUUM INTO ?').run(to)
  } finally {
    database.close()
  }
  chmodSync(to, 0o600)
}

function checkDatabase(file: string): void {
  const database = new Database(file, { readonly: true, fileMustExist: true })
  try {
    const found = database.pragma('integrity_check(1)', { simple: true })
    if (found !== 'ok') throw failed(`${file} is damaged: ${String(found)}`)
  } finally {
    database.close()
  }
}

function manifestOf(backup: string): Manifest {
  try {
    return JSON.parse(readFileSync(join(backup, MANIFEST), 'utf8')) as Manifest
  } catch (cause) {
    throw failed(`${backup} is no backup of Penstock: it has no ${MANIFEST} that can be read`, cause)
  }
}

const filesIn = (folder: string): string[] =>
  globSync('**', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => path !== MANIFEST)
    .sort()

const hashesOf = (folder: string): Record<string, string> =>
  Object.fromEntries(filesIn(folder).map((path) => [path, hashOf(join(folder, path))]))

function hashOf(file: string): string {
  const hash = createHash('sha256')
  const piece = Buffer.alloc(1 << 20)
  const handle = openSync(file, 'r')
  try {
    for (let read = readSync(handle, piece); read > 0; read = readSync(handle, piece))
      hash.update(piece.subarray(0, read))
  } finally {
    closeSync(handle)
  }
  return hash.digest('hex')
}

function syncAll(folder: string): void {
  for (const path of [...filesIn(folder), MANIFEST]) {
    if (existsSync(join(folder, path))) syncFolder(join(folder, path))
  }
  syncFolder(folder)
}

/** A file or a folder: what it holds is on disk afterwards. */
function syncFolder(path: string): void {
  const handle = openSync(path, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Deletes the oldest backups beyond `keep`, and what a crash left. */
function rotate(into: string, keep: number | undefined): string[] {
  const mine = readdirSync(into).filter((name) => /^penstock-\d{8}T\d{6}Z(?:\.partial)?$/.test(name))
  const whole = mine.filter((name) => !name.endsWith('.partial')).sort()
  const old = keep === undefined ? [] : whole.slice(0, Math.max(0, whole.length - keep))
  const removed = [...mine.filter((name) => name.endsWith('.partial')), ...old]
  for (const name of removed) rmSync(join(into, name), { recursive: true, force: true })
  return old
}

const failed = (message: string, cause?: unknown): PenstockError =>
  new PenstockError('BACKUP_FAILED', message, cause === undefined ? undefined : { cause })
