import { type AddressFault, type Counting, faultAt, wireCounting } from './address.ts'
import { EXAMPLES, type ParsedAddress } from './address-parts.ts'
import { areaAddress } from './area-address.ts'
import { iecAddress } from './iec-address.ts'
import { ignitionAddress } from './ignition-address.ts'
import { modiconAddress } from './modicon-address.ts'

/**
 * Reads an address in any of the notations that users know: `holding:0`, `40001`, `4x1`, `HR1`, `%MW0` are all the first
 * holding register. Never throws; a fault names the column where the text stops making sense.
 */
export function parseAddress(text: string, counting: Counting = wireCounting): ParsedAddress | AddressFault {
  if (/^\d/.test(text)) return modiconAddress(text, counting)
  if (text.startsWith('%')) return iecAddress(text, counting)
  if (/^[^\d:]*:/.test(text)) return areaAddress(text, counting)
  if (/^(holding|input|coil|discrete)/i.test(text)) {
    const name = /^[a-z]*/i.exec(text)?.[0].length ?? 0
    return faultAt(name + 1, 'has no ":" and number after the area.', EXAMPLES)
  }
  return ignitionAddress(text, counting)
}
