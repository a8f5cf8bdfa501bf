import { describe, expect, it } from 'vitest'
import { StatusCode } from '../../../../src/core/status-code.ts'
import { formula, RunningCalculation } from '../../../support/calculated-plant.ts'
import { aTag } from '../../../support/small-plant.ts'

const flow = aTag('flow')
const supply = aTag('supply')
const back = aTag('back')
const running = aTag('running', { type: 'Boolean' })

/** The value of one formula for inputs of these values. */
async function resultOf(
  expression: string,
  inputs: Record<string, unknown>,
  type: 'Double' | 'Boolean' | 'String' = 'Double',
) {
  const typeFor = { number: 'Double', boolean: 'Boolean', string: 'String', bigint: 'Int64' } as const
  const tags = Object.entries(inputs).map(([key, value]) => aTag(key, { type: typeFor[typeof value as 'number'] }))
  const plant = new RunningCalculation(tags, [formula('x', expression, { type })])
  for (const [key, value] of Object.entries(inputs)) await plant.say(key, value)
  const [value, status] = plant.seen('sums/x')
  return status === 'Good' ? value : status
}

describe('an expression', () => {
  it.each([
    ['[boiler-1/a] * 3.6', { a: 10 }, 36],
    ['[boiler-1/a]-[boiler-1/b]', { a: 10, b: 4 }, 6],
    ['-[boiler-1/a] + 2 ** 3 % 5', { a: 10 }, -7],
    ['(1 + [boiler-1/a]) * 2', { a: 10 }, 22],
    ['[boiler-1/a] > 5 && !([boiler-1/b] <= 3) ? 1 : 2', { a: 10, b: 4 }, 1],
    ['if([boiler-1/on], [boiler-1/a], 0)', { on: false, a: 10 }, 0],
    ['min([boiler-1/a], 3, 7) + max([boiler-1/a], 3) + abs(-2)', { a: 5 }, 10],
    ['round([boiler-1/a] / 3, 2)', { a: 10 }, 3.33],
    ['round(-2.5) + floor(1.9) + ceil(1.1)', {}, 0],
    ['sqrt([boiler-1/a]) + pow(2, 3) + ln(exp(1)) + log10(1000)', { a: 16 }, 16],
    ['clamp([boiler-1/a], 0, 100)', { a: 130 }, 100],
    ['bit([boiler-1/a], 3) ? 1 : 0', { a: 8 }, 1],
    ['[boiler-1/mode] == "auto" ? 1 : 0', { mode: 'auto' }, 1],
    ['[boiler-1/total] / 1000', { total: 9_000n }, 9],
    ['\'[boiler-1/a]\' == "[boiler-1/a]" ? 1 : 0', {}, 1],
  ])('%s of %o is %d', async (expression, inputs, value) => {
    expect(await resultOf(expression, inputs)).toBe(value)
  })

  it.each([
    ['[boiler-1/a] / [boiler-1/b]', { a: 1, b: 0 }],
    ['[boiler-1/a] / [boiler-1/b] > 5 ? 1 : 0', { a: 1, b: 0 }],
    ['[boiler-1/a] % [boiler-1/b]', { a: 1, b: 0 }],
    ['sqrt([boiler-1/a])', { a: -1 }],
    ['ln([boiler-1/a])', { a: 0 }],
    ['exp([boiler-1/a])', { a: 1_000 }],
    ['[boiler-1/a] * 1e300 * 1e300', { a: 1 }],
    ['bit([boiler-1/a], 0) ? 1 : 0', { a: 0.5 }],
    ['round([boiler-1/a], 99)', { a: 0.5 }],
    ['[boiler-1/a] - 9007199254740992', { a: 2n ** 53n + 1n }],
  ])('%s of %o has no result, which is out of range, never a number', async (expression, inputs) => {
    expect(await resultOf(expression, inputs)).toBe('BadOutOfRange')
  })

  it('with a result that its tag cannot hold is a decoding error, and says so', async () => {
    const plant = new RunningCalculation([flow], [formula('x', '[boiler-1/flow] / 2', { type: 'Int16' })])
    await plant.say('flow', 3)
    expect(plant.seen('sums/x')[1]).toBe('BadDecodingError')
    expect(plant.context.devices.get('sums')?.reason).toBe('x: the result 1.5 is no Int16')
  })

  it('that divides by zero says so on its device, until it has a result again', async () => {
    const plant = new RunningCalculation([flow], [formula('x', '1 / [boiler-1/flow]')])
    await plant.say('flow', 0)
    const reason = plant.context.devices.get('sums')?.reason
    await plant.say('flow', 4)
    expect([reason, plant.context.devices.get('sums')?.reason]).toEqual(['x: division by zero', ''])
    expect(plant.seen('sums/x')).toEqual([0.25, 'Good'])
  })

  it('looks at a branch only when it is taken', async () => {
    const inputs = { a: 1, b: 0 }
    expect(await resultOf('[boiler-1/b] == 0 ? -1 : [boiler-1/a] / [boiler-1/b]', inputs)).toBe(-1)
  })
})

