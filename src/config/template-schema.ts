import { z } from 'zod'
import { AUTO_TEMPLATE } from '../core/template.ts'
import { lorawanCommand } from './command-schema.ts'
import { always, complain } from './complaint.ts'
import { choice, explain, flag, inherited, list, retell, section, text } from './fields.ts'
import { keyPattern } from './names.ts'
import { settingOf } from './raw.ts'
import { aging, chirpstackTag, folder, historyShape, named } from './tag-schema.ts'
import { withName, withUnits } from './units.ts'

/** What LoRaWAN devices of one kind have in common. */
export const templateSchema = section('What LoRaWAN devices of one kind have in common.', {
  key: explain(
    named.key.refine((key) => key !== AUTO_TEMPLATE),
    {
      description: 'Name of the template in rules and devices.',
      allowed: `lower-case letters, digits, "-" and "_", at most 63, beginning with a letter or digit, and not "${AUTO_TEMPLATE}"`,
      example: 'climate',
    },
  ),
  name: retell(named.name, { example: 'Indoor climate' }).optional(),
  manufacturer: text({ description: 'As on the nameplate.', example: 'Milesight' }).optional(),
  model: text({ description: 'As on the nameplate.', example: 'EM300-TH' }).optional(),
  staleAfter: retell(aging.staleAfter, {
    description: 'Age after which the values of its tags turn UncertainLastUsableValue.',
    otherwise: 'learned from how often each device speaks',
  }).optional(),
  badAfter: retell(aging.badAfter, { otherwise: 'as the device' }).optional(),
  history: inherited(historyShape.history),
  historyInterval: inherited(historyShape.historyInterval),
  historyHeartbeat: inherited(historyShape.historyHeartbeat),
  aggregates: inherited(historyShape.aggregates),
  tags: list(chirpstackTag, 'The values of each device.').default([]),
  commands: list(lorawanCommand, 'What can be asked of each device.').optional(),
}).transform((template) => withUnits(withName(template)))

const pattern = (description: string, example: string) =>
  text({ description, allowed: 'text in which `*` stands for any characters and `?` for one', example }).optional()

const tagPattern = text({
  description: 'Value of the tag.',
  allowed: 'text in which `*` stands for any characters and `?` for one',
  example: 'north*',
})

/** What becomes of devices that ChirpStack has and the configuration does not name. */
export const ruleSchema = section('What becomes of devices that are not listed; the first rule that matches decides.', {
  application: pattern('Name or id of the application.', 'Building*'),
  profile: pattern('Name or id of the device profile.', 'Indoor climate'),
  name: pattern('Name of the device.', 'Hall ?'),
  tags: explain(z.record(z.string(), tagPattern), {
    description: 'Tags that the device must have in ChirpStack, each with a pattern for its value.',
    allowed: 'names of tags with a text for each, in which `*` stands for any characters and `?` for one',
    example: '{ site: north* }',
  }).optional(),
  template: text({
    description: `Template that gives the device its tags; ${AUTO_TEMPLATE}: they are learned from its uplinks and its device profile.`,
    longest: 63,
    pattern: keyPattern,
    allowed: `the key of a template of \`templates\`, or ${AUTO_TEMPLATE}`,
    example: AUTO_TEMPLATE,
  }).optional(),
  folder: retell(folder, { example: 'LoRaWAN/Climate' }).optional(),
  accept: choice(['auto', 'propose'], {
    description: 'Whether a device that matches is served by itself, or is a proposal until it is accepted.',
  }).default('auto'),
  ignore: flag({ description: 'Whether devices that match are left alone, without a word.' }).default(false),
}).superRefine(checkOutcome, always)

/** A rule says either which template, or that it ignores. Whatever it is given may have any shape. */
function checkOutcome(rule: unknown, context: z.core.$RefinementCtx): void {
  const ignores = settingOf(rule, 'ignore') === true
  const hasTemplate = settingOf(rule, 'template') !== undefined
  if (ignores && hasTemplate) {
    const message = 'A rule that ignores devices gives them no template.'
    complain(context, [{ at: ['template'], message, mend: 'Remove the template, or "ignore: true".' }])
  } else if (!(ignores || hasTemplate)) {
    const message = 'The rule does not say what becomes of the devices that match.'
    const mend = `Add "template: ${AUTO_TEMPLATE}", the key of a template, or "ignore: true".`
    complain(context, [{ at: ['template'], message, mend }])
  }
}
