import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import Database from 'better-sqlite3'
import type { Milliseconds } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import { aboutMachine, dataFiles, maskedConfiguration, secretsAround } from '../gateway/support/facts.ts'
import { SecretMask } from '../gateway/support/mask.ts'
import { archiveName, supportArchive } from '../gateway/support/support-files.ts'
import { certificatesBelow } from '../opcua/certificate-files.ts'
import { AuditLog } from '../store/audit.ts'
import { ConfigurationVersions } from '../store/configuration-versions.ts'
import { isOwned } from '../store/data-folder-lock.ts'
import { penstockFile } from '../store/penstock-database.ts'
import { UserBook } from '../store/users.ts'
import { ExitCode } from './client/failure.ts'
import type { Output } from './client/options.ts'
import { LocalGateway } from './config/local-gateway.ts'
import { configurationText, type Environment, loadText } from './configuration.ts'
import { dataFolderOf } from './data-folder.ts'
import { examine } from './doctor.ts'

/** Rows of the audit log that go along, the newest. */
const AUDIT_ROWS = 500

export interface SupportFlags {
  readonly url?: string | undefined
  readonly config: string
  readonly data?: string | undefined
  readonly out?: string | undefined
  readonly json?: boolean | undefined
}

/**
 * `penstock support`: writes one `.tar.gz` of what helps to find the cause of a problem, without secrets; made by the
 * gateway that runs on the data folder, otherwise, or where that does not answer, of what is on disk. Nothing is changed.
 */
export async function support(
  flags: SupportFlags,
  env: Environment,
  now: Milliseconds,
  output: Output,
): Promise<number> {
  const dataFolder = flags.data ?? dataFolderOf(flags.config, env)
  const file = resolve(flags.out ?? `${archiveName(now)}.tar.gz`)
  const { bundle, from } = await made(flags, dataFolder, env, now)
  writeFileSync(file, bundle, { mode: 0o600 })
  if (flags.json) output.line(JSON.stringify({ file, bytes: bundle.length, from }))
  else {
    output.line(file)
    output.notice(`${bundle.length} bytes, made ${from}. Look through it before you give it to others.`)
  }
  return ExitCode.ok
}

async function made(flags: SupportFlags, dataFolder: string, env: Environment, now: Milliseconds) {
  if (!isOwned(dataFolder)) {
    const why = `No gateway runs on ${dataFolder}.`
    return { bundle: await bundleOfDisk(flags.config, dataFolder, env, now, why), from: 'of what is on disk' }
  }
  try {
    const gateway = new LocalGateway(flags, env)
    return { bundle: await gateway.download('/support-bundle'), from: 'by the gateway that runs' }
  } catch (error) {
    const why = `The gateway that runs did not make it: ${describeError(error)}`
    const from = 'of what is on disk, since the gateway that runs did not answer'
    return { bundle: await bundleOfDisk(flags.config, dataFolder, env, now, why), from }
  }
}

async function bundleOfDisk(file: string, dataFolder: string, env: Environment, now: Milliseconds, why: string) {
  const known = <Result>(read: (database: Database.Database) => Result): Result => {
    // What a program of another version left is not migrated by looking at it.
    const database = new Database(join(dataFolder, penstockFile), { readonly: true, fileMustExist: true })
    try {
      return read(database)
    } finally {
      database.close()
    }
  }
  const text = () => {
    const held = existsSync(join(dataFolder, penstockFile)) ? known(newestText) : undefined
    return held ?? configurationText(file)
  }
  const hashes = hashesIn(known)
  const mask = new SecretMask([...secretsAround(dataFolder, env), ...secretsNamed(text, file, env), ...hashes])
  const files = {
    'about.json': () => ({ ...aboutMachine(now), health: why }),
    'configuration.yaml': () => maskedConfiguration(text()),
    'configuration-file.yaml': () => maskedConfiguration(configurationText(file)),
    'settings.json': () => settingsOf(text(), file, env),
    'audit.json': () => known((database) => new AuditLog(database).page(AUDIT_ROWS)),
    'users.json': () =>
      known((database) => new UserBook(database).all()).map(({ passwordHash, ...user }) => ({
        ...user,
        hasPassword: passwordHash !== null,
      })),
    'certificates.json': () => certificatesBelow(join(dataFolder, 'pki')),
    'data-folder.json': () => dataFiles(dataFolder),
    'doctor.json': () => examine(configurationText(file), file, env, now),
  }
  return supportArchive(files, mask, now)
}

function newestText(database: Database.Database): string | undefined {
  const versions = new ConfigurationVersions(database)
  const { newest } = versions
  return newest && versions.text(newest.id)
}

function settingsOf(text: string, file: string, env: Environment): unknown {
  const loaded = loadText(text, file, env, false)
  return loaded.ok ? { origins: loaded.origins() } : { problems: loaded.problems }
}

/** Of the configuration that holds, as far as they are there; where it is wrong, `secretsAround` has what looks like one. */
function secretsNamed(text: () => string, file: string, env: Environment): string[] {
  try {
    const loaded = loadText(text(), file, env, true)
    return loaded.ok ? Object.values(loaded.secrets) : []
  } catch {
    return []
  }
}

/** A database that cannot be read gives nothing away, and its files in the archive say why. */
function hashesIn(known: <Result>(read: (database: Database.Database) => Result) => Result): string[] {
  try {
    return known((database) => new UserBook(database).all()).flatMap(({ passwordHash }) => passwordHash ?? [])
  } catch {
    return []
  }
}
