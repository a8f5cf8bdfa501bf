import { describe, expect, it } from 'vitest'
import { linkTagKeys } from '../../../src/core/link-tags.ts'
import { validateTemplate } from '../../../src/sources/chirpstack/validate-template.ts'
import { configOf, linesOf, problemsOf } from './loading.ts'

const plant = ({ templates = '[]', rules = '[]', devices = '[]' }) => `
templates: ${templates}
sources:
  - key: lora
    kind: chirpstack
    url: http://chirpstack:8080
    tenantId: 52f14cd4-c6f1-4fbd-8f87-4025e1d49242
    rules: ${rules}
    devices: ${devices}
`
const climate =
  '{ key: climate, manufacturer: Milesight, staleAfter: 30m, badAfter: 1h, tags: [{ key: t, type: Double, address: object.t }, { key: h, type: Double, address: object.h }] }'

describe('a rule', () => {
  it('takes devices in by itself unless it says otherwise', () => {
    const rules = '[{ application: "B*", tags: { site: "n*", "odd name": "?" }, template: auto }]'
    expect(configOf(plant({ rules })).sources).toMatchObject([
      {
        rules: [
          {
            application: 'B*',
            tags: { site: 'n*', 'odd name': '?' },
            template: 'auto',
            accept: 'auto',
            ignore: false,
          },
        ],
      },
    ])
  })

  it.each([
    [
      'the key of no template',
      '[{ template: climat }]',
      'sources[0].rules[0].template is "climat": No template has this key. Allowed is one of climate, auto. Write climate.',
    ],
    [
      'no outcome',
      '[{ name: "x*" }]',
      'sources[0].rules[0].template: The rule does not say what becomes of the devices that match. Add "template: auto", the key of a template, or "ignore: true".',
    ],
    [
      'two outcomes',
      '[{ ignore: true, template: auto }]',
      'sources[0].rules[0].template is "auto": A rule that ignores devices gives them no template. Remove the template, or "ignore: true".',
    ],
    [
      'a wrong way to accept',
      '[{ template: auto, accept: proposal }]',
      'sources[0].rules[0].accept is "proposal": Allowed is one of auto, propose. Write propose.',
    ],
    [
      'a misspelt matcher',
      '[{ template: auto, aplication: x }]',
      'sources[0].rules[0].aplication: There is no such setting here. Write "application".',
    ],
    ['a tag with no text', '[{ template: auto, tags: { site: 5 } }]', 'sources[0].rules[0].tags.site is 5'],
    [
      'tags as a list',
      '[{ template: auto, tags: [site] }]',
      'sources[0].rules[0].tags: A group of settings belongs here, not a list.',
    ],
  ])('with %s is refused', (_, rules, expected) => {
    const lines = linesOf(plant({ templates: `[${climate}]`, rules }))
    expect(lines).toEqual([expect.stringContaining(expected) as string])
    expect(lines.join()).not.toContain('undefined')
  })
})

describe('a template', () => {
  it('gives a device its tags and what its nameplate says, and its own win', () => {
    const own = '{ key: t, type: Float, address: object.own, badAfter: 5s }'
    const devices = `[{ key: hall, devEui: "a81758fffe0a1001", model: X, staleAfter: 1h, template: climate, tags: [${own}] }]`
    const [source] = configOf(plant({ templates: `[${climate}]`, devices })).sources
    expect(source?.devices).toMatchObject([
      {
        manufacturer: 'Milesight',
        model: 'X',
        template: 'climate',
        staleAfterMs: 3_600_000,
        tags: [
          { key: 't', type: 'Float', address: 'object.own', badAfterMs: 5_000 },
          { key: 'h', type: 'Double', address: 'object.h', staleAfterMs: 3_600_000, badAfterMs: 3_600_000 },
          ...linkTagKeys.map((key) => ({ key })),
        ],
      },
    ])
  })

  it.each([
    [
      'a key that means something else in rules',
      { templates: '[{ key: auto }]' },
      'templates[0].key is "auto": Allowed is lower-case letters, digits, "-" and "_", at most 63, beginning with a letter or digit, and not "auto".',
    ],
    [
      'the key of another',
      { templates: '[{ key: a }, { key: a }]' },
      'templates[1].key is "a": Each template needs a key of its own, and this one belongs to templates[0] already.',
    ],
    [
      'two tags of one key',
      {
        templates:
          '[{ key: a, tags: [{ key: t, type: Double, address: object.t }, { key: t, type: Double, address: object.u }] }]',
      },
      'templates[0].tags[1].key is "t": Each tag of a template needs a key of its own',
    ],
    [
      'an address that is none',
      { templates: '[{ key: a, tags: [{ key: t, type: Double, address: temperature }] }]' },
      'templates[0].tags[0].address is "temperature": At column 1: names "temperature"',
    ],
  ])('with %s is refused', (_, parts, expected) => {
    const validators = { template: validateTemplate }
    expect(linesOf(plant(parts), { validators })).toEqual([expect.stringContaining(expected) as string])
  })

  it('that a device names and that is not there is named with its line', () => {
    const devices = '[{ key: hall, devEui: "a81758fffe0a1001", template: clima }]'
    expect(problemsOf(plant({ devices }))).toMatchObject([
      { path: 'sources[0].devices[0].template', line: 9, message: 'No template has this key. There are no templates.' },
    ])
  })
})
