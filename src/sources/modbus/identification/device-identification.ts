/**
 * Function 43 with MEI type 14, Read Device Identification (MODBUS Application Protocol V1.1b3 §6.21). It is written and
 * read here: modbus-serial ends the process when the rest of a divided answer does not come.
 */
export const DEVICE_IDENTIFICATION = 43
const MEI_TYPE = 14
const MORE_FOLLOWS = 0xff
/** Unit, function, MEI type, read code, conformity level, more follows, next object, number of objects. */
const HEADER_BYTES = 8
const OBJECT_HEADER_BYTES = 2

/** What is asked for, each with all objects of those before it: 1 basic, 2 regular, 3 extended. */
export type ReadCode = 1 | 2 | 3

/** One object as it came. */
export interface IdentificationObject {
  readonly id: number
  readonly bytes: Buffer
}

export interface IdentificationPart {
  /** The highest category that the device has. */
  readonly conformity: number
  readonly objects: readonly IdentificationObject[]
  /** The object with which the next part begins; undefined: this was the last. */
  readonly next: number | undefined
}

/** Asks for the objects of a category from `object` on. */
export const identificationRequest = (unitId: number, readCode: ReadCode, object: number): Buffer =>
  Buffer.of(unitId, DEVICE_IDENTIFICATION, MEI_TYPE, readCode, object)

/** What keeps `answer`, whose unit and function are right, from being the answer to `request`; undefined: it is. */
export function faultOfIdentification(request: Buffer, answer: Buffer): string | undefined {
  if (answer.length < HEADER_BYTES) return `the identification has ${answer.length} bytes`
  if (answer[2] !== MEI_TYPE) return `the answer is of MEI type ${answer[2]}`
  if (answer[3] !== request[3]) return `the answer has read code ${answer[3]}`
  if (answer[5] !== 0 && answer[5] !== MORE_FOLLOWS) return `"more follows" is ${answer[5]}`
  const length = identificationBytes(answer)
  return length === answer.length ? undefined : 'the lengths of its objects contradict the length of the answer'
}

/** Bytes of the answer that begins here; one more than there are where more must come to know it. */
export function identificationBytes(bytes: Buffer): number {
  let at = HEADER_BYTES
  for (let object = 0; object < (bytes[HEADER_BYTES - 1] ?? 0); object++) {
    if (at + OBJECT_HEADER_BYTES > bytes.length) return bytes.length + 1
    at += OBJECT_HEADER_BYTES + bytes.readUInt8(at + 1)
  }
  return bytes.length < HEADER_BYTES ? bytes.length + 1 : at
}

/** What an answer says that has no fault. */
export function readIdentification(answer: Buffer): IdentificationPart {
  const objects: IdentificationObject[] = []
  for (let at = HEADER_BYTES; at < answer.length; ) {
    const end = at + OBJECT_HEADER_BYTES + answer.readUInt8(at + 1)
    objects.push({ id: answer.readUInt8(at), bytes: Buffer.from(answer.subarray(at + OBJECT_HEADER_BYTES, end)) })
    at = end
  }
  const next = answer[5] === MORE_FOLLOWS ? answer.readUInt8(6) : undefined
  // The highest bit says whether objects may be asked for one by one.
  return { conformity: answer.readUInt8(4) & 0x7f, objects, next }
}