describe('the status of a calculated tag', () => {
  const sum = formula('sum', '[boiler-1/supply] + [boiler-1/back]')

  it('waits while an input waits', async () => {
    const plant = new RunningCalculation([supply, back], [sum])
    await plant.say('supply', 60)
    expect(plant.seen('sums/sum')[1]).toBe('BadWaitingForInitialData')
  })

  it('is Bad as an input is, and Uncertain as one is', async () => {
    const plant = new RunningCalculation([supply, back], [sum])
    await plant.say('supply', 60)
    await plant.say('back', 40)
    plant.pipeline.lost([plant.tag('boiler-1/back').index])
    await plant.clock.advance(10)
    const uncertain = plant.seen('sums/sum')
    await plant.fail('supply', StatusCode.BadSensorFailure)
    expect([uncertain, plant.seen('sums/sum')]).toEqual([
      [100, 'UncertainNoCommunicationLastUsableValue'],
      [100, 'BadSensorFailure'],
    ])
  })

  it('is that of the inputs that the value came from', async () => {
    const best = formula('best', 'good([boiler-1/supply]) ? [boiler-1/supply] : [boiler-1/back]')
    const plant = new RunningCalculation([supply, back], [best])
    await plant.say('back', 40)
    await plant.say('supply', 60)
    await plant.fail('supply', StatusCode.BadSensorFailure)
    const spare = plant.seen('sums/best')
    await plant.say('supply', 61)
    expect([spare, plant.seen('sums/best')]).toEqual([
      [40, 'Good'],
      [61, 'Good'],
    ])
  })

  it('can be asked for: an Uncertain input is valid, and not good', async () => {
    const plant = new RunningCalculation(
      [flow],
      [
        formula('good', 'good([boiler-1/flow])', { type: 'Boolean' }),
        formula('valid', 'valid([boiler-1/flow])', { type: 'Boolean' }),
      ],
    )
    await plant.say('flow', 1)
    plant.pipeline.lost([plant.tag('boiler-1/flow').index])
    await plant.clock.advance(10)
    expect([plant.seen('sums/good'), plant.seen('sums/valid')]).toEqual([
      [false, 'Good'],
      [true, 'Good'],
    ])
  })
})

describe('the source time of a calculated tag', () => {
  it('is that of its newest input', async () => {
    const plant = new RunningCalculation([supply, back], [formula('sum', '[boiler-1/supply] + [boiler-1/back]')])
    const now = plant.clock.now()
    await plant.say('supply', 60, now - 5_000)
    await plant.say('back', 40, now - 9_000)
    // A waiting input had no time of its own, so the tag was Bad as of then, and a value is never older than that.
    expect(plant.timeOf('sums/sum')).toBe(now)
    await plant.say('back', 41, now + 500)
    await plant.say('supply', 61, now + 200)
    expect([plant.seen('sums/sum')[0], plant.timeOf('sums/sum')]).toEqual([102, now + 500])
  })
})

