import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { importFormats, UnreadableImport } from '../../../../src/config/imports/imported.ts'
import { KeyBook } from '../../../../src/config/imports/key-book.ts'
import { keyPattern } from '../../../../src/config/names.ts'
import { EMPTY, imported, judge, kepChannel, kepDevice, kepTag, S7, scaling, TCP } from './importing.ts'

const CSV = 'Tag Name,Address,Data Type,Scan Rate,Scaling,Raw Low,Raw High,Scaled Low,Scaled High\n'
const DEVICE = 'sources: [{ key: a, kind: modbus, host: h, devices: [{ key: d, unitId: 1 }] }]\n'
const hostile = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    '<img src=x onerror=1>',
    '=1+1',
    '../../etc/passwd',
    '\u0000\u001b[2J',
    '\ud800',
    '$value',
    '*a',
    '!!js',
    'ß'.repeat(300),
  ),
)
const address = fc.oneof(
  hostile,
  fc.constantFrom(
    '400001',
    '400001.3',
    '400001.20H',
    'DB1,REAL4',
    'DB1.DBX0.9',
    'T99999',
    '4000019',
    'H4ZZZZ',
    '400001 [0]',
    '400001 [1001]',
    'MW99999',
    'DB99999,X1.1',
  ),
)
const number = fc.oneof(fc.double(), fc.constantFrom(0, 1, -1, 1e308, Number.MAX_SAFE_INTEGER), fc.integer())
const tag = fc
  .tuple(
    hostile,
    address,
    fc.oneof(fc.integer({ min: -2, max: 36 }), number),
    number,
    fc.tuple(number, number),
    fc.tuple(number, number),
    fc.boolean(),
  )
  .map(([name, at, type, rate, raw, value, isScaled]) =>
    kepTag(name, at, type, {
      'servermain.TAG_SCAN_RATE_MILLISECONDS': rate,
      'servermain.TAG_READ_WRITE_ACCESS': 1,
      ...(isScaled ? scaling(raw, value) : {}),
    }),
  )
const channel = fc
  .tuple(
    hostile,
    fc.constantFrom(TCP, S7),
    hostile,
    fc.constantFrom('<10.0.0.1>.1', '10.0.0.2', '<a b>.999', ''),
    fc.array(tag, { maxLength: 4 }),
    fc.dictionary(
      fc.constantFrom(
        'modbus_ethernet.DEVICE_FIRST_WORD_LOW',
        'servermain.DEVICE_MODEL',
        'x.DEVICE_S7_COMMUNICATIONS_CPU_SLOT',
        'servermain.DEVICE_REQUEST_TIMEOUT_MILLISECONDS',
        'modbus_ethernet.DEVICE_HOLDING_REGISTERS',
      ),
      fc.anything(),
    ),
  )
  .map(([name, driver, device, id, tags, more]) => kepChannel(name, driver, [kepDevice(device, id, tags, more)]))

describe('whatever stands in a file', () => {
  it('of KEPServerEX, each tag is there or is said to be left out, and the configuration is right', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(channel, { minLength: 1, maxLength: 2 }), async (channels) => {
        const file = JSON.stringify({ project: { channels } })
        const made = await imported({ format: 'kepware-json', file, text: EMPTY })
        expect(judge(made.text)).toEqual([])
        const inFile = channels
          .flatMap(({ devices }) => devices as { tags: unknown[] }[])
          .reduce((sum, { tags }) => sum + tags.length, 0)
        const isSaid = made.notes.some(({ kind, message }) => kind === 'leftOut' && /All|with all/.test(message))
        const leftOut = made.notes.filter(({ kind }) => kind === 'leftOut').length
        if (!isSaid) expect(made.counts.tags + leftOut).toBe(inFile)
        const again = await imported({ format: 'kepware-json', file, text: made.text })
        expect(again.counts.sources).toBe(0)
      }),
      { numRuns: 25 },
    )
  })

  it('it is read, or refused as unreadable, and nothing else', async () => {
    const part = fc.oneof(
      hostile,
      fc.json({ maxDepth: 3 }),
      fc.constantFrom(
        '{"project":{"channels":[',
        '[chirpstack]\n',
        '[[application]]\n',
        'tenant_id = 1\n',
        CSV,
        '"',
        '\n',
        ',',
        '[[',
        '{',
        '}',
      ),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...importFormats), fc.array(part, { maxLength: 6 }), async (format, parts) => {
        try {
          const made = await imported({ format, file: parts.join(''), text: DEVICE, device: 'd' })
          expect(judge(made.text)).toEqual([])
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableImport)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('groups that nest without end are left out', async () => {
    const open = '{"tag_groups":['.repeat(3_000)
    const file = `{"servermain.DEVICE_ID_STRING":"<10.0.0.1>.1","servermain.MULTIPLE_TYPES_DEVICE_DRIVER":"${TCP}","tag_groups":[${open}${']}'.repeat(3_000)}]}`
    const made = await imported({ format: 'kepware-json', file })
    expect(made.said).toContainEqual(expect.stringMatching(/nested too deeply/))
  })

  it('names become keys of their own', () => {
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 20 }), (names) => {
        const book = new KeyBook()
        const keys = names.map((name) => book.take(name, 'tag'))
        expect(new Set(keys).size).toBe(names.length)
        for (const key of keys) expect(key).toMatch(keyPattern)
      }),
      { numRuns: 100 },
    )
  })
})
