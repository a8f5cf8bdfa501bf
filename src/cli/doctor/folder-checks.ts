import { accessSync, constants, existsSync, type Stats, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describeError } from '../../core/errors.ts'
import { freeSpaceOf } from '../../store/free-space.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

/** The data folder as it is; nothing is written there. */
export async function checkDataFolder(dataFolder: string, isOwned: boolean): Promise<readonly Finding[]> {
  const isThere = existsSync(dataFolder)
  const folder = isThere ? dataFolder : nearestThat(dataFolder)
  const { reason, freeBytes } = await freeSpaceOf(folder)
  const running = isOwned ? 'A gateway runs on it' : 'No gateway runs on it'
  return [
    usable(dataFolder, folder),
    ok('lock', running),
    reason === '' && freeBytes !== null
      ? ok('disk', `${Math.floor(freeBytes / 1_000_000)} MB are free`)
      : warning('disk', reason.replace(/\.$/, ''), 'df shows what the disk holds.'),
    ...(isThere ? permissions(dataFolder) : []),
  ]
}

function usable(dataFolder: string, folder: string): Finding {
  const isThere = folder === dataFolder
  try {
    if (!statSync(folder).isDirectory()) {
      return problem('data folder', `${folder} is no folder`, 'Choose another one in gateway.data.')
    }
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const text = `${folder} cannot be written by this user (${describeError(error)})`
    return problem(
      'data folder',
      text,
      'Give the folder to the user that runs Penstock, or set gateway.data to another.',
    )
  }
  if (isThere) return ok('data folder', `${dataFolder} can be written`)
  return ok('data folder', `${dataFolder} is not there yet, and is made at the first start`)
}

/** Only a folder above is there. */
function nearestThat(missing: string): string {
  let folder = resolve(missing)
  while (!existsSync(folder)) folder = dirname(folder)
  return folder
}

/** Who else than its owner can read what is secret. Orchestrators give volumes to a group, so that is no problem. */
function permissions(dataFolder: string): Finding[] {
  const findings: Finding[] = []
  const key = join(dataFolder, 'pki/application/own/private/private_key.pem')
  const ofFolder = statOf(dataFolder)
  if (ofFolder && (ofFolder.mode & 0o007) !== 0) {
    const text = `Everybody on this machine can look into ${dataFolder} (mode ${octal(ofFolder)})`
    findings.push(warning('permissions', text, `chmod 700 ${dataFolder}`))
  }
  const ofKey = statOf(key)
  if (ofKey && (ofKey.mode & 0o007) !== 0) {
    const text = `Everybody on this machine can read the private key ${key} (mode ${octal(ofKey)})`
    findings.push(problem('permissions', text, `chmod 600 ${key}, and think of a new key if others had access.`))
  } else if (ofKey && (ofKey.mode & 0o070) !== 0) {
    const text = `The group of its owner can read the private key ${key} (mode ${octal(ofKey)})`
    findings.push(warning('permissions', text, `chmod 600 ${key}, unless a volume has to be shared with this group.`))
  }
  if (findings.length > 0) return findings
  return [ok('permissions', `Only their owner can read the data folder${ofKey ? ' and the private key' : ''}`)]
}

/** Undefined where there is no such file, or it cannot be seen: that the folder cannot be used is said already. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

const octal = ({ mode }: Stats): string => (mode & 0o777).toString(8).padStart(4, '0')
