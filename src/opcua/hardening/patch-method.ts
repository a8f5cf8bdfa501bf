/** A fix of node-opcua cannot be installed: this version is not the one it was written for. */
export class HardeningError extends Error {
  readonly code = 'HARDENING_IMPOSSIBLE'

  constructor(fix: string, missing: string) {
    super(
      `The fix "${fix}" cannot be installed, because node-opcua has no ${missing} (HARDENING_IMPOSSIBLE). ` +
        'Install the version that package.json pins, or adapt the fix to the new one.',
    )
    this.name = 'HardeningError'
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the methods of another library, of which only the name is known here
type Method = (this: any, ...args: any[]) => any

const mark = Symbol.for('penstock.fix')

/**
 * Replaces `prototype[name]` by what `wrap` makes of it. Prototypes are shared by every server of a thread, so a fix
 * that is in already is left alone. Throws HardeningError where the method is gone: a fix must never vanish silently.
 */
export function patchMethod(prototype: object, name: string, fix: string, wrap: (original: Method) => Method): void {
  const methods = prototype as Record<string, unknown>
  const original = methods[name]
  if (typeof original !== 'function') throw new HardeningError(fix, `${ownerName(prototype)}.${name}`)
  if (fixesOf(original).includes(fix)) return
  const patched = wrap(original as Method)
  Object.defineProperty(patched, mark, { value: [...fixesOf(original), fix] })
  methods[name] = patched
}

const fixesOf = (method: object): readonly string[] => (method as { [mark]?: readonly string[] })[mark] ?? []

function ownerName(prototype: object): string {
  const owner: unknown = prototype.constructor
  return typeof owner === 'function' ? owner.name : 'object'
}

/** The prototype of `object` that has the method itself, for classes that node-opcua does not export. */
export function ownerOf(object: object, method: string, fix: string): object {
  let prototype: object | null = Object.getPrototypeOf(object)
  while (prototype && !Object.hasOwn(prototype, method)) prototype = Object.getPrototypeOf(prototype)
  if (!prototype) throw new HardeningError(fix, `${ownerName(object)}.${method}`)
  return prototype
}
