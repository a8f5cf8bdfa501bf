import { describe, expect, it } from 'vitest'
import { validateCalculated } from '../../../src/sources/calculated/validate.ts'
import { validateInputs } from '../../../src/sources/calculated/validate-inputs.ts'
import { configOf, linesOf } from './loading.ts'

const validators = { calculated: validateCalculated, inputs: validateInputs }

const plant = (tags: string, more = '') => `
sources:
  - key: line
    kind: modbus
    host: 127.0.0.1
    devices:
      - key: boiler-1
        unitId: 1
        tags:
          - { key: flow, type: Double, address: 'holding:0' }
          - { key: label, type: String, length: 4, address: 'holding:10' }
          - { key: runs, type: Boolean, address: 'coil:0' }
${more}
  - key: balance
    kind: calculated
    devices:
      - key: sums
        tags:
${tags}
`
const tag = (key: string, expression: string, type = 'Double') =>
  `          - { key: ${key}, type: ${type}, expression: '${expression}' }`
const problemsOf = (tags: string, more?: string) => linesOf(plant(tags, more), { validators })

it('a calculated tag is a tag like others, without an address', () => {
  const { sources } = configOf(plant(tag('hourly', '[boiler-1/flow] * 3.6')), { validators })
  expect(sources[1]?.devices[0]?.tags[0]).toMatchObject({
    key: 'hourly',
    type: 'Double',
    address: '[boiler-1/flow] * 3.6',
  })
})

describe('a configuration is refused', () => {
  it.each([
    ['no expression', tag('x', '[boiler-1/flow] *'), 'It is no expression'],
    ['an unknown function', tag('x', 'sum([boiler-1/flow])'), 'There is no such function, "sum"'],
    ['an unknown tag', tag('x', '[boiler-1/flwo] * 2'), 'The plant has no tag boiler-1/flwo. Write [boiler-1/flow].'],
    ['an unknown device', tag('x', '[kiln/flow] * 2'), 'The plant has no tag kiln/flow.'],
    ['text in a sum', tag('x', '[boiler-1/label] + 1'), '+ takes a number, not a text.'],
    ['a Boolean in a sum', tag('x', '[boiler-1/runs] * 2'), 'if(x, 1, 0)'],
    ['a number as condition', tag('x', '[boiler-1/flow] ? 1 : 2'), 'takes true or false, not a number'],
    ['two types in a choice', tag('x', 'if([boiler-1/runs], 1, "off")'), 'two values of one type'],
    ['a number in a Boolean', tag('x', '[boiler-1/flow]', 'Boolean'), 'which a tag of type Boolean cannot hold'],
    ['a quality of what is calculated', tag('x', 'good([boiler-1/flow] + 1)', 'Boolean'), 'good takes a tag'],
    ['itself', tag('x', '[sums/x] + 1'), 'It is calculated of itself: sums/x needs sums/x.'],
    ['a prototype', tag('x', '[boiler-1/flow].constructor'), 'not part of expressions'],
    [
      'an address',
      "          - { key: x, type: Double, expression: '1', address: a }",
      'There is no such setting here.',
    ],
    [
      'a transform',
      "          - { key: x, type: Double, expression: '1', transform: {} }",
      'There is no such setting here.',
    ],
  ])('with %s, with the line and what to do', (_what, tags, words) => {
    const [problem, ...others] = problemsOf(tags)
    expect([problem, others]).toEqual([expect.stringContaining(words), []])
    expect(problem).toMatch(/^line 19: sources\[1\]\.devices\[0\]\.tags\[0\]/)
  })

  it('with tags that need one another, naming the chain', () => {
    const tags = [
      tag('a', '[sums/b] + 1'),
      tag('b', 'max([sums/c], [boiler-1/flow])'),
      tag('c', '[sums/a]'),
      tag('d', '[sums/a]'),
    ]
    expect(problemsOf(tags.join('\n'))).toEqual([
      expect.stringContaining('sums/a needs sums/b needs sums/c needs sums/a'),
    ])
  })

  it('for a wrong type although another source is wrong, which may have the inputs that are not there', () => {
    const wrong = '  - { key: other, kind: modbus, devices: [] }'
    const problems = problemsOf([tag('x', '[kiln/flow]'), tag('y', '[boiler-1/label] + 1')].join('\n'), wrong)
    expect(problems).toEqual([expect.stringContaining('sources[1].host'), expect.stringContaining('+ takes a number')])
  })
})

describe('a device that rules may find', () => {
  const found = (rules: string) => `
  - key: lora
    kind: chirpstack
    url: http://127.0.0.1:8080
    tenantId: 52f14cd4-c6f1-4fbd-8f87-4025e1d49242
    devices: [{ key: hall, devEui: '24e124136d123456', tags: [{ key: temperature, type: Double, address: object.t }] }]
    ${rules}`
  const expression = tag('x', '[em300-7/temperature] - [hall/temperature]')

  it('may be an input before it is found', () => {
    expect(problemsOf(expression, found('rules: [{ template: auto }]'))).toEqual([])
  })

  it('is missing where there are no rules', () => {
    expect(problemsOf(expression, found(''))).toEqual([expect.stringContaining('em300-7/temperature')])
  })

  it('has not the tags of a device that is configured', () => {
    const problems = problemsOf(tag('x', '[hall/humidity]'), found('rules: [{ template: auto }]'))
    expect(problems).toEqual([expect.stringContaining('hall/humidity')])
  })

  it('is not needed for the standard tags of a device', () => {
    expect(problemsOf(tag('x', '[hall/link-rssi] + 1'), found(''))).toEqual([])
  })
})
