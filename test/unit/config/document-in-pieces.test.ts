import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Document, parse, parseDocument } from 'yaml'
import { documentInPieces } from '../../../src/config/document-in-pieces.ts'
import type { Edit } from '../../../src/config/edit.ts'
import { EditableDocument } from '../../../src/config/editable-document.ts'
import { ParsedTexts } from '../../../src/config/parsed-texts.ts'
import type { Segments } from '../../../src/config/raw.ts'
import { readYaml } from '../../../src/config/yaml-file.ts'

/** Every way in which people write an element of a list, with what stands around it. */
const tagsWritten = [
  (n: number) => `          - { key: t${n}, type: UInt16, address: "holding:${n}" }`,
  (n: number) =>
    `          # before\n\n          - key: t${n} # beside\n            type: Float\n            unit:\n            # last`,
  (n: number) =>
    `          - key: t${n}\n            description: |\n              - in lines\n\n              as it is\n            states: { 0: off, 1: 'on' }`,
  (n: number) =>
    `          -\n            key: t${n}\n            range:\n              low: -4.50\n              high: 1_000`,
  (n: number) =>
    `\n          - key: "t${n}"\n            bits:\n              - 1\n              - 2 # the second\n            note: >-\n              folded\n              text`,
] as const
const plantOf = (devices: readonly (readonly number[])[]): string => {
  const lines = devices.flatMap((tags, device) => [
    `      - key: d${device} # of the hall`,
    `        unitId: ${device}`,
    ...(tags.length === 0
      ? ['        tags: []']
      : ['        tags:', ...tags.map((kind, n) => tagsWritten[kind]?.(n) ?? '')]),
    ...(device % 3 === 0 ? ['        # at the end of it'] : ['        poll: 1s', '']),
  ])
  const head = [
    '# The plant',
    '',
    'gateway: { data: data }',
    'sources:',
    '  # the line',
    '  - key: line',
    '    devices:',
  ]
  return [
    ...head,
    ...lines,
    '    host: plc',
    '  - key: none',
    '    devices:',
    'opcua:',
    '  port: 4840',
    '# the end',
    '',
  ].join('\n')
}
const tags = fc.array(fc.nat(tagsWritten.length - 1), { maxLength: 150 })
const plants = fc.array(tags, { minLength: 1, maxLength: 12 }).map(plantOf)
const regular = (devices: number) =>
  plantOf(Array.from({ length: devices }, () => Array.from({ length: 60 }, (_, n) => n % tagsWritten.length)))
const longPlant = regular(4)

function wholeOf<Result>(pieces: Generator<void, Result>): { readonly result: Result; readonly count: number } {
  for (let count = 1; ; count++) {
    const { done, value } = pieces.next()
    if (done) return { result: value, count }
  }
}
const inPieces = (text: string): Document | undefined => wholeOf(documentInPieces(text, () => undefined)).result

function placesIn(value: unknown, at: Segments = []): Segments[] {
  if (typeof value !== 'object' || value === null) return [at]
  return [
    at,
    ...Object.entries(value).flatMap(([name, each]) => placesIn(each, [...at, Array.isArray(value) ? +name : name])),
  ]
}

describe('a configuration that is parsed in pieces', () => {
  it('is what it is as a whole, with every comment and every empty line', () => {
    fc.assert(
      fc.property(plants, (text) => {
        const [document, whole] = [inPieces(text), parseDocument(text)]
        expect(whole.errors).toEqual([])
        expect(document?.toString()).toBe(whole.toString())
        expect(document?.toJS()).toStrictEqual(whole.toJS())
      }),
      { numRuns: 15 },
    )
  })

  it('is edited and written as one that was parsed as a whole', () => {
    const edits: Edit[] = [
      { set: ['sources', 'line', 'devices', 'd1', 'tags', 't7', 'type'], value: 'Double' },
      { add: ['sources', 'line', 'devices', 'd2', 'tags'], value: { key: 'more', states: { 0: 'off' } } },
      { remove: ['sources', 'line', 'devices', 'd0', 'tags', 't59'] },
      { remove: ['sources', 'line', 'devices', 'd3'] },
    ]
    const [document, whole] = [
      wholeOf(EditableDocument.parseInPieces(longPlant)).result,
      EditableDocument.parse(longPlant),
    ]
    expect(document?.write()).toBe(whole?.write())
    for (const each of [document, whole]) expect(each?.edit(edits)).toEqual([])
    const text = whole?.write() ?? ''
    expect(document?.write()).toBe(text)
    expect(document?.read(text)).toMatchObject({ ok: true, value: parse(text) })
  })

  it('says of each setting where it is written, also once it was edited', () => {
    const document = wholeOf(EditableDocument.parseInPieces(longPlant)).result
    const [read, whole] = [document?.read(longPlant), readYaml(longPlant, 'configuration')]
    if (!read?.ok || !whole.ok) throw new Error('not read')
    expect(read.value).toStrictEqual(whole.value)
    const told = ({ placeOf, unquotedAt }: typeof read) =>
      [...placesIn(whole.value), ['nowhere'], ['sources', 0, 'nothing'], ['sources', 99]].map((at) => [
        placeOf(at),
        unquotedAt(at),
      ])
    const places = told(whole)
    expect(told(read)).toEqual(places)
    document?.edit([{ remove: ['sources', 'line', 'devices', 'd0'] }])
    expect(told(read)).toEqual(places)
  })

  it.each([
    ['a fault', `${longPlant}sources: [`],
    ['a setting that is there twice in a list', longPlant.replace('unitId: 3', 'key: again')],
    ['anchors', longPlant.replace('key: d0', 'key: &first d0')],
    ['marks of types', longPlant.replace('unitId: 3', 'unitId: !!str 7')],
    ['two documents', `${longPlant}---\n${longPlant}`],
    ['too deep a value', `deep: ${'['.repeat(20_000)}\n${longPlant}`],
    ['no settings at the top', `- ${longPlant.replaceAll('\n', '\n  ')}`],
    ['nothing', '# nothing\n'],
  ])('is not, where it has %s: what reads all of it says what is wrong', (_what, text) => {
    expect(wholeOf(EditableDocument.parseInPieces(text)).result).toBeUndefined()
  })

  it('is read and edited at once afterwards, and not parsed again for the edit that was tried', () => {
    const [texts, text] = [new ParsedTexts(), regular(10)]
    const { result, count } = wholeOf(texts.inPieces(text, true))
    expect(result).toBe(true)
    expect(count).toBeGreaterThan(30)
    const lineIn = (of: string) => (texts.valuesOf(of) as { sources: object[] }).sources[0]
    const before = lineIn(text)
    const made = texts.edited(text, [{ remove: ['gateway', 'data'] }])
    expect('text' in made && lineIn(made.text)).toBe(before)
    expect(wholeOf(texts.inPieces(text, true))).toEqual({ result: false, count: 1 })
    expect(wholeOf(new ParsedTexts().inPieces('sources: []', true)).count).toBe(1)
  })
})
