import { describeError, PenstockError } from '../../core/errors.ts'
import { type Nodes7, ReadRequest, type Span } from './nodes7-codec.ts'
import { WriteRequest } from './nodes7-write.ts'
import { readReadReply } from './pdu.ts'
import type { S7Target } from './write-plan.ts'

const SPANS: readonly Span[] = [
  { area: 'C', db: 0, start: 6, length: 2 },
  { area: 'T', db: 0, start: 10, length: 4 },
  { area: 'PI', db: 0, start: 256, length: 2 },
  { area: 'I', db: 0, start: 0, length: 1 },
  { area: 'Q', db: 0, start: 4, length: 1 },
  { area: 'M', db: 0, start: 10, length: 2 },
  { area: 'DB', db: 1, start: 4, length: 4 },
  { area: 'DB', db: 1, start: 100, length: 3 },
  { area: 'DB', db: 300, start: 65_535, length: 1 },
]
const LENGTHS = SPANS.map((span) => span.length)
const REFERENCE = 0xbeef

const REQUEST = [
  '0300007f' + '02f080', // TPKT, COTP data
  '32010000beef006e0000' + '0409', // job header, read of nine items
  '120a101c000100001c000003', // counter 3
  '120a101d000200001d000005', // timers 5 and 6
  '120a10020002000080000800', // 2 bytes of the peripheral inputs from byte 256
  '120a10020001000081000000', // byte 0 of the inputs
  '120a10020001000082000020', // byte 4 of the outputs
  '120a10020002000083000050', // 2 bytes of bit memory from byte 10
  '120a10020004000184000020', // 4 bytes of DB1 from byte 4
  '120a10020003000184000320', // 3 bytes of DB1 from byte 100
  '120a10020001012c8407fff8', // 1 byte of DB300 from byte 65535
].join('')

const REPLY = [
  '3203000000000002' + '003b' + '0000' + '0409',
  'ff0900020123' + 'ff09000420451099' + 'ff0400108000' + 'ff040008a500' + 'ff0400085a00' + 'ff040010cafe',
  'ff040020c2480000' + 'ff04001801020300' + 'ff04000842',
].join('')
const VALUES = ['0123', '20451099', '8000', 'a5', '5a', 'cafe', 'c2480000', '010203', '42']

const PARTLY_REFUSED = [
  '3203000000000002' + '0030' + '0000' + '0409',
  '0a000000' + 'ff09000420451099' + '05000000' + 'ff040008a600' + '03000000' + 'ff040010babe',
  '0a000004' + 'ff04001804050600' + '05000000',
].join('')
const VALUES_LEFT = [undefined, '20451099', undefined, 'a6', undefined, 'babe', undefined, '040506', undefined]

const WRITES: readonly (readonly [S7Target, string])[] = [
  [
    { area: 'DB', db: 300, start: 65_532, bytes: Buffer.from('0badf0', 'hex') },
    `0300002602f080${'32010000beef000e0007'}${'0501120a10020003012c8407ffe0'}${'000400180badf0'}`,
  ],
  [
    { area: 'M', db: 0, start: 10, bytes: Buffer.of(7) },
    `0300002402f080${'32010000beef000e0005'}${'0501120a10020001000083000050'}${'0004000807'}`,
  ],
  [
    { area: 'DB', db: 1, start: 4, bit: 7, on: true },
    `0300002402f080${'32010000beef000e0005'}${'0501120a10010001000184000027'}${'0003000101'}`,
  ],
]

/**
 * Proves with canned bytes that this nodes7 asks for what it is told to and hands back exactly what a reply holds:
 * items of every area, an odd length, refused items, the same request again, and a request after one that was given up;
 * and that it writes bytes and bits where it is told to, and nothing else.
 * Throws PROTOCOL_VIOLATION for a nodes7 that behaves otherwise: no value may come from it.
 */
export function proveNodes7(library?: Nodes7): void {
  try {
    const request = new ReadRequest(SPANS, library)
    exchange(request, REPLY, VALUES)
    exchange(request, PARTLY_REFUSED, VALUES_LEFT)
    exchange(request, REPLY, VALUES)
    request.begin(REFERENCE)
    request.abandon()
    exchange(request, REPLY, VALUES)
    for (const [target, frame] of WRITES) exchangeWrite(target, frame, library)
  } catch (error) {
    throw new PenstockError(
      'PROTOCOL_VIOLATION',
      `The installed library nodes7 does not behave like version 0.3.18, so nothing is read or written with it: ` +
        `${describeError(error)}. Install Penstock's own dependencies again (npm ci)`,
      { cause: error },
    )
  }
}

function exchangeWrite(target: S7Target, frame: string, library: Nodes7 | undefined): void {
  for (const code of [0xff, 0x05]) {
    const request = new WriteRequest(target, library)
    const asked = request.begin(REFERENCE).toString('hex')
    if (asked !== frame) throw new Error(`It writes ${asked}`)
    request.finish(code)
  }
}

function exchange(request: ReadRequest, reply: string, expected: readonly (string | undefined)[]): void {
  const asked = request.begin(REFERENCE).toString('hex')
  if (asked !== REQUEST) throw new Error(`It asks ${asked}`)
  const items = readReadReply(Buffer.from(reply, 'hex'), LENGTHS)
  if (!('length' in items)) throw new Error(items.reason)
  const values = request.finish(items).map((bytes) => bytes?.toString('hex'))
  if (values.join() !== expected.join()) throw new Error(`It reads ${values.join()}`)
}
