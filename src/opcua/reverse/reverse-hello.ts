/** OPC 10000-6 §7.1.2.6: neither text may be longer. */
const LONGEST = 4_096

/**
 * The first message of a connection that the server opened (OPC 10000-6 §7.1.2.6): the ApplicationUri of the server, and
 * the URL of the endpoint at which the client is to open a SecureChannel. Throws RangeError for texts that are too long.
 */
export function reverseHello(serverUri: string, endpointUrl: string): Buffer {
  const texts = [serverUri, endpointUrl].map((text) => Buffer.from(text))
  const parts = texts.flatMap((text) => {
    if (text.length > LONGEST)
      throw new RangeError(`A ReverseHello holds texts of ${LONGEST} bytes, not ${text.length}`)
    const length = Buffer.alloc(4)
    length.writeInt32LE(text.length)
    return [length, text]
  })
  const header = Buffer.alloc(8)
  header.write('RHEF', 'latin1')
  header.writeUInt32LE(header.length + parts.reduce((sum, { length }) => sum + length, 0), 4)
  return Buffer.concat([header, ...parts])
}
