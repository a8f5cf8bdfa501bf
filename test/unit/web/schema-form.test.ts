import { describe, expect, it } from 'vitest'
import { configFormSchema } from '../../../src/config/json-schema.ts'
import { keyFor } from '../../../src/config/key-for.ts'
import { placeOf } from '../../../web/src/configuration/place.ts'
import {
  fieldsOf,
  givenSetting,
  hintOf,
  isMeant,
  type JsonSchema,
  schemaOfThing,
  withSetting,
} from '../../../web/src/configuration/schema.ts'

const root = configFormSchema() as JsonSchema
const TAG = 'sources/line/devices/pump/tags/level'
const schemaAt = (at: string, kind: string): JsonSchema => {
  const found = schemaOfThing(root, at, kind)
  if (!found) throw new Error(`There is no schema at ${at}`)
  return found
}
const fieldOf = (at: string, kind: string, name: string) => {
  const { main, more } = fieldsOf(schemaAt(at, kind))
  const field = [...main, ...more].find((each) => each.name === name)
  if (!field) throw new Error(`There is no field ${name}`)
  return field
}

describe('the form of a thing', () => {
  it.each([
    ['sources/new', 'modbus', ['key', 'name', 'transport', 'host', 'port', 'serial', 'disabled']],
    ['sources/new', 's7', ['key', 'name', 'host', 'port', 'rack', 'slot', 'disabled']],
    ['sources/new', 'chirpstack', ['key', 'name', 'url', 'tenantId', 'disabled']],
    ['sources/line/devices/new', 'modbus', ['key', 'name', 'unitId', 'poll', 'folder', 'history', 'disabled']],
    [TAG, 'calculated', ['key', 'name', 'type', 'expression', 'unit', 'history', 'disabled']],
  ])('begins with what people look for first: %s of %s', (at, kind, names) => {
    expect(fieldsOf(schemaAt(at, kind)).main.map(({ name }) => name)).toEqual(names)
  })

  it('has every setting but the things that have forms of their own', () => {
    const { main, more } = fieldsOf(schemaAt('sources/line/devices/pump', 'modbus'))
    const names = Object.keys(schemaAt('sources/line/devices/pump', 'modbus').properties ?? {})
    expect([...main, ...more].map(({ name }) => name).toSorted()).toEqual(
      names.filter((name) => name !== 'tags' && name !== 'commands').toSorted(),
    )
  })

  it('says what holds without a setting, or how it would look', () => {
    expect(hintOf(fieldOf('sources/new', 'modbus', 'timeout').schema)).toEqual({ preset: '1s' })
    expect(hintOf(fieldOf(TAG, 'modbus', 'poll').schema)).toEqual({ preset: 'as the device' })
    expect(hintOf(fieldOf(TAG, 'modbus', 'address').schema)).toEqual({ example: 'holding:100' })
  })

  it('gives settings as they are written: numbers as numbers, texts as texts', () => {
    expect(givenSetting('502', fieldOf('sources/new', 'modbus', 'port'))).toBe(502)
    expect(givenSetting('5o2', fieldOf('sources/new', 'modbus', 'port'))).toBe('5o2')
    expect(givenSetting('5 %', fieldOf(TAG, 'modbus', 'deadband'))).toBe('5 %')
    expect(givenSetting('0.5', fieldOf(TAG, 'modbus', 'deadband'))).toBe(0.5)
    expect(givenSetting('12', fieldOf(TAG, 'modbus', 'name'))).toBe('12')
    expect(givenSetting(' ', fieldOf(TAG, 'modbus', 'name'))).toBeUndefined()
    expect(givenSetting('{"0":"Off"}', fieldOf(TAG, 'modbus', 'states'))).toEqual({ 0: 'Off' })
  })

  it('has forms of their own for things in lists, and values that may be of any kind', () => {
    const command = (name: string) => fieldOf('sources/line/devices/pump/commands/fill', 'modbus', name)
    expect([command('parameters').kind, command('writes').kind]).toEqual(['list', 'list'])
    expect(fieldOf(TAG, 'modbus', 'aggregates').kind).toBe('list')
    expect(
      fieldsOf(fieldOf(TAG, 'modbus', 'aggregates').schema.items ?? {}).more.find(({ name }) => name === 'functions')
        ?.kind,
    ).toBe('choices')
    const constant = [...fieldsOf(command('writes').schema.items ?? {}).main].find(({ name }) => name === 'value')
    expect(constant && ['true', '21.5', '$to'].map((text) => givenSetting(text, constant))).toEqual([true, 21.5, '$to'])
    expect(
      fieldsOf(schemaAt('sources/new', 'chirpstack').properties?.rules?.items ?? {}).more.map(({ name }) => name),
    ).toContain('tags')
  })

  it('leaves out what is empty, and asks for a serial line only where there is one', () => {
    expect(withSetting({ a: 1, b: 2 }, 'b', undefined)).toEqual({ a: 1 })
    expect(withSetting({ a: 1 }, 'range', {})).toEqual({ a: 1 })
    expect(isMeant('serial', { kind: 'modbus' })).toBe(false)
    expect(isMeant('serial', { kind: 'modbus', transport: 'rtu' })).toBe(true)
    expect(isMeant('host', { kind: 'modbus', transport: 'rtu' })).toBe(false)
    expect(isMeant('host', { kind: 'modbus', transport: 'rtu', host: 'left over' })).toBe(true)
  })

  it('makes keys of names', () => {
    expect(keyFor('Größe des Kessels 1')).toBe('grosse-des-kessels-1')
    expect(keyFor('<img src=x>')).toBe('img-src-x')
    expect(keyFor('???')).toBeUndefined()
    expect(placeOf(TAG)).toEqual({
      at: TAG,
      what: 'tag',
      above: [
        { at: 'sources/line', key: 'line' },
        { at: 'sources/line/devices/pump', key: 'pump' },
      ],
    })
  })
})
