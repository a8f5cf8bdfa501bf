/** A read request, and so what a valid answer to it looks like. */
export interface ReadRequest {
  readonly unitId: number
  /** 1 coils, 2 discrete inputs, 3 holding registers, 4 input registers. */
  readonly functionCode: number
  /** Bytes of data that answer it. */
  readonly dataBytes: number
}

export const EXCEPTION_BIT = 0x80

/** Reads the request out of its ADU (unit, function, data); undefined for any function but the four that read tables. */
export function readRequestOf(adu: Buffer): ReadRequest | undefined {
  const functionCode = adu.readUInt8(1)
  if (functionCode < 1 || functionCode > 4) return undefined
  const count = adu.readUInt16BE(4)
  const dataBytes = functionCode <= 2 ? Math.ceil(count / 8) : count * 2
  return { unitId: adu.readUInt8(0), functionCode, dataBytes }
}

/** What keeps `adu` from being the answer to `request`, in words; undefined for an answer or an exception. */
export function faultOfAnswer(request: ReadRequest, adu: Buffer): string | undefined {
  const [unitId, functionCode, third] = adu
  if (unitId !== request.unitId) return `the answer names unit ${unitId}`
  if (functionCode === (request.functionCode | EXCEPTION_BIT)) {
    return adu.length === 3 && third !== 0 ? undefined : 'the exception is malformed'
  }
  if (functionCode !== request.functionCode) return `the answer has function code ${functionCode}`
  if (third !== request.dataBytes || adu.length !== 3 + request.dataBytes) {
    return `the answer has ${adu.length - 3} bytes of data instead of ${request.dataBytes}`
  }
  return undefined
}
