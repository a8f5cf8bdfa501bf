import { Document, isMap, isSeq } from 'yaml'
import type { ChirpStackSourceConfig } from '../../core/plant.ts'
import { describeRule } from '../../sources/chirpstack/discovery/rules.ts'
import type { DiscoverReport, ReportedDevice, ReportedTemplate } from './report.ts'

/** What was found, for people. Names are somebody else's, and could hold what a terminal obeys. */
export function textOf(report: DiscoverReport, source: ChirpStackSourceConfig): string {
  const { devices, proposals, drift, templates, tenant } = report
  const found = `${devices.length} devices of the tenant ${tenant.name ? `"${tenant.name}" (${tenant.id})` : tenant.id}`
  const rules = (source.rules ?? []).map((rule, position) => {
    const outcome = rule.ignore ? 'ignored' : `template ${rule.template ?? ''}, ${rule.accept}`
    return `  rules[${position}] ${describeRule(rule)}: ${outcome}`
  })
  const parts = [
    section(`Inventory: ${found}`, devices.map(deviceLine)),
    section('Rules', rules.length > 0 ? rules : ['  none: only the devices of the configuration are served']),
    section(
      `Proposals: ${proposals.length}`,
      proposals.map(({ devEui, name, why }) => `  ${devEui} "${name}": ${why}`),
    ),
    section(
      `Drift: ${drift.length}`,
      drift.map(({ kind, devEui, name, tag, reason, mend }) => {
        const where = tag === undefined ? '' : `, ${tag}`
        return `  ${kind} ${devEui} "${name}"${where}: ${reason} ${mend}`
      }),
    ),
  ].map(withoutControls)
  const yaml = templates.length > 0 ? `Templates, for the configuration:\n\n${yamlOf(templates)}` : ''
  return [...parts, yaml].filter((part) => part !== '').join('\n\n')
}

/** The templates as the configuration has them, a tag on a line. */
export function yamlOf(templates: readonly ReportedTemplate[]): string {
  const document = new Document({ templates })
  for (const position of templates.keys()) {
    const tags = document.getIn(['templates', position, 'tags'])
    if (!isSeq(tags)) continue
    for (const tag of tags.items) if (isMap(tag)) tag.flow = true
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: true }).trimEnd()
}

const section = (title: string, lines: readonly string[]): string => [title, ...lines].join('\n')

const withoutControls = (text: string): string => text.replace(/[^\P{Cc}\n]|\p{Cf}/gu, '\u{fffd}')

function deviceLine(device: ReportedDevice): string {
  const { devEui, name, application, profile, disabled, lastSeen, uplinks, notHeard, servedAs, tags = 0 } = device
  const place = `"${name}" in "${application}", profile "${profile}"${disabled ? ', disabled in ChirpStack' : ''}`
  const seen = lastSeen === undefined ? 'never seen' : `seen ${lastSeen}`
  const count = `${uplinks} ${uplinks === 1 ? 'uplink' : 'uplinks'} heard`
  const heard = notHeard === undefined ? count : `not heard (${notHeard})`
  const served = servedAs === undefined ? 'not served' : `served as ${servedAs} with ${tags} tags`
  return `  ${devEui} ${place}, ${seen}, ${heard}: ${served}`
}
