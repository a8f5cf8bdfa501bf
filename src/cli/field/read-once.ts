import { type DataType, dataTypes } from '../../core/data-type.ts'
import { PenstockError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import type { ByteOrder, TagConfig } from '../../core/plant.ts'
import { isBad, statusName } from '../../core/status-code.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import type { Output } from '../client/options.ts'
import type { Environment } from '../configuration.ts'
import { oneLine, plainValue } from '../history.ts'
import { inWords } from './frames.ts'
import { type OneOff, openOneOff, type Reading, tagAt } from './one-off.ts'
import { deviceOf, type Target, type TargetFlags, targetOf, usage } from './target.ts'
import { unreachable } from './unreachable.ts'

export interface ReadOnceFlags extends TargetFlags {
  readonly device?: string | undefined
  readonly type?: string | undefined
  readonly encoding?: string | undefined
  readonly byteOrder?: string | undefined
  readonly wordOrder?: string | undefined
  readonly length?: string | undefined
  readonly frames?: boolean | undefined
  readonly json?: boolean | undefined
}

/** `penstock read-once`: one address of a device, once, over a connection of its own. */
export async function readOnce(
  key: string | undefined,
  address: string,
  flags: ReadOnceFlags,
  env: Environment,
  out: Output,
): Promise<number> {
  const target = targetOf(key, flags, env)
  const device = deviceOf(target.source, flags.device)
  const { tag, problems } = tagAt(target.source, device, { address, ...wantedOf(flags) })
  if (problems.length > 0) throw usage(problems)
  return withConnection(target, async (line) => {
    try {
      const reading = await line.read(device, tag)
      out.line(flags.json ? JSON.stringify(plain(tag, reading)) : sentence(tag, reading))
      return reading.status === undefined || isBad(reading.status) ? ExitCode.refused : ExitCode.ok
    } finally {
      if (flags.frames) for (const frame of line.diagnostics.frames.since(0).frames) out.notice(inWords(frame))
    }
  })
}

/** Does something over one connection; what keeps it from that is in words. */
export async function withConnection(target: Target, use: (line: OneOff) => Promise<number>): Promise<number> {
  let line: OneOff | undefined
  try {
    line = await openOneOff(target.source, new AbortController().signal)
    return await use(line)
  } catch (error) {
    throw error instanceof PenstockError ? unreachable(error, target.dataFolder) : error
  } finally {
    await line?.close()
  }
}

function wantedOf({ type, encoding, byteOrder, wordOrder, length }: ReadOnceFlags): Partial<TagConfig> {
  return {
    ...(type === undefined ? {} : { type: typeOf(type) }),
    ...(encoding === undefined ? {} : { encoding }),
    ...(byteOrder === undefined ? {} : { byteOrder: orderOf('--byte-order', byteOrder) }),
    ...(wordOrder === undefined ? {} : { wordOrder: orderOf('--word-order', wordOrder) }),
    ...(length === undefined ? {} : { length: Number(length) }),
  }
}

function typeOf(text: string): DataType {
  const type = dataTypes.find((each) => each.toLowerCase() === text.toLowerCase())
  if (type) return type
  const meant = nearest(text, dataTypes)
  const hint = meant ? `did you mean ${meant}?` : `there are ${dataTypes.join(', ')}`
  throw new ClientFailure(ExitCode.usage, `--type ${text} is no data type; ${hint}`)
}

function orderOf(flag: string, text: string): ByteOrder {
  if (text === 'big' || text === 'little') return text
  throw new ClientFailure(ExitCode.usage, `${flag} ${text} is neither big nor little`)
}

const plain = ({ address, type }: TagConfig, { value, status, took }: Reading) => ({
  address,
  type,
  value: value === undefined ? null : plainValue(type, value),
  status: status === undefined ? null : statusName(status),
  ms: Number(took.toFixed(1)),
})

/** One reading for people. */
export function sentence({ address, type }: TagConfig, { value, status, took }: Reading): string {
  const head = `${address} as ${type}`
  const time = `in ${took.toFixed(1)} ms`
  if (status === undefined) return `${head}: the device is busy and gives no value, ${time}`
  return value === undefined
    ? `${head}: ${statusName(status)}, ${time}`
    : `${head} = ${oneLine(plainValue(type, value))}, ${time}`
}
