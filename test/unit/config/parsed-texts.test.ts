import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDocument } from 'yaml'
import { checkOfEdits, loadText } from '../../../src/cli/configuration.ts'
import { type Edit, editDocument, writtenOut } from '../../../src/config/edit.ts'
import { ParsedTexts } from '../../../src/config/parsed-texts.ts'
import { readYaml } from '../../../src/config/yaml-file.ts'

const plant = `# The plant of hall 3
gateway:
  data: data # on the large disk
sources:
  # Meters of the hall
  - key: line
    kind: modbus
    host: 10.0.0.5

    devices:
      - key: pump # in the cellar
        unitId: 1
        poll: 1s
        tags:
          - { key: flow, type: UInt16, address: holding:1 }

          # what the nameplate calls P
          - key: power
            type: Float
            address: holding:2
            description: |
              in two lines,
              as it is written
          - key: state
            type: UInt16
            address: holding:9
      # the one that hums
      - key: fan
        unitId: 2
        tags: [{ key: speed, type: UInt16, address: holding:3 }, { key: "on", type: Boolean, address: coil:1 }]
  - key: plc
    kind: s7
    host: 10.0.0.6
    devices: [{ key: press, tags: [{ key: force, type: Float, address: "DB1,REAL4" }] }]
`
const withAnchors = `
x-usual: &usual { type: UInt16 }
sources:
  - key: line
    kind: modbus
    host: 10.0.0.5
    devices:
      - key: pump
        unitId: 1
        tags:
          - { <<: *usual, key: flow, address: holding:1 }
          - { <<: *usual, key: head, address: holding:2 }
`
const withAllElse = `
templates:
  - key: climate
    tags: [{ key: temperature, type: Double, address: object.temperature }]
    commands: [{ key: reboot, downlink: { fPort: 10, payload: [{ hex: "FF10" }] } }]
sources:
  - key: lora
    kind: chirpstack
    url: http://chirpstack:8080
    tenantId: 52f14cd4-c6f1-4fbd-8f87-4025e1d49242
    apiKeyEnv: LORA_KEY
    devices:
      - { key: hall, devEui: "24e124136d123456", template: climate }
      - { key: yard, devEui: "24e124136d123457", tags: [{ key: rain, type: Double, address: object.rain }] }
  - key: line
    kind: modbus
    host: 10.0.0.5
    pollGroups: { slow: 1m }
    devices:
      - key: pump
        unitId: 1
        aggregates: [{ window: 1m, functions: [max] }]
        tags:
          - { key: flow, type: UInt16, address: holding:1, access: readWrite }
          - { key: head, type: UInt16, address: holding:2, poll: slow }
        commands: [{ key: stop, writes: [{ tag: flow, value: 0 }], onlyWhen: [{ tag: pump/head, equals: 1 }] }]
  - key: sums
    kind: calculated
    devices: [{ key: all, tags: [{ key: both, type: Double, expression: "[pump/flow] + [pump/head]" }] }]
`

