import jsep, { type Expression } from 'jsep'
import { nearest } from '../../core/nearest.ts'
import { argumentsOf, functionNames } from './functions.ts'
import { type Scanned, scan } from './scan.ts'

/** An expression as it may be: nothing else of what was written is ever looked at, let alone run. */
export type Node =
  | { readonly kind: 'constant'; readonly value: number | boolean | string }
  /** A tag of the plant, `<device key>/<tag key>`. */
  | { readonly kind: 'input'; readonly id: string }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Node }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Node; readonly right: Node }
  | { readonly kind: 'choice'; readonly test: Node; readonly then: Node; readonly otherwise: Node }
  | { readonly kind: 'call'; readonly name: string; readonly arguments: readonly Node[] }

const unaryOperators = ['-', '+', '!'] as const
export type UnaryOperator = (typeof unaryOperators)[number]

const binaryOperators = ['+', '-', '*', '/', '%', '**', '==', '!=', '<', '<=', '>', '>=', '&&', '||'] as const
export type BinaryOperator = (typeof binaryOperators)[number]

export interface ExpressionFault {
  readonly message: string
  readonly mend: string
}

export interface Parsed {
  readonly root: Node
  /** Every tag that it names, once. */
  readonly inputs: readonly string[]
}

export const isFault = (either: object): either is ExpressionFault => 'mend' in either

/** Reads an expression; never throws for a text of at most some thousand characters, and takes time in proportion to it. */
export function parseExpression(text: string): Parsed | ExpressionFault {
  const scanned = scan(text)
  if (isFault(scanned)) return scanned
  let tree: Expression
  try {
    tree = jsep(scanned.text)
  } catch (error) {
    return { message: syntaxOf(error), mend: 'Write for example [boiler-1/flow] * 3.6.' }
  }
  const root = nodeOf(tree, scanned)
  return isFault(root) ? root : { root, inputs: [...new Set(scanned.references)] }
}

/** jsep says where, counted from 0, and what it found there. */
function syntaxOf(error: unknown): string {
  const { description, index } = error as { readonly description?: unknown; readonly index?: unknown }
  const where = typeof index === 'number' ? ` at character ${index + 1}` : ''
  return `It is no expression${where}${typeof description === 'string' ? ` (${description})` : ''}.`
}

type Parts = Readonly<Record<string, unknown>>

function nodeOf(expression: unknown, scanned: Scanned): Node | ExpressionFault {
  const parts = expression as Parts & { readonly type: string }
  switch (parts.type) {
    case 'Literal':
      return constant(parts.value)
    case 'Identifier':
      return input(String(parts.name), scanned)
    case 'UnaryExpression':
      return unary(parts, scanned)
    case 'BinaryExpression':
      return binary(parts, scanned)
    case 'ConditionalExpression':
      return choice(parts, scanned)
    case 'CallExpression':
      return call(parts, scanned)
    default:
      return {
        message: 'It has something that is not part of expressions, such as a point, a comma or a second expression.',
        mend: 'Write one expression of numbers, tags as [device key/tag key], operators and functions.',
      }
  }
}

function constant(value: unknown): Node | ExpressionFault {
  const isAllowed =
    typeof value === 'number' ? Number.isFinite(value) : typeof value === 'boolean' || typeof value === 'string'
  if (isAllowed) return { kind: 'constant', value: value as number | boolean | string }
  return { message: 'It has a value that is no number, text, true or false.', mend: 'Correct the value.' }
}

/** The only identifiers that the scan leaves are its own marks and what the author wrote. */
function input(name: string, { references }: Scanned): Node | ExpressionFault {
  const id = /^\$\d+$/.test(name) ? references[Number(name.slice(1))] : undefined
  if (id !== undefined) return { kind: 'input', id }
  return {
    message: `"${shortened(name)}" means nothing here.`,
    mend: 'Write a tag as [device key/tag key], in brackets.',
  }
}

function unary({ operator, argument }: Parts, scanned: Scanned): Node | ExpressionFault {
  const known = unaryOperators.find((each) => each === operator)
  if (!known) return unknownOperator(operator)
  const operand = nodeOf(argument, scanned)
  return isFault(operand) ? operand : { kind: 'unary', operator: known, operand }
}

function binary({ operator, left, right }: Parts, scanned: Scanned): Node | ExpressionFault {
  const known = binaryOperators.find((each) => each === operator)
  if (!known) return unknownOperator(operator)
  const [one, other] = [nodeOf(left, scanned), nodeOf(right, scanned)]
  if (isFault(one)) return one
  return isFault(other) ? other : { kind: 'binary', operator: known, left: one, right: other }
}

function choice({ test, consequent, alternate }: Parts, scanned: Scanned): Node | ExpressionFault {
  const [condition, then, otherwise] = [test, consequent, alternate].map((part) => nodeOf(part, scanned)) as [
    Node | ExpressionFault,
    Node | ExpressionFault,
    Node | ExpressionFault,
  ]
  if (isFault(condition)) return condition
  if (isFault(then)) return then
  return isFault(otherwise) ? otherwise : { kind: 'choice', test: condition, then, otherwise }
}

function call({ callee, arguments: given }: Parts, scanned: Scanned): Node | ExpressionFault {
  const { type, name } = callee as Parts
  const expected = type === 'Identifier' && typeof name === 'string' ? argumentsOf(name) : undefined
  if (!expected) {
    const meant = typeof name === 'string' ? nearest(name, functionNames) : undefined
    const message = `There is no such function${typeof name === 'string' ? `, "${shortened(name)}"` : ''}.`
    return { message, mend: meant ? `Write ${meant}.` : `Functions are ${functionNames.join(', ')}.` }
  }
  const list = given as readonly unknown[]
  const [least, most] = expected
  if (list.length < least || list.length > most || list.includes(null)) {
    const count =
      least === most ? `${least}` : most === Number.POSITIVE_INFINITY ? `${least} or more` : `${least} or ${most}`
    return {
      message: `The function ${String(name)} takes ${count} values, not ${list.length}.`,
      mend: 'Correct the list of values.',
    }
  }
  const nodes: Node[] = []
  for (const each of list) {
    const node = nodeOf(each, scanned)
    if (isFault(node)) return node
    nodes.push(node)
  }
  return { kind: 'call', name: String(name), arguments: nodes }
}

const unknownOperator = (operator: unknown): ExpressionFault => ({
  message: `There is no operator ${String(operator)}.`,
  mend: `Operators are ${binaryOperators.join(', ')}, ! and ? :. Bits of a number are bit(x, 3).`,
})

const shortened = (text: string): string => (text.length > 40 ? `${text.slice(0, 37)}...` : text)
