import type { Edit } from '../../src/config/edit.ts'

/** Something of a configuration, with where an edit finds it. */
interface Spot {
  readonly path: readonly string[]
  readonly value: unknown
}

/** Values that settings are given wherever they may stand, right or wrong there. */
const settings: readonly (readonly [string, readonly unknown[]])[] = [
  ['template', ['climate', 'counter', 'none']],
  ['linkTags', [true, false]],
  ['disabled', [true, false]],
  ['folder', ['Yard', 'Yard/North', 'Hall 1']],
  ['name', ['Anew', 'Otherwise']],
  ['unit', ['bar', 'kWh']],
  ['poll', ['slow', 'own', '100ms', 'gone']],
  ['staleAfter', ['1s', '10m']],
  ['history', ['change', 'off']],
  ['pollGroups', [{ slow: '2m' }, { fast: '1s', own: '1s' }]],
  ['address', ['holding:1', 'input:1', 'object.x', 'DB1,REAL8']],
  ['type', ['Int16', 'Float', 'String', 'Boolean']],
  ['unitId', [1, 2, 3]],
  ['devEui', ['24e124136d123456', '24e124136d12aaa1']],
  ['gatewayId', ['24e124136d123458']],
  ['key', ['pump', 'fan', 'hall', 'flow', 'new', 'stop', 'line']],
  ['access', ['read', 'readWrite']],
  ['states', [['Off', 'On'], undefined]],
  ['aggregates', [[{ window: '1h', functions: ['average'] }], []]],
  ['accepted', [['24e124136d12aaa1']]],
  ['rejected', [['24e124136d12aaa1'], []]],
  ['rules', [[{ template: 'counter' }], []]],
  ['kind', ['modbus', 's7', 'calculated', 'chirpstack']],
  ['expression', ['[pump/flow]', '[hall/temperature]', '1 +', '[all/both]']],
]
const odd: readonly unknown[] = [null, 0, -1, '', 'slow', 'pump', true, [], {}, '1s', 'Double', 'holding:1']

/** Edits of a configuration, drawn at random: settings and elements that go, come, change their place or their value. */
export class RandomEdits {
  readonly #random: () => number
  /** What stood in it at first, which comes again elsewhere. */
  readonly #pool: readonly Spot[]

  constructor(random: () => number, first: unknown) {
    this.#random = random
    this.#pool = spotsOf(first)
  }

  /** From 0 up to `most`, which is left out. */
  number(most: number): number {
    return Math.floor(this.#random() * most)
  }

  /** One or two edits of a configuration with these values. */
  of(configuration: unknown): Edit[] {
    return Array.from({ length: 1 + this.number(2) }, () => this.#edit(spotsOf(configuration)))
  }

  #edit(spots: readonly Spot[]): Edit {
    const { path } = this.#pick(spots)
    const way = this.number(10)
    if (way === 0) return { remove: path }
    if (way === 1) return { set: path, value: this.#pick(odd) }
    if (way <= 3) return { set: path, value: this.#pick(this.#like(path, spots)).value }
    if (way <= 7) {
      const groups = spots.filter(
        ({ value, path: [top] }) => isGroup(value) && ['sources', 'templates'].includes(top ?? ''),
      )
      const [name, values] = this.#pick(settings)
      const group = groups.length === 0 ? path : this.#pick(groups).path
      const value = this.#pick(values)
      return value === undefined ? { remove: [...group, name] } : { set: [...group, name], value }
    }
    const elements = spots.filter(({ value }) => isGroup(value) && typeof value.key === 'string')
    if (elements.length === 0) return { remove: path }
    const { path: at, value } = this.#pick(elements)
    const copy = { ...(value as object), key: `n${this.number(5)}` }
    if ('unitId' in copy) copy.unitId = 3 + this.number(6)
    if ('devEui' in copy) copy.devEui = `24e124136d1299${10 + this.number(9)}`
    return { add: at.slice(0, -1), value: copy }
  }

  #like(path: readonly string[], spots: readonly Spot[]): readonly Spot[] {
    return [...this.#pool, ...spots].filter((spot) => spot.path.at(-1) === path.at(-1))
  }

  #pick<Value>(values: readonly Value[]): Value {
    return values[this.number(values.length)] as Value
  }
}

const isGroup = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function spotsOf(value: unknown, path: readonly string[] = []): Spot[] {
  const below = Array.isArray(value)
    ? value.flatMap((each: unknown) =>
        isGroup(each) && typeof each.key === 'string' ? [[each.key, each] as const] : [],
      )
    : isGroup(value)
      ? Object.entries(value)
      : []
  return below.flatMap(([name, each]) => [{ path: [...path, name], value: each }, ...spotsOf(each, [...path, name])])
}