const env = { LORA_KEY: 'key' }
const device = (source: string, key: string) => ['sources', source, 'devices', key]
const places = [
  [...device('line', 'pump'), 'tags', 'flow'],
  [...device('line', 'pump'), 'tags', 'power'],
  [...device('line', 'pump'), 'tags', 'new'],
  [...device('line', 'fan'), 'tags', 'speed'],
  [...device('plc', 'press'), 'tags', 'force'],
]
const tag = fc
  .constantFrom('new', 'flow', 'speed', 'other')
  .map((key) => ({ key, type: 'UInt16', address: 'holding:7' }))
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ set: fc.constantFrom(...places.map((at) => [...at, 'type'])), value: fc.constantFrom('Float', 'Int16') }),
  fc.record({ set: fc.constantFrom(...places), value: tag }),
  fc.record({ remove: fc.constantFrom(...places, device('line', 'fan'), ['sources', 'plc']) }),
  fc.record({
    add: fc.constantFrom([...device('line', 'pump'), 'tags'], [...device('line', 'fan'), 'tags'], ['sources']),
    value: tag,
  }),
  fc.record({ set: fc.constant(['x-usual', 'type']), value: fc.constantFrom('Int32', 'Int16') }),
)
/** Settings far from one another that make a device, or what is said of it, another one. */
const farSettings: [readonly string[], readonly unknown[]][] = [
  [
    ['sources', 'lora', 'linkTags'],
    [true, false],
  ],
  [
    ['templates', 'climate', 'tags', 'temperature', 'address'],
    ['object.t', 'object.', 'status:margin'],
  ],
  [
    ['templates', 'climate', 'key'],
    ['climate', 'other'],
  ],
  [
    [...device('lora', 'yard'), 'template'],
    ['climate', 'other'],
  ],
  [
    [...device('lora', 'yard'), 'devEui'],
    ['24e124136d123456', '24e124136d123457'],
  ],
  [
    ['sources', 'line', 'pollGroups'],
    [{ slow: '2m' }, { fast: '1s' }],
  ],
  [[...device('line', 'pump'), 'pollGroups'], [{ slow: '5s' }]],
  [
    [...device('line', 'pump'), 'forbidden'],
    [['holding:2'], []],
  ],
  [
    [...device('line', 'pump'), 'key'],
    ['pump', 'all'],
  ],
  [
    [...device('line', 'pump'), 'tags', 'head', 'key'],
    ['head', 'flow', 'flow-1m-max', 'stop'],
  ],
  [
    [...device('line', 'pump'), 'tags', 'flow', 'type'],
    ['UInt16', 'String', 'Boolean'],
  ],
  [
    [...device('line', 'pump'), 'tags', 'flow', 'address'],
    ['holding:1', 'input:1', 'nowhere'],
  ],
  [
    [...device('sums', 'all'), 'tags', 'both', 'expression'],
    ['[pump/flow]', '[pump/none] + 1', '1 +'],
  ],
]
const farEdit: fc.Arbitrary<Edit> = fc.oneof(
  ...farSettings.map(([set, values]) => fc.record({ set: fc.constant(set), value: fc.constantFrom(...values) })),
  fc.record({ remove: fc.constantFrom(...farSettings.map(([remove]) => remove)) }),
)

