import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { Applied, Checked, Draft } from '../../config/desk.ts'
import { changesBetween } from '../../config/differences.ts'
import type { Edit } from '../../config/edit.ts'
import type { ConfigurationVersion } from '../../core/configuration-version.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import type { Output } from '../client/options.ts'
import { configurationText } from '../configuration.ts'
import type { LocalGateway } from './local-gateway.ts'

type WithText = ConfigurationVersion & { readonly text: string }
type Done = Extract<Applied, { ok: true }>

const PAGE = 200

/** `penstock config show`: the configuration that holds, or an older one, as YAML. */
export async function show(gateway: LocalGateway, version: string | undefined, out: Output): Promise<number> {
  out.line((await textOf(gateway, version)).trimEnd())
  return ExitCode.ok
}

/** `penstock config versions`: who changed what and when, the newest first. */
export async function versions(gateway: LocalGateway, json: boolean, out: Output): Promise<number> {
  const { versions: found } = await gateway.ask<{ versions: ConfigurationVersion[] }>(
    'GET',
    `/configuration/versions?limit=${PAGE}`,
  )
  for (const { id, at, by, comment } of found) {
    const time = new Date(at).toISOString()
    out.line(json ? JSON.stringify({ id, at: time, by, comment }) : `${id}  ${time}  ${by.user}  ${comment}`)
  }
  return ExitCode.ok
}

/** `penstock config diff`: in what two versions differ; the second is the one that holds, unless named. */
export async function diff(
  gateway: LocalGateway,
  from: string,
  to: string | undefined,
  out: Output,
  json = false,
): Promise<number> {
  const [before, after] = await Promise.all([textOf(gateway, from), textOf(gateway, to)])
  const changes = changesBetween(before, after)
  if (json) out.line(JSON.stringify({ changes }))
  else for (const each of changes) out.line(each)
  return ExitCode.ok
}

/** `penstock config check`: what a file would change in the gateway that runs, or all that is wrong with it. */
export async function check(gateway: LocalGateway, file: string, out: Output, json = false): Promise<number> {
  const checked = await gateway.ask<Extract<Checked, { ok: true }>>('POST', '/configuration/check', {
    text: configurationText(file),
  })
  const { changes, restart } = checked
  if (json) out.line(JSON.stringify({ changes, restart }))
  else sayChanges(checked, out)
  return ExitCode.ok
}

/** `penstock config apply`: the file holds from now on. */
export const apply = (
  gateway: LocalGateway,
  file: string,
  comment: string,
  out: Output,
  json?: boolean,
): Promise<number> => putConfiguration(gateway, { text: configurationText(file) }, comment, out, json)

/** `penstock config set`, `add` and `remove`: one change of the configuration that holds. */
export function change(
  gateway: LocalGateway,
  edit: Edit,
  comment: string,
  out: Output,
  json?: boolean,
): Promise<number> {
  return putConfiguration(gateway, { edits: [edit] }, comment, out, json)
}

/** `penstock config restore`: an older version holds again, as the newest. */
export async function restore(
  gateway: LocalGateway,
  version: string,
  comment: string,
  out: Output,
  json?: boolean,
): Promise<number> {
  const text = await textOf(gateway, version)
  return putConfiguration(gateway, { text }, comment || `version ${version} restored`, out, json)
}

/** The path as it is written on the command line: `sources/meters/devices/boiler-1/poll`. */
export const placeOf = (path: string): string[] => path.split('/').filter((name) => name !== '')

/** A value as it would stand in the file: `true`, `5s`, `{ key: flow, … }`; `@FILE` for what stands in a file. */
export function writtenValue(written: string): unknown {
  try {
    return parse(written.startsWith('@') ? readFileSync(written.slice(1), 'utf8') : written)
  } catch (error) {
    throw new ClientFailure(ExitCode.usage, `"${written}" is no value in YAML`, { cause: error })
  }
}

/** Lets it hold from now on, and says what became of it. `basedOn`: only while that version holds. */
export async function putConfiguration(
  gateway: LocalGateway,
  draft: Draft & { readonly basedOn?: number },
  comment: string,
  out: Output,
  json = false,
): Promise<number> {
  const done = await gateway.ask<Done>('PUT', '/configuration', { ...draft, comment })
  if (json) {
    const { version, live, changes, restart } = done
    out.line(JSON.stringify({ version, live, changes, restart }))
    return ExitCode.ok
  }
  sayChanges(done, out)
  const when = done.live ? 'holds' : 'is kept, and holds as soon as the engine answers again'
  out.notice(`Version ${done.version} ${when}.`)
  return ExitCode.ok
}

export function sayChanges({ changes, restart }: Pick<Done, 'changes' | 'restart'>, out: Output): void {
  for (const each of changes) out.line(each)
  if (changes.length === 0) out.notice('It is as it was.')
  if (restart.length > 0) out.notice(`What changes in ${restart.join(', ')} takes a restart of the gateway.`)
}

async function textOf(gateway: LocalGateway, version: string | undefined): Promise<string> {
  if (version === undefined) return (await gateway.ask<WithText>('GET', '/configuration')).text
  return (await gateway.ask<WithText>('GET', `/configuration/versions/${encodeURIComponent(version)}`)).text
}
