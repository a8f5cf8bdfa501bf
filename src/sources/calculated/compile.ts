import { isNumeric, shapeName, type ValueShape } from '../../core/data-type.ts'
import type { TagIndex } from '../../core/tag-index.ts'
import { calculations } from './functions.ts'
import { type BinaryOperator, type ExpressionFault, isFault, type Node } from './parse.ts'
import type { Run } from './run.ts'

/** An expression that can be evaluated, with the type of what comes of it, which is the same at all times. */
export type Compiled =
  | { readonly type: 'number'; readonly of: (run: Run) => number }
  | { readonly type: 'boolean'; readonly of: (run: Run) => boolean }
  | { readonly type: 'text'; readonly of: (run: Run) => string }
type ValueType = Compiled['type']

export interface Input extends ValueShape {
  readonly index: TagIndex
}

/** What an input, or the tag itself, has for expressions; undefined: it cannot be calculated with. */
export function valueTypeOf({ type, arrayLength }: ValueShape): ValueType | undefined {
  if (arrayLength !== undefined) return undefined
  if (isNumeric(type)) return 'number'
  if (type === 'Boolean') return 'boolean'
  return type === 'String' ? 'text' : undefined
}

/** The expression bound to its inputs, as functions within functions: nothing of its text is run. */
export function compile(root: Node, inputOf: (id: string) => Input | undefined): Compiled | ExpressionFault {
  switch (root.kind) {
    case 'constant':
      return constant(root.value)
    case 'input':
      return input(root.id, inputOf)
    case 'unary':
      return unary(root, inputOf)
    case 'binary':
      return binary(root, inputOf)
    case 'choice':
      return choice([root.test, root.then, root.otherwise], 'the condition before "?"', inputOf)
    case 'call':
      return call(root, inputOf)
  }
}

type InputOf = (id: string) => Input | undefined
type Of<Kind extends Node['kind']> = Extract<Node, { kind: Kind }>

const number = (of: (run: Run) => number): Compiled => ({ type: 'number', of })
const boolean = (of: (run: Run) => boolean): Compiled => ({ type: 'boolean', of })

function constant(value: number | boolean | string): Compiled {
  if (typeof value === 'number') return number(() => value)
  return typeof value === 'boolean' ? boolean(() => value) : { type: 'text', of: () => value }
}

function input(id: string, inputOf: InputOf): Compiled | ExpressionFault {
  const found = inputOf(id)
  if (!found) return unknownInput(id)
  const { index } = found
  switch (valueTypeOf(found)) {
    case 'number':
      return number((run) => run.number(index))
    case 'boolean':
      return boolean((run) => run.boolean(index))
    case 'text':
      return { type: 'text', of: (run) => run.text(index) }
    default:
      return {
        message: `The tag ${id} is a ${shapeName(found)}, which is not calculated with.`,
        mend: 'Use another tag.',
      }
  }
}

export const unknownInput = (id: string): ExpressionFault => ({
  message: `The plant has no tag ${id}.`,
  mend: 'Correct the key of the device or of the tag, or add the tag.',
})

function unary({ operator, operand }: Of<'unary'>, inputOf: InputOf): Compiled | ExpressionFault {
  const value = compile(operand, inputOf)
  if (isFault(value)) return value
  if (operator === '!') {
    return value.type === 'boolean' ? boolean((run) => !value.of(run)) : wrongType('!', 'boolean', value.type)
  }
  if (value.type !== 'number') return wrongType(operator, 'number', value.type)
  return operator === '+' ? value : number((run) => -value.of(run))
}

function binary({ operator, left, right }: Of<'binary'>, inputOf: InputOf): Compiled | ExpressionFault {
  const [a, b] = [compile(left, inputOf), compile(right, inputOf)]
  if (isFault(a)) return a
  if (isFault(b)) return b
  switch (operator) {
    case '&&':
    case '||':
      return junction(operator, a, b)
    case '==':
    case '!=': {
      if (a.type !== b.type) return mixed(operator, a.type, b.type)
      return operator === '==' ? boolean((run) => a.of(run) === b.of(run)) : boolean((run) => a.of(run) !== b.of(run))
    }
    default:
      if (a.type !== 'number') return wrongType(operator, 'number', a.type)
      if (b.type !== 'number') return wrongType(operator, 'number', b.type)
      return arithmetic(operator, a.of, b.of)
  }
}

/** The right side is only looked at where the left one leaves it open. */
function junction(operator: '&&' | '||', a: Compiled, b: Compiled): Compiled | ExpressionFault {
  if (a.type !== 'boolean') return wrongType(operator, 'boolean', a.type)
  if (b.type !== 'boolean') return wrongType(operator, 'boolean', b.type)
  return operator === '&&' ? boolean((run) => a.of(run) && b.of(run)) : boolean((run) => a.of(run) || b.of(run))
}

type Numbers = (run: Run) => number

