import type { DeviceIdentity, IdentityFact, Nameplate } from '../../core/device-identity.ts'
import { PenstockError } from '../../core/errors.ts'
import { deviceText } from '../device-text.ts'
import { isSzlRefusal, type SzlId, type SzlPiece, type SzlRefusal, szlRecords } from './szl.ts'

/** Asks once for a list, or for the next piece of one; rejects as `S7Connection.read`. */
export type AskSzl = (wanted: SzlId | { readonly more: number }) => Promise<SzlPiece | SzlRefusal>

/** Identification of the module: order number and versions, an index a part. */
const MODULE = { list: 0x0011, index: 0 }
/** Identification of the components: names, an index each. */
const COMPONENTS = { list: 0x001c, index: 0 }
/** The operating state. */
const STATE = { list: 0x0424, index: 0 }
/** Protection and the position of the mode selector. */
const PROTECTION = { list: 0x0132, index: 4 }

/** The longest list there is has a few hundred bytes; what is longer has no end. */
const LONGEST_LIST = 4_096
const MOST_PIECES = 64

/** Indexes of list 0x0011. */
const HARDWARE = 6
const FIRMWARE = 7
const moduleParts: Readonly<Record<number, string>> = { 1: 'Module', 6: 'Basic hardware', 7: 'Basic firmware' }
/** Of these the fields of an index: the name, 20 characters; then kind of module, and two words of version. */
const MODULE_NAME = 20
const MODULE_RECORD = 28

/** Indexes of list 0x001C whose records are text. */
const SERIAL_NUMBER = 5
const MODULE_TYPE = 7
const MANUFACTURER = 9
const componentNames: Readonly<Record<number, string>> = {
  1: 'Name of the automation system',
  2: 'Name of the module',
  3: 'Plant identification',
  4: 'Copyright',
  [SERIAL_NUMBER]: 'Serial number of the module',
  [MODULE_TYPE]: 'Module type name',
  8: 'Serial number of the memory card',
  10: 'OEM identification',
  11: 'Location designation',
}
/** PROFIBUS & PROFINET International: Identification & Maintenance Functions, MANUFACTURER_ID. */
const SIEMENS = 42

/** The lower half of the identification of an operating state. */
const states: Readonly<Record<number, string>> = {
  1: 'STOP (update)',
  2: 'STOP (memory reset)',
  3: 'STOP (self-initialization)',
  4: 'STOP',
  5: 'STARTUP (cold restart)',
  6: 'STARTUP (warm restart)',
  7: 'STARTUP (hot restart)',
  8: 'RUN',
  9: 'RUN-R',
  10: 'HOLD',
  11: 'LINK-UP',
  12: 'UPDATE',
  13: 'DEFECTIVE',
  14: 'SELF-TEST',
  15: 'NO POWER',
}
const selectorPositions: Readonly<Record<number, string>> = { 1: 'RUN', 2: 'RUN-P', 3: 'STOP', 4: 'MRES' }

/**
 * What a CPU says of itself in its system status lists, of those that it gives. Rejects with REQUEST_REFUSED where it gives
 * none, and as `ask`.
 */
export async function identifyCpu(ask: AskSzl): Promise<DeviceIdentity> {
  const refused: string[] = []
  const records = async (wanted: SzlId): Promise<readonly Buffer[]> => {
    const list = await wholeList(ask, wanted)
    if (!isSzlRefusal(list)) return szlRecords(list.bytes, wanted)
    refused.push(`list 0x${wanted.list.toString(16).padStart(4, '0')}: ${list.code}`)
    return []
  }
  const module = ofModule(await records(MODULE))
  const components = ofComponents(await records(COMPONENTS))
  const facts = [...module.facts, ...components.facts, ...ofState(await records(STATE))]
  facts.push(...ofProtection(await records(PROTECTION)))
  if (facts.length === 0 && refused.length > 0) {
    throw new PenstockError('REQUEST_REFUSED', `The CPU does not say what it is (${refused.join(', ')})`)
  }
  return { by: 'system status lists', nameplate: { ...module.nameplate, ...components.nameplate }, facts }
}

