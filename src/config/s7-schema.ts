import { z } from 'zod'
import { complain } from './complaint.ts'
import { choice, explain, wholeNumber } from './fields.ts'
import { settingOf } from './raw.ts'
import { isTimeZone } from './time-zone.ts'

type Preset = { readonly slot: number } | { readonly localTsap: number; readonly remoteTsap: number }

/** Where each family of CPUs usually answers. */
const presets = {
  's7-300': { slot: 2 },
  's7-400': { slot: 3 },
  's7-1200': { slot: 1 },
  's7-1500': { slot: 1 },
  logo: { slot: 2 },
  's7-200-smart': { localTsap: 0x1000, remoteTsap: 0x0300 },
} as const satisfies Readonly<Record<string, Preset>>

type Cpu = keyof typeof presets
const cpus = Object.keys(presets) as [Cpu, ...Cpu[]]

const USUAL_SLOT = 1

const tsap = (about: { readonly description: string; readonly example: string; readonly otherwise: string }) =>
  explain(
    z
      .string()
      .regex(/^(?:0[xX][0-9A-Fa-f]{1,4}|[0-9A-Fa-f]{2}\.[0-9A-Fa-f]{2})$/)
      .transform((written) => Number(`0x${written.replace(/^0x/i, '').replace('.', '')}`)),
    { ...about, allowed: 'two octets in hexadecimal, in quotes, as "03.02" or "0x0302"' },
  )

/** How a CPU is reached, and what is asked of it. */
export const s7Connection = {
  cpu: choice(cpus, {
    description: 'Family of the CPU: gives the usual slot, or TSAPs, where they are not set.',
    example: 's7-1500',
    otherwise: 'slot 1',
  }).optional(),
  rack: wholeNumber({
    description: 'Rack of the CPU in the hardware configuration.',
    low: 0,
    high: 7,
    example: '0',
    otherwise: '0',
  }).optional(),
  slot: wholeNumber({
    description: 'Slot of the CPU: 1 for S7-1200 and S7-1500, 2 for S7-300, usually 3 for S7-400.',
    low: 0,
    high: 31,
    example: '1',
    otherwise: 'as `cpu` says, else 1',
  }).optional(),
  connection: choice(['pg', 'op', 'basic'], {
    description: 'Which connections of the CPU are used: those for programming devices, panels, or S7 basic.',
    example: 'op',
    otherwise: 'pg',
  }).optional(),
  localTsap: tsap({
    description: 'TSAP of Penstock, where the CPU expects a certain one.',
    example: '"10.00"',
    otherwise: 'as `cpu` says, else "01.00"',
  }).optional(),
  remoteTsap: tsap({
    description: 'TSAP of the CPU, in place of rack, slot and connection.',
    example: '"03.02"',
    otherwise: 'made of connection, rack and slot',
  }).optional(),
  pdu: wholeNumber({
    description: 'Longest message that is asked for, in bytes; a CPU may grant less.',
    low: 240,
    high: 960,
    example: '480',
    otherwise: '960',
  }).optional(),
  maxItems: wholeNumber({
    description: 'The most items of a request; S7-300 and S7-400 answer no more than 20.',
    low: 1,
    high: 20,
    example: '20',
    otherwise: '20',
  }).optional(),
  timeZone: explain(z.string().max(64).refine(isTimeZone), {
    description: "Zone in which the CPU's clock is set, for DATE, DT and DTL, which do not say it. LDT is always UTC.",
    allowed: 'a name of the IANA time zone database',
    example: 'Europe/Berlin',
    otherwise: 'UTC',
  }).optional(),
}

/** Rack, slot and connection make a TSAP; beside one that is set they would be ignored in silence. */
export function checkTsaps(source: unknown, context: z.core.$RefinementCtx): void {
  const has = (name: string) => settingOf(source, name) !== undefined
  const cpu = settingOf(source, 'cpu')
  const preset = cpus.find((name) => name === cpu)
  const explicit = has('remoteTsap')
  if (!explicit && (preset === undefined || !('remoteTsap' in presets[preset]))) return
  const why = explicit ? 'remoteTsap says already where the CPU answers' : `${preset} is reached by TSAPs, not by slot`
  for (const name of ['rack', 'slot', 'connection']) {
    if (has(name)) complain(context, [{ at: [name], message: `It means nothing here: ${why}.`, mend: 'Remove it.' }])
  }
}

interface Reached {
  readonly cpu?: Cpu | undefined
  readonly rack?: number | undefined
  readonly slot?: number | undefined
  readonly localTsap?: number | undefined
  readonly remoteTsap?: number | undefined
}

type Settled<Source> = Omit<Source, 'cpu' | 'rack' | 'slot'> & { rack: number; slot: number }

/** With what the family of the CPU says in place of what is not set. */
export function withTsaps<Source extends Reached>({ cpu, ...source }: Source): Settled<Source> {
  const { slot = USUAL_SLOT, ...tsaps }: Partial<Record<'slot' | 'localTsap' | 'remoteTsap', number>> =
    cpu === undefined ? {} : presets[cpu]
  const set = Object.entries(source).filter(([, value]) => value !== undefined)
  return { rack: 0, slot, ...tsaps, ...Object.fromEntries(set) } as Settled<Source>
}
