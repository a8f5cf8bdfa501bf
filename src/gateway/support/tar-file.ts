import { gzipSync } from 'node:zlib'
import type { Milliseconds } from '../../core/clock.ts'

const BLOCK = 512
/** What the name of an entry has room for. */
const LONGEST_NAME = 100

export interface TarEntry {
  /** ASCII, with slashes. */
  readonly name: string
  readonly text: string
}

/**
 * A `.tar.gz` of regular files that only their owner may read (POSIX.1-1988 ustar, as every tar reads it). Throws
 * RangeError for a name that is too long.
 */
export function tarGz(entries: readonly TarEntry[], at: Milliseconds): Buffer {
  const blocks = entries.flatMap(({ name, text }) => {
    const content = Buffer.from(text, 'utf8')
    const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)
    return [header(name, content.length, at), content, padding]
  })
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]))
}

function header(name: string, size: number, at: Milliseconds): Buffer {
  if (Buffer.byteLength(name) > LONGEST_NAME) throw new RangeError(`"${name}" is too long for a name in a tar file`)
  const block = Buffer.alloc(BLOCK)
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`
  block.write(name, 0, 'ascii')
  block.write(octal(0o600, 8), 100)
  block.write(octal(0, 8), 108)
  block.write(octal(0, 8), 116)
  block.write(octal(size, 12), 124)
  block.write(octal(Math.floor(at / 1_000), 12), 136)
  // The sum is of the header with blanks where the sum is written.
  block.write(' '.repeat(8), 148)
  block.write('0', 156)
  block.write('ustar\x0000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}
