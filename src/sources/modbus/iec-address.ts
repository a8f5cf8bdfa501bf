import { type AddressFault, type Counting, faultAt, isAddressFault, type ModbusAddress } from './address.ts'
import { digitsAt, type Notation, type ParsedAddress, placeOf, withSuffix } from './address-parts.ts'

const FORMS = 'Write for example %MW100 for a word, %MW100.3 for its bit 3, %M5 for a coil.'

/**
 * The memory of a PLC (IEC 61131-3 §6.5.5) as it lies in the tables of Modbus: `%MW0` is the first holding register,
 * `%M0` the first coil. What `%MD10`, `%MX10.3` and `%MB10` are differs: where memory is counted in words (Modicon M221,
 * M340, M580), `%MD10` begins at `%MW10`; where each counts in its own size (CODESYS, Machine Expert), at `%MW20`. So
 * these need the device's `iecMemory`. The text begins with "%".
 */
export const iecAddress: Notation = (text, counting) => {
  const kind = /^%(MW|MD|MF|MX|MB|M)(?=\d|$)/i.exec(text)?.[1]?.toUpperCase()
  if (!kind) return faultAt(2, 'is no memory that Modbus reaches: %M, %MW, %MD, %MF, %MX or %MB and a number.', FORMS)
  const at = 1 + kind.length
  const digits = digitsAt(text, at)
  if (digits === '') return faultAt(at + 1, `has no number after %${kind}.`, FORMS)
  const read: Read = { text, at, index: Number(digits), end: at + digits.length, counting }
  if (kind === 'M') return whole(read, placeOf('coil', read.index, 0, at))
  if (kind === 'MW') return word(read)
  if (kind === 'MF') return float(read)
  if (counting.iecMemory === undefined) return ambiguous(kind, read)
  if (kind === 'MD') return doubleWord(read)
  return kind === 'MX' ? bit(read) : byte(read)
}

interface Read {
  readonly text: string
  /** Where the number stands in the text, the number, and where the text goes on. */
  readonly at: number
  readonly index: number
  readonly end: number
  readonly counting: Counting
}

function ambiguous(kind: string, { at, index }: Read): AddressFault {
  const inBytes = { MD: `%MW${2 * index}`, MX: `a bit of %MW${index >> 1}` }[kind] ?? `a byte of %MW${index >> 1}`
  const message =
    kind === 'MB'
      ? `is ${inBytes} where memory is counted in bytes, and does not exist where it is counted in words.`
      : `is ${kind === 'MX' ? 'a bit of ' : ''}%MW${index} where memory is counted in words (Modicon M221, M340, M580), and ${inBytes} where it is counted in bytes (CODESYS, Machine Expert).`
  return faultAt(
    at + 1,
    message,
    'Give the device iecMemory: words or iecMemory: bytes, or write the %MW that is meant.',
  )
}

/** An address after which nothing may follow. */
function whole(
  { text, end }: Read,
  place: ModbusAddress | AddressFault,
  registers?: number,
): ParsedAddress | AddressFault {
  if (isAddressFault(place)) return place
  if (end < text.length) return faultAt(end + 1, `goes on with "${text.slice(end)}" after the number.`, FORMS)
  return registers === undefined ? { address: place } : { address: place, registers }
}

/** Modicon writes bits of words as `%MW100.X3` too. */
function word({ text, at, index, end, counting }: Read): ParsedAddress | AddressFault {
  const place = placeOf('holding', index, 0, at)
  if (isAddressFault(place)) return place
  const marked = /^\.x(?=\d)/i.test(text.slice(end))
  const plain = marked ? `${text.slice(0, end)}.${text.slice(end + 2)}` : text
  const address = withSuffix(plain, end, place, counting)
  if (!isAddressFault(address)) return { address }
  return marked ? { ...address, column: address.column + 1 } : address
}

/** Only memory that is counted in words has it. */
function float(read: Read): ParsedAddress | AddressFault {
  const parsed = whole(read, placeOf('holding', read.index, 0, read.at))
  return isAddressFault(parsed) ? parsed : { ...parsed, encoding: 'float32' }
}

function doubleWord(read: Read): ParsedAddress | AddressFault {
  const start = read.counting.iecMemory === 'bytes' ? 2 * read.index : read.index
  return whole(read, placeOf('holding', start, 0, read.at), 2)
}

/** `%MX10.3`: bit 3 of word 10, or of byte 10, which is the lower one of word 5. */
function bit(read: Read): ParsedAddress | AddressFault {
  const { text, at, index, end, counting } = read
  const inBytes = counting.iecMemory === 'bytes'
  const most = inBytes ? 7 : 15
  const dotted = text[end] === '.'
  const digits = dotted ? digitsAt(text, end + 1) : ''
  const number = Number(digits)
  const last = end + 1 + digits.length
  if (digits !== '' && number <= most && last < text.length) {
    return faultAt(last + 1, `goes on with "${text.slice(last)}" after the bit.`, FORMS)
  }
  if (digits === '' || number > most) {
    return faultAt(
      dotted ? end + 2 : end + 1,
      `needs a bit from 0 to ${most} after the number.`,
      `Write ${text.slice(0, end)}.0.`,
    )
  }
  const place = placeOf('holding', inBytes ? index >> 1 : index, 0, at)
  if (isAddressFault(place)) return place
  return { address: { ...place, bit: inBytes ? number + 8 * (index & 1) : number } }
}

function byte(read: Read): ParsedAddress | AddressFault {
  const { at, index, counting } = read
  if (counting.iecMemory === 'words') return ambiguous('MB', read)
  const parsed = whole(read, placeOf('holding', index >> 1, 0, at))
  if (isAddressFault(parsed)) return parsed
  return { address: { ...parsed.address, half: index & 1 ? 'high' : 'low' } }
}
