import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

/** docs/faults.md says which test proves which promise; a test that is renamed or removed must not be promised any more. */
const root = new URL('../../../', import.meta.url)
const textOf = (path: string) => readFileSync(new URL(path, root), 'utf8')
const rows = textOf('docs/faults.md')
  .split('\n')
  .filter((line) => /^\| \d+ \|/.test(line))
  .map((line) => line.split(' | '))

describe('the table of faults', () => {
  it('has the 33 faults, each with a promise and a proof', () => {
    expect(rows.map(([number]) => number)).toEqual(Array.from({ length: 33 }, (_, at) => `| ${at + 1}`))
    for (const [number, fault, promise, proofs] of rows) {
      expect(
        [fault, promise, proofs].every((cell) => cell && cell.length > 5),
        number,
      ).toBe(true)
    }
  })

  it.each(rows.map(([number, fault, , proofs]) => [number?.slice(2), fault, proofs] as const))(
    'names tests that there are: %s %s',
    (_number, _fault, proofs) => {
      const named = [...(proofs ?? '').matchAll(/`(test\/[^`]+)`: “([^”]+)”/g)]
      expect(named.length).toBe((proofs ?? '').split('<br>').length)
      for (const [, path = '', title = ''] of named) {
        expect(existsSync(fileURLToPath(new URL(path, root))), path).toBe(true)
        const source = textOf(path)
        expect(
          ["'", '`', '"'].some((quote) => source.includes(`${quote}${title}${quote}`)),
          `${path}: ${title}`,
        ).toBe(true)
      }
    },
  )
})