function arithmetic(operator: Exclude<BinaryOperator, '&&' | '||' | '==' | '!='>, a: Numbers, b: Numbers): Compiled {
  switch (operator) {
    case '+':
      return number((run) => run.finite(a(run) + b(run), 'the sum'))
    case '-':
      return number((run) => run.finite(a(run) - b(run), 'the difference'))
    case '*':
      return number((run) => run.finite(a(run) * b(run), 'the product'))
    case '/':
      return number((run) => {
        const [dividend, divisor] = [a(run), b(run)]
        return divisor === 0 ? run.fail('division by zero') : run.finite(dividend / divisor, 'the division')
      })
    case '%':
      return number((run) => {
        const [dividend, divisor] = [a(run), b(run)]
        return divisor === 0 ? run.fail('division by zero') : dividend % divisor
      })
    case '**':
      return number((run) => run.finite(a(run) ** b(run), 'the power'))
    case '<':
      return boolean((run) => a(run) < b(run))
    case '<=':
      return boolean((run) => a(run) <= b(run))
    case '>':
      return boolean((run) => a(run) > b(run))
    case '>=':
      return boolean((run) => a(run) >= b(run))
  }
}

function choice(parts: readonly [Node, Node, Node], what: string, inputOf: InputOf): Compiled | ExpressionFault {
  const [test, then, otherwise] = [compile(parts[0], inputOf), compile(parts[1], inputOf), compile(parts[2], inputOf)]
  if (isFault(test)) return test
  if (isFault(then)) return then
  if (isFault(otherwise)) return otherwise
  if (test.type !== 'boolean') return wrongType(what, 'boolean', test.type)
  const holds = test.of
  if (then.type === 'number' && otherwise.type === 'number') {
    return number((run) => (holds(run) ? then.of(run) : otherwise.of(run)))
  }
  if (then.type === 'boolean' && otherwise.type === 'boolean') {
    return boolean((run) => (holds(run) ? then.of(run) : otherwise.of(run)))
  }
  if (then.type === 'text' && otherwise.type === 'text') {
    return { type: 'text', of: (run) => (holds(run) ? then.of(run) : otherwise.of(run)) }
  }
  return mixed('a choice', then.type, otherwise.type)
}

function call({ name, arguments: given }: Of<'call'>, inputOf: InputOf): Compiled | ExpressionFault {
  const [first, second, third] = given
  if (name === 'if') return choice([first as Node, second as Node, third as Node], 'the condition of if', inputOf)
  if (name === 'good' || name === 'valid' || name === 'age') return ofInput(name, first as Node, inputOf)
  const numbers: Numbers[] = []
  for (const each of given) {
    const value = compile(each, inputOf)
    if (isFault(value)) return value
    if (value.type !== 'number') return wrongType(name, 'number', value.type)
    numbers.push(value.of)
  }
  return name === 'bit' ? bit(numbers[0] as Numbers, numbers[1] as Numbers) : calculation(name, numbers)
}

function calculation(name: string, numbers: readonly Numbers[]): Compiled | ExpressionFault {
  const known = calculations.get(name)
  if (!known) return { message: `There is no function ${name}.`, mend: 'Correct its name.' }
  const [a, b] = numbers
  if (numbers.length === 1 && a) return number((run) => run.finite(known.of(a(run)), name))
  if (numbers.length === 2 && a && b) return number((run) => run.finite(known.of(a(run), b(run)), name))
  return number((run) => run.finite(known.of(...numbers.map((each) => each(run))), name))
}

/** Bit 0 is the least significant. Of a whole number from -2^53 to 2^53, a negative one as two's complement. */
const bit = (value: Numbers, position: Numbers): Compiled =>
  boolean((run) => {
    const [whole, at] = [value(run), position(run)]
    if (!Number.isSafeInteger(whole) || !Number.isInteger(at) || at < 0 || at > 63) {
      return run.fail('bit takes a whole number and a position from 0 to 63') === 1
    }
    return ((BigInt.asUintN(64, BigInt(whole)) >> BigInt(at)) & 1n) === 1n
  })

/** What is asked of an input itself, whatever its value. */
function ofInput(name: 'good' | 'valid' | 'age', node: Node, inputOf: InputOf): Compiled | ExpressionFault {
  if (node.kind !== 'input') {
    return { message: `${name} takes a tag, not what is calculated.`, mend: `Write ${name}([device key/tag key]).` }
  }
  const found = inputOf(node.id)
  if (!found) return unknownInput(node.id)
  const { index } = found
  if (name === 'age') return number((run) => run.age(index))
  return name === 'good' ? boolean((run) => run.isGood(index)) : boolean((run) => run.isValid(index))
}

const inWords: Readonly<Record<ValueType, string>> = { number: 'a number', boolean: 'true or false', text: 'a text' }

const wrongType = (where: string, wanted: ValueType, found: ValueType): ExpressionFault => ({
  message: `${where} takes ${inWords[wanted]}, not ${inWords[found]}.`,
  mend: wanted === 'number' && found === 'boolean' ? 'Write for example if(x, 1, 0).' : 'Correct the expression.',
})

const mixed = (where: string, one: ValueType, other: ValueType): ExpressionFault => ({
  message: `${where} takes two values of one type, not ${inWords[one]} and ${inWords[other]}.`,
  mend: 'Correct the expression.',
})
