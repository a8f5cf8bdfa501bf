import {
  type Counting,
  countingOf,
  isAddressFault,
  isBitArea,
  type ModbusAddress,
} from '../../sources/modbus/address.ts'
import { ModbusException } from '../../sources/modbus/exception.ts'
import { parseAddress } from '../../sources/modbus/parse-address.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import { table } from '../client/format.ts'
import type { Output } from '../client/options.ts'
import type { Environment } from '../configuration.ts'
import { type Interpretation, interpretations } from './byte-order.ts'
import { withTables } from './tables.ts'
import { deviceOf, type TargetFlags, targetOf } from './target.ts'

export interface ByteOrderFlags extends TargetFlags {
  readonly device?: string | undefined
  readonly hex?: string | undefined
  readonly expect?: string | undefined
  readonly json?: boolean | undefined
}

/** Registers of the longest numbers; shorter ones are read where the device refuses so many. */
const LENGTHS = [4, 2, 1] as const

/** `penstock byte-order`: what some registers mean in every order and encoding, from a device or from hexadecimal. */
export async function showByteOrder(
  key: string | undefined,
  address: string | undefined,
  flags: ByteOrderFlags,
  env: Environment,
  out: Output,
): Promise<number> {
  const expected = expectedOf(flags.expect)
  const bytes = flags.hex === undefined ? await registersAt(key, address, flags, env) : bytesOf(flags.hex)
  const all = interpretations(bytes, expected)
  if (flags.json) {
    for (const { value, ...each } of all)
      out.line(JSON.stringify({ ...each, value: typeof value === 'bigint' ? String(value) : (value ?? null) }))
    return ExitCode.ok
  }
  out.line(
    `bytes ${bytes.toString('hex').replace(/(....)(?!$)/g, '$1 ')}, a register a group; as text: ${textOf(bytes)}`,
  )
  for (const line of table([['encoding', 'setting', 'value', ''], ...all.map(row)])) out.line(`  ${line}`)
  if (expected !== undefined && !all.some(({ matches }) => matches)) {
    out.notice(
      `None is ${expected}: is the address right (manuals count from 1, Penstock from 0), or does the device scale it?`,
    )
  }
  return ExitCode.ok
}

function row({ encoding, order, byteOrder, value, matches }: Interpretation): string[] {
  return [
    encoding,
    // The word order says nothing of a single register.
    order.length === 2 ? `byteOrder: ${byteOrder}` : `order: ${order}`,
    value === undefined ? 'no such value' : String(value),
    matches ? '← expected' : '',
  ]
}

const textOf = (bytes: Buffer): string => JSON.stringify(bytes.toString('latin1').replace(/[^\x20-\x7e]/g, '.'))

function expectedOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value)) return value
  throw new ClientFailure(ExitCode.usage, `--expect ${text} is no number such as 21.5`)
}

function bytesOf(hex: string): Buffer {
  const digits = hex.replace(/^0x|[\s:,-]/gi, '')
  if (/^[0-9a-f]+$/i.test(digits) && [4, 8, 16].includes(digits.length)) return Buffer.from(digits, 'hex')
  const message = `--hex ${hex} is not one, two or four registers: write 4, 8 or 16 hexadecimal digits, such as 42F6E979`
  throw new ClientFailure(ExitCode.usage, message)
}

async function registersAt(
  key: string | undefined,
  text: string | undefined,
  flags: ByteOrderFlags,
  env: Environment,
): Promise<Buffer> {
  const target = targetOf(key, flags, env)
  if (target.source.kind === 's7') {
    throw new ClientFailure(
      ExitCode.usage,
      'S7 stores the most significant byte first, always: read-once shows the value',
    )
  }
  const device = deviceOf(target.source, flags.device)
  const address = addressOf(text, 'unitId' in device ? countingOf(device) : undefined)
  return withTables(target, flags.device, async (tables, unitId) => {
    for (const count of LENGTHS) {
      try {
        return await tables.read(unitId, address.area, address.start, count)
      } catch (error) {
        if (!(error instanceof ModbusException) || count === 1) throw error
      }
    }
    throw new RangeError('There is a shortest length')
  })
}

function addressOf(text: string | undefined, counting: Counting | undefined): ModbusAddress {
  if (text === undefined) throw new ClientFailure(ExitCode.usage, 'Give an address such as holding:100, or --hex')
  const address = parseAddress(text, counting)
  if (isAddressFault(address)) {
    throw new ClientFailure(ExitCode.usage, `${text}, column ${address.column}: ${address.message} ${address.mend}`)
  }
  if (!isBitArea(address.address.area)) return address.address
  throw new ClientFailure(ExitCode.usage, `${text} is a single bit and has no order of bytes; give a register`)
}