describe('a configuration that is edited again and again', () => {
  it.each([
    ['with comments, lists on one line and lists on many', plant, edit],
    ['with anchors', withAnchors, edit],
    ['with templates, poll groups, windows, commands and calculated values', withAllElse, farEdit],
  ])('%s, is after each edit what it would be without anything remembered', (_what, first, edit) => {
    fc.assert(
      fc.property(fc.array(fc.array(edit, { minLength: 1, maxLength: 2 }), { maxLength: 8 }), (changes) => {
        const texts = new ParsedTexts()
        const check = checkOfEdits('plant.yaml', env)
        expect(check(first)).toMatchObject({ ok: true })
        let [text, document] = [first, parseDocument(first)]
        for (const edits of changes) {
          const made = texts.edited(text, edits)
          const problems = editDocument(document, edits)
          if ('problems' in made) {
            expect(made.problems).toStrictEqual(problems)
            document = parseDocument(text)
            continue
          }
          expect(made.text).toBe(writtenOut(document))
          text = made.text
          const anew = readYaml(text, 'configuration')
          expect(texts.valuesOf(text)).toStrictEqual(anew.ok ? anew.value : {})
          const [checked, whole] = [check(text, made.yaml), loadText(text, 'plant.yaml', env)]
          expect(checked.ok).toBe(whole.ok)
          if (checked.ok && whole.ok) expect(checked.config).toStrictEqual(whole.config)
          if (!checked.ok && !whole.ok) expect(checked.problems).toStrictEqual(whole.problems)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('shares the values of what was not edited with the one before', () => {
    const texts = new ParsedTexts()
    const before = texts.edited(plant, [{ set: [...(places[0] ?? []), 'type'], value: 'Int16' }])
    if ('problems' in before) throw new Error('not edited')
    const after = texts.edited(before.text, [{ set: [...(places[1] ?? []), 'type'], value: 'Double' }])
    if ('problems' in after) throw new Error('not edited')

    const tagsIn = (text: string) => {
      const { sources } = texts.valuesOf(text) as { sources: { devices: { tags: object[] }[] }[] }
      return sources[0]?.devices[0]?.tags ?? []
    }
    const [flow, power] = tagsIn(before.text)
    const [flowAfter, powerAfter] = tagsIn(after.text)
    expect(flowAfter).toBe(flow)
    expect(powerAfter).not.toBe(power)
    expect(powerAfter).toMatchObject({ key: 'power', type: 'Double' })
  })

  it('is not edited twice where an edit is tried before it is done', () => {
    const texts = new ParsedTexts()
    const add: Edit[] = [{ add: [...device('plc', 'press'), 'tags'], value: { key: 'new', address: 'DB1,REAL8' } }]
    const tried = texts.edited(plant, add)
    expect(texts.edited(plant, add)).toStrictEqual(tried)
    const again = texts.edited('text' in tried ? tried.text : '', add)
    expect('text' in again && again.text.match(/key: new/g)).toHaveLength(2)
  })

  const set = (name: string, value: unknown): Edit => ({ set: ['sources', 'line', name], value })
  const line = (settings: string) => `sources:\n  - key: line\n    ${settings}\n    host: here\n`
  it.each<[string, string, Edit]>([
    ['a setting that is called as merging is', 'port: 1', set('<<', { port: 5 })],
    ['one within what is added', 'port: 1', { add: ['sources'], value: { key: 'new', '<<': { port: 5 } } }],
    ['a value of which the type was forced', 'port: !!str 5', set('port', 7)],
    ['nothing that was forced to be that', 'port: !!null ""', set('port', 'six')],
    ['settings with names of objects', 'port: 1', set('__proto__', JSON.parse('{"constructor":{"__proto__":1}}'))],
    ['an element of a list that becomes a single value', 'port: 1', { set: ['sources', 'line'], value: 'Boolean' }],
    ['what refers to something that goes', 'x: &name 1\n  - key: other\n    y: *name', { remove: ['sources', 'line'] }],
  ])('is read as its text is: %s', (_what, settings, edit) => {
    const texts = new ParsedTexts()
    const made = texts.edited(line(settings), [edit])
    if ('problems' in made) throw new Error(made.problems[0]?.message)
    const anew = readYaml(made.text, 'configuration')
    if (!anew.ok || !made.yaml) throw new Error('not readable')
    // As text: Vitest has its own idea of a setting named __proto__.
    expect(JSON.stringify(made.yaml.value)).toBe(JSON.stringify(anew.value))
    expect(made.yaml.findings).toStrictEqual(anew.findings)
  })

  it('with a mark that has no meaning is not edited: its text could not be read at the next start', () => {
    const texts = new ParsedTexts()
    expect(texts.read(line('port: !mark 1')).ok).toBe(false)
    expect(texts.edited(line('port: !mark 1'), [set('port', 5)])).toHaveProperty('problems')
    expect(texts.read(line('port: !mark 1')).ok).toBe(false)
  })

  it.each<[string, Edit, string]>([
    ['of which nothing is there', { remove: ['sources', 'line', 'devices', 'pump'] }, 'There is no such setting.'],
    ['that is nested without end', set('port', JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`)), 'nested'],
  ])('says so of an edit %s', (_what, edit, message) => {
    const made = new ParsedTexts().edited(line('port: 1'), [edit])
    expect('problems' in made && made.problems[0]?.message).toContain(message)
  })

  it('that is no YAML is told so, and stays as it is', () => {
    const texts = new ParsedTexts()
    expect(texts.edited('sources: [', [{ remove: ['sources'] }])).toMatchObject({
      problems: [{ path: 'configuration' }],
    })
    expect(texts.edited('['.repeat(100_000), [{ remove: ['sources'] }])).toHaveProperty('problems')
    expect(texts.valuesOf('sources: [')).toEqual({})
  })
})