describe('a round of calculating', () => {
  it('takes what changed together as one, and each tag behind what it needs', async () => {
    const plant = new RunningCalculation(
      [supply, back],
      [
        formula('double', '[sums/sum] * 2'),
        formula('sum', '[boiler-1/supply] + [boiler-1/back]'),
        formula('check', '[sums/double] - [boiler-1/supply]'),
      ],
    )
    await plant.say('supply', 1)
    await plant.say('back', 2)
    plant.told.length = 0
    for (const [key, value] of [
      ['supply', 10],
      ['back', 20],
    ] as const) {
      plant.pipeline.polled(plant.tag(`boiler-1/${key}`).index, value)
    }
    await plant.clock.advance(10)
    expect(plant.told).toEqual(['sum 30 Good', 'double 60 Good', 'check 50 Good'])
  })

  it('leaves alone what has no changed input, and says nothing where nothing has changed', async () => {
    const plant = new RunningCalculation(
      [supply, back],
      [formula('a', '[boiler-1/supply]'), formula('b', '[boiler-1/back]')],
    )
    await plant.say('supply', 1)
    await plant.say('back', 1)
    plant.told.length = 0
    plant.pipeline.polled(plant.tag('boiler-1/supply').index, 2)
    await plant.clock.advance(10)
    expect(plant.told).toEqual(['a 2 Good'])
  })

  it('comes with time alone where an age is asked for', async () => {
    const plant = new RunningCalculation([flow], [formula('age', 'age([boiler-1/flow])')])
    await plant.say('flow', 1)
    await plant.clock.advance(3_000)
    const [age, status] = plant.seen('sums/age')
    expect([Math.floor(age as number), status]).toEqual([3, 'Good'])
  })

  it('ends when the source stops', async () => {
    const plant = new RunningCalculation([flow], [formula('x', '[boiler-1/flow]')])
    await plant.say('flow', 1)
    await plant.source.stop()
    expect(plant.context.state).toBe('stopped')
    await plant.say('flow', 2)
    expect(plant.seen('sums/x')).toEqual([1, 'Good'])
    plant.source.start()
    expect(plant.seen('sums/x')).toEqual([2, 'Good'])
    expect(plant.context.state).toBe('connected')
  })
})

describe('a plant that changes', () => {
  const x = formula('x', '[boiler-1/flow] * 2')

  it('without the input makes the tag a configuration error in words, which heals when it is back', async () => {
    const plant = new RunningCalculation([flow, supply], [x])
    await plant.say('flow', 1)
    plant.change([supply], [x])
    const gone = [plant.seen('sums/x')[1], plant.context.state, plant.context.states.at(-1)?.reason]
    plant.change([supply, flow], [x])
    await plant.say('flow', 4)
    expect(gone).toEqual(['BadConfigurationError', 'degraded', 'sums/x: The plant has no tag boiler-1/flow.'])
    expect([plant.seen('sums/x'), plant.context.state]).toEqual([[8, 'Good'], 'connected'])
  })

  it('may give the input another type: what cannot be calculated says so, what can goes on', async () => {
    const plant = new RunningCalculation([flow], [x])
    plant.change([aTag('flow', { type: 'String' })], [x])
    const text = [plant.seen('sums/x')[1], plant.context.states.at(-1)?.reason]
    plant.change([aTag('flow', { type: 'Int32' })], [x])
    await plant.say('flow', 21)
    expect(text).toEqual(['BadConfigurationError', 'sums/x: * takes a number, not a text.'])
    expect(plant.seen('sums/x')).toEqual([42, 'Good'])
  })

  it('may take an input out of service', async () => {
    const plant = new RunningCalculation([flow], [x])
    await plant.say('flow', 1)
    plant.change([aTag('flow', { disabled: true })], [x])
    await plant.clock.advance(10)
    expect(plant.seen('sums/x')[1]).toBe('BadOutOfService')
  })
})

it('tags that need one another are refused when the source is made', () => {
  const make = () => new RunningCalculation([], [formula('a', '[sums/b]'), formula('b', '[sums/a]')])
  expect(make).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
})

it('a Boolean stays one', async () => {
  const plant = new RunningCalculation(
    [running, flow],
    [formula('dry', '[boiler-1/running] && [boiler-1/flow] < 0.5', { type: 'Boolean' })],
  )
  await plant.say('running', true)
  await plant.say('flow', 0.2)
  expect(plant.seen('sums/dry')).toEqual([true, 'Good'])
})
