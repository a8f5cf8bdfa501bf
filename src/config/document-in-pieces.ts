import {
  type Composer as AnyComposer,
  Composer,
  type CST,
  type Document,
  isMap,
  isSeq,
  Lexer,
  Parser,
  type YAMLSeq,
} from 'yaml'

/** Each takes well below a millisecond. */
const LEXEMES_A_PIECE = 500
/** Settings; some milliseconds. */
const SETTINGS_A_PIECE = 400

type Options = NonNullable<ConstructorParameters<typeof AnyComposer>[0]>

/**
 * Parses YAML as `parseDocument` does, in pieces of some milliseconds, after each of which others may have their turn.
 * `onElement` is told each element of the long lists once all of it is there, inner ones first. Undefined: there are faults,
 * or anchors, aliases or tags, and it has to be parsed as a whole.
 */
export function* documentInPieces(
  text: string,
  onElement: (element: unknown) => void,
): Generator<void, Document.Parsed | undefined> {
  const tokens = yield* tokensOf(text)
  const root = tokens?.find((token) => token.type === 'document')
  if (!tokens || root?.value?.type !== 'block-map') return undefined
  const lists = new Map<number, CST.BlockSequence>()
  takeLists(root.value, lists)
  const documents = [...new Composer({ logLevel: 'error' }).compose(tokens, true, text.length)]
  const [document] = documents
  if (!document || documents.length > 1 || hasFaults(document)) return undefined
  const isWhole = yield* fill(document.contents, { lists, options: { schema: document.schema }, onElement })
  return isWhole ? document : undefined
}

function* tokensOf(text: string): Generator<void, CST.Token[] | undefined> {
  const parser = new Parser()
  const tokens: CST.Token[] = []
  let count = 0
  for (const lexeme of new Lexer().lex(text)) {
    if (/^[&*!]/.test(lexeme)) return undefined
    for (const token of parser.next(lexeme)) tokens.push(token)
    if (++count % LEXEMES_A_PIECE === 0) yield
  }
  for (const token of parser.end()) tokens.push(token)
  return tokens
}

/**
 * Leaves of the long lists only the last element, which says where they end, and notes what was in them by where they
 * begin. Answers how many settings are left.
 */
function takeLists(token: CST.Token | null | undefined, lists: Map<number, CST.BlockSequence>): number {
  if (token?.type === 'block-map') return token.items.reduce((sum, { value }) => sum + 1 + takeLists(value, lists), 0)
  if (token?.type !== 'block-seq') return 1
  const { items } = token
  const weights = items.map(({ value }) => takeLists(value, lists))
  const weight = weights.reduce((sum, each) => sum + each, 0)
  if (weight <= SETTINGS_A_PIECE) return weight
  lists.set(token.offset, { ...token, items })
  token.items = items.slice(-1)
  return 1 + (weights.at(-1) ?? 0)
}

interface Filling {
  readonly lists: ReadonlyMap<number, CST.BlockSequence>
  readonly options: Options
  readonly onElement: (element: unknown) => void
}

/** Puts all their elements into the long lists below a node. False: there are faults. */
function* fill(node: unknown, filling: Filling): Generator<void, boolean> {
  const { lists, options, onElement } = filling
  for (const [list, taken] of longListsIn(node, lists)) {
    list.items = []
    for (const items of inPieces(taken.items)) {
      const piece: CST.Document = { type: 'document', offset: taken.offset, start: [], value: { ...taken, items } }
      const [composed] = new Composer(options).compose([piece])
      if (!composed || hasFaults(composed) || !isSeq(composed.contents)) return false
      yield
      for (const element of composed.contents.items) {
        if (!(yield* fill(element, filling))) return false
        onElement(element)
      }
      list.items.push(...composed.contents.items)
      yield
    }
  }
  return true
}

function longListsIn(node: unknown, lists: Filling['lists']): (readonly [YAMLSeq, CST.BlockSequence])[] {
  if (isMap(node)) return node.items.flatMap(({ value }) => longListsIn(value, lists))
  if (!isSeq(node)) return []
  const taken = lists.get(node.range?.[0] ?? -1)
  return taken ? [[node, taken]] : node.items.flatMap((item) => longListsIn(item, lists))
}

type Items = CST.BlockSequence['items']

function* inPieces(items: Items): Generator<Items> {
  let [from, weight] = [0, 0]
  for (const [position, { value }] of items.entries()) {
    weight += settingsIn(value)
    if (weight < SETTINGS_A_PIECE) continue
    yield items.slice(from, position + 1)
    from = position + 1
    weight = 0
  }
  if (from < items.length) yield items.slice(from)
}

function settingsIn(token: CST.Token | null | undefined): number {
  if (token?.type !== 'block-map' && token?.type !== 'block-seq') return 1
  return token.items.reduce((sum: number, { value }) => sum + 1 + settingsIn(value), 0)
}

const hasFaults = ({ errors, warnings }: Document): boolean => errors.length + warnings.length > 0
