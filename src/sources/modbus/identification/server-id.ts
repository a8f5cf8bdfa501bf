/** Function 17, Report Server ID (MODBUS Application Protocol V1.1b3 §6.13): bytes whose meaning is the device's affair. */
export const SERVER_ID = 17
/** Unit, function, number of bytes. */
const HEADER_BYTES = 3

export const serverIdRequest = (unitId: number): Buffer => Buffer.of(unitId, SERVER_ID)

/** What keeps `answer`, whose unit and function are right, from being an answer; undefined: it is one. */
export const faultOfServerId = (answer: Buffer): string | undefined =>
  answer.length > HEADER_BYTES && answer[2] === answer.length - HEADER_BYTES
    ? undefined
    : `the server id has ${answer.length - HEADER_BYTES} bytes and says ${answer[2]}`

/** Bytes of the answer that begins here; one more than there are where more must come to know it. */
export const serverIdBytes = (bytes: Buffer): number =>
  bytes.length < HEADER_BYTES ? bytes.length + 1 : HEADER_BYTES + bytes.readUInt8(HEADER_BYTES - 1)

/** What an answer says that has no fault. */
export const readServerId = (answer: Buffer): Buffer => answer.subarray(HEADER_BYTES)