async function wholeList(ask: AskSzl, wanted: SzlId): Promise<SzlPiece | SzlRefusal> {
  let piece = await ask(wanted)
  if (isSzlRefusal(piece)) return piece
  const pieces = [piece.bytes]
  let length = piece.bytes.length
  while (piece.more !== undefined) {
    if (pieces.length === MOST_PIECES || length > LONGEST_LIST) throw endless()
    const next: SzlPiece | SzlRefusal = await ask({ more: piece.more })
    if (isSzlRefusal(next)) return next
    pieces.push(next.bytes)
    length += next.bytes.length
    piece = next
  }
  return { more: undefined, bytes: Buffer.concat(pieces) }
}

const endless = (): PenstockError =>
  new PenstockError('PROTOCOL_VIOLATION', 'The CPU answers with a system status list that has no end')

interface Found {
  readonly facts: readonly IdentityFact[]
  readonly nameplate: Nameplate
}

function ofModule(records: readonly Buffer[]): Found {
  const facts: IdentityFact[] = []
  let nameplate: Nameplate = {}
  for (const record of records) {
    if (record.length < MODULE_RECORD) continue
    const index = record.readUInt16BE(0)
    const order = deviceText(record.subarray(2, 2 + MODULE_NAME))
    const version = versionOf(record)
    const name = moduleParts[index]
    const value = [order, version].filter((each) => each !== undefined).join(', ')
    if (name !== undefined && value !== '') facts.push({ name, value })
    if (index === 1 && order !== undefined) nameplate = { ...nameplate, productCode: order }
    if (index === HARDWARE && version !== undefined) nameplate = { ...nameplate, hardwareRevision: version }
    if (index === FIRMWARE && version !== undefined) nameplate = { ...nameplate, softwareRevision: version }
  }
  return { facts, nameplate }
}

/** Of a firmware a `V` and three numbers; of hardware one number, its release. */
function versionOf(record: Buffer): string | undefined {
  const [letter = 0, major = 0, minor = 0, patch = 0] = record.subarray(MODULE_RECORD - 4)
  if (letter === 0x56) return `V${major}.${minor}.${patch}`
  const release = record.readUInt16BE(MODULE_RECORD - 4)
  return release > 0 && release <= 0xff ? `${release}` : undefined
}

function ofComponents(records: readonly Buffer[]): Found {
  const texts = new Map<number, string>()
  const facts: IdentityFact[] = []
  let isSiemens = false
  for (const record of records) {
    if (record.length < 4) continue
    const index = record.readUInt16BE(0)
    if (index === MANUFACTURER) isSiemens = record.readUInt16BE(2) === SIEMENS
    const name = componentNames[index]
    const value = name === undefined ? undefined : deviceText(record.subarray(2))
    if (name === undefined || value === undefined) continue
    texts.set(index, value)
    facts.push({ name, value })
  }
  const [model, serialNumber] = [texts.get(MODULE_TYPE), texts.get(SERIAL_NUMBER)]
  const nameplate = {
    ...(isSiemens ? { manufacturer: 'Siemens' } : {}),
    ...(model === undefined ? {} : { model }),
    ...(serialNumber === undefined ? {} : { serialNumber }),
  }
  return { facts, nameplate }
}

function ofState([record]: readonly Buffer[]): IdentityFact[] {
  const value = record && record.length > 3 ? states[record.readUInt8(3) & 0x0f] : undefined
  return value === undefined ? [] : [{ name: 'Operating state', value }]
}

function ofProtection([record]: readonly Buffer[]): IdentityFact[] {
  if (!record || record.length < 10) return []
  const [level, selector] = [record.readUInt16BE(6), selectorPositions[record.readUInt16BE(8)]]
  return [
    ...(level >= 1 && level <= 3 ? [{ name: 'Protection level', value: `${level}` }] : []),
    ...(selector === undefined ? [] : [{ name: 'Mode selector', value: selector }]),
  ]
}
