import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { generatedFiles } from '../../../src/config/generated-files.ts'
import { configJsonSchema } from '../../../src/config/json-schema.ts'
import { sourceTypes } from '../../../src/engine/source-types.ts'
import { linesOf } from './loading.ts'

const { chirpstack, modbus, s7 } = sourceTypes
const validators = {
  chirpstack: chirpstack.validate.bind(chirpstack),
  modbus: modbus.validate.bind(modbus),
  s7: s7.validate.bind(s7),
}
const fileOf = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
const editor = z.fromJSONSchema(configJsonSchema() as Parameters<typeof z.fromJSONSchema>[0])

describe('what is made of the schema', () => {
  it.each(Object.entries(generatedFiles))('is up to date: %s', (path, generate) => {
    expect(fileOf(path) === generate(fileOf(path)), 'run node src/config/generate-json-schema.ts').toBe(true)
  })

  it('explains every setting in the documentation', () => {
    const documentation = fileOf('docs/configuration.md')
    for (const setting of ['alternateHostnames', 'maxRegisters', 'inventoryPeriod', 'wordOrder', 'devEui', 'rack']) {
      expect(documentation).toContain(`| \`${setting}\` |`)
    }
    expect(documentation).not.toContain('undefined')
  })
})

describe('the configurations that come along', () => {
  it.each(['config/penstock.example.yaml', 'config/demo.yaml'])('%s has no problem', (path) => {
    expect(linesOf(fileOf(path), { validators })).toEqual([])
  })

  it.each(['config/penstock.example.yaml', 'config/demo.yaml'])('an editor has nothing against %s', (path) => {
    expect(editor.safeParse(parse(fileOf(path), { merge: true })).error?.issues).toBeUndefined()
  })

  it('the example shows each kind of source', () => {
    const { sources } = parse(fileOf('config/penstock.example.yaml'), { merge: true }) as {
      sources: { kind: string }[]
    }
    expect(sources.map(({ kind }) => kind)).toEqual(['chirpstack', 'modbus', 's7', 'calculated'])
  })
})

describe('an editor', () => {
  it.each([
    ['an unknown setting', { sources: [], opcau: {} }],
    ['a duration without its unit', { sources: [{ key: 's', kind: 'modbus', host: 'h', timeout: 5 }] }],
    ['an unknown kind', { sources: [{ key: 's', kind: 'profinet', host: 'h' }] }],
    ['a setting of another kind', { sources: [{ key: 's', kind: 'modbus', host: 'h', rack: 0 }] }],
    ['a missing setting', { sources: [{ key: 's', kind: 's7' }] }],
  ])('points at %s', (_, value) => {
    expect(editor.safeParse(value).success).toBe(false)
  })

  it('lets blocks stand that are there to be used again', () => {
    expect(editor.safeParse({ 'x-anything': [1], sources: [] }).success).toBe(true)
  })

  it('says what a setting means, what is allowed and what holds without it', () => {
    const text = JSON.stringify(configJsonSchema())
    expect(text).toContain('Modbus unit id of the device. Allowed: a whole number from 1 to 247, or 255')
    expect(text).toContain('Default: the host name of the machine.')
    expect(text).not.toMatch(/"(allowed|otherwise|mend|concealed)":/)
  })
})
