import type { DeviceIdentity, IdentityFact, Nameplate } from '../../../core/device-identity.ts'
import { PenstockError } from '../../../core/errors.ts'
import { deviceText } from '../../device-text.ts'
import { ModbusException } from '../exception.ts'
import {
  type IdentificationPart,
  identificationRequest,
  type ReadCode,
  readIdentification,
} from './device-identification.ts'
import { readServerId, serverIdRequest } from './server-id.ts'

/** Asks once with an ADU (unit, function, data); resolves with the ADU that answers it, rejects as `TableReader.read`. */
export type AskUnit = (adu: Buffer) => Promise<Buffer>

/** Of all categories together, so that a device that brings one object an answer does not hold the line. */
const MOST_REQUESTS = 24

/** Objects 0 to 6 by the names that §6.21 gives them. */
const OBJECTS = [
  'VendorName',
  'ProductCode',
  'MajorMinorRevision',
  'VendorUrl',
  'ProductName',
  'ModelName',
  'UserApplicationName',
] as const

/** Exceptions with which a device says that it cannot now, or a gateway that it did not reach it. */
const NOT_NOW: readonly number[] = [5, 6, 10, 11]

/**
 * What a unit says of itself: by function 43, or by function 17 where it refuses that. Rejects with REQUEST_REFUSED where
 * it refuses both, and as `ask`.
 */
export async function identifyUnit(ask: AskUnit, unitId: number): Promise<DeviceIdentity> {
  try {
    return await byObjects(ask, unitId)
  } catch (error) {
    if (!(error instanceof ModbusException) || NOT_NOW.includes(error.exceptionCode)) throw error
    return byServerId(ask, unitId, error)
  }
}

async function byObjects(ask: AskUnit, unitId: number): Promise<DeviceIdentity> {
  const found = new Map<number, Buffer>()
  let left = MOST_REQUESTS
  const stream = async (readCode: ReadCode): Promise<number> => {
    let conformity = 0
    for (let object: number | undefined = 0; object !== undefined && left > 0; left--) {
      const part: IdentificationPart = readIdentification(await ask(identificationRequest(unitId, readCode, object)))
      for (const { id, bytes } of part.objects) if (!found.has(id)) found.set(id, bytes)
      conformity = part.conformity
      // A device that does not get on would be asked for ever.
      object = part.next !== undefined && part.next > object ? part.next : undefined
    }
    return conformity
  }
  const conformity = await stream(1)
  for (const readCode of [2, 3] as const) {
    if (conformity < readCode) break
    try {
      await stream(readCode)
    } catch (error) {
      // What it said before holds, whatever it makes of the rest.
      if (!(error instanceof PenstockError) || !ENDS_THE_REST.includes(error.code)) throw error
      break
    }
  }
  return identityOf(found)
}

const ENDS_THE_REST: readonly PenstockError['code'][] = ['REQUEST_REFUSED', 'TIMEOUT', 'PROTOCOL_VIOLATION']

function identityOf(found: ReadonlyMap<number, Buffer>): DeviceIdentity {
  const texts = new Map<number, string>()
  for (const [id, bytes] of [...found].sort(([one], [other]) => one - other)) {
    const text = deviceText(bytes)
    if (text !== undefined) texts.set(id, text)
  }
  const facts = [...texts].map(([id, value]): IdentityFact => ({ name: OBJECTS[id] ?? `Object ${id}`, value }))
  const [manufacturer, productCode, deviceRevision] = [0, 1, 2].map((id) => texts.get(id))
  const model = texts.get(5) ?? texts.get(4)
  const nameplate: Nameplate = {
    ...(manufacturer === undefined ? {} : { manufacturer }),
    ...(model === undefined ? {} : { model }),
    ...(productCode === undefined ? {} : { productCode }),
    ...(deviceRevision === undefined ? {} : { deviceRevision }),
  }
  return { by: 'function 43, Read Device Identification', nameplate, facts }
}

/** What its bytes mean is each device's own affair, so that nothing of a nameplate is made of them. */
async function byServerId(ask: AskUnit, unitId: number, refused: ModbusException): Promise<DeviceIdentity> {
  try {
    const bytes = readServerId(await ask(serverIdRequest(unitId)))
    const value = deviceText(bytes) ?? `0x${bytes.toString('hex')}`
    return { by: 'function 17, Report Server ID', nameplate: {}, facts: [{ name: 'Server ID', value }] }
  } catch (error) {
    if (!(error instanceof ModbusException)) throw error
    const message = `${withoutCode(refused)} to function 43, and ${exceptionOf(error)} to function 17: it does not say what it is`
    throw new PenstockError('REQUEST_REFUSED', message)
  }
}

const withoutCode = ({ message, code }: ModbusException): string => message.replace(` (${code})`, '')
const exceptionOf = ({ exceptionCode }: ModbusException): string => `exception ${exceptionCode}`
