import { z } from 'zod'
import type { Milliseconds } from '../core/clock.ts'
import { durationPattern, formatDuration, parseDuration } from './duration.ts'
import { environmentNamePattern } from './names.ts'

/** What the user is told of a setting: in the documentation, by an editor, and when the setting is wrong. */
export interface FieldMeta {
  /** What it is for: its meaning and unit. */
  readonly description: string
  /** Ends the sentence "Allowed is …". */
  readonly allowed: string
  /** One allowed value, as it is written in the file. */
  readonly example: string
  /** What holds when it is left out, where that is not a fixed value. */
  readonly otherwise?: string
  /** What to do when it is wrong, where an example does not say enough. */
  readonly mend?: string
  /** A wrong value may be a secret, put here by mistake: it is never shown. */
  readonly concealed?: true
}

type Told<Made extends keyof FieldMeta> = Omit<FieldMeta, Made> & Partial<Pick<FieldMeta, Made>>

/** Gives the schema its meaning for the user. */
export const explain = <S extends z.ZodType>(schema: S, about: FieldMeta): S => schema.meta({ ...about })

/** The same setting elsewhere, where some of what the user is told of it is different. */
export const retell = <S extends z.ZodType>(schema: S, about: Partial<FieldMeta>): S =>
  schema.meta({ ...schema.meta(), ...about })

/** A setting of a device that its tags may have of their own. */
export const inherited = <S extends z.ZodType>(schema: S) => retell(schema, { otherwise: 'as the device' }).optional()

/** zod measures whatever has a `length`, a group with a setting of that name too, and fails where that is no number. */
function measuring(isMeasured: (value: unknown) => boolean): { readonly abort: boolean } {
  // zod heeds `when`, which its types keep to themselves.
  const only = { abort: false, when: ({ value }: { readonly value: unknown }) => isMeasured(value) }
  return only
}
export const ofText = measuring((value) => typeof value === 'string')
export const ofList = measuring(Array.isArray)

export function text(about: Told<'allowed'> & { longest?: number; pattern?: RegExp }) {
  const { longest = 200, pattern, ...told } = about
  const schema = z
    .string()
    .min(1, ofText)
    .max(longest, { ...ofText, abort: true })
  const allowed = told.allowed ?? `text of at most ${longest} characters`
  return explain(pattern ? schema.regex(pattern) : schema, { ...told, allowed })
}

export function wholeNumber(about: Told<'allowed'> & { low: number; high: number }) {
  const { low, high, ...told } = about
  const allowed = told.allowed ?? `a whole number from ${low} to ${high}`
  return explain(z.number().int().min(low).max(high), { ...told, allowed })
}

export const decimal = (about: Told<'allowed'>) =>
  explain(z.number(), { ...about, allowed: about.allowed ?? 'a finite number' })

export const flag = (about: Pick<FieldMeta, 'description'>) =>
  explain(z.boolean(), { ...about, allowed: 'true or false', example: 'true' })

export function choice<const Values extends readonly [string, ...string[]]>(
  values: Values,
  about: Told<'allowed' | 'example'>,
) {
  const allowed = about.allowed ?? `one of ${values.join(', ')}`
  return explain(z.enum(values), { ...about, allowed, example: about.example ?? values[0] })
}

/** Written with its unit in the file, milliseconds afterwards. */
export function duration(about: Told<'allowed'> & { low: Milliseconds; high: Milliseconds }) {
  const { low, high, ...told } = about
  const allowed =
    told.allowed ??
    `a whole number with its unit ms, s, m, h or d, from ${formatDuration(low)} to ${formatDuration(high)}`
  const schema = z
    .string()
    .regex(durationPattern)
    .transform((written, context) => {
      const milliseconds = parseDuration(written)
      if (milliseconds !== undefined && milliseconds >= low && milliseconds <= high) return milliseconds
      context.addIssue({ code: 'custom', message: 'outside of the bounds' })
      return z.NEVER
    })
  return explain(schema, { ...told, allowed })
}

export const environmentName = (about: Pick<FieldMeta, 'description' | 'example' | 'otherwise'>) =>
  text({
    ...about,
    longest: 128,
    pattern: environmentNamePattern,
    allowed: 'the name of an environment variable: capital letters, digits and "_", not beginning with a digit',
    mend: `Write the name of the variable, never the secret itself: for example ${about.example}.`,
    concealed: true,
  })

/** A name is not made of numbers alone: that is an IPv4 address, or one that is mistyped. */
const hostPattern =
  /^(?:(?![0-9.]+$)[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})(?:\.(?!$)|$)){4}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$/

export const host = (about: Pick<FieldMeta, 'description' | 'example' | 'otherwise'>) =>
  text({ ...about, longest: 253, pattern: hostPattern, allowed: 'a host name or an IP address, without a port' })

/** A group of settings; unknown ones are refused. */
export const section = <Shape extends z.core.$ZodLooseShape>(description: string, shape: Shape) =>
  z.strictObject(shape).meta({ description })

export const list = <Element extends z.ZodType>(element: Element, description: string) =>
  z.array(element).meta({ description })
