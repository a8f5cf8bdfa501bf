import type { Clock, Milliseconds } from '../core/clock.ts'
import type { ParsedTexts } from './parsed-texts.ts'
import { isGroup, settingOf } from './raw.ts'
import type { YamlFile } from './yaml-file.ts'

/** How long one turn of the event loop may work. */
const TURN: Milliseconds = 10
const TAGS_A_PIECE = 200

interface PreparationParts {
  readonly texts: ParsedTexts
  /** Checks it, and remembers what is right. */
  readonly check: (text: string, yaml: YamlFile) => unknown
  readonly clock: Clock
}

/** Long configurations take seconds to read and to check: that is done between the turns of others, before it is needed. */
export class Preparation {
  readonly #parts: PreparationParts
  #last: Promise<void> = Promise.resolve()

  constructor(parts: PreparationParts) {
    this.#parts = parts
  }

  /** One after another, so that the same text is not prepared twice. `toEdit`: it is going to be edited. */
  prepare(text: string, toEdit: boolean): Promise<void> {
    const done = this.#last.then(() => this.#inTurns(this.#pieces(text, toEdit)))
    const settled = () => undefined
    this.#last = done.then(settled, settled)
    return done
  }

  *#pieces(text: string, toEdit: boolean): Generator<void> {
    const { texts, check } = this.#parts
    if (!(yield* texts.inPieces(text, toEdit))) return
    const yaml = texts.read(text)
    if (!yaml.ok) return
    // What is wrong with a part may be right in the whole, which is told where.
    const nowhere = { findings: [], placeOf: () => undefined, unquotedAt: () => undefined }
    for (const value of partsOf(yaml.value)) {
      check(text, { ...yaml, ...nowhere, value })
      yield
    }
  }

  async #inTurns(work: Generator<void>): Promise<void> {
    const { clock } = this.#parts
    let ends = clock.monotonic() + TURN
    while (!work.next().done) {
      if (clock.monotonic() < ends) continue
      await new Promise(setImmediate)
      ends = clock.monotonic() + TURN
    }
  }
}

/** The same configuration with some of its devices and tags at a time, which are the same objects. */
function* partsOf(configuration: unknown): Generator<unknown> {
  if (!isGroup(configuration)) return
  for (const source of elementsOf(configuration, 'sources')) {
    for (const devices of someDevices(elementsOf(source, 'devices')))
      yield { ...configuration, sources: [{ ...source, devices }] }
  }
}

function* someDevices(devices: readonly Readonly<Record<string, unknown>>[]): Generator<readonly unknown[]> {
  let some: unknown[] = []
  let count = 0
  for (const device of devices) {
    const tags = elementsOf(device, 'tags')
    if (tags.length > TAGS_A_PIECE) {
      for (let from = 0; from < tags.length; from += TAGS_A_PIECE)
        yield [{ ...device, tags: tags.slice(from, from + TAGS_A_PIECE) }]
    }
    some.push(device)
    count += 1 + tags.length
    if (count < TAGS_A_PIECE) continue
    yield some
    some = []
    count = 0
  }
  if (some.length > 0) yield some
}

const elementsOf = (group: unknown, name: string): Readonly<Record<string, unknown>>[] => {
  const list = settingOf(group, name)
  return Array.isArray(list) ? list.filter(isGroup) : []
}
