import { fitTag } from '../../core/states.ts'
import { isBad, StatusCode } from '../../core/status-code.ts'
import type { IndexedTag, TagIndex } from '../../core/tag-index.ts'
import type { TagValues } from '../../core/tag-values.ts'
import type { SourceContext } from '../source.ts'
import { type Compiled, compile, type Input, valueTypeOf } from './compile.ts'
import { type ExpressionFault, isFault, type Node, parseExpression } from './parse.ts'
import type { Run } from './run.ts'

type Context = Pick<SourceContext, 'sink' | 'values'>

/** One calculated tag: its expression, what it is bound to at present, and what comes of it. */
export class Formula {
  readonly tag: IndexedTag
  /** `<device key>/<tag key>` of every tag that it names. */
  readonly inputs: readonly string[]
  /** Whether its value changes with time alone. */
  readonly usesTime: boolean
  readonly #root: Node | ExpressionFault
  readonly #context: Context
  #bound: readonly (Input | undefined)[] | undefined
  #compiled: Compiled | ExpressionFault | undefined
  /** Why it has no value although its inputs do, in words; empty: it has one, or the inputs are to blame. */
  words = ''

  constructor(tag: IndexedTag, context: Context) {
    const parsed = parseExpression(tag.tag.address)
    this.tag = tag
    this.inputs = isFault(parsed) ? [] : parsed.inputs
    this.#root = isFault(parsed) ? parsed : parsed.root
    this.usesTime = !isFault(parsed) && asksForAge(parsed.root)
    this.#context = context
  }

  /** Numbers of the inputs that there are. */
  get inputIndexes(): readonly TagIndex[] {
    return (this.#bound ?? []).flatMap((input) => (input ? [input.index] : []))
  }

  /** False where it cannot be calculated as the plant is. */
  get isSound(): boolean {
    return this.#compiled !== undefined && !isFault(this.#compiled)
  }

  /** Binds it to the tags that the plant has now; whether that is anything new. */
  bind(): boolean {
    const bound = this.inputs.map((id) => inputOf(this.#context.values, id))
    if (this.#bound && areSame(bound, this.#bound)) return false
    this.#bound = bound
    this.#compiled = isFault(this.#root) ? this.#root : boundTo(this.#root, this.tag, this.#context.values)
    return true
  }

  /** Gives the sink what comes of the expression now. */
  evaluate(run: Run): void {
    const { sink, values } = this.#context
    const { index, tag } = this.tag
    const compiled = this.#compiled
    if (!compiled || isFault(compiled)) {
      this.words = compiled ? compiled.message : 'It is not bound to its inputs.'
      sink.failed(index, StatusCode.BadConfigurationError)
      return
    }
    const value = compiled.of(run)
    // What came later than the value itself, a status say, must not make the value that follows it a late one.
    const known = values.table.sourceTime[index] as number
    const time = Number.isNaN(run.time) ? run.now : known > run.time ? known : run.time
    this.words = isBad(run.status) ? '' : run.fault
    if (run.hasValue) {
      if (fitTag(tag, value) === undefined) this.words = `the result ${String(value)} is no ${tag.type}`
      sink.event(index, value, time, run.status === StatusCode.Good ? undefined : uncertain(run.status))
    } else {
      sink.failed(index, isBad(run.status) ? run.status : StatusCode.BadOutOfRange, time)
    }
  }
}

/** Good with limit bits is a matter of the input alone. */
const uncertain = (status: StatusCode): StatusCode | undefined => (status >>> 30 === 0 ? undefined : status)

/** The expression bound to the plant, if what comes of it can be a value of the tag. */
function boundTo(
  root: Node,
  { tag }: Pick<IndexedTag, 'tag'>,
  values: Pick<TagValues, 'tag'>,
): Compiled | ExpressionFault {
  const compiled = compile(root, (id) => inputOf(values, id))
  return isFault(compiled) ? compiled : (misfitOf(compiled, tag) ?? compiled)
}

/** A tag with states takes their names and codes as text. */
export function misfitOf({ type }: Compiled, tag: IndexedTag['tag']): ExpressionFault | undefined {
  const wanted = valueTypeOf(tag)
  if (wanted === type || (tag.states && (type === 'text' || type === 'number'))) return undefined
  const inWords = { number: 'a number', boolean: 'true or false', text: 'a text' }[type]
  const message = `What comes of it is ${inWords}, which a tag of type ${tag.type} cannot hold.`
  return { message, mend: 'Correct the expression, or the type of the tag.' }
}

export const cycleFault = (cycle: readonly string[]): ExpressionFault => ({
  message: `It is calculated of itself: ${cycle.join(' needs ')}.`,
  mend: 'Take one of these tags out of the expression of another.',
})

/** Of the same expression; a tag that gets another type gets another number. */
const areSame = (some: readonly (Input | undefined)[], others: readonly (Input | undefined)[]): boolean =>
  some.every((input, n) => input?.index === others[n]?.index)

function inputOf(values: Pick<TagValues, 'tag'>, id: string): Input | undefined {
  const found = values.tag(id)
  if (!found) return undefined
  const { type, arrayLength } = found.tag
  return { index: found.index, type, arrayLength }
}

function asksForAge(node: Node): boolean {
  switch (node.kind) {
    case 'call':
      return node.name === 'age' || node.arguments.some(asksForAge)
    case 'unary':
      return asksForAge(node.operand)
    case 'binary':
      return asksForAge(node.left) || asksForAge(node.right)
    case 'choice':
      return [node.test, node.then, node.otherwise].some(asksForAge)
    default:
      return false
  }
}
