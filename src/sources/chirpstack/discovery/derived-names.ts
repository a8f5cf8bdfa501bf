import { parseAddress } from '../address.ts'

const plainAddress = /^object\.[\w-]+(?:\.[\w-]+|\[\d+\])*$/

/** As long as a key may be. */
const LONGEST_KEY = 63

/** `object.air.co2` is `air.co2` for people. */
export const withoutObject = (address: string): string => address.replace(/^object\.?/, '')

/** The name that ChirpStack gives a measurement at this address: `object.a[0].b` is `a_0_b`. */
export const flatKey = (address: string): string =>
  // Nearly every address is so plain that reading it in full, for thousands of devices, is not worth its time.
  plainAddress.test(address)
    ? address.slice('object.'.length).replaceAll(/[.[]/g, '_').replaceAll(']', '')
    : stepsOf(address).join('_')

/** A key for the tag at this address that is not `taken`: `object.battV` is `batt-v`. */
export function tagKey(address: string, taken: ReadonlySet<string>): string {
  const key = slug(stepsOf(address).join('-')) || 'value'
  for (let count = 1; ; count++) {
    const suffix = count === 1 ? '' : `-${count}`
    const candidate = `${key.slice(0, LONGEST_KEY - suffix.length)}${suffix}`
    if (!taken.has(candidate)) return candidate
  }
}

/** Letters, digits and `-` of a text, as keys have them; empty where it has none of them. */
export const slug = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/([a-z\d])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST_KEY)
    .replace(/^-+|-+$/g, '')

function stepsOf(address: string): string[] {
  const parsed = parseAddress(address)
  return 'event' in parsed ? parsed.path.slice(1).map(String) : []
}
