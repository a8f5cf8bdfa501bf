import { nearest } from '../core/nearest.ts'
import { AUTO_TEMPLATE } from '../core/template.ts'
import type { Complaint } from './complaint.ts'
import { settingOf } from './raw.ts'

/** Every device and rule that names a template that is not there. The configuration may be wrong otherwise, in any way. */
export function unknownTemplatesOf(config: unknown): Complaint[] {
  const keys = entriesOf(config, 'templates').map((template) => settingOf(template, 'key'))
  const known = keys.filter((key) => typeof key === 'string')
  return entriesOf(config, 'sources').flatMap((source, position) => {
    const check = (group: 'devices' | 'rules', allowed: readonly string[]) =>
      entriesOf(source, group).flatMap((entry, at): Complaint[] => {
        const template = settingOf(entry, 'template')
        if (typeof template !== 'string' || allowed.includes(template)) return []
        return [complaintOf(template, allowed, ['sources', position, group, at, 'template'])]
      })
    return [...check('rules', [...known, AUTO_TEMPLATE]), ...check('devices', known)]
  })
}

function complaintOf(template: string, allowed: readonly string[], at: Complaint['at']): Complaint {
  const meant = nearest(template, allowed)
  const there = allowed.length > 0 ? `Allowed is one of ${allowed.join(', ')}.` : 'There are no templates.'
  const mend = meant ? `Write ${meant}.` : 'Add the template under "templates", or name another one.'
  return { at, message: `No template has this key. ${there}`, mend }
}

function entriesOf(group: unknown, name: string): readonly unknown[] {
  const entries = settingOf(group, name)
  return Array.isArray(entries) ? entries : []
}
