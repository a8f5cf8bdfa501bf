import { describeError, PenstockError } from '../../core/errors.ts'
import { type Nodes7, ReadRequest } from './nodes7-codec.ts'
import { readReadReply } from './pdu.ts'

const SPANS = [
  { db: 1, start: 4, length: 4 },
  { db: 1, start: 100, length: 3 },
  { db: 300, start: 65_535, length: 1 },
]
const LENGTHS = SPANS.map((span) => span.length)
const REFERENCE = 0xbeef

const REQUEST = [
  '03000037' + '02f080', // TPKT, COTP data
  '32010000beef00260000' + '0403', // job header, read of three items
  '120a10020004000184000020', // 4 bytes of DB1 from byte 4
  '120a10020003000184000320', // 3 bytes of DB1 from byte 100
  '120a10020001012c8407fff8', // 1 byte of DB300 from byte 65535
].join('')

const REPLY = '32030000000000020015' + '0000' + '0403' + 'ff040020c2480000' + 'ff04001801020300' + 'ff04000842'
const VALUES = ['c2480000', '010203', '42']

const PARTLY_REFUSED = '32030000000000020010' + '0000' + '0403' + '0a000004' + 'ff04001804050600' + '05000000'
const VALUES_LEFT = [undefined, '040506', undefined]

/**
 * Proves with canned bytes that this nodes7 asks for what it is told to and hands back exactly what a reply holds:
 * several items, an odd length, refused items, the same request again, and a request after one that was given up.
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
  } catch (error) {
    throw new PenstockError(
      'PROTOCOL_VIOLATION',
      `The installed library nodes7 does not behave like version 0.3.18, so nothing is read with it: ` +
        `${describeError(error)}. Install Penstock's own dependencies again (npm ci)`,
      { cause: error },
    )
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
