import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { linesOf, load } from './loading.ts'

const SECRET = 'Zq9SecretValue'
/** The settings of all runs together are more than half a megabyte of YAML, written and read again: seconds, on a busy machine many. */
const LARGE_FILES = 60_000

/** Names of settings, so that random files come past the first check often. */
const name = fc.oneof(
  fc.constantFrom(
    ...['gateway', 'opcua', 'http', 'log', 'sources', 'users', 'devices', 'tags', 'key', 'kind', 'name', 'role'],
    ...[
      'port',
      'level',
      'unitId',
      'poll',
      'devEui',
      'range',
      'low',
      'high',
      'security',
      'modes',
      'x-a',
      '<<',
      '__proto__',
    ],
  ),
  fc.string({ maxLength: 6 }),
)
const scalar = fc.oneof(
  fc.constantFrom('modbus', 's7', 'chirpstack', 'Observer', '5s', 'a', 1, 0, null, true, Number.NaN, '', '*a', '&a x'),
  fc.string(),
  fc.double(),
)
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6 },
    scalar,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(name, tie('tree'), { maxKeys: 6 }),
  ),
}))
/** Text with much of what means something to YAML. */
const yamlish = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ': ',
        '- ',
        '\n',
        '  ',
        '\t',
        '&a ',
        '*a',
        '<<: *a',
        '{',
        '}',
        '[',
        ']',
        '"',
        "'",
        '|',
        '>',
        '!',
        '#',
        '?',
        '%',
        '---',
        '\r\n',
      ),
      name,
      fc.string({ unit: 'binary', maxLength: 5 }),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''))

const expectProblemsOrConfig = (text: string) => {
  const loaded = load(text, { requireSecrets: true })
  if (loaded.ok) return
  expect(loaded.problems.length).toBeGreaterThan(0)
  for (const { path, message, mend } of loaded.problems) {
    expect([path, message, mend]).not.toContain('')
    expect(`${message} ${mend}`).not.toContain('undefined')
  }
}

describe('whatever stands in a file', () => {
  it('is loaded or refused in words, never a crash: text that resembles YAML', () => {
    fc.assert(fc.property(yamlish, expectProblemsOrConfig), { numRuns: 1_500 })
  })

  it(
    'is loaded or refused in words, never a crash: settings of any shape',
    () => {
      fc.assert(
        fc.property(fc.dictionary(name, tree, { maxKeys: 6 }), (settings) =>
          expectProblemsOrConfig(stringify(settings)),
        ),
        { numRuns: 1_500 },
      )
    },
    LARGE_FILES,
  )
})

describe('whatever is wrong', () => {
  it('no problem shows a secret of the environment', () => {
    const variable = fc.constantFrom(
      'PENSTOCK_A_PASSWORD',
      'PENSTOCK_A_PASSWORD_FILE',
      'PENSTOCK_S_API_KEY',
      'PENSTOCK_X',
    )
    fc.assert(
      fc.property(fc.array(variable), fc.dictionary(name, tree, { maxKeys: 4 }), (variables, settings) => {
        const env = Object.fromEntries(variables.map((each) => [each, SECRET]))
        const plant = {
          opcua: { users: [{ name: 'a', role: 'Observer' }] },
          sources: [
            { key: 's', kind: 'chirpstack', url: 'http://h', tenantId: '52f14cd4-c6f1-4fbd-8f87-4025e1d49242' },
          ],
          ...settings,
        }
        expect(linesOf(stringify(plant), { env, requireSecrets: true }).join('\n')).not.toContain(SECRET)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    'sources: [{ key: s, kind: chirpstack, url: { length: {} } }]',
    'sources: [{ key: { length: {} }, kind: modbus, devices: { length: {} } }]',
    'opcua: { path: { length: {} }, users: { length: {} }, alternateHostnames: { length: {} } }\nsources: []',
    'opcua: { security: { policies: { length: {} }, modes: { length: [] } } }\nsources: []',
  ])('%s is refused in words', (text) => {
    expect(linesOf(text).length).toBeGreaterThan(0)
  })

  it('no problem shows what stands behind a name that says secret', () => {
    const secretName = fc.constantFrom('password', 'apiKey', 'token', 'clientSecret', 'api_key', 'passphrase')
    const secret = fc.oneof(fc.constant(SECRET), fc.constant([SECRET]), fc.constant({ is: SECRET }))
    fc.assert(
      fc.property(secretName, secret, tree, (setting, value, other) => {
        const user = { name: 'a', role: other, [setting]: value }
        const source = { key: 's', kind: 'chirpstack', url: other, [setting]: value }
        const text = stringify({ [setting]: value, opcua: { users: [user] }, sources: [source] })
        const lines = linesOf(text).join('\n')
        expect(lines).toContain('A secret must not stand in the configuration file.')
        expect(lines).not.toContain(SECRET)
      }),
      { numRuns: 500 },
    )
  })
})
